// Package replies completes the replies of account.yaml: it puts in personal links, published files and the answers of
// language models.
package replies

import (
	"context"

	"github.com/guanzhu/guanzhu/internal/autoreply"
	"github.com/guanzhu/guanzhu/internal/media"
	"github.com/guanzhu/guanzhu/pkg/follower"
	"github.com/guanzhu/guanzhu/pkg/webhook"
	"github.com/guanzhu/guanzhu/pkg/wechat"
)

// Assistant answers a text by the language model of an ai in account.yaml. It takes up to webhook.MaxSlow.
type Assistant interface {
	Answer(ctx context.Context, settings *autoreply.AI, p *wechat.Text) (string, error)
}

// Complete adds the middleware that completes the replies of a to r, which has no handlers yet. model is nil in functions
// that do not answer slow texts.
func Complete(r *webhook.Router, a *autoreply.Account, f *follower.Service, library *media.Library, model Assistant) {
	r.Use(personalLinks(f))
	promised := promises{}
	r.Use(promised.replace)
	r.Use(files(library, a))
	promised.register(r, a, model)
}
