package webhook

import (
	"context"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/guanzhu/guanzhu/internal/telemetry"
)

type (
	arrivalKey struct{}
	siteKey    struct{}
)

// WithArrival returns a context for a request that arrived at that time, before the Handler received it. The time to
// answer the request counts from then.
func WithArrival(ctx context.Context, at time.Time) context.Context {
	return context.WithValue(ctx, arrivalKey{}, at)
}

// arrival returns the time that WithArrival set, or now.
func arrival(ctx context.Context) time.Time {
	if at, ok := ctx.Value(arrivalKey{}).(time.Time); ok {
		return at
	}
	return time.Now()
}

// Site returns the origin of the follower's pages, such as https://example.com, for links in replies. A handler passes
// its own context.
func Site(ctx context.Context) string {
	site, _ := ctx.Value(siteKey{}).(string)
	return site
}

// WithSite returns a context in which Site returns origin.
func WithSite(ctx context.Context, origin string) context.Context {
	return context.WithValue(ctx, siteKey{}, origin)
}

// Note adds attributes to the log line of the push. They must not contain openids or what users wrote. A handler passes
// its own context.
func Note(ctx context.Context, attrs ...slog.Attr) { telemetry.Note(ctx, attrs...) }

// requestContext is the context of one request. It holds what Site and Note need, and ends at the deadline. It asks for a
// timer only if somebody waits for its end: most handlers never do.
type requestContext struct {
	deadline time.Time
	origin   string // of Config.PublicURL, or empty
	host     string
	line     telemetry.Line

	mu     sync.Mutex
	inner  context.Context    // the server's context; with the deadline, once somebody waits for the end
	cancel context.CancelFunc // of inner; nil until then
	ended  bool
}

// newContext returns the context of r, which arrived at that time.
func (h *Handler) newContext(r *http.Request, arrived time.Time) *requestContext {
	c := &requestContext{deadline: arrived.Add(budget), origin: h.config.PublicURL, host: r.Host, inner: r.Context()}
	if earlier, ok := c.inner.Deadline(); ok && earlier.Before(c.deadline) {
		c.deadline = earlier
	}
	return c
}

// end ends the context, when the request is answered.
func (c *requestContext) end() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ended = true
	if c.cancel != nil {
		c.cancel()
	}
}

// timed returns the inner context with the deadline.
func (c *requestContext) timed() context.Context {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.cancel == nil {
		c.inner, c.cancel = context.WithDeadline(c.inner, c.deadline)
		if c.ended {
			c.cancel()
		}
	}
	return c.inner
}

// Deadline implements context.Context.
func (c *requestContext) Deadline() (time.Time, bool) { return c.deadline, true }

// Done implements context.Context.
func (c *requestContext) Done() <-chan struct{} { return c.timed().Done() }

// Err implements context.Context.
func (c *requestContext) Err() error { return c.timed().Err() }

// Value implements context.Context.
func (c *requestContext) Value(key any) any {
	switch key {
	case siteKey{}:
		return c.site()
	case telemetry.LineKey:
		return &c.line
	}
	c.mu.Lock()
	inner := c.inner
	c.mu.Unlock()
	return inner.Value(key)
}

func (c *requestContext) site() string {
	if c.origin == "" {
		return "https://" + c.host
	}
	return c.origin
}
