// Command webhook is the function that the WeChat platform pushes to.
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
	"github.com/guanzhu/guanzhu/pkg/follower"
	"github.com/guanzhu/guanzhu/pkg/webhook"
)

func main() {
	handler, err := start(context.Background(), os.LookupEnv)
	if err != nil {
		slog.Error("webhook cannot start", "error", err)
		os.Exit(1)
	}
	lambda.Start(gateway.Handler(handler, webhook.WithArrival, time.Now))
}

func start(ctx context.Context, lookup func(string) (string, bool)) (*webhook.Handler, error) {
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
	hash := telemetry.Hasher(secrets.LinkKey())
	service := &follower.Service{Store: store, Profiler: api, Hash: hash, Now: time.Now, LinkKey: secrets.LinkKey}
	return webhook.New(webhook.Config{
		AppID:     env.AppID,
		Secrets:   secrets,
		Router:    owner.Routes(service, account),
		Hash:      hash,
		Now:       time.Now,
		Log:       log,
		PublicURL: env.PublicURL,
		// The samples in events/ are older than ten minutes. Only sam local sets this, and only it has inline secrets.
		AcceptOld: env.SAMLocal && secrets.Inline(),
	})
}
