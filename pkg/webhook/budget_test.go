package webhook_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/guanzhu/guanzhu/internal/world"
	"github.com/guanzhu/guanzhu/pkg/secrets"
	"github.com/guanzhu/guanzhu/pkg/webhook"
	"github.com/guanzhu/guanzhu/pkg/wechat"
	"github.com/guanzhu/guanzhu/pkg/wechattest"
)

// A request is answered within budget, counted from its arrival, or within lastAnswer if its handler ignores its context.
// The platform hangs up after 5 s.
const (
	budget     = 4500 * time.Millisecond
	lastAnswer = 4600 * time.Millisecond
)

// answered sends a text to an endpoint with this handler alone. The request arrived that long ago. It runs in a bubble of
// package synctest.
func answered(t *testing.T, ago time.Duration, handler func(context.Context, *wechat.Text) (wechat.Reply, error)) (status int, log string, took time.Duration) {
	t.Helper()
	time.Sleep(time.Until(now)) // a bubble's clock starts in 2000
	return answeredIn(t, webhook.WithArrival(t.Context(), time.Now().Add(-ago)), handler)
}

// answeredIn does the same with the server's context.
func answeredIn(t *testing.T, ctx context.Context, handler func(context.Context, *wechat.Text) (wechat.Reply, error)) (status int, log string, took time.Duration) {
	t.Helper()
	router := webhook.NewRouter()
	webhook.On(router, handler)
	var out world.Log // an abandoned handler may still write to it
	h := endpoint(t, webhook.Config{AppID: appID, Secrets: world.NewSecrets(secrets.Secrets{Token: token, AppSecret: appSecret}),
		Router: router, Hash: func(string) string { return "hash" }, Now: time.Now, Log: out.Logger()})
	platform := wechattest.Account{AppID: appID, Token: token, ID: accountID}
	r, err := platform.Request(ctx, world.EndpointURL, wechattest.Plain, platform.Text(openid, now, 1, "unspeakable"), time.Now())
	if err != nil {
		t.Fatal(err)
	}
	start, answer := time.Now(), httptest.NewRecorder()
	h.ServeHTTP(answer, r)
	return answer.Code, out.String(), time.Since(start)
}

// TestBudget checks that a handler's context ends 4.5 s after the arrival of the request.
func TestBudget(t *testing.T) {
	for _, ago := range []time.Duration{0, time.Second, 4 * time.Second} {
		synctest.Test(t, func(t *testing.T) {
			var left time.Duration
			status, log, took := answered(t, ago, func(ctx context.Context, _ *wechat.Text) (wechat.Reply, error) {
				deadline, _ := ctx.Deadline()
				left = time.Until(deadline)
				return wechat.TextReply("ok"), nil
			})
			if status != http.StatusOK || left != budget-ago || took != 0 {
				t.Errorf("arrived %v ago: status %d, the handler had %v, answered after %v: %s", ago, status, left, took, log)
			}
		})
	}
}

// TestHandlerThatIgnoresItsContext checks that such a handler is abandoned and that the log names it. How it ends later does
// not matter.
func TestHandlerThatIgnoresItsContext(t *testing.T) {
	for name, end := range map[string]func(){
		"returns in the end": func() {},
		"panics in the end":  func() { panic("unspeakable") },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				status, log, took := answered(t, time.Second, func(context.Context, *wechat.Text) (wechat.Reply, error) {
					time.Sleep(time.Minute)
					end()
					return wechat.TextReply("late"), nil
				})
				if status != http.StatusInternalServerError || took != lastAnswer-time.Second {
					t.Errorf("status %d after %v, want 500 after %v", status, took, lastAnswer-time.Second)
				}
				for _, want := range []string{`"level":"ERROR"`, `"outcome":"failed"`, "the handler of text is abandoned"} {
					if !strings.Contains(log, want) {
						t.Errorf("the log lacks %s: %s", want, log)
					}
				}
				if strings.Contains(log, "unspeakable") {
					t.Errorf("the log holds what the user wrote: %s", log)
				}
				time.Sleep(time.Minute) // until the handler ends
			})
		})
	}
}

