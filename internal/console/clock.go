package console

import (
	"sync"
	"time"
)

// clock is the console's time: this machine's, moved by an offset. It is safe for concurrent use.
type clock struct {
	machine func() time.Time

	mu     sync.Mutex
	offset time.Duration
}

// Now returns the console's time.
func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.machine().Add(c.offset)
}

// Offset returns how far the clock is ahead of this machine's.
func (c *clock) Offset() time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.offset
}

// SetOffset sets how far the clock is ahead of this machine's.
func (c *clock) SetOffset(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.offset = d
}

// Advance moves the clock by d.
func (c *clock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.offset += d
}
