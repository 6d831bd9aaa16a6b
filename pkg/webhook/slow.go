package webhook

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/guanzhu/guanzhu/pkg/wechat"
)

// MaxSlow is the time that a slow handler has for one text. Its context ends then.
const MaxSlow = 2 * time.Minute

// inlineMargin is what is left of a request's budget when a slow handler that runs inside the request is cut off.
const inlineMargin = 500 * time.Millisecond

// Slow is the reply to a text that takes longer than a request: a promise of an answer. Router.Slow makes it.
type Slow struct {
	wechat.Reply // nil: a Slow is not sent

	handler PushHandler
	wait    string
	sorry   string
	byAI    bool
}

// SlowOption changes what the follower sees of a slow handler.
type SlowOption func(*Slow)

// Wait sets the text that the follower sees while the handler works. A link that shows the answer follows it.
func Wait(text string) SlowOption { return func(s *Slow) { s.wait = text } }

// Sorry sets the apology that the follower gets instead of an answer if the handler has failed three times.
func Sorry(text string) SlowOption { return func(s *Slow) { s.sorry = text } }

// NotByAI takes away the mark that WeChat shows below a customer-service message whose text an AI has made.
func NotByAI() SlowOption { return func(s *Slow) { s.byAI = false } }

// OnSlowText registers a slow handler of the text messages that match p: one that may take up to MaxSlow. See Router.Slow
// and OnText.
func OnSlowText(r *Router, p Pattern, h func(context.Context, *wechat.Text) (string, error), options ...SlowOption) {
	if h == nil {
		r.refuse("a nil slow handler of *wechat.Text by %v", p)
		return
	}
	slow := r.Slow(h, options...)
	OnText(r, p, func(context.Context, *wechat.Text) (wechat.Reply, error) { return slow, nil })
}

// Slow returns the reply by which a handler of texts passes a text to h, which may take up to MaxSlow. Make it while you
// register the handlers.
//
// h returns the text of the answer. WeChat waits five seconds: a later answer is sent as a customer-service message or, if the
// account may not send those, when the follower taps a link or writes again. A long answer comes in up to ten pages, about
// 18 KB in all; the rest is cut off.
//
// h runs once for each message, in another process and in the order of the follower's messages. If it returns an error or
// its process ends, it runs again, three times in all; then the follower gets an apology. The error is logged: it must not
// contain what users wrote. An empty answer counts as a failure that no repetition mends.
func (r *Router) Slow(h func(context.Context, *wechat.Text) (string, error), options ...SlowOption) *Slow {
	if h == nil {
		r.refuse("a nil slow handler")
		return nil
	}
	r.slow = true
	s := &Slow{
		wait:  "正在为您准备回答，请稍候。",
		sorry: "抱歉，这条消息暂时没能回答，请稍后再试。",
		byAI:  true,
		handler: r.wrap(func(ctx context.Context, p wechat.Push) (wechat.Reply, error) {
			answer, err := h(ctx, p.(*wechat.Text))
			return wechat.TextReply(answer), err
		}),
	}
	for _, option := range options {
		option(s)
	}
	return s
}

// Wait returns the text that the follower sees while the handler works.
func (s *Slow) Wait() string { return s.wait }

// Sorry returns the apology.
func (s *Slow) Sorry() string { return s.sorry }

// ByAI reports whether the answer is to be marked as an AI's.
func (s *Slow) ByAI() bool { return s.byAI }

// ErrNoAnswer is the error of a slow handler that has returned no text. A slow handler returns an error that is ErrNoAnswer
// (errors.Is) if another run would not help: then it does not run again, and the follower gets the apology at once.
var ErrNoAnswer = errors.New("webhook: the slow handler has returned no text")

// Answer runs the handler and returns the answer. A handler that does not return when ctx ends is abandoned.
func (s *Slow) Answer(ctx context.Context, p *wechat.Text) (string, error) {
	returned := make(chan result, 1)
	go func() { returned <- guard(ctx, slog.Default(), s.handler, p) }()
	var r result
	select {
	case r = <-returned:
	case <-ctx.Done():
		select {
		case r = <-returned:
		case <-time.After(grace):
			return "", fmt.Errorf("webhook: the slow handler is abandoned: it did not return when its context ended: %w", ctx.Err())
		}
	}
	if r.err != nil {
		return "", r.err
	}
	answer, ok := r.reply.(wechat.TextReply)
	if !ok || answer == "" {
		return "", ErrNoAnswer
	}
	return string(answer), nil
}

// Answers answers the texts of an account that has slow handlers.
type Answers interface {
	// Text returns the reply to p, which is not a *Slow. handle runs p's handler: it returns a *Slow if the handler is slow.
	// Text must return before ctx ends.
	Text(ctx context.Context, p *wechat.Text, handle func(context.Context) (wechat.Reply, error)) (wechat.Reply, error)
}

// slowly returns the handler with which p is answered if next may be slow.
func (h *Handler) slowly(next PushHandler, p wechat.Push) PushHandler {
	text, ok := p.(*wechat.Text)
	if !ok || !h.config.Router.slow {
		return next
	}
	answers := h.config.Answers
	if answers == nil {
		answers = inline{}
	}
	return func(ctx context.Context, _ wechat.Push) (wechat.Reply, error) {
		return answers.Text(ctx, text, func(ctx context.Context) (wechat.Reply, error) {
			if next == nil {
				return nil, nil
			}
			return next(ctx, text)
		})
	}
}

// errNotSlow is the error of a handler that returns a Slow where none can be kept.
var errNotSlow = errors.New("the handler has returned a Slow of another Router, or in reply to what is not a text")

// inline runs slow handlers inside the request. If one takes too long, the reply is its apology: with an error, the
// platform would send the push again and the handler would run again.
type inline struct{}

func (inline) Text(
	ctx context.Context, p *wechat.Text, handle func(context.Context) (wechat.Reply, error),
) (wechat.Reply, error) {
	reply, err := handle(ctx)
	slow, ok := reply.(*Slow)
	if err != nil || !ok {
		return reply, err
	}
	if deadline, ok := ctx.Deadline(); ok {
		var cancel context.CancelFunc
		ctx, cancel = context.WithDeadline(ctx, deadline.Add(-inlineMargin))
		defer cancel()
	}
	answer, err := slow.Answer(ctx, p)
	if err != nil && (ctx.Err() != nil || errors.Is(err, ErrNoAnswer)) {
		return wechat.TextReply(slow.Sorry()), nil
	}
	return wechat.TextReply(answer), err
}

// Reply runs the handler of p and returns its reply, a *Slow if the handler is slow.
func (r *Router) Reply(ctx context.Context, p wechat.Push) (wechat.Reply, error) {
	h, _ := r.route(p)
	if h == nil {
		return nil, nil
	}
	got := guard(ctx, slog.Default(), h, p)
	return got.reply, got.err
}
