package replies

import (
	"context"

	"github.com/guanzhu/guanzhu/internal/autoreply"
	"github.com/guanzhu/guanzhu/pkg/follower"
	"github.com/guanzhu/guanzhu/pkg/webhook"
	"github.com/guanzhu/guanzhu/pkg/wechat"
)

// personalLinks puts the sender's personal link into replies that have a place for it. Only these replies write to the table.
func personalLinks(f *follower.Service) webhook.Middleware {
	return func(next webhook.PushHandler) webhook.PushHandler {
		return func(ctx context.Context, p wechat.Push) (wechat.Reply, error) {
			reply, err := next(ctx, p)
			if err != nil || !autoreply.HasLink(reply) {
				return reply, err
			}
			link, err := f.PersonalLink(ctx, p, webhook.Site(ctx))
			if err != nil || link == "" {
				return nil, err // the sender has unfollowed since, or has had too many links
			}
			return autoreply.WithLink(reply, link), nil
		}
	}
}
