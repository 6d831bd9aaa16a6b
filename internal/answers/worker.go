package answers

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/guanzhu/guanzhu/internal/conversation"
	"github.com/guanzhu/guanzhu/internal/errcode"
	"github.com/guanzhu/guanzhu/internal/telemetry"
	"github.com/guanzhu/guanzhu/pkg/webhook"
)

const (
	// WorkFor is the time that a Worker needs for one message at most.
	WorkFor = webhook.MaxSlow + storeTime + sendTime

	storeTime = 5 * time.Second // to read and write the table before and after the handler
	sendTime  = 5 * time.Second

	// typingAfter is the time after a question at which the follower has the wait text and may be shown that somebody types.
	typingAfter = 4500 * time.Millisecond

	// refusedFor is the time for which an account that may not send customer-service messages is not asked again.
	refusedFor = 24 * time.Hour
)

// Sender sends customer-service messages.
type Sender interface {
	// SendText sends a text of at most wechat.MaxText bytes, at most once. If it returns the platform's refusal, the text was
	// not sent. After any other error, it may have been.
	SendText(ctx context.Context, openid, text string, byAI bool) error
	// Typing shows that somebody is typing.
	Typing(ctx context.Context, openid string) error
}

// Worker runs slow handlers and sends answers. It is safe for concurrent use.
type Worker struct {
	Store  Store
	Router *webhook.Router
	Sender Sender
	Hash   func(openid string) string // replaces openids in the log
	Now    func() time.Time
	Log    *slog.Logger

	mu      sync.Mutex
	refused time.Time // until when the platform refuses customer-service messages
}

// Handle runs the handler of the message's question and delivers the answer, unless the endpoint does. After an error, the
// queue must deliver the message again.
func (w *Worker) Handle(ctx context.Context, m Message) error {
	begun := time.Now()
	var line telemetry.Line
	ctx = telemetry.WithLine(ctx, &line)
	how, err := w.handle(ctx, m)
	w.log(ctx, m, how, err, &line, time.Since(begun))
	return err
}

// The ways in which Handle ends, for the log.
const (
	howLeft   = "left"   // to the endpoint, which has not answered yet
	howSent   = "sent"   // as a customer-service message
	howKept   = "kept"   // until the follower asks for it
	howUnsure = "unsure" // whether it was sent: the platform did not answer
	howNone   = "none"   // there was nothing to answer
	howRetry  = "retry"  // the handler has failed
)

