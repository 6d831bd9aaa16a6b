// Command doctor is the function that examines the platform's API from where the other functions ask it: the account's
// IP whitelist is about their address. `guanzhu doctor --stack` invokes it.
package main

import (
	"context"
	"log/slog"
	"os"
	"time"

	"github.com/aws/aws-lambda-go/lambda"

	owner "github.com/guanzhu/guanzhu/account"
	"github.com/guanzhu/guanzhu/internal/boot"
	"github.com/guanzhu/guanzhu/internal/doctor"
	"github.com/guanzhu/guanzhu/pkg/wechatapi"
)

func main() {
	handler, err := start(context.Background(), os.LookupEnv)
	if err != nil {
		slog.Error("doctor cannot start", "error", err)
		os.Exit(1)
	}
	lambda.Start(handler)
}

// request says what to advise; see doctor.Platform.
type request struct{ FixedEgress string }

type handler func(context.Context, request) ([]doctor.Finding, error)

func start(ctx context.Context, lookup func(string) (string, bool)) (handler, error) {
	env, err := boot.Read(lookup)
	if err != nil {
		return nil, err
	}
	config := wechatapi.Config{AppID: env.AppID, BaseURL: env.APIURL, Log: boot.SetLog(env)}
	account, err := owner.Load()
	if err != nil {
		return nil, err
	}
	wanted, err := account.Menu(env.PublicURL)
	if err != nil {
		return nil, err
	}
	store, secrets, _, err := boot.Start(ctx, env)
	if err != nil {
		return nil, err
	}
	config.Secrets, config.Tokens = secrets, wechatapi.NoTokens{} // an examination ends no access token and stores none
	api, err := wechatapi.New(config)
	return func(ctx context.Context, r request) ([]doctor.Finding, error) {
		platform := doctor.Platform{
			API: api, Now: time.Now, Menu: wanted, Record: store.MenuRecord, RepairsMenu: account.RepairsMenu(),
			Pages: account.Pages(), FixedEgress: r.FixedEgress,
		}
		return platform.Examine(ctx), nil
	}, err
}
