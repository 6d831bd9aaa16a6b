// Command doctor is the function that examines the platform's API from the network of the other functions, because the
// account's IP whitelist applies to their address. `guanzhu doctor --stack` invokes it.
package main

import (
	"context"
	"log/slog"
	"os"
	"time"

	"github.com/aws/aws-lambda-go/lambda"

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

// request is the payload of an invocation; see doctor.Platform.
type request struct{ FixedEgress string }

type handler func(context.Context, request) ([]doctor.Finding, error)

func start(ctx context.Context, lookup func(string) (string, bool)) (handler, error) {
	f, err := boot.Up(ctx, lookup)
	if err != nil {
		return nil, err
	}
	wanted, err := f.Replies.Menu(f.Env.PublicURL)
	if err != nil {
		return nil, err
	}
	// An examination neither stores an access token nor invalidates the stored one.
	api, err := wechatapi.New(wechatapi.Config{
		AppID: f.Env.AppID, BaseURL: f.Env.APIURL, Secrets: f.Secrets, Tokens: wechatapi.NoTokens{}, Log: f.Log,
	})
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context, r request) ([]doctor.Finding, error) {
		platform := doctor.Platform{
			API: api, Now: time.Now, Menu: wanted, Record: f.Store.MenuRecord, RepairsMenu: f.Replies.RepairsMenu(),
			Pages: f.Replies.Pages(), FixedEgress: r.FixedEgress,
			Files: f.Replies.Files(), Published: f.Store.MediaRecord,
		}
		return platform.Examine(ctx), nil
	}, nil
}
