// Command web is the function that serves the follower's pages.
package main

import (
	"context"
	"log/slog"
	"os"
	"time"

	"github.com/aws/aws-lambda-go/lambda"

	owner "github.com/guanzhu/guanzhu/account"
	"github.com/guanzhu/guanzhu/internal/boot"
	"github.com/guanzhu/guanzhu/internal/gateway"
	"github.com/guanzhu/guanzhu/internal/telemetry"
	"github.com/guanzhu/guanzhu/pkg/web"
)

func main() {
	handler, err := start(context.Background(), os.LookupEnv)
	if err != nil {
		slog.Error("web cannot start", "error", err)
		os.Exit(1)
	}
	arrived := func(ctx context.Context, _ time.Time) context.Context { return ctx } // a browser waits longer than WeChat
	lambda.Start(gateway.Handler(handler, arrived, time.Now))
}

func start(ctx context.Context, lookup func(string) (string, bool)) (*web.Handler, error) {
	env, err := boot.Read(lookup)
	if err != nil {
		return nil, err
	}
	log := boot.SetLog(env)
	account, err := owner.Load()
	if err != nil {
		return nil, err
	}
	store, secrets, api, err := boot.Start(ctx, env)
	if err != nil {
		return nil, err
	}
	return web.New(web.Config{
		AppID:        env.AppID,
		OpenURL:      env.OpenURL,
		PublicURL:    env.PublicURL,
		Verification: env.Verification,
		Store:        store,
		Exchanger:    api,
		Secrets:      secrets,
		Hash:         telemetry.Hasher(secrets.LinkKey()),
		Now:          time.Now,
		Log:          log,
		Mode:         web.Mode(account.Pages()),
		QR:           owner.QR(),
	})
}
