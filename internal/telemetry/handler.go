package telemetry

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"math"
	"strconv"
	"sync"
	"time"
	"unicode/utf8"
)

// Handler writes each log record as one line of JSON, in the form that Lambda gives to logs, together with what CloudWatch
// makes metrics of. The line is what slog.JSONHandler would write. With that handler, half of a push's time was its line.
// A Handler is safe for concurrent use.
//
// https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs-advanced.html
type Handler struct {
	out       *output
	level     slog.Level
	requestID func(context.Context) string

	attrs  []byte   // what WithAttrs was given, as it is written after the message; groups may be open at its end
	open   int      // the number of these groups
	groups []string // of WithGroup, to be opened before the next attribute
}

// output is where all handlers made of one write. It takes one line at a time.
type output struct {
	mu sync.Mutex
	io.Writer
}

// NewHandler returns a Handler that writes lines of at least level to out. requestID returns the id of a context's
// invocation, or "" for none; it may be nil.
func NewHandler(out io.Writer, level slog.Level, requestID func(context.Context) string) *Handler {
	return &Handler{out: &output{Writer: out}, level: level, requestID: requestID}
}

// Enabled implements slog.Handler.
func (h *Handler) Enabled(_ context.Context, level slog.Level) bool { return level >= h.level }

// lines holds buffers of lines.
var lines = sync.Pool{New: func() any { return new(make([]byte, 0, 1024)) }}

// Handle implements slog.Handler.
func (h *Handler) Handle(ctx context.Context, r slog.Record) error {
	line := lines.Get().(*[]byte)
	defer lines.Put(line)
	*line = h.appendLine((*line)[:0], ctx, r)
	h.out.mu.Lock()
	defer h.out.mu.Unlock()
	_, err := h.out.Write(*line)
	return err
}

func (h *Handler) appendLine(b []byte, ctx context.Context, r slog.Record) []byte {
	b = append(b, '{')
	if !r.Time.IsZero() {
		b = appendAttr(b, slog.Time("timestamp", r.Time))
	}
	b = appendAttr(b, slog.String("level", r.Level.String()))
	b = appendAttr(b, slog.String("message", r.Message))
	b = append(b, h.attrs...)

	outside := len(b)
	b = appendOpening(b, h.groups)
	opened := len(b)
	var room [4]measurement
	measured := room[:0]
	for a := range r.Attrs {
		if m, ok := measurementOf(a); ok {
			measured = append(measured, m)
			continue
		}
		b = appendAttr(b, a)
	}
	b = appendMetrics(b, measured, r.Time)
	if h.requestID != nil {
		if id := h.requestID(ctx); id != "" {
			b = appendAttr(b, slog.String("requestId", id))
		}
	}
	if len(b) == opened {
		b = b[:outside] // groups without attributes are left out
	} else {
		b = appendClosing(b, len(h.groups))
	}
	b = appendClosing(b, h.open)
	return append(b, "}\n"...)
}

func measurementOf(a slog.Attr) (m measurement, ok bool) {
	if a.Value.Kind() == slog.KindLogValuer {
		m, ok = a.Value.Any().(measurement)
	}
	return m, ok
}

// appendMetrics appends the values of the metrics, and the directives by which CloudWatch takes them from the line.
func appendMetrics(b []byte, measured []measurement, at time.Time) []byte {
	if len(measured) == 0 {
		return b
	}
	for _, m := range measured {
		b = appendAttr(b, slog.Float64(m.metric.Name, m.value))
	}
	b = append(appendKey(b, "_aws"), `{"Timestamp":`...)
	b = strconv.AppendInt(b, at.UnixMilli(), 10)
	b = append(b, `,"CloudWatchMetrics":[`...)
	for i, m := range measured {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, m.metric.directive()...)
	}
	return append(b, "]}"...)
}

// WithAttrs implements slog.Handler.
func (h *Handler) WithAttrs(attrs []slog.Attr) slog.Handler {
	b := appendOpening(bytes.Clone(h.attrs), h.groups)
	opened := len(b)
	for _, a := range attrs {
		b = appendAttr(b, a)
	}
	if len(b) == opened {
		return h
	}
	with := *h
	with.attrs, with.open, with.groups = b, h.open+len(h.groups), nil
	return &with
}

