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

	"github.com/guanzhu/guanzhu/internal/world"
	"github.com/guanzhu/guanzhu/pkg/secrets"
	"github.com/guanzhu/guanzhu/pkg/webhook"
	"github.com/guanzhu/guanzhu/pkg/wechat"
	"github.com/guanzhu/guanzhu/pkg/wechattest"
)

// Without Answers, slow handlers run inside the request. The follower gets an answer or the apology, never silence.
func TestSlowInline(t *testing.T) {
	for _, test := range []struct {
		name    string
		takes   time.Duration
		ignores bool // its context
		want    string
	}{
		{"fast", time.Second, false, "the answer"},
		{"too slow", time.Minute, false, "sorry"},
		{"ignores its context", time.Minute, true, "sorry"},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				status, reply, took := asked(t, func(ctx context.Context, _ *wechat.Text) (string, error) {
					done := ctx.Done()
					if test.ignores {
						done = nil
					}
					select {
					case <-done:
						return "", ctx.Err()
					case <-time.After(test.takes):
						return "the answer", nil
					}
				})
				if status != http.StatusOK || !strings.Contains(reply, "["+test.want+"]") || took > budget {
					t.Errorf("status %d and %q after %v; want %q", status, reply, took, test.want)
				}
				time.Sleep(time.Hour) // until the handler has returned
			})
		})
	}
}

func TestSlowAnswer(t *testing.T) {
	failure := errors.New("failure")
	for _, test := range []struct {
		name    string
		handler func(context.Context, *wechat.Text) (string, error)
		answer  string
		err     error
	}{
		{"answer", func(context.Context, *wechat.Text) (string, error) { return "a", nil }, "a", nil},
		{"no text", func(context.Context, *wechat.Text) (string, error) { return "", nil }, "", webhook.ErrNoAnswer},
		{"error", func(context.Context, *wechat.Text) (string, error) { return "a", failure }, "", failure},
	} {
		t.Run(test.name, func(t *testing.T) {
			answer, err := webhook.NewRouter().Slow(test.handler).Answer(t.Context(), &wechat.Text{})
			if answer != test.answer || !errors.Is(err, test.err) {
				t.Errorf("answer %q, error %v; want %q, %v", answer, err, test.answer, test.err)
			}
		})
	}
	panics := webhook.NewRouter().Slow(func(context.Context, *wechat.Text) (string, error) { panic("unspeakable") })
	if _, err := panics.Answer(t.Context(), &wechat.Text{}); err == nil || strings.Contains(err.Error(), "unspeakable") {
		t.Errorf("a panic is the error %v", err)
	}
}

// Middleware wraps slow handlers as well.
func TestSlowMiddleware(t *testing.T) {
	router := webhook.NewRouter()
	router.Use(func(next webhook.PushHandler) webhook.PushHandler {
		return func(ctx context.Context, p wechat.Push) (wechat.Reply, error) {
			reply, err := next(ctx, p)
			if text, ok := reply.(wechat.TextReply); ok {
				return "wrapped " + text, err
			}
			return reply, err
		}
	})
	webhook.OnSlowText(router, webhook.Prefix("?"), func(_ context.Context, p *wechat.Text) (string, error) {
		return p.Content, nil
	}, webhook.Wait("wait"), webhook.NotByAI())
	p := &wechat.Text{Content: "?"}
	reply, err := router.Reply(t.Context(), p)
	slow, ok := reply.(*webhook.Slow)
	if err != nil || !ok {
		t.Fatalf("%v, %v", reply, err)
	}
	if answer, err := slow.Answer(t.Context(), p); answer != "wrapped ?" || err != nil {
		t.Errorf("answer %q, error %v", answer, err)
	}
	if slow.Wait() != "wait" || slow.Sorry() == "" || slow.ByAI() {
		t.Errorf("%q, %q, %v", slow.Wait(), slow.Sorry(), slow.ByAI())
	}
	if reply, err := router.Reply(t.Context(), &wechat.Text{Content: "!"}); reply != nil || err != nil {
		t.Errorf("a text without a handler: %v, %v", reply, err)
	}
}

// asked sends a text to an endpoint with this slow handler. It runs in a bubble of package synctest.
func asked(t *testing.T, h func(context.Context, *wechat.Text) (string, error)) (status int, reply string, took time.Duration) {
	t.Helper()
	time.Sleep(time.Until(now)) // a bubble's clock starts in 2000
	router := webhook.NewRouter()
	webhook.OnSlowText(router, webhook.Prefix("?"), h, webhook.Sorry("sorry"))
	e := endpoint(t, webhook.Config{AppID: appID, Secrets: world.NewSecrets(secrets.Secrets{Token: token, AppSecret: appSecret}),
		Router: router, Hash: func(string) string { return "hash" }, Now: time.Now, Log: new(world.Log).Logger()})
	platform := wechattest.Account{AppID: appID, Token: token, ID: accountID}
	r, err := platform.Request(t.Context(), world.EndpointURL, wechattest.Plain, platform.Text(openid, now, 1, "?"), time.Now())
	if err != nil {
		t.Fatal(err)
	}
	begun, w := time.Now(), httptest.NewRecorder()
	e.ServeHTTP(w, r)
	return w.Code, w.Body.String(), time.Since(begun)
}

// A Slow that the endpoint cannot keep is an error, not a panic.
func TestSlowElsewhere(t *testing.T) {
	slow := webhook.NewRouter().Slow(func(context.Context, *wechat.Text) (string, error) { return "", nil })
	synctest.Test(t, func(t *testing.T) {
		status, log, _ := answered(t, 0, func(context.Context, *wechat.Text) (wechat.Reply, error) { return slow, nil })
		if status != http.StatusInternalServerError || !strings.Contains(log, "Slow") {
			t.Errorf("status %d, log %s", status, log)
		}
	})
}
