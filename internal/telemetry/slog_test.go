package telemetry_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/lambdacontext"
	"github.com/google/go-cmp/cmp"

	"github.com/guanzhu/guanzhu/internal/telemetry"
)

// handled returns what the two handlers write of one record: ours, and slog's own with aws-lambda-go's names.
func handled(t testing.TB, ctx context.Context, r slog.Record, change func(slog.Handler) slog.Handler) (ours, theirs string) {
	t.Helper()
	write := func(handler slog.Handler) {
		if err := change(handler).Handle(ctx, r.Clone()); err != nil {
			t.Fatal(err)
		}
	}
	var a, b bytes.Buffer
	write(telemetry.NewHandler(&a, slog.LevelInfo, nil))
	write(slog.NewJSONHandler(&b, &slog.HandlerOptions{ReplaceAttr: lambdacontext.ReplaceAttr}))
	return a.String(), b.String()
}

type marshaler struct{ text string }

func (m marshaler) MarshalJSON() ([]byte, error) { return json.Marshal("<" + m.text + ">") }

type valuer struct{}

func (valuer) LogValue() slog.Value { return slog.GroupValue(slog.Int("of", 1)) }

// TestLinesAreSlogs compares lines with those of slog, byte by byte.
func TestLinesAreSlogs(t *testing.T) {
	at := time.Date(2026, 11, 26, 15, 4, 5, 60_000_000, time.FixedZone("CST", 8*3600))
	attrs := map[string][]slog.Attr{
		"none":    nil,
		"texts":   {slog.String("a", "关注 <a href=\"x\">&</a>"), slog.String("", "no key"), slog.String("k\"\n", "\\\t\r\n\b\f\x00\x1f\x7f\u2028\u2029")},
		"bytes":   {slog.String("a\xff", "\xc3\x28 \xe2\x82 \xed\xa0\x80 \ufffd")},
		"numbers": {slog.Int("i", -5), slog.Uint64("u", math.MaxUint64), slog.Bool("b", true), slog.Duration("d", time.Second)},
		"floats": {slog.Float64("a", 12.345), slog.Float64("b", 0), slog.Float64("c", -1e-7), slog.Float64("d", 1e21),
			slog.Float64("e", 1e20), slog.Float64("f", 1e-6), slog.Float64("g", math.Copysign(0, -1)), slog.Float64("h", math.MaxFloat64)},
		"not numbers": {slog.Float64("a", math.NaN()), slog.Float64("b", math.Inf(1))},
		"times":       {slog.Time("t", at), slog.Time("u", at.UTC().Truncate(time.Second))},
		"values": {slog.Any("e", errors.New("a \"b\"")), slog.Any("n", nil), slog.Any("m", map[string]any{"a": "<b>", "c": []int{1}}),
			slog.Any("j", marshaler{"x"}), slog.Any("r", json.RawMessage(`{"a": 1}`)), slog.Any("c", make(chan int)), slog.Any("s", []string(nil))},
		"groups": {slog.Group("g", slog.Int("a", 1), slog.Group("h", slog.Int("b", 2)), slog.Group("empty")), slog.Group("empty"),
			slog.Group("", slog.Int("inline", 1)), slog.Any("v", valuer{}), slog.Group("x", slog.Group("y", slog.Group("z")))},
		"empty": {{}, slog.Int("a", 1), {}},
	}
	changes := map[string]func(slog.Handler) slog.Handler{
		"as it is": func(h slog.Handler) slog.Handler { return h },
		"with": func(h slog.Handler) slog.Handler {
			return h.WithAttrs([]slog.Attr{slog.String("appid", "wx{"), slog.Int("n", 1)})
		},
		"group": func(h slog.Handler) slog.Handler { return h.WithGroup("g").WithGroup("h") },
		"group, with": func(h slog.Handler) slog.Handler {
			return h.WithGroup("g").WithAttrs([]slog.Attr{slog.Int("n", 1)}).WithGroup("h")
		},
		"with nothing": func(h slog.Handler) slog.Handler {
			return h.WithAttrs(nil).WithAttrs([]slog.Attr{slog.Group("empty")})
		},
	}
	for name, attrs := range attrs {
		for how, change := range changes {
			r := slog.NewRecord(at, slog.LevelWarn+1, "a message\n", 0)
			r.AddAttrs(attrs...)
			if ours, theirs := handled(t, t.Context(), r, change); ours != theirs {
				t.Errorf("%s, %s (-slog's +ours):\n%s", name, how, cmp.Diff(theirs, ours))
			}
		}
	}
}

// TestLineOutlivesAPanic logs a value whose method panics.
func TestLineOutlivesAPanic(t *testing.T) {
	var nothing *time.ParseError
	var out bytes.Buffer
	slog.New(telemetry.NewHandler(&out, slog.LevelInfo, nil)).Info("push", "error", error(nothing), "kind", "text")
	if !json.Valid(out.Bytes()) || !strings.Contains(out.String(), `"kind":"text"`) {
		t.Errorf("got %q", out.String())
	}
}

// TestRequestID has the id at the end of the line, after the metrics.
func TestRequestID(t *testing.T) {
	var out bytes.Buffer
	type key struct{}
	h := telemetry.NewHandler(&out, slog.LevelInfo, func(ctx context.Context) string { id, _ := ctx.Value(key{}).(string); return id })
	r := slog.NewRecord(time.UnixMilli(1795391674000).UTC(), slog.LevelInfo, "push", 0)
	r.AddAttrs(telemetry.Suggestions.Of(1), slog.String("kind", "text"))
	for _, ctx := range []context.Context{context.WithValue(t.Context(), key{}, "id-1"), t.Context()} {
		if err := h.Handle(ctx, r); err != nil {
			t.Fatal(err)
		}
	}
	const line = `{"timestamp":"2026-11-22T23:54:34Z","level":"INFO","message":"push","kind":"text","Suggestions":1,"_aws":{"Timestamp":1795391674000,` +
		`"CloudWatchMetrics":[{"Namespace":"Guanzhu","Dimensions":[["appid"]],"Metrics":[{"Name":"Suggestions","Unit":"Count"}]}]}`
	if want := line + `,"requestId":"id-1"}` + "\n" + line + "}\n"; out.String() != want {
		t.Errorf("(-want +got):\n%s", cmp.Diff(want, out.String()))
	}
}

// FuzzLine compares lines of any texts and numbers with those of slog. Every line is valid JSON.
func FuzzLine(f *testing.F) {
	f.Add("push", "kind", "text", "a group", 12.5, int64(3))
	f.Add("\xff\u2028\"", "", "\x00\\\n", "", math.NaN(), int64(math.MinInt64))
	f.Fuzz(func(t *testing.T, message, key, text, group string, number float64, integer int64) {
		r := slog.NewRecord(time.Unix(integer%1e10, 0), slog.Level(integer%100), message, 0)
		r.AddAttrs(slog.String(key, text), slog.Float64(text, number), slog.Group(group, slog.Int64(key, integer)),
			slog.Any("error", errors.New(text)), slog.Any("list", []any{text, number}))
		ours, theirs := handled(t, t.Context(), r, func(h slog.Handler) slog.Handler {
			return h.WithAttrs([]slog.Attr{slog.String(group, message)}).WithGroup("g" + key)
		})
		if ours != theirs {
			t.Errorf("(-slog's +ours):\n%s", cmp.Diff(theirs, ours))
		}
		if !json.Valid([]byte(ours)) {
			t.Errorf("not JSON: %q", ours)
		}
	})
}
