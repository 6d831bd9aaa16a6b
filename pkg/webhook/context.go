package webhook

import (
	"context"
	"log/slog"
	"net/http"
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
	site, ok := ctx.Value(siteKey{}).(func() string)
	if !ok {
		return ""
	}
	return site()
}

// WithSite returns a context in which Site returns origin.
func WithSite(ctx context.Context, origin string) context.Context {
	return context.WithValue(ctx, siteKey{}, func() string { return origin })
}

func (h *Handler) withSite(ctx context.Context, r *http.Request) context.Context {
	return context.WithValue(ctx, siteKey{}, func() string {
		if h.config.PublicURL == "" {
			return "https://" + r.Host
		}
		return h.config.PublicURL
	})
}

// Note adds attributes to the log line of the push. They must not contain openids or what users wrote. A handler passes
// its own context.
func Note(ctx context.Context, attrs ...slog.Attr) { telemetry.Note(ctx, attrs...) }
