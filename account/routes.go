package account

import (
	"context"
	"log/slog"

	"github.com/guanzhu/guanzhu/internal/accountyaml"
	"github.com/guanzhu/guanzhu/internal/telemetry"
	"github.com/guanzhu/guanzhu/pkg/follower"
	"github.com/guanzhu/guanzhu/pkg/webhook"
	"github.com/guanzhu/guanzhu/pkg/wechat"
)

// tooMany answers a suggestion beyond the day's follower.MaxSuggestions, which is not kept.
const tooMany = wechat.TextReply("今天已收到您的多条建议，明天再写给我们吧。")

// Routes is the whole account on one page: which handler takes which push. A handler's type says which push it is for.
// Business of your own is one more handler here, for example
//
//	webhook.OnText(r, webhook.Exact("时间"), func(context.Context, *wechat.Text) (wechat.Reply, error) {
//		return wechat.TextReply("现在是" + time.Now().In(wechat.ChinaTime).Format("15:04")), nil
//	})
//
// and is answered before account.yaml is.
func Routes(f *follower.Service, a *accountyaml.Account) *webhook.Router {
	r := webhook.NewRouter()
	r.Use(personalLinks(f))

	webhook.On(r, func(ctx context.Context, p *wechat.Subscribe) (wechat.Reply, error) {
		return a.Welcome(), f.Follow(ctx, p)
	})
	webhook.On(r, func(ctx context.Context, p *wechat.Unsubscribe) (wechat.Reply, error) {
		return nil, f.Unfollow(ctx, p)
	})
	// A user closed the WeChat account, or withdrew what was allowed to the pages: the law and the platform's terms want
	// the data deleted.
	webhook.On(r, func(ctx context.Context, p *wechat.UserAuthorizationCancellation) (wechat.Reply, error) {
		return nil, f.Cancel(ctx, p)
	})
	webhook.On(r, func(ctx context.Context, p *wechat.UserAuthorizationRevoke) (wechat.Reply, error) {
		return nil, f.Revoke(ctx, p)
	})

	suggest := func(ctx context.Context, p *wechat.Text) (wechat.Reply, error) {
		if kept, err := f.Suggest(ctx, p); err != nil || !kept {
			return tooMany, err
		}
		return a.Suggestion(), nil
	}
	webhook.OnText(r, webhook.Prefix("@"), suggest)
	webhook.OnText(r, webhook.Prefix("＠"), suggest) // what Chinese keyboards type
	webhook.On(r, func(_ context.Context, p *wechat.Text) (wechat.Reply, error) {
		return a.Answer(p.Content), nil
	})

	webhook.On(r, func(_ context.Context, p *wechat.Click) (wechat.Reply, error) {
		reply, _ := a.Click(p.EventKey) // a key that account.yaml does not know says nothing
		return reply, nil
	})
	webhook.On(r, func(ctx context.Context, p *wechat.View) (wechat.Reply, error) {
		telemetry.Note(ctx, slog.String("page", a.Page(p.EventKey)))
		return nil, nil // the page has opened by itself
	})
	webhook.On(r, webhook.Silent[*wechat.Scan]) // by one who follows already

	// If the human desk or the platform's AI takes what no rule answers, it takes pictures, voices and the like as well.
	r.Default(func(context.Context, wechat.Push) (wechat.Reply, error) {
		switch transfer := a.Default().(type) {
		case wechat.TransferReply, wechat.TransferAIReply:
			return transfer, nil // says nothing to an event
		}
		return nil, nil
	})

	return r
}
