// Command reconcile is the function that keeps the followers' records equal to the platform's. The schedule invokes it with
// {}. {"action":"full"} begins a full pass, and {"action":"status"} reports the state of the pass.
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
	"github.com/guanzhu/guanzhu/internal/reconcile"
)

func main() {
	handler, err := start(context.Background(), os.LookupEnv)
	if err != nil {
		slog.Error("reconcile cannot start", "error", err)
		os.Exit(1)
	}
	lambda.Start(handler)
}

// request is the payload of an invocation.
type request struct {
	Action string
	Lang   string // of errors: zh, or English for any other
}

type handler func(context.Context, request) (reconcile.Summary, error)

func start(ctx context.Context, lookup func(string) (string, bool)) (handler, error) {
	f, err := boot.Up(ctx, lookup)
	if err != nil {
		return nil, err
	}
	wanted, err := f.Replies.Menu(f.Env.PublicURL)
	if err != nil {
		return nil, err
	}
	reconciler := reconcile.New(reconcile.Config{
		Platform: f.API, Records: f.Store, Checkpoints: f.Store,
		Menu: &menu.Publisher{API: f.API, Store: f.Store, Now: time.Now}, WantedMenu: wanted, RepairMenu: f.Replies.RepairsMenu(),
		Concurrency: f.Env.Concurrency, Hash: f.Hash, Now: time.Now, Log: f.Log,
	})
	return func(ctx context.Context, r request) (reconcile.Summary, error) {
		summary, err := reconciler.Run(ctx, r.Action)
		if err != nil {
			return reconcile.Summary{}, errors.New(bilingual.Explain(err, r.Lang))
		}
		return summary, nil
	}, nil
}
