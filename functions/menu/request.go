package main

import (
	"context"
	"time"

	"github.com/guanzhu/guanzhu/account/media"
	"github.com/guanzhu/guanzhu/internal/boot"
	"github.com/guanzhu/guanzhu/internal/menu"
	"github.com/guanzhu/guanzhu/internal/movein"
	"github.com/guanzhu/guanzhu/internal/publish"
)

// request is the payload of an invocation.
type request struct {
	Action  string
	Lang    string // of the summary and of errors: zh, or English for any other
	MediaID string `json:"media_id"` // for download
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
