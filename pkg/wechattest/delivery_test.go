package wechattest_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/guanzhu/guanzhu/pkg/wechattest"
)

// server is a RoundTripper that answers the attempts of a delivery in turn.
type server struct {
	answers []http.HandlerFunc
	queries []url.Values
	bodies  []string
}

func (s *server) RoundTrip(r *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	s.queries = append(s.queries, r.URL.Query())
	s.bodies = append(s.bodies, string(body))
	w := httptest.NewRecorder()
	s.answers[len(s.bodies)-1](w, r)
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	return w.Result(), nil
}

func TestDeliver(t *testing.T) {
	reply := func(status int, body string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(status)
			io.WriteString(w, body)
		}
	}
	redirect := func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/elsewhere", http.StatusFound) }
	slow := func(w http.ResponseWriter, r *http.Request) { <-r.Context().Done() }
	ok := reply(200, textReply)
	sealed := seal(t, account.Token, "1795305600", "42")
	tests := []struct {
		name         string
		mode         wechattest.Mode
		answers      []http.HandlerFunc
		want         string
		wantErr      string
		wantStatuses []int
		wantTook     time.Duration
	}{
		{name: "at once", answers: []http.HandlerFunc{ok}, want: textReply, wantStatuses: []int{200}},
		{name: "encrypted", mode: wechattest.Safe, answers: []http.HandlerFunc{reply(200, sealed)},
			want: textReply, wantStatuses: []int{200}},
		{name: "no reply", mode: wechattest.Safe, answers: []http.HandlerFunc{reply(200, "success")},
			want: "success", wantStatuses: []int{200}},
		{name: "at the third attempt", answers: []http.HandlerFunc{reply(500, ""), redirect, ok},
			want: textReply, wantStatuses: []int{500, 302, 200}},
		{name: "in vain", answers: []http.HandlerFunc{slow, reply(403, "Bad Token!"), slow},
			wantErr: "3 attempts failed", wantStatuses: []int{0, 403, 0}, wantTook: 10 * time.Second},
		{name: "broken reply", answers: []http.HandlerFunc{reply(200, `"success"`)},
			wantErr: "neither success nor XML", wantStatuses: []int{200}},
		{name: "in clear in safe mode", mode: wechattest.Safe, answers: []http.HandlerFunc{ok},
			wantErr: "in clear", wantStatuses: []int{200}},
		{name: "in clear in compatible mode", mode: wechattest.Compatible, answers: []http.HandlerFunc{ok},
			want: textReply, wantStatuses: []int{200}},
		{name: "encrypted in plain mode", answers: []http.HandlerFunc{reply(200, sealed)},
			wantErr: "encrypted reply", wantStatuses: []int{200}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := &server{answers: test.answers}
				message := account.Text(openid, time.Now(), 1, "hello")
				start := time.Now()
				got, made, err := account.Deliver(
					t.Context(), &http.Client{Transport: s}, "http://localhost/", test.mode, message)
				if test.wantErr == "" && err != nil || test.wantErr != "" &&
					(err == nil || !strings.Contains(err.Error(), test.wantErr)) {
					t.Errorf("error %v, want %q", err, test.wantErr)
				}
				if diff := cmp.Diff(test.want, string(got)); diff != "" {
					t.Errorf("reply (-want +got):\n%s", diff)
				}
				var statuses []int
				var took time.Duration
				for _, a := range made {
					statuses = append(statuses, a.Status)
					took += a.Took
				}
				if diff := cmp.Diff(test.wantStatuses, statuses); diff != "" {
					t.Errorf("statuses (-want +got):\n%s", diff)
				}
				if got := time.Since(start); got != test.wantTook || took != test.wantTook {
					t.Errorf("took %v, by the attempts %v, want %v", got, took, test.wantTook)
				}
				for i := range s.queries[1:] {
					if s.bodies[i+1] != s.bodies[0] {
						t.Errorf("attempt %d sent another message", i+2)
					}
					if s.queries[i+1].Get("nonce") == s.queries[i].Get("nonce") {
						t.Errorf("attempt %d has the same nonce", i+2)
					}
				}
			})
		})
	}
}

func TestDeliverEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 7*time.Second)
		defer cancel()
		slow := func(w http.ResponseWriter, r *http.Request) { <-r.Context().Done() }
		s := &server{answers: []http.HandlerFunc{slow, slow, slow}}
		message := account.Text(openid, time.Now(), 1, "hello")
		_, made, err := account.Deliver(ctx, &http.Client{Transport: s}, "http://localhost/", wechattest.Plain, message)
		if !errors.Is(err, context.DeadlineExceeded) || len(made) != 2 {
			t.Errorf("error %v after %d attempts, want context.DeadlineExceeded after 2", err, len(made))
		}
	})
}

// sends is a RoundTripper that answers concurrent deliveries and keeps their order.
type sends struct {
	answer http.HandlerFunc

	mu       sync.Mutex
	contents []string
	nonces   map[string]bool
	now, top int // concurrent deliveries, now and at most
}

func (s *sends) RoundTrip(r *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	_, content, _ := strings.Cut(string(body), "<Content><![CDATA[")
	content, _, _ = strings.Cut(content, "]]>")
	s.mu.Lock()
	s.contents = append(s.contents, content)
	if s.nonces == nil {
		s.nonces = map[string]bool{}
	}
	s.nonces[r.URL.Query().Get("nonce")] = true
	s.now++
	s.top = max(s.top, s.now)
	s.mu.Unlock()

	r.Header.Set("X-Content", content)
	w := httptest.NewRecorder()
	s.answer(w, r)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.now--
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	return w.Result(), nil
}

