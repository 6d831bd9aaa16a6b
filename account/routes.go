package account

import (
	"context"
	"log/slog"

	"github.com/guanzhu/guanzhu/internal/replies"
	"github.com/guanzhu/guanzhu/pkg/webhook"
	"github.com/guanzhu/guanzhu/pkg/wechat"
)

// tooMany is the reply to a suggestion that is not kept, because the follower has sent follower.MaxSuggestions today.
const tooMany = wechat.TextReply("今天已收到您的多条建议，明天再写给我们吧。")

// Routes returns the handlers of all pushes. The type of a handler says which push it takes. To add a handler of your own,
// register it here, for example:
//
//	webhook.OnText(r, webhook.Exact("时间"), func(context.Context, *wechat.Text) (wechat.Reply, error) {
//		return wechat.TextReply("现在是" + time.Now().In(wechat.ChinaTime).Format("15:04")), nil
//	})
//
// It answers before the keywords of account.yaml. See docs/handlers.md.
func Routes(s Services) *webhook.Router {
	r := webhook.NewRouter()
	// Middleware of your own comes here.
	replies.Complete(r, s.Replies, s.Followers, s.Media, s.Assistant)

	webhook.On(r, func(ctx context.Context, p *wechat.Subscribe) (wechat.Reply, error) {
		return s.Replies.Welcome(), s.Followers.Follow(ctx, p)
	})
	webhook.On(r, func(ctx context.Context, p *wechat.Unsubscribe) (wechat.Reply, error) {
		return nil, s.Followers.Unfollow(ctx, p)
	})
	// The user closed the WeChat account, or withdrew the permission given to the pages. The law and the platform's terms
	// require that the data is deleted.
	webhook.On(r, func(ctx context.Context, p *wechat.UserAuthorizationCancellation) (wechat.Reply, error) {
		return nil, s.Followers.Cancel(ctx, p)
	})
	webhook.On(r, func(ctx context.Context, p *wechat.UserAuthorizationRevoke) (wechat.Reply, error) {
		return nil, s.Followers.Revoke(ctx, p)
	})

	suggest := func(ctx context.Context, p *wechat.Text) (wechat.Reply, error) {
		if kept, err := s.Followers.Suggest(ctx, p); err != nil || !kept {
			return tooMany, err
		}
		return s.Replies.Suggestion(), nil
	}
	webhook.OnText(r, webhook.Prefix("@"), suggest)
	webhook.OnText(r, webhook.Prefix("＠"), suggest) // the full-width @ of Chinese keyboards
	webhook.On(r, func(_ context.Context, p *wechat.Text) (wechat.Reply, error) {
		return s.Replies.Answer(p.Content), nil
	})

	webhook.On(r, func(_ context.Context, p *wechat.Click) (wechat.Reply, error) {
		reply, _ := s.Replies.Click(p.EventKey) // nil if account.yaml has no such key
		return reply, nil
	})
	webhook.On(r, func(ctx context.Context, p *wechat.View) (wechat.Reply, error) {
		webhook.Note(ctx, slog.String("page", s.Replies.Page(p.EventKey)))
		return nil, nil // WeChat opens the page
	})
	webhook.On(r, webhook.Silent[*wechat.Scan]) // a follower scanned a QR code

	// Everything else: pictures, voices and other messages, and events that have no handler above.
	r.Default(func(_ context.Context, p wechat.Push) (wechat.Reply, error) {
		return s.Replies.Message(p), nil
	})

	return r
}