// TestHandlerThatHeedsItsContext has handlers that return when their context ends, or just after it. What they return counts.
func TestHandlerThatHeedsItsContext(t *testing.T) {
	for name, tt := range map[string]struct {
		handler func(context.Context, *wechat.Text) (wechat.Reply, error)
		status  int
	}{
		"with an error": {func(ctx context.Context, _ *wechat.Text) (wechat.Reply, error) {
			<-ctx.Done()
			return nil, ctx.Err()
		}, http.StatusInternalServerError},
		"with a reply": {func(ctx context.Context, _ *wechat.Text) (wechat.Reply, error) {
			<-ctx.Done()
			time.Sleep(50 * time.Millisecond)
			return wechat.TextReply("just in time"), nil
		}, http.StatusOK},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				status, log, took := answered(t, 0, tt.handler)
				if status != tt.status || took < budget || took > lastAnswer || strings.Contains(log, "abandoned") {
					t.Errorf("status %d after %v: %s", status, took, log)
				}
			})
		})
	}
}

// within sends a text to a handler that does this with its context. It returns the context.
func within(t *testing.T, server context.Context, during func(context.Context)) (kept context.Context) {
	t.Helper()
	status, log, _ := answeredIn(t, server, func(ctx context.Context, _ *wechat.Text) (wechat.Reply, error) {
		during(ctx)
		kept = ctx
		return wechat.TextReply("ok"), nil
	})
	if status != http.StatusOK {
		t.Errorf("status %d: %s", status, log)
	}
	return kept
}

// TestContextAfterTheRequest checks that a handler's context ends when the request is answered, also for what asks only then.
func TestContextAfterTheRequest(t *testing.T) {
	for name, during := range map[string]func(context.Context){
		"asked before": func(ctx context.Context) {
			if err := ctx.Err(); err != nil {
				t.Errorf("it has ended before: %v", err)
			}
		},
		"asked only after": func(context.Context) {},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				time.Sleep(time.Until(now)) // a bubble's clock starts in 2000
				ctx := within(t, t.Context(), during)
				<-ctx.Done()
				if took := time.Since(now); took != 0 || !errors.Is(ctx.Err(), context.Canceled) {
					t.Errorf("%v after %v", ctx.Err(), took)
				}
			})
		})
	}
}

// TestContextOfTheServer checks that a handler's context has the values of the server's, and ends with it.
func TestContextOfTheServer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(time.Until(now)) // a bubble's clock starts in 2000
		type key struct{}
		server, cancel := context.WithCancel(context.WithValue(t.Context(), key{}, "value"))
		time.AfterFunc(time.Second, cancel)
		within(t, server, func(ctx context.Context) {
			values := func() []any { return []any{ctx.Value(key{}), webhook.Site(ctx)} }
			before := values()
			derived, cancel := context.WithTimeout(ctx, time.Minute)
			defer cancel()
			<-derived.Done()
			if took := time.Since(now); took != time.Second || !errors.Is(ctx.Err(), context.Canceled) {
				t.Errorf("%v after %v", ctx.Err(), took)
			}
			want := []any{"value", "https://example.com"}
			if !cmp.Equal(want, before) || !cmp.Equal(want, values()) {
				t.Errorf("values %v, then %v", before, values())
			}
		})
	})
}

// TestDeadlineOfTheServer has a server whose deadline is before the end of the budget.
func TestDeadlineOfTheServer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(time.Until(now)) // a bubble's clock starts in 2000
		server, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		within(t, server, func(ctx context.Context) {
			deadline, _ := ctx.Deadline()
			<-ctx.Done()
			if took := time.Since(now); took != time.Second || deadline.Sub(now) != took || !errors.Is(ctx.Err(), context.DeadlineExceeded) {
				t.Errorf("%v after %v, the deadline is after %v", ctx.Err(), took, deadline.Sub(now))
			}
		})
	})
}
