package webhook

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"time"

	"github.com/guanzhu/guanzhu/internal/telemetry"
	"github.com/guanzhu/guanzhu/pkg/wechat"
)

// grace is the time that a handler has to return after the budget is used up.
const grace = 100 * time.Millisecond

// result is what a handler returns.
type result struct {
	reply wechat.Reply
	err   error
}

// call is one run of a handler, on a goroutine of its own. A call whose handler has returned is used again.
type call struct {
	returned chan result
	abandon  *time.Timer
}

func (h *Handler) newCall() *call {
	if c, ok := h.calls.Get().(*call); ok {
		return c
	}
	return &call{returned: make(chan result, 1), abandon: time.NewTimer(budget)}
}

// handle runs the handler of a push; nil stands for a handler that says nothing. A handler that does not return when its
// context ends is abandoned, so that the platform gets an answer. For this, each handler runs on its own goroutine. Unless
// the handler is abandoned, the goroutine ends before handle returns.
func (h *Handler) handle(ctx context.Context, handler PushHandler, p wechat.Push) (wechat.Reply, error) {
	if handler == nil {
		return nil, nil
	}
	c := h.newCall()
	go func() { c.returned <- guard(ctx, h.config.Log, handler, p) }()
	deadline, _ := ctx.Deadline()
	c.abandon.Reset(time.Until(deadline) + grace)
	select {
	case r := <-c.returned:
		c.abandon.Stop()
		h.calls.Put(c)
		return r.reply, r.err
	case <-c.abandon.C:
		return nil, fmt.Errorf("the handler of %s is abandoned: it did not return when its context ended; "+
			"whatever it waits for must end with the context", kind(p))
	}
}

// guard calls the handler. It logs a panic and returns an error instead.
func guard(ctx context.Context, log *slog.Logger, handler PushHandler, p wechat.Push) (r result) {
	defer func() {
		if value := recover(); value != nil {
			log.ErrorContext(ctx, "handler panicked", "kind", kind(p), "panic", telemetry.Panic(value), "stack", string(debug.Stack()))
			r = result{err: errors.New("handler panicked")}
		}
	}()
	reply, err := handler(ctx, p)
	return result{reply, err}
}
