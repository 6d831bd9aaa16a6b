package answers

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/guanzhu/guanzhu/internal/conversation"
	"github.com/guanzhu/guanzhu/internal/pause"
	"github.com/guanzhu/guanzhu/internal/telemetry"
	"github.com/guanzhu/guanzhu/pkg/follower"
	"github.com/guanzhu/guanzhu/pkg/webhook"
	"github.com/guanzhu/guanzhu/pkg/wechat"
)

const (
	// margin is the rest of a request's 4.5 s when the wait for the answer ends: 4.0 s after the push arrived.
	margin = 500 * time.Millisecond

	// A waiting request reads the conversation after firstPoll, then at growing intervals up to lastPoll.
	firstPoll = 100 * time.Millisecond
	lastPoll  = 300 * time.Millisecond
)

// What followers read beside the texts of a handler.
const (
	stillWorking = "回答还在准备中，请稍后再点。"
	seenBefore   = "这条回答已经发给您了，请往上翻看。"
	nothing      = "这条回答已经过期，请重新提问。"
)

// Replier is the endpoint's part: webhook.Answers. It is safe for concurrent use.
type Replier struct {
	Store Store
	Queue Queue
	Now   func() time.Time
}

var _ webhook.Answers = (*Replier)(nil)

// errUnchanged ends a change that has nothing to write.
var errUnchanged = errors.New("unchanged")

// errLeft is the error of a change for a text from before an unfollow.
var errLeft = errors.New("the follower has unfollowed since")

// Text implements webhook.Answers.
func (r *Replier) Text(
	ctx context.Context, p *wechat.Text, handle func(context.Context) (wechat.Reply, error),
) (wechat.Reply, error) {
	reply, err := r.text(ctx, p, handle)
	if errors.Is(err, errLeft) {
		return nil, nil
	}
	return reply, err
}

func (r *Replier) text(
	ctx context.Context, p *wechat.Text, handle func(context.Context) (wechat.Reply, error),
) (wechat.Reply, error) {
	if tap, sure, ok := conversation.ParseTap(p); ok {
		reply, err := r.tapped(ctx, p, tap)
		if err != nil || reply != nothing || sure {
			return shown(reply), err
		}
		// The follower has typed the words of a link.
	}
	reply, err := handle(ctx)
	if err != nil {
		return nil, err
	}
	if slow, ok := reply.(*webhook.Slow); ok {
		text, err := r.ask(ctx, p, slow)
		return shown(text), err
	}
	return r.afterEarlier(ctx, p, reply)
}

// shown returns the reply that shows text, nil for none.
func shown(text string) wechat.Reply {
	if text == "" {
		return nil
	}
	return wechat.TextReply(text)
}

// tapped returns the reply to a tap. It is empty if the answer has been sent since the tap.
func (r *Replier) tapped(ctx context.Context, p *wechat.Text, tap conversation.Tap) (reply string, err error) {
	first := true
	err = r.await(ctx, func(last bool) (done bool, err error) {
		var id, page string
		outcome, unstarted := conversation.Nothing, false
		err = r.change(ctx, p, func(c *conversation.Conversation) error {
			id, page, outcome = c.Tapped(tap, conversation.ID(p), last, r.Now())
			unstarted = outcome == conversation.Pending && c.Jobs[id].Unstarted()
			if outcome != conversation.Page && outcome != conversation.Later {
				return errUnchanged
			}
			return nil
		})
		if err != nil {
			return false, err
		}
		switch outcome {
		case conversation.Page:
			reply = page
			delivered(ctx, "tap")
		case conversation.Later:
			reply = conversation.WaitText(stillWorking, id)
		case conversation.Nothing:
			reply = nothing
		case conversation.Seen:
			reply = seenBefore
		case conversation.Pending:
			if first && unstarted {
				err = r.send(ctx, p, id)
			}
			tap.Job, first = id, false
			return false, err
		}
		return true, nil
	})
	return reply, err
}

// ask returns the reply to a question: its answer if it is there in time, else the wait text. An earlier answer that
// nobody else delivers comes first, and then the question does not wait for its own.
func (r *Replier) ask(ctx context.Context, p *wechat.Text, slow *webhook.Slow) (reply string, err error) {
	id := conversation.ID(p)
	wait := conversation.WaitText(slow.Wait(), id)
	earlier, unstarted, err := r.record(ctx, p, slow)
	switch {
	case errors.Is(err, conversation.ErrTooMany):
		return slow.Sorry(), nil
	case err != nil:
		return "", err
	}
	if unstarted {
		if err := r.send(ctx, p, id); err != nil {
			return "", err
		}
	}
	if earlier != "" {
		delivered(ctx, "next")
		return join(earlier, wait), nil
	}
	return r.awaitAnswer(ctx, p, wait)
}

