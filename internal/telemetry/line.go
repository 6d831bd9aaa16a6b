package telemetry

import (
	"context"
	"log/slog"
	"sync"
	"time"
)

// Line is the one line that the log has for a request: what is noted of the request on its way, and how long it waited
// for others. It is safe for concurrent use.
type Line struct {
	mu    sync.Mutex
	notes []slog.Attr
	calls [len(services)]calls
}

// Service is what a request waits for.
type Service int

// The services.
const (
	Platform Service = iota // WeChat's API
	Table                   // DynamoDB
)

// services are the names of the attributes, of the number of calls and of what they took in milliseconds.
var services = [...]struct{ calls, ms string }{
	Platform: {"platform_calls", "platform_ms"},
	Table:    {"table_calls", "table_ms"},
}

type calls struct {
	count int
	took  time.Duration
}

// LineKey is the key of a context's *Line, to which Note and Called add.
var LineKey any = lineKey{}

type lineKey struct{}

// WithLine returns a context in which Note and Called add to l.
func WithLine(ctx context.Context, l *Line) context.Context {
	return context.WithValue(ctx, LineKey, l)
}

// Note adds attrs to the line of ctx's request, if it has one. They must not hold what users wrote.
func Note(ctx context.Context, attrs ...slog.Attr) {
	if l, ok := ctx.Value(lineKey{}).(*Line); ok {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.notes = append(l.notes, attrs...)
	}
}

// Called adds a call to the line of ctx's request, if it has one. Calls at the same time add up.
func Called(ctx context.Context, s Service, took time.Duration) {
	if l, ok := ctx.Value(lineKey{}).(*Line); ok {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.calls[s].count++
		l.calls[s].took += took
	}
}

// AppendTo appends to attrs what the line holds: the notes, and for each service that was called the number of calls
// and what they took in milliseconds.
func (l *Line) AppendTo(attrs []slog.Attr) []slog.Attr {
	l.mu.Lock()
	defer l.mu.Unlock()
	attrs = append(attrs, l.notes...)
	for s, c := range l.calls {
		if c.count > 0 {
			attrs = append(attrs, slog.Int(services[s].calls, c.count), slog.Float64(services[s].ms, Milliseconds(c.took)))
		}
	}
	return attrs
}

// Milliseconds is the form in which lines tell of times, to the microsecond.
func Milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
