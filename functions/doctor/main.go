// Command doctor is the function that examines the platform's API from where the other functions ask it: the account's
// IP whitelist is about their address. It is invoked by `guanzhu doctor --stack`, or with {}.
package main

import (
	"context"
	"log/slog"
	"os"
	"time"

	"github.com/aws/aws-lambda-go/lambda"

	owner "github.com/guanzhu/guanzhu/account"
	"github.com/guanzhu/guanzhu/functions/internal/boot"
	"github.com/guanzhu/guanzhu/pkg/doctor"
)

func main() {
	handler, err := start(context.Background(), os.LookupEnv)
	if err != nil {
		slog.Error("doctor cannot start", "error", err)
		os.Exit(1)
	}
	lambda.Start(handler)
}

// request is what the function is invoked with. FixedEgress is the stack's parameter, for what is to be done.
type request struct {
	FixedEgress string `json:"fixed_egress"`
}

func start(
	ctx context.Context, lookup func(string) (string, bool),
) (func(context.Context, request) ([]doctor.Finding, error), error) {
	env, err := boot.Read(lookup)
	if err != nil {
		return nil, err
	}
	boot.SetLog(env)
	account, err := owner.Load()
	if err != nil {
		return nil, err
	}
	wanted, err := account.Menu(env.PublicURL)
	if err != nil {
		return nil, err
	}
	store, _, api, err := boot.Start(ctx, env)
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context, r request) ([]doctor.Finding, error) {
		platform := doctor.Platform{
			API: api, Now: time.Now, Menu: wanted, Record: store.MenuRecord, RepairsMenu: account.RepairsMenu(),
			Pages: account.Pages(), FixedEgress: r.FixedEgress,
		}
		return platform.Examine(ctx), nil
	}, nil
}
