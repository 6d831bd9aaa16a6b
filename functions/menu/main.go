// Command menu is the function that publishes the menu of account.yaml. Invoke it with {}, or with {"action":"plan"} to see
// what would change.
package main

import (
	"context"
	"errors"
	"log/slog"
	"os"

	"github.com/aws/aws-lambda-go/lambda"

	"github.com/guanzhu/guanzhu/internal/bilingual"
	"github.com/guanzhu/guanzhu/internal/boot"
)

func main() {
	handler, err := start(context.Background(), os.LookupEnv)
	if err != nil {
		slog.Error("menu cannot start", "error", err)
		os.Exit(1)
	}
	lambda.Start(handler)
}

type handler func(context.Context, request) (any, error)

func start(ctx context.Context, lookup func(string) (string, bool)) (handler, error) {
	f, err := boot.Up(ctx, lookup)
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context, r request) (any, error) {
		answer, err := do(ctx, f, r)
		if err != nil {
			f.Log.ErrorContext(ctx, "menu", "action", r.Action, "error", err)
			return nil, errors.New(bilingual.Explain(err, r.Lang))
		}
		return answer, nil
	}, nil
}
