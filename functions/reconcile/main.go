// Command reconcile is the function that keeps the followers' records equal to what the platform knows. The schedule
// invokes it with {}; {"action":"full"} begins a full pass, {"action":"status"} tells where the pass is.
package main

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"strconv"
	"time"

	"github.com/aws/aws-lambda-go/lambda"

	owner "github.com/guanzhu/guanzhu/account"
	"github.com/guanzhu/guanzhu/internal/boot"
	"github.com/guanzhu/guanzhu/internal/menu"
	"github.com/guanzhu/guanzhu/internal/reconcile"
	"github.com/guanzhu/guanzhu/internal/telemetry"
)

func main() {
	handler, err := start(context.Background(), os.LookupEnv)
	if err != nil {
		slog.Error("reconcile cannot start", "error", err)
		os.Exit(1)
	}
	lambda.Start(handler)
}

// request is what the function is invoked with.
type request struct{ Action string }

type handler func(context.Context, request) (reconcile.Summary, error)

func start(ctx context.Context, lookup func(string) (string, bool)) (handler, error) {
	env, err := boot.Read(lookup)
	if err != nil {
		return nil, err
	}
	log := boot.SetLog(env)
	concurrency, err := concurrency(lookup)
	if err != nil {
		return nil, err
	}
	account, err := owner.Load()
	if err != nil {
		return nil, err
	}
	wanted, err := account.Menu(env.PublicURL)
	if err != nil {
		return nil, err
	}
	store, secrets, api, err := boot.Start(ctx, env)
	if err != nil {
		return nil, err
	}
	publisher := &menu.Publisher{API: api, Store: store, Now: time.Now}
	reconciler := reconcile.New(reconcile.Config{
		Platform: api, Records: store, Checkpoints: store,
		Menu: func(ctx context.Context, action string) (menu.Summary, error) {
			return publisher.Run(ctx, action, wanted)
		},
		RepairMenu:  account.RepairsMenu(),
		Concurrency: concurrency,
		Hash:        telemetry.Hasher(secrets.LinkKey()),
		Now:         time.Now,
		Log:         log,
	})
	return func(ctx context.Context, r request) (reconcile.Summary, error) {
		return reconciler.Run(ctx, r.Action)
	}, nil
}

// concurrency is how many calls to the platform are made at the same time.
func concurrency(lookup func(string) (string, bool)) (int, error) {
	value, _ := lookup("RECONCILE_CONCURRENCY")
	n, err := strconv.Atoi(value)
	if err != nil || n < 1 || n > 50 {
		return 0, errors.New("RECONCILE_CONCURRENCY must be a number from 1 to 50")
	}
	return n, nil
}
