package account

import (
	"context"
	"fmt"
	"log/slog"
	"strings"

	"github.com/guanzhu/guanzhu/pkg/follower"
	"github.com/guanzhu/guanzhu/pkg/webhook"
	"github.com/guanzhu/guanzhu/pkg/wechat"
)

// Points are what a follower has collected.
type Points struct{ Total int }

var points = follower.Own[Points]("points")

// noted adds the shop to each line of the log.
func noted(next webhook.PushHandler) webhook.PushHandler {
	return func(ctx context.Context, p wechat.Push) (wechat.Reply, error) {
		webhook.Note(ctx, slog.String("shop", "flowers"))
		return next(ctx, p)
	}
}

// shop registers the shop's handlers.
func shop(r *webhook.Router, s Services) {
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
}
