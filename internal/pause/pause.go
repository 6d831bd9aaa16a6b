// Package pause waits for some time, or until a context ends.
package pause

import (
	"context"
	"math/rand/v2"
	"time"
)

// For returns nil after d, or the error of ctx if that ends before.
func For(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Random is For with a random time between half of d and d. Many instances that fail at once then do not try again at once.
func Random(ctx context.Context, d time.Duration) error { return For(ctx, d/2+rand.N(d/2)) }