func (w *Worker) handle(ctx context.Context, m Message) (how string, err error) {
	deadline := time.Now().Add(WorkFor)
	if d, ok := ctx.Deadline(); ok {
		deadline = d
	}
	attempt := conversation.Attempt{Message: m.ID, Receive: m.Receive, Until: w.Now().Add(time.Until(deadline))}
	job, err := w.start(ctx, m, attempt)
	switch {
	case errors.Is(err, conversation.ErrGone):
		return howNone, nil
	case errors.Is(err, conversation.ErrAttempts):
		return w.apologize(ctx, m, err)
	case err != nil:
		return howNone, err
	}
	answer, err := w.answer(ctx, m, job, earlier(time.Now().Add(webhook.MaxSlow), deadline.Add(-sendTime-storeTime/2)))
	switch {
	case err != nil && (job.Attempts >= conversation.MaxAttempts || errors.Is(err, webhook.ErrNoAnswer)):
		return w.apologize(ctx, m, err)
	case err != nil:
		releaseErr := w.change(ctx, m, func(c *conversation.Conversation) error { return c.Release(m.Job, attempt) })
		return howRetry, errors.Join(err, ignoreGone(releaseErr))
	}
	return w.deliver(ctx, m, func(c *conversation.Conversation) (send bool, err error) {
		return c.Finish(m.Job, attempt, answer, w.Now())
	})
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

func ignoreGone(err error) error {
	if errors.Is(err, conversation.ErrGone) {
		return nil
	}
	return err
}

// start begins the attempt and returns the job as it is then.
func (w *Worker) start(ctx context.Context, m Message, a conversation.Attempt) (job conversation.Job, err error) {
	err = w.change(ctx, m, func(c *conversation.Conversation) error {
		started, err := c.Start(m.Job, a, w.Now())
		if started != nil {
			job = *started
		}
		return err
	})
	return job, err
}

// answer runs the handler until the deadline.
func (w *Worker) answer(ctx context.Context, m Message, job conversation.Job, deadline time.Time) (string, error) {
	handlerCtx, cancel := context.WithDeadline(webhook.WithSite(ctx, job.Push.Site), deadline)
	defer cancel()
	p := job.Push.Received(m.OpenID)
	reply, err := w.Router.Reply(handlerCtx, p)
	if err != nil {
		return "", err
	}
	slow, ok := reply.(*webhook.Slow)
	if !ok {
		return "", errNotSlow
	}
	type result struct {
		answer string
		err    error
	}
	done := make(chan result, 1)
	go func() {
		answer, err := slow.Answer(handlerCtx, p)
		done <- result{answer, err}
	}()
	asked := time.UnixMilli(m.SentAt)
	select {
	case r := <-done:
		return r.answer, r.err
	case <-time.After(typingAfter - w.Now().Sub(asked)):
		w.typing(handlerCtx, m.OpenID)
	}
	r := <-done
	return r.answer, r.err
}

var errNotSlow = errors.New("the handler of this text is no longer slow: it was changed after the text had come")

func (w *Worker) apologize(ctx context.Context, m Message, cause error) (how string, err error) {
	how, err = w.deliver(ctx, m, func(c *conversation.Conversation) (send bool, err error) { return c.Fail(m.Job, w.Now()) })
	return how, errors.Join(conversation.ErrFailed, cause, err)
}

// deliver records the answer by finish and sends it, if finish says so.
func (w *Worker) deliver(
	ctx context.Context, m Message, finish func(*conversation.Conversation) (send bool, err error),
) (how string, err error) {
	var send, byAI bool
	var page string
	err = w.change(ctx, m, func(c *conversation.Conversation) (err error) {
		if send, err = finish(c); err != nil {
			return err
		}
		job := c.Jobs[m.Job]
		page, byAI = job.Page(m.Job, 0), job.ByAI && !job.Failed
		return nil
	})
	switch {
	case errors.Is(err, conversation.ErrGone):
		return howNone, nil // the follower has unfollowed, or another worker was faster
	case err != nil:
		return howRetry, err
	case !send:
		return howLeft, nil
	}
	how = w.send(ctx, m.OpenID, page, byAI)
	if how == howUnsure {
		return how, nil
	}
	// If this write fails, the state is as after howUnsure. The message must not be sent again.
	err = w.change(ctx, m, func(c *conversation.Conversation) error { return c.Sent(m.Job, how == howSent) })
	if err != nil && !errors.Is(err, conversation.ErrGone) {
		telemetry.Note(ctx, slog.Any("unrecorded", err))
	}
	return how, nil
}

// send sends a page and says how that has ended.
func (w *Worker) send(ctx context.Context, openid, page string, byAI bool) (how string) {
	if !w.maySend() {
		return howKept
	}
	ctx, cancel := context.WithTimeout(ctx, sendTime)
	defer cancel()
	err := w.Sender.SendText(ctx, openid, page, byAI)
	switch code := errcode.Of(err); {
	case err == nil:
		return howSent
	case code == 0:
		return howUnsure
	case code == errcode.NoPermission:
		w.refuse()
		fallthrough
	default:
		telemetry.Note(ctx, slog.Int("errcode", code))
		return howKept
	}
}

// typing shows that somebody is typing. Whether the platform accepts that does not matter.
func (w *Worker) typing(ctx context.Context, openid string) {
	if !w.maySend() {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, sendTime)
	defer cancel()
	if errcode.Of(w.Sender.Typing(ctx, openid)) == errcode.NoPermission {
		w.refuse()
	}
}

func (w *Worker) maySend() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return !w.Now().Before(w.refused)
}

func (w *Worker) refuse() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.refused = w.Now().Add(refusedFor)
}

// change changes a conversation that exists.
func (w *Worker) change(ctx context.Context, m Message, change func(*conversation.Conversation) error) error {
	return w.Store.ChangeConversation(ctx, m.OpenID, time.Time{}, change)
}

func (w *Worker) log(ctx context.Context, m Message, how string, err error, line *telemetry.Line, took time.Duration) {
	level := slog.LevelInfo
	sinceAsked := w.Now().Sub(time.UnixMilli(m.SentAt))
	attrs := []slog.Attr{
		slog.String("outcome", how), slog.String("follower", w.Hash(m.OpenID)), slog.Int("receive", m.Receive),
		slog.Float64("answer_ms", telemetry.Milliseconds(sinceAsked)),
	}
	switch {
	case errors.Is(err, conversation.ErrFailed) && how == howNone: // on its way to the dead letters
	case errors.Is(err, conversation.ErrFailed):
		level = slog.LevelError
		attrs = append(attrs, telemetry.AnswersFailed.Of(1))
	case err != nil:
		level = slog.LevelWarn
	case how != howNone:
		attrs = append(attrs, telemetry.Answers.Of(1), telemetry.AnswerLatency.Of(telemetry.Milliseconds(sinceAsked)))
	}
	if err != nil {
		attrs = append(attrs, slog.Any("error", err))
	}
	attrs = append(line.AppendTo(attrs), slog.Float64("ms", telemetry.Milliseconds(took)))
	w.Log.LogAttrs(ctx, level, "answer", attrs...)
}
