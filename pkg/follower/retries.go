package follower

import (
	"context"
	"errors"
	"sync/atomic"
)

// ErrBusy is what a Store's error is (errors.Is) if the retries of WithRetries are used up: the table is throttled, or
// does not answer. The same call may succeed a little later.
var ErrBusy = errors.New("the table is busy")

type retriesKey struct{}

// WithRetries returns a context with which a Store retries n times in all, whatever calls are made with it. A Store
// retries until a context without this ends, as a push needs it: nothing is acknowledged that is not stored. A page can
// give up early and say so.
func WithRetries(ctx context.Context, n int) context.Context {
	left := new(atomic.Int64)
	left.Store(int64(n))
	return context.WithValue(ctx, retriesKey{}, left)
}

// TakeRetry uses up one of ctx's retries; it returns ErrBusy if none is left. Stores call it before each retry.
func TakeRetry(ctx context.Context) error {
	left, limited := ctx.Value(retriesKey{}).(*atomic.Int64)
	if limited && left.Add(-1) < 0 {
		return ErrBusy
	}
	return nil
}
