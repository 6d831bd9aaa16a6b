// Command menu is the function that publishes the menu of account.yaml. Invoke it with {}, or with {"action":"plan"} to see
// what would change.
package main

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"time"

	"github.com/aws/aws-lambda-go/lambda"

	"github.com/guanzhu/guanzhu/internal/bilingual"
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

// request is the payload of an invocation.
type request struct {
	Action string
	Lang   string // of the summary and of errors: zh, or English for any other
}

type handler func(context.Context, request) (menu.Summary, error)

func start(ctx context.Context, lookup func(string) (string, bool)) (handler, error) {
	f, err := boot.Up(ctx, lookup)
	if err != nil {
		return nil, err
	}
	wanted, err := f.Replies.Menu(f.Env.PublicURL)
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context, r request) (menu.Summary, error) {
		publisher := menu.Publisher{API: f.API, Store: f.Store, Now: time.Now, Language: r.Lang}
		summary, err := publisher.Run(ctx, r.Action, wanted)
		if err != nil {
			f.Log.ErrorContext(ctx, "menu", "error", err)
			return menu.Summary{}, errors.New(bilingual.Explain(err, r.Lang))
		}
		f.Log.InfoContext(ctx, "menu", "result", summary.Result)
		return summary, nil
	}, nil
}