// texts returns n messages whose contents are numbers from 0.
func texts(n int) [][]byte {
	all := make([][]byte, n)
	for i := range all {
		all[i] = account.Text(openid, created, int64(i), fmt.Sprint(i))
	}
	return all
}

func deliverAll(t *testing.T, s *sends, n int, chaos wechattest.Chaos) []wechattest.Delivery {
	t.Helper()
	client := &http.Client{Transport: s}
	return account.DeliverAll(t.Context(), client, "http://localhost/", wechattest.Plain, texts(n), chaos)
}

func TestDeliverAllShuffles(t *testing.T) {
	t.Parallel()
	order := func(n int, chaos wechattest.Chaos) []string {
		s := &sends{answer: func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, "success") }}
		deliverAll(t, s, n, chaos)
		counts := map[string]int{}
		for _, content := range s.contents {
			counts[content]++
		}
		for i := range n {
			if got := counts[fmt.Sprint(i)]; got != max(chaos.Copies, 1) {
				t.Errorf("%+v: message %d sent %d times", chaos, i, got)
			}
		}
		if len(s.contents) != n*max(chaos.Copies, 1) || len(s.nonces) != len(s.contents) {
			t.Errorf("%+v: %d sent with %d nonces, want each with its own", chaos, len(s.contents), len(s.nonces))
		}
		if s.top != 1 {
			t.Errorf("%+v: %d at the same time, want one after the other", chaos, s.top)
		}
		return s.contents
	}
	first := order(10, wechattest.Chaos{Seed: 1, Copies: 3})
	if diff := cmp.Diff(first, order(10, wechattest.Chaos{Seed: 1, Copies: 3})); diff != "" {
		t.Errorf("the same seed, another order:\n%s", diff)
	}
	if cmp.Equal(first, order(10, wechattest.Chaos{Seed: 2, Copies: 3})) {
		t.Error("another seed, the same order")
	}
	if got := order(10, wechattest.Chaos{}); slices.IsSorted(got) {
		t.Errorf("order %v, want it shuffled", got)
	}
}

func TestDeliverAllInParallel(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &sends{answer: func(w http.ResponseWriter, r *http.Request) {
			time.Sleep(time.Second)
			io.WriteString(w, "success")
		}}
		start := time.Now()
		deliverAll(t, s, 4, wechattest.Chaos{Copies: 3, Parallel: 4})
		if took := time.Since(start); s.top != 4 || took != 3*time.Second {
			t.Errorf("%d at the same time in %v, want 4 in 3 s", s.top, took)
		}
	})
}

func TestDeliverAllTellsWhatCame(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		failed := false
		s := &sends{answer: func(w http.ResponseWriter, r *http.Request) {
			switch r.Header.Get("X-Content") {
			case "0":
				io.WriteString(w, textReply)
			case "1": // fails once
				if !failed {
					failed = true
					w.WriteHeader(http.StatusInternalServerError)
					return
				}
				io.WriteString(w, "success")
			case "2":
				io.WriteString(w, `"success"`)
			case "3":
				<-r.Context().Done()
			}
		}}
		deliveries := deliverAll(t, s, 4, wechattest.Chaos{Seed: 3, Copies: 2})
		tests := []struct {
			want, wantErr string
			wantStatuses  []int
			wantTook      time.Duration
		}{
			{want: textReply, wantStatuses: []int{200, 200}},
			{want: "success", wantStatuses: []int{500, 200}},
			{wantErr: "neither success nor XML", wantStatuses: []int{200, 200}},
			{wantErr: "2 attempts failed", wantStatuses: []int{0, 0}, wantTook: 10 * time.Second},
		}
		for i, test := range tests {
			d := deliveries[i]
			if test.wantErr == "" && d.Err != nil ||
				test.wantErr != "" && (d.Err == nil || !strings.Contains(d.Err.Error(), test.wantErr)) {
				t.Errorf("message %d: error %v, want %q", i, d.Err, test.wantErr)
			}
			if diff := cmp.Diff(test.want, string(d.Reply)); diff != "" {
				t.Errorf("message %d: reply (-want +got):\n%s", i, diff)
			}
			var statuses []int
			var took time.Duration
			for _, attempt := range d.Attempts {
				statuses = append(statuses, attempt.Status)
				took += attempt.Took
			}
			if diff := cmp.Diff(test.wantStatuses, statuses); diff != "" || took != test.wantTook {
				t.Errorf("message %d: took %v, want %v, statuses (-want +got):\n%s", i, took, test.wantTook, diff)
			}
		}
	})
}

func TestDeliverAllEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 7*time.Second)
		defer cancel()
		s := &sends{answer: func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }}
		start := time.Now()
		deliveries := account.DeliverAll(
			ctx, &http.Client{Transport: s}, "http://localhost/", wechattest.Plain, texts(3), wechattest.Chaos{Copies: 3})
		if took := time.Since(start); took != 7*time.Second {
			t.Errorf("took %v, want 7 s", took)
		}
		for i, d := range deliveries {
			if !errors.Is(d.Err, context.DeadlineExceeded) {
				t.Errorf("message %d: error %v, want context.DeadlineExceeded", i, d.Err)
			}
		}
	})
}

func TestDeliverAllWithoutURL(t *testing.T) {
	t.Parallel()
	deliveries := account.DeliverAll(
		t.Context(), http.DefaultClient, "http://localhost:x", wechattest.Plain, texts(1), wechattest.Chaos{})
	if len(deliveries) != 1 || deliveries[0].Err == nil {
		t.Errorf("deliveries %v, want one with an error", deliveries)
	}
}
