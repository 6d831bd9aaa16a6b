package console

import (
	"context"
	"encoding/json"
	"time"

	"github.com/guanzhu/guanzhu/internal/answers"
	"github.com/guanzhu/guanzhu/pkg/wechat"
)

// askedAgainAfter is how long a question waits whose handler has failed.
const askedAgainAfter = 5 * time.Second

// answer has the running process answer a question whose handler is slow. A process that is killed meanwhile leaves it to
// the next one.
func (c *Console) answer(ctx context.Context, m answers.Message) error {
	return c.task(ctx, "answer a question", m.OpenID, func(ctx context.Context, i *instance) error {
		return i.worker.Handle(ctx, m)
	})
}

// customSend is the API by which an account sends customer-service messages.
const customSend = "/cgi-bin/message/custom/send"

// sent puts a customer-service message that the platform has taken on the timeline. body is that of the call.
func (c *Console) sent(body string) {
	var in struct {
		ToUser  string
		MsgType string
		Text    struct{ Content string }
	}
	if err := json.Unmarshal([]byte(body), &in); err != nil {
		return
	}
	rec := c.timeline.begin(func(i *Item) {
		i.Kind, i.From, i.Title, i.OpenID = Message, "account", in.MsgType, in.ToUser
		i.Reply = &Reply{Type: in.MsgType, Content: in.Text.Content}
	})
	rec.done(func(*Item) {})
}

// wrote tells the platform that a user has acted, which the account may answer within 48 hours.
func (c *Console) wrote(p wechat.Push) {
	platform := c.simulated()
	if _, left := p.(*wechat.Unsubscribe); platform == nil || left {
		return
	}
	platform.Wrote(p.Common().FromUserName, c.clock.Now())
}
