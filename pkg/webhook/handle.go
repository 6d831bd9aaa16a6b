package webhook

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"runtime/debug"
	"time"

	"github.com/guanzhu/guanzhu/pkg/wechat"
)

// grace is the time that a handler has to return after the budget is used up.
const grace = 100 * time.Millisecond

// result is what a handler returns.
type result struct {
	reply wechat.Reply
	err   error
}

// handle runs the handler of a push; nil stands for a handler that says nothing. A handler that does not return when its
// context ends is abandoned, so that the platform gets an answer. For this, each handler runs on its own goroutine. Unless
// the handler is abandoned, the goroutine ends before handle returns.
func (h *Handler) handle(ctx context.Context, handler PushHandler, p wechat.Push) (wechat.Reply, error) {
	if handler == nil {
		return nil, nil
	}
	returned := make(chan result, 1)
	go func() { returned <- guard(ctx, h.config.Log, handler, p) }()
	select {
	case r := <-returned:
		return r.reply, r.err
	case <-ctx.Done(): // the budget is used up, or the platform has hung up
	}
	deadline, _ := ctx.Deadline()
	select {
	case r := <-returned:
		return r.reply, r.err
	case <-time.After(time.Until(deadline) + grace):
		return nil, fmt.Errorf("the handler of %s is abandoned: it did not return when its context ended; "+
			"whatever it waits for must end with the context", kind(p))
	}
}

// guard calls the handler. It logs a panic and returns an error instead.
func guard(ctx context.Context, log *slog.Logger, handler PushHandler, p wechat.Push) (r result) {
	defer func() {
		if value := recover(); value != nil {
			// The value may contain what the user wrote, unless it is an error of the runtime.
			what := "a value that is not logged"
			if e, ok := value.(runtime.Error); ok {
				what = e.Error()
			}
			log.ErrorContext(ctx, "handler panicked", "kind", kind(p), "panic", what, "stack", string(debug.Stack()))
			r = result{err: errors.New("handler panicked")}
		}
	}()
	reply, err := handler(ctx, p)
	return result{reply, err}
}