// record records the question. It returns the page of an earlier answer that is the reply, if there is one, and whether the
// handler has not been started yet.
func (r *Replier) record(ctx context.Context, p *wechat.Text, slow *webhook.Slow) (earlier string, unstarted bool, err error) {
	id := conversation.ID(p)
	question := conversation.Question{Text: p, Site: webhook.Site(ctx), Sorry: slow.Sorry(), ByAI: slow.ByAI()}
	err = r.change(ctx, p, func(c *conversation.Conversation) error {
		earlier = "" // of another try
		known := c.Jobs[id] != nil
		job, err := c.Ask(question, r.Now())
		if err != nil {
			return err
		}
		unstarted = job.Unstarted()
		if known {
			earlier = c.Earlier(id)
			return errUnchanged
		}
		if before := c.Undelivered(id, r.Now()); before != "" {
			earlier = c.Deliver(before, id, r.Now())
			job.Waits = true
		}
		return nil
	})
	return earlier, unstarted, err
}

// awaitAnswer returns the answer to a recorded question if it is there in time, else the wait text.
func (r *Replier) awaitAnswer(ctx context.Context, p *wechat.Text, wait string) (reply string, err error) {
	id := conversation.ID(p)
	err = r.await(ctx, func(last bool) (done bool, err error) {
		waits := false
		err = r.change(ctx, p, func(c *conversation.Conversation) error {
			reply, waits = "", false // of another try
			if c.Jobs[id] == nil {
				return conversation.ErrGone
			}
			if reply, waits = c.Reply(id, last, r.Now()); reply == "" && !waits {
				return errUnchanged
			}
			return nil
		})
		switch {
		case errors.Is(err, conversation.ErrGone):
			return true, nil // the follower has unfollowed
		case waits:
			reply = wait
			delivered(ctx, "wait")
		case reply != "":
			delivered(ctx, "reply")
		}
		return reply != "", err
	})
	return reply, err
}

// afterEarlier returns the reply to a text, with an earlier answer before it that nobody else delivers. A reply that is not
// a text comes alone: the answer then waits for the next text.
func (r *Replier) afterEarlier(ctx context.Context, p *wechat.Text, reply wechat.Reply) (wechat.Reply, error) {
	text, ok := reply.(wechat.TextReply)
	if !ok && reply != nil {
		return reply, nil
	}
	id := conversation.ID(p)
	var earlier string
	c, err := r.Store.Conversation(ctx, p.FromUserName)
	if err == nil {
		if earlier = c.Earlier(id); earlier == "" && c.Undelivered(id, r.Now()) != "" {
			err = r.change(ctx, p, func(c *conversation.Conversation) error {
				earlier = "" // of another try
				before := c.Undelivered(id, r.Now())
				if before == "" {
					return errUnchanged
				}
				earlier = c.Deliver(before, id, r.Now())
				return nil
			})
		}
	}
	if err != nil {
		return nil, err
	}
	if earlier == "" {
		return reply, nil
	}
	delivered(ctx, "next")
	return wechat.TextReply(join(earlier, string(text))), nil
}

// join returns the page and the reply in one message, or the page alone if they do not fit.
func join(page, reply string) string {
	if text := page + "\n\n" + reply; reply != "" && len(text) <= wechat.MaxText {
		return text
	}
	return page
}

// change is Store.ChangeConversation for a push. A change that returns errUnchanged is no error.
func (r *Replier) change(ctx context.Context, p *wechat.Text, change func(*conversation.Conversation) error) error {
	err := r.Store.ChangeConversation(ctx, p.FromUserName, p.Time(), change)
	switch {
	case errors.Is(err, errUnchanged):
		return nil
	case errors.Is(err, follower.ErrNotFound):
		return errLeft
	}
	return err
}

// send sends the question to the queue. Every delivery of a question whose handler has not been started sends it again: an
// earlier one may have died before it could.
func (r *Replier) send(ctx context.Context, p *wechat.Text, id string) error {
	return r.Queue.Send(ctx, Task{OpenID: p.FromUserName, Job: id, SentAt: r.Now().UnixMilli()})
}

// await calls decide at growing intervals until it is done. last is true in the call after which the request is answered.
func (r *Replier) await(ctx context.Context, decide func(last bool) (done bool, err error)) error {
	for interval := firstPoll; ; interval = min(interval+50*time.Millisecond, lastPoll) {
		left := 4 * time.Second
		if deadline, ok := ctx.Deadline(); ok {
			left = time.Until(deadline) - margin
		}
		done, err := decide(left <= 0)
		if done || err != nil {
			return err
		}
		if err := pause.For(ctx, max(0, min(interval, left))); err != nil {
			return err
		}
	}
}

// delivered notes how a text was answered.
func delivered(ctx context.Context, how string) { telemetry.Note(ctx, slog.String("answer", how)) }
