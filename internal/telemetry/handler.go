package telemetry

import (
	"context"
	"encoding/json"
	"log/slog"
)

// Handler hands lines of at least Level on to another handler of JSON, which writes them, together with what CloudWatch
// makes metrics of.
type Handler struct {
	slog.Handler
	Level slog.Level
}

// Enabled implements slog.Handler.
func (h Handler) Enabled(ctx context.Context, level slog.Level) bool {
	return level >= h.Level && h.Handler.Enabled(ctx, level)
}

// Handle implements slog.Handler.
func (h Handler) Handle(ctx context.Context, r slog.Record) error {
	var attrs []slog.Attr
	var directives []byte
	for a := range r.Attrs {
		if a.Value.Kind() != slog.KindLogValuer {
			continue
		}
		m, ok := a.Value.Any().(measurement)
		if !ok {
			continue
		}
		if attrs == nil {
			attrs, directives = make([]slog.Attr, 0, 5), append(make([]byte, 0, 512), '[')
		} else {
			directives = append(directives, ',')
		}
		directives = append(directives, m.metric.directive...)
		attrs = append(attrs, slog.Float64(m.metric.Name, m.value))
	}
	if attrs != nil {
		r.AddAttrs(append(attrs, slog.Attr{Key: "_aws", Value: slog.GroupValue(
			slog.Int64("Timestamp", r.Time.UnixMilli()),
			slog.Any("CloudWatchMetrics", json.RawMessage(append(directives, ']'))),
		)})...)
	}
	return h.Handler.Handle(ctx, r)
}

// WithAttrs implements slog.Handler.
func (h Handler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return Handler{h.Handler.WithAttrs(attrs), h.Level}
}

// WithGroup implements slog.Handler.
func (h Handler) WithGroup(name string) slog.Handler {
	return Handler{h.Handler.WithGroup(name), h.Level}
}
