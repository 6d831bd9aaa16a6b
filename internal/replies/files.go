package replies

import (
	"context"

	"github.com/guanzhu/guanzhu/internal/autoreply"
	"github.com/guanzhu/guanzhu/internal/media"
	"github.com/guanzhu/guanzhu/pkg/webhook"
	"github.com/guanzhu/guanzhu/pkg/wechat"
)

// files chooses one of several replies (random), and replaces files of account/media by what they were published as. A
// reply whose file is not published becomes the default. Only a reply with a file reads the table, and seldom.
func files(library *media.Library, a *autoreply.Account) webhook.Middleware {
	return func(next webhook.PushHandler) webhook.PushHandler {
		return func(ctx context.Context, p wechat.Push) (wechat.Reply, error) {
			reply, err := next(ctx, p)
			if err != nil {
				return nil, err
			}
			return library.Complete(ctx, p, reply, a.Default())
		}
	}
}