// WithGroup implements slog.Handler.
func (h *Handler) WithGroup(name string) slog.Handler {
	if name == "" {
		return h
	}
	with := *h
	with.groups = append(with.groups[:len(with.groups):len(with.groups)], name)
	return &with
}

func appendOpening(b []byte, groups []string) []byte {
	for _, name := range groups {
		b = append(appendKey(b, name), '{')
	}
	return b
}

func appendClosing(b []byte, groups int) []byte {
	for range groups {
		b = append(b, '}')
	}
	return b
}

// appendKey appends a comma, unless an object has just begun, and the key with its colon.
func appendKey(b []byte, key string) []byte {
	if len(b) == 0 || b[len(b)-1] != '{' {
		b = append(b, ',')
	}
	return append(appendString(b, key), ':')
}

// appendAttr appends a member of an object: nothing for an empty attribute, and the members of a group without a name.
func appendAttr(b []byte, a slog.Attr) []byte {
	v := a.Value.Resolve()
	if v.Kind() == slog.KindGroup {
		return appendGroup(b, a.Key, v.Group())
	}
	if a.Key == "" && v.Kind() == slog.KindAny && v.Any() == nil {
		return b
	}
	return appendValue(appendKey(b, a.Key), v)
}

func appendGroup(b []byte, name string, attrs []slog.Attr) []byte {
	outside := len(b)
	if name != "" {
		b = append(appendKey(b, name), '{')
	}
	opened := len(b)
	for _, a := range attrs {
		b = appendAttr(b, a)
	}
	switch {
	case len(b) == opened:
		return b[:outside]
	case name != "":
		b = append(b, '}')
	}
	return b
}

func appendValue(b []byte, v slog.Value) []byte {
	switch v.Kind() {
	case slog.KindString:
		return appendString(b, v.String())
	case slog.KindInt64:
		return strconv.AppendInt(b, v.Int64(), 10)
	case slog.KindUint64:
		return strconv.AppendUint(b, v.Uint64(), 10)
	case slog.KindBool:
		return strconv.AppendBool(b, v.Bool())
	case slog.KindDuration:
		return strconv.AppendInt(b, int64(v.Duration()), 10)
	case slog.KindTime:
		b = append(b, '"')
		b = v.Time().AppendFormat(b, time.RFC3339Nano)
		return append(b, '"')
	case slog.KindFloat64:
		if f := v.Float64(); f == 0 || 1e-6 <= math.Abs(f) && math.Abs(f) < 1e21 {
			return strconv.AppendFloat(b, f, 'f', -1, 64)
		}
	}
	return appendAny(b, v.Any())
}

// appendAny appends any other value. A value that cannot be written, or that panics, costs no more than itself.
func appendAny(b []byte, value any) (appended []byte) {
	defer func() {
		if p := recover(); p != nil {
			appended = appendString(b, fmt.Sprintf("!PANIC: %v", p))
		}
	}()
	if _, ok := value.(json.Marshaler); !ok {
		if err, ok := value.(error); ok {
			return appendString(b, err.Error())
		}
	}
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		return appendString(b, "!ERROR:"+err.Error())
	}
	return append(b, bytes.TrimSuffix(out.Bytes(), []byte("\n"))...)
}

// appendString appends s as a string of JSON. Bytes that are not UTF-8 become U+FFFD.
func appendString(b []byte, s string) []byte {
	b = append(b, '"')
	start := 0 // of what is not yet appended
	for i := 0; i < len(s); {
		if c := s[i]; ' ' <= c && c < utf8.RuneSelf && c != '"' && c != '\\' {
			i++
			continue
		}
		r, size := utf8.DecodeRuneInString(s[i:])
		if escaped := escape(r, size); escaped != "" {
			b = append(append(b, s[start:i]...), escaped...)
			start = i + size
		}
		i += size
	}
	return append(append(b, s[start:]...), '"')
}

// escape returns the form of r in a JSON string, or "" if r needs no escape. size is its number of bytes.
func escape(r rune, size int) string {
	switch {
	case r == '"':
		return `\"`
	case r == '\\':
		return `\\`
	case r == '\n':
		return `\n`
	case r == '\r':
		return `\r`
	case r == '\t':
		return `\t`
	case r < ' ', r == '\u2028', r == '\u2029', r == utf8.RuneError && size == 1:
		return fmt.Sprintf(`\u%04x`, r)
	}
	return ""
}
