// Command web is the function that serves the follower's pages.
package main

import (
	"context"
	"log/slog"
	"os"
	"time"

	"github.com/aws/aws-lambda-go/lambda"

	"github.com/guanzhu/guanzhu/account"
	"github.com/guanzhu/guanzhu/internal/boot"
	"github.com/guanzhu/guanzhu/internal/gateway"
	"github.com/guanzhu/guanzhu/pkg/web"
)

func main() {
	site, err := start(context.Background(), os.LookupEnv)
	if err != nil {
		slog.Error("web cannot start", "error", err)
		os.Exit(1)
	}
	arrived := func(ctx context.Context, _ time.Time) context.Context { return ctx } // a browser waits longer than WeChat
	lambda.Start(gateway.Handler(site, arrived, time.Now))
}

func start(ctx context.Context, lookup func(string) (string, bool)) (*web.Site, error) {
	f, err := boot.Up(ctx, lookup)
	if err != nil {
		return nil, err
	}
	return web.New(web.Config{
		AppID: f.Env.AppID, OpenURL: f.Env.OpenURL, PublicURL: f.Env.PublicURL, Verification: f.Env.Verification,
		Mode: web.Mode(f.Replies.Pages()), Keyword: f.Replies.LinkKeyword(), QR: account.QR(),
		Pages: func(site *web.Site) { account.Pages(site, f.Services) },
		Store: f.Store, Exchanger: f.API, Secrets: f.Secrets, Hash: f.Hash, Now: time.Now, Log: f.Log,
	})
}
