package telemetry_test

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/guanzhu/guanzhu/internal/telemetry"
)

// TestMetricsInALine holds a line to the specification of the embedded metric format.
func TestMetricsInALine(t *testing.T) {
	var out bytes.Buffer
	log := slog.New(telemetry.NewHandler(&out, slog.LevelInfo, nil)).With("appid", "wx")
	before := time.Now().UnixMilli()
	log.Info("push", "kind", "text", telemetry.Pushes.Of(1), "outcome", "replied", telemetry.ReplyLatency.Of(12.5))

	var line struct {
		AppID, Kind, Outcome string
		Pushes, ReplyLatency float64
		AWS                  struct {
			Timestamp         int64
			CloudWatchMetrics []any
		} `json:"_aws"`
	}
	if err := json.Unmarshal(out.Bytes(), &line); err != nil {
		t.Fatalf("%v in %s", err, out.Bytes())
	}
	if line.AppID != "wx" || line.Kind != "text" || line.Outcome != "replied" || line.Pushes != 1 || line.ReplyLatency != 12.5 {
		t.Errorf("values are missing in %s", out.Bytes())
	}
	if line.AWS.Timestamp < before || line.AWS.Timestamp > time.Now().UnixMilli() {
		t.Errorf("the timestamp is %d", line.AWS.Timestamp)
	}
	directive := func(name, unit string, dimensions ...any) any {
		return map[string]any{"Namespace": "Guanzhu", "Dimensions": []any{dimensions},
			"Metrics": []any{map[string]any{"Name": name, "Unit": unit}}}
	}
	want := []any{
		directive("Pushes", "Count", "appid", "kind", "outcome"),
		directive("ReplyLatency", "Milliseconds", "appid"),
	}
	if diff := cmp.Diff(want, line.AWS.CloudWatchMetrics); diff != "" {
		t.Errorf("directives (-want +got):\n%s", diff)
	}
}

// TestMetricsSayNothingElsewhere is about a developer's terminal.
func TestMetricsSayNothingElsewhere(t *testing.T) {
	var out bytes.Buffer
	log := slog.New(slog.NewTextHandler(&out, &slog.HandlerOptions{ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == slog.TimeKey {
			return slog.Attr{}
		}
		return a
	}}))
	log.Info("push", "kind", "text", telemetry.Pushes.Of(1))
	if want := "level=INFO msg=push kind=text\n"; out.String() != want {
		t.Errorf("got %q, want %q", out.String(), want)
	}
}

func TestLevel(t *testing.T) {
	var out bytes.Buffer
	log := slog.New(telemetry.NewHandler(&out, slog.LevelWarn, nil))
	log.Info("not this one")
	log.Warn("this one")
	if !bytes.Contains(out.Bytes(), []byte("this one")) || bytes.Contains(out.Bytes(), []byte("not")) {
		t.Errorf("got %q", out.String())
	}
}

func TestMetrics(t *testing.T) {
	names := map[string]bool{}
	for _, m := range telemetry.Metrics() {
		if names[m.Name] {
			t.Errorf("%s is there twice", m.Name)
		}
		names[m.Name] = true
		for _, by := range m.By {
			// Alarms and the dashboard show one account's.
			if !slices.Contains(by, "appid") {
				t.Errorf("%s by %v mixes accounts", m.Name, by)
			}
		}
	}
	if len(names) == 0 {
		t.Error("there are no metrics")
	}
}

func TestLine(t *testing.T) {
	var line telemetry.Line
	ctx := telemetry.WithLine(t.Context(), &line)
	telemetry.Note(ctx, slog.String("page", "/"))
	telemetry.Called(ctx, telemetry.Table, 1500*time.Microsecond)
	telemetry.Called(ctx, telemetry.Table, time.Millisecond)
	got := line.AppendTo([]slog.Attr{slog.Bool("first", true)})
	want := []slog.Attr{
		slog.Bool("first", true), slog.String("page", "/"), slog.Int("table_calls", 2), slog.Float64("table_ms", 2.5),
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}

	// Outside of a request, for example while a function starts, there is no line.
	telemetry.Note(context.Background(), slog.String("page", "/"))
	telemetry.Called(context.Background(), telemetry.Platform, time.Second)
}
