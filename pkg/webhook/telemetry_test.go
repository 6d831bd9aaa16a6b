package webhook_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/guanzhu/guanzhu/internal/refusal"
	"github.com/guanzhu/guanzhu/internal/telemetry"
	"github.com/guanzhu/guanzhu/pkg/wechat"
	"github.com/guanzhu/guanzhu/pkg/wechattest"
)

// metricsOf returns the names of the metrics that CloudWatch takes from a line. It fails the test if the line lacks their
// values or dimensions.
func metricsOf(t *testing.T, line map[string]any) []string {
	t.Helper()
	aws, ok := line["_aws"].(map[string]any)
	if !ok {
		return nil
	}
	var names []string
	for _, directive := range aws["CloudWatchMetrics"].([]any) {
		for _, metric := range directive.(map[string]any)["Metrics"].([]any) {
			name := metric.(map[string]any)["Name"].(string)
			if _, ok := line[name].(float64); !ok {
				t.Errorf("%s has the value %v", name, line[name])
			}
			names = append(names, name)
		}
		for _, set := range directive.(map[string]any)["Dimensions"].([]any) {
			for _, dimension := range set.([]any) {
				if value, _ := line[dimension.(string)].(string); value == "" {
					t.Errorf("the dimension %v of %v is %v", dimension, names, line[dimension.(string)])
				}
			}
		}
	}
	slices.Sort(names)
	return names
}

// TestPushIsOneLine checks that the log has one line for each request, with the right metrics.
func TestPushIsOneLine(t *testing.T) {
	w := newFixture(t, wechattest.Plain, nil)
	w.Platform.Follow(openid, profile)
	subscribe := func() { w.push(w.Pusher.Subscribe(openid, now, "")) }
	answered := []string{"Pushes", "ReplyLatency"}
	tests := []struct {
		name    string
		request func()
		want    map[string]any // of the line
		metrics []string
		others  []string // messages of other lines
	}{
		{"follow", subscribe,
			map[string]any{"outcome": "replied", "kind": "event/subscribe", "platform_calls": 2.0}, answered,
			[]string{"access token fetched"}},
		{"follow, the platform refuses", func() { w.Platform.Fail(userInfo, 45009, 1); subscribe() },
			map[string]any{"outcome": "replied", "profile": "pending", "platform_calls": 1.0},
			append([]string{"ProfilesPending"}, answered...), []string{"platform call failed"}},
		{"follow, the secret is wrong", func() {
			w.Platform.Fail(userInfo, 40001, 1)
			w.Platform.Fail("/cgi-bin/stable_token", 40125, 1)
			subscribe()
		},
			map[string]any{"outcome": "replied", "profile": "pending", "platform_calls": 2.0},
			append([]string{"ProfilesPending"}, answered...),
			[]string{"platform call failed", "platform call failed", "no access token"}},
		{"suggestion", func() { w.push(w.textOf("@建议")) },
			map[string]any{"outcome": "replied", "kind": "text"}, append(slices.Clone(answered), "Suggestions"), nil},
		{"unknown", func() { w.push(renamed(w.textOf("x"), "[text]", "[hologram]")) },
			map[string]any{"outcome": "unknown", "kind": "unknown", "name": "hologram"}, answered, nil},
		{"unknown, of a name that is no name", func() { w.push(renamed(w.textOf("x"), "[text]", "[a b+"+strings.Repeat("y", 100)+"]")) },
			map[string]any{"outcome": "unknown", "kind": "unknown", "name": "a?b?" + strings.Repeat("y", 60)}, answered, nil},
		{"refused", func() { w.serve(hostile(w)[0].request) },
			map[string]any{"outcome": "refused", "level": "WARN"}, []string{"Refusals"}, nil},
		{"failed", func() { w.Store.Close(); subscribe() },
			map[string]any{"outcome": "failed", "level": "ERROR", "status": 500.0, "platform_calls": 1.0}, answered, nil},
	}
	for _, tt := range tests { // in this order: the last one closes the store
		t.Run(tt.name, func(t *testing.T) {
			w.Logs.Reset()
			tt.request()
			var push map[string]any
			var others []string
			for _, line := range w.Logs.Lines(t) {
				if line["message"] == "push" && push == nil {
					push = line
				} else {
					others = append(others, line["message"].(string))
				}
				if line["appid"] != appID {
					t.Errorf("the line does not name the account: %v", line)
				}
			}
			got := map[string]any{}
			for name := range tt.want {
				got[name] = push[name]
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("line (-want +got):\n%s", diff)
			}
			if ms, _ := push["platform_ms"].(float64); (ms > 0) != (tt.want["platform_calls"] != nil) {
				t.Errorf("platform_ms is %v", push["platform_ms"])
			}
			if diff := cmp.Diff(tt.metrics, metricsOf(t, push)); diff != "" {
				t.Errorf("metrics (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tt.others, others); diff != "" {
				t.Errorf("other lines (-want +got):\n%s", diff)
			}
		})
	}
}

// TestDimensionsAreBounded sends every sample, every hostile request and every kind of failure. It checks that the values
// of dimensions come from known sets, because CloudWatch charges for each combination.
func TestDimensionsAreBounded(t *testing.T) {
	known := map[string]func(string) bool{
		"appid": func(v string) bool { return v == appID },
		"kind":  func(v string) bool { return v == "unknown" || slices.Contains(wechat.Kinds(), v) },
		"outcome": func(v string) bool {
			return slices.Contains([]string{"replied", "acknowledged", "unknown", "failed"}, v)
		},
		"reason": func(v string) bool {
			return slices.ContainsFunc(refusal.Table, func(row refusal.Row) bool { return string(row.Reason) == v })
		},
		"errcode": regexp.MustCompile(`^(-1|[0-9]{5}|other|none)$`).MatchString,
	}
	samples, err := filepath.Glob("../../events/*.xml")
	if err != nil || len(samples) == 0 {
		t.Fatalf("no samples: %v", err)
	}
	inAllModes(t, func(t *testing.T, mode wechattest.Mode) {
		w := newFixture(t, mode, nil)
		for _, sample := range samples {
			message, err := os.ReadFile(sample)
			if err != nil {
				t.Fatal(err)
			}
			w.push(message)
		}
		for i, errcode := range []int{45009, 40164, 48001, 12345} {
			w.Platform.Fail(userInfo, errcode, 1)
			w.push(w.Pusher.Subscribe(openid, now.Add(time.Duration(i)*time.Second), ""))
		}
		w.Platform.FailHTML(userInfo, 1)
		w.push(w.Pusher.Subscribe(openid, now.Add(time.Minute), ""))
		for _, r := range hostile(w) {
			w.serve(r.request)
		}
		w.Store.Close()
		w.push(w.Pusher.Unsubscribe(openid, now.Add(9*time.Minute)))

		seen := map[string]bool{}
		for _, line := range w.Logs.Lines(t) {
			names := metricsOf(t, line)
			for _, m := range telemetry.Metrics() {
				if !slices.Contains(names, m.Name) {
					continue
				}
				seen[m.Name] = true
				for _, dimension := range slices.Concat(m.By...) {
					if value, _ := line[dimension].(string); !known[dimension](value) {
						t.Errorf("%s has the %s %q", m.Name, dimension, value)
					}
				}
			}
		}
		for _, m := range []*telemetry.Metric{
			telemetry.Pushes, telemetry.ReplyLatency, telemetry.Refusals, telemetry.Suggestions, telemetry.ProfilesPending,
			telemetry.APIErrors,
		} {
			if !seen[m.Name] {
				t.Errorf("there was no %s", m.Name)
			}
		}
	})
}
