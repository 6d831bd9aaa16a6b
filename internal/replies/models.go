package replies

import (
	"context"
	"fmt"

	"github.com/guanzhu/guanzhu/internal/autoreply"
	"github.com/guanzhu/guanzhu/pkg/webhook"
	"github.com/guanzhu/guanzhu/pkg/wechat"
)

// promises are the replies that stand for each ai of account.yaml until its model has answered (webhook.Router.Slow).
type promises map[*autoreply.AI]*webhook.Slow

// register makes the promises. The endpoint never asks a model: a function that does has an Assistant.
func (promised promises) register(r *webhook.Router, a *autoreply.Account, model Assistant) {
	for _, settings := range a.AIs() {
		promised[settings] = r.Slow(func(ctx context.Context, p *wechat.Text) (string, error) {
			if model == nil {
				return "", fmt.Errorf("%w: this function asks no language model; set ANSWERS_QUEUE_URL", webhook.ErrNoAnswer)
			}
			return model.Answer(ctx, settings, p)
		}, webhook.Wait(settings.Wait), webhook.Sorry(settings.Sorry))
	}
}

// replace is the middleware that replaces each ai by its promise.
func (promised promises) replace(next webhook.PushHandler) webhook.PushHandler {
	return func(ctx context.Context, p wechat.Push) (wechat.Reply, error) {
		reply, err := next(ctx, p)
		settings, ok := reply.(*autoreply.AI)
		if err != nil || !ok {
			return reply, err
		}
		if _, isText := p.(*wechat.Text); !isText {
			return nil, nil // it is the default, in place of a reply whose file is not published
		}
		return promised[settings], nil
	}
}
