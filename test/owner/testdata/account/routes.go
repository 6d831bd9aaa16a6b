package account

import (
	"context"
	"fmt"
	"log/slog"
	"strings"

	"github.com/guanzhu/guanzhu/internal/replies"
	"github.com/guanzhu/guanzhu/pkg/webhook"
	"github.com/guanzhu/guanzhu/pkg/wechat"
)

// tooMany is the reply to a suggestion that is not kept, because the follower has sent follower.MaxSuggestions today.
const tooMany = wechat.TextReply("今天已收到您的多条建议，明天再写给我们吧。")

// Routes returns the handlers of all pushes: the shop's own before those that were there.
func Routes(s Services) *webhook.Router {
	r := webhook.NewRouter()
	r.Use(func(next webhook.PushHandler) webhook.PushHandler {
		return func(ctx context.Context, p wechat.Push) (wechat.Reply, error) {
			webhook.Note(ctx, slog.String("shop", "flowers"))
			return next(ctx, p)
		}
	})
	replies.Complete(r, s.Replies, s.Followers, s.Media, s.Assistant)

	webhook.OnText(r, webhook.Exact("签到"), func(ctx context.Context, p *wechat.Text) (wechat.Reply, error) {
		have, err := points.Update(ctx, s.Followers, p, func(have *Points) error {
			have.Total++
			return nil
		})
		return wechat.TextReply(fmt.Sprintf("您有 %d 积分。", have.Total)), err
	})
	webhook.OnSlowText(r, webhook.Prefix("花语"), func(_ context.Context, p *wechat.Text) (string, error) {
		return strings.TrimPrefix(p.Trimmed(), "花语") + "：永远的朋友", nil
	}, webhook.Wait("正在翻书，请稍候。"), webhook.Sorry("没有查到，请稍后再试。"), webhook.NotByAI())

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

	// If the human desk or the platform's AI takes the texts that no rule answers, it takes pictures, voices and the like too.
	r.Default(func(context.Context, wechat.Push) (wechat.Reply, error) {
		switch transfer := s.Replies.Default().(type) {
		case wechat.TransferReply, wechat.TransferAIReply:
			return transfer, nil // not sent in reply to an event
		}
		return nil, nil
	})

	return r
}
