// Command webhook is the function to which the WeChat platform sends its pushes.
package main

import (
	"context"
	"log/slog"
	"os"
	"time"

	"github.com/aws/aws-lambda-go/lambda"

	"github.com/guanzhu/guanzhu/account"
	"github.com/guanzhu/guanzhu/internal/answers"
	"github.com/guanzhu/guanzhu/internal/boot"
	"github.com/guanzhu/guanzhu/internal/gateway"
	"github.com/guanzhu/guanzhu/internal/sqsqueue"
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
	f, err := boot.Up(ctx, lookup)
	if err != nil {
		return nil, err
	}
	config := webhook.Config{
		AppID: f.Env.AppID, Secrets: f.Secrets, Router: account.Routes(f.Services), Hash: f.Hash, Now: time.Now, Log: f.Log,
		PublicURL: f.Env.PublicURL,
		// The samples in events/ are older than ten minutes. Only sam local sets SAMLocal, and only it has inline secrets.
		AcceptOld: f.Env.SAMLocal && f.Secrets.Inline(),
	}
	if f.Env.AnswersQueue != "" {
		queue := sqsqueue.New(f.Env.AWS, f.Env.AnswersQueue, f.Env.SQSEndpoint)
		config.Answers = &answers.Replier{Store: f.Store, Queue: queue, Now: time.Now}
	}
	return webhook.New(config)
}
