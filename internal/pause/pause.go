// Package pause waits for some time, or until a context ends.
package pause

import (
	"context"
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
