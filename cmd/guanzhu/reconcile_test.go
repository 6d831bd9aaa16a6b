package main

import (
	"bytes"
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/guanzhu/guanzhu/internal/reconcile"
)

// TestReconcileOfStack holds what the stack's function is asked, and what is shown of its answers.
func TestReconcileOfStack(t *testing.T) {
	t.Parallel()
	unfinished := `{"result":"continues","added":0,"removed":0,"completed":0,"changed":0,"pass":{"began":"2026-11-26T00:00:03+08:00",` +
		`"half":"list","cursor":"0123456789abcdef","total":10000000,"listed":4000000,"fetched":4000000,"added":4000000,"removed":0,` +
		`"completed":0,"changed":0,"followers_per_second":812.4,"days":2,"estimated_end":"2026-11-27T01:00:00+08:00"}}`
	ended := `{"result":"done","added":7,"removed":0,"completed":0,"changed":0,"pass":{"began":"2026-11-26T00:00:03+08:00",` +
		`"ended":"2026-11-26T02:00:00+08:00","total":10,"listed":10,"fetched":10,"added":7,"removed":2,"completed":1,"changed":3}}`
	answers := map[string][]string{
		`{"action":"full"}`:   {unfinished},
		`{"action":""}`:       {ended},
		`{"action":"status"}`: {unfinished, unfinished},

		`{"action":"status","lang":"zh"}`: {`{"result":"waiting","errcode":48001,"ask_again":"2026-11-27T14:00:00+08:00"}`},
	}
	stack := &fakeStack{output: "ReconcileFunctionName", answer: func(payload string) string {
		next := answers[payload]
		if len(next) == 0 {
			return ""
		}
		answers[payload] = next[1:]
		return next[0]
	}}
	env := stack.serve(t)

	stdout, stderr, status := guanzhu(t, env, "reconcile", "status")
	wantRun(t, `The pass is not finished: it goes on within five minutes.
Last pass  began 2026-11-26 00:00:03 (UTC+8)  ended not yet
Followers  10000000, listed 4000000, fetched 4000000
Changes    added 4000000, removed 0, profiles completed 0, profiles changed 0
Quota      the whole pass takes the calls of 2 day(s)
Estimated  to end 2026-11-27 01:00:00 (UTC+8)
`, "", 0, stdout, stderr, status)

	stdout, _, status = guanzhu(t, env, "reconcile", "status", "--json")
	var summary reconcile.Summary
	if err := json.Unmarshal([]byte(stdout), &summary); err != nil || status != 0 || summary.Pass.Listed != 4000000 {
		t.Errorf("--json: %v, status %d: %s", err, status, stdout)
	}
	stdout, stderr, status = guanzhu(t, env, "--lang", "zh", "reconcile", "status")
	wantRun(t, "等到 2026-11-27 14:00:00 (UTC+8)：该类型的账号无权获取关注者（48001）。\n", "", 0, stdout, stderr, status)

	stdout, stderr, status = guanzhu(t, env, "reconcile", "run")
	wantRun(t, `Nothing is due.
Last pass  began 2026-11-26 00:00:03 (UTC+8)  ended 2026-11-26 02:00:00 (UTC+8)
Followers  10, listed 10, fetched 10
Changes    added 7, removed 2, profiles completed 1, profiles changed 3
`, "[#########...............]  40 %  followers 10000000, listed 4000000, fetched 4000000, 812 a second", 0, stdout, stderr, status)

	_, stderr, status = guanzhu(t, env, "--lang", "zh", "reconcile", "run")
	wantRun(t, "", "IP白名单", 1, "", stderr, status)

	s := `{"action":"status"}`
	want := []string{s, s, `{"action":"status","lang":"zh"}`, `{"action":"full"}`, `{"action":""}`, `{"action":"full","lang":"zh"}`}
	if diff := cmp.Diff(want, stack.asked); diff != "" {
		t.Errorf("asked (-want +got):\n%s", diff)
	}
}

// TestReconcileWatches follows a run while another one is at work, and stops when it is interrupted.
func TestReconcileWatches(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 26, 0, 0, 0, 0, time.UTC)
	pass := func(listed, fetched int, ended string) *reconcile.Pass {
		return &reconcile.Pass{Began: "2026-11-26T00:00:00Z", Ended: ended, Total: 100, Listed: listed, Fetched: fetched, Rate: 10,
			EstimatedEnd: "2026-11-26T00:01:30Z"}
	}
	var out bytes.Buffer
	var actions []string
	runs := 0
	w := watcher{
		ask: func(ctx context.Context, action string) (reconcile.Summary, error) {
			if action == "status" {
				return reconcile.Summary{Result: reconcile.Running, Pass: pass(100, 20, "")}, nil
			}
			actions = append(actions, action)
			if runs++; runs < 3 {
				return reconcile.Summary{Result: reconcile.Running}, nil
			}
			return reconcile.Summary{Result: reconcile.Done, Pass: pass(100, 100, "2026-11-26T00:01:30Z")}, nil
		},
		wait: func(ctx context.Context, d time.Duration) error {
			if d == lookAfter { // until the run has ended
				<-ctx.Done()
			}
			return ctx.Err()
		},
		progress: &progress{lang: "en", out: &out, redraws: true, now: func() time.Time { return at }},
	}
	s, err := w.toTheEnd(t.Context())
	if err != nil || s.Result != reconcile.Done {
		t.Errorf("%+v, error %v", s, err)
	}
	if diff := cmp.Diff([]string{"full", "", ""}, actions); diff != "" {
		t.Errorf("actions (-want +got):\n%s", diff)
	}
	for _, want := range []string{
		"\r\x1b[K[##############..........]  60 %  followers 100, listed 100, fetched 20, 10 a second, 1m30s left",
		"\r\x1b[K[########################] 100 %  followers 100, listed 100, fetched 100", "\n",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q does not contain %q", out.String(), want)
		}
	}

	ctx, cancel := context.WithCancel(t.Context())
	w.ask = func(ctx context.Context, action string) (reconcile.Summary, error) {
		cancel()
		<-ctx.Done()
		return reconcile.Summary{}, ctx.Err()
	}
	if _, err := w.toTheEnd(ctx); err == nil {
		t.Error("interrupted: no error")
	}
}
