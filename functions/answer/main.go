// Command answer is the function that runs slow handlers. The queue of answers invokes it.
package main

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambda"

	"github.com/guanzhu/guanzhu/account"
	"github.com/guanzhu/guanzhu/internal/answers"
	"github.com/guanzhu/guanzhu/internal/assistant"
	"github.com/guanzhu/guanzhu/internal/boot"
	"github.com/guanzhu/guanzhu/internal/sqsqueue"
)

func main() {
	handler, err := start(context.Background(), os.LookupEnv)
	if err != nil {
		slog.Error("answer cannot start", "error", err)
		os.Exit(1)
	}
	lambda.Start(handler)
}

type handler func(context.Context, events.SQSEvent) (events.SQSEventResponse, error)

func start(ctx context.Context, lookup func(string) (string, bool)) (handler, error) {
	f, err := boot.Up(ctx, lookup)
	if err != nil {
		return nil, err
	}
	if f.Env.AnswersQueue == "" {
		return nil, errors.New("ANSWERS_QUEUE_URL is not set")
	}
	f.Assistant = assistant.New(f.Replies, f.Secrets, f.Store, f.Hash, time.Now)
	worker := &answers.Worker{
		Store: f.Store, Router: account.Routes(f.Services), Sender: f.API, Hash: f.Hash, Now: time.Now, Log: f.Log,
	}
	return sqsqueue.New(f.Env.AWS, f.Env.AnswersQueue, f.Env.SQSEndpoint).Handler(worker.Handle), nil
}
