// Command menu is the function that publishes the menu of account.yaml. It is invoked with {}, or with {"action":"plan"}
// to be told what that would change.
package main

import (
	"context"
	"log/slog"
	"os"
	"time"

	"github.com/aws/aws-lambda-go/lambda"

	owner "github.com/guanzhu/guanzhu/account"
	"github.com/guanzhu/guanzhu/internal/boot"
	"github.com/guanzhu/guanzhu/internal/menu"
)

func main() {
	handler, err := start(context.Background(), os.LookupEnv)
	if err != nil {
		slog.Error("menu cannot start", "error", err)
		os.Exit(1)
	}
	lambda.Start(handler)
}

// request is what the function is invoked with.
type request struct{ Action string }

func start(
	ctx context.Context, lookup func(string) (string, bool),
) (func(context.Context, request) (menu.Summary, error), error) {
	env, err := boot.Read(lookup)
	if err != nil {
		return nil, err
	}
	log := boot.SetLog(env)
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
	publisher := &menu.Publisher{API: api, Store: store, Now: time.Now}
	return func(ctx context.Context, r request) (menu.Summary, error) {
		summary, err := publisher.Run(ctx, r.Action, wanted)
		if err != nil {
			log.ErrorContext(ctx, "menu", "error", err)
		} else {
			log.InfoContext(ctx, "menu", "result", summary.Result)
		}
		return summary, err
	}, nil
}
