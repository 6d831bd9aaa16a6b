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

	"github.com/guanzhu/guanzhu/account/media"
	"github.com/guanzhu/guanzhu/internal/bilingual"
	"github.com/guanzhu/guanzhu/internal/boot"
	"github.com/guanzhu/guanzhu/internal/menu"
	"github.com/guanzhu/guanzhu/internal/movein"
	"github.com/guanzhu/guanzhu/internal/publish"
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
	Action  string
	Lang    string // of the summary and of errors: zh, or English for any other
	MediaID string `json:"media_id"` // for download
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

// do performs the action: import and download read what guanzhu import needs, all others are those of a publish.Publisher.
func do(ctx context.Context, f *boot.Function, r request) (any, error) {
	switch r.Action {
	case movein.ActionImport:
		return movein.AskFor(ctx, f.API)
	case movein.ActionDownload:
		return movein.DownloadFor(ctx, f.API, r.MediaID)
	}
	publisher := publish.Publisher{
		Account: f.Replies, PublicURL: f.Env.PublicURL, API: f.API, Media: f.Store, Files: media.Files,
		Menu: menu.Publisher{API: f.API, Store: f.Store, Now: time.Now, Language: r.Lang},
	}
	summary, err := publisher.Run(ctx, r.Action)
	if err == nil {
		f.Log.InfoContext(ctx, "menu", "result", summary.Result, "uploads", len(summary.Files.Uploads))
	}
	return summary, err
}
