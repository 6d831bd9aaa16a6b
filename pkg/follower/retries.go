package follower

import (
	"context"
	"errors"
	"sync/atomic"
)

// ErrBusy is in a Store's error (errors.Is) if the retries of WithRetries are used up, because the table is throttled or
// does not answer. The call may succeed a little later.
var ErrBusy = errors.New("the table is busy")

type retriesKey struct{}

// WithRetries returns a context with which a Store retries n times in all, over all calls that are made with it. With
// other contexts a Store retries until ctx ends: a push must not be acknowledged before it is stored, but a page can give up
// early and say so.
func WithRetries(ctx context.Context, n int) context.Context {
	left := new(atomic.Int64)
	left.Store(int64(n))
	return context.WithValue(ctx, retriesKey{}, left)
}

// TakeRetry takes one of ctx's retries. It returns ErrBusy if there is none left. Stores call it before each retry.
func TakeRetry(ctx context.Context) error {
	left, limited := ctx.Value(retriesKey{}).(*atomic.Int64)
	if limited && left.Add(-1) < 0 {
		return ErrBusy
	}
	return nil
}
