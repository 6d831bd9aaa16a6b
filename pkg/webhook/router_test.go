package webhook_test

import (
	"context"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/guanzhu/guanzhu/pkg/webhook"
	"github.com/guanzhu/guanzhu/pkg/wechat"
	"github.com/guanzhu/guanzhu/pkg/wechattest"
)

// says returns a handler that replies with text.
func says[P wechat.Push](text string) func(context.Context, P) (wechat.Reply, error) {
	return func(context.Context, P) (wechat.Reply, error) { return wechat.TextReply(text), nil }
}

func TestRouter(t *testing.T) {
	w := newFixture(t, wechattest.Plain, func(w *fixture) {
		r := webhook.NewRouter()
		webhook.On(r, says[*wechat.Text]("any text"))
		webhook.OnText(r, webhook.Exact("time"), says[*wechat.Text]("exact"))
		webhook.OnText(r, webhook.Prefix("t"), says[*wechat.Text]("prefix"))
		webhook.OnText(r, webhook.Contains("im"), says[*wechat.Text]("contains"))
		webhook.OnText(r, webhook.Matching(regexp.MustCompile(`^\d+$`)), says[*wechat.Text]("a number"))
		webhook.On(r, says[*wechat.Click]("any click"))
		webhook.OnKey(r, webhook.Prefix("order_"), says[*wechat.Click]("an order"))
		webhook.OnKey(r, webhook.Exact("help"), says[*wechat.Click]("click help"))
		webhook.OnKey(r, webhook.Exact(" help "), says[*wechat.Click]("click help with blanks"))
		webhook.OnKey(r, webhook.Exact(" autumn "), says[*wechat.Subscribe]("follow by autumn"))
		webhook.OnKey(r, webhook.Exact(" autumn "), says[*wechat.Scan]("scan of autumn"))
		webhook.OnKey(r, webhook.Exact("spring"), says[*wechat.Subscribe]("follow by spring"))
		webhook.OnKey(r, webhook.Exact("spring"), says[*wechat.Scan]("scan of spring"))
		r.Default(says[wechat.Push]("default"))
		w.router = r
	})
	tests := []struct {
		name    string
		message []byte
		want    string
	}{
		{"exact", w.textOf("time"), "exact"},
		{"prefix before contains", w.textOf("tim"), "prefix"},
		{"contains", w.textOf("sim"), "contains"},
		{"expression", w.textOf("2026"), "a number"},
		{"exact within white space", w.textOf("\u3000time\u00a0\r\n"), "exact"},
		{"prefix after white space", w.textOf(" \n tim"), "prefix"},
		{"expression within white space", w.textOf("\t2026 "), "a number"},
		{"white space within", w.textOf("ti me"), "prefix"},
		{"white space alone", w.textOf(" \u3000"), "any text"},
		{"no pattern", w.textOf("x"), "any text"},
		{"key", w.Pusher.Click(openid, now, "help"), "click help"},
		{"key within white space", w.Pusher.Click(openid, now, " help "), "click help with blanks"},
		{"key by prefix", w.Pusher.Click(openid, now, "order_1"), "an order"},
		{"no such key", w.Pusher.Click(openid, now, "Help"), "any click"},
		{"scene of a follow", w.Pusher.Subscribe(openid, now, "qrscene_spring"), "follow by spring"},
		{"scene of a scan", w.Pusher.Scan(openid, now, "spring"), "scan of spring"},
		{"scene of a follow within white space", w.Pusher.Subscribe(openid, now, "qrscene_ autumn "), "follow by autumn"},
		{"scene of a scan within white space", w.Pusher.Scan(openid, now, " autumn "), "scan of autumn"},
		{"scene without a handler", w.Pusher.Scan(openid, now, "autumn"), "default"},
		{"event without a handler", w.Pusher.Unsubscribe(openid, now), "default"},
		{"unknown event", renamed(w.Pusher.Click(openid, now, "help"), "CLICK", "click"), "default"},
	}
	for _, tt := range tests {
		if got := w.says(tt.message); got != tt.want {
			t.Errorf("%s: answered %q, want %q", tt.name, got, tt.want)
		}
	}
}

func TestRouterRefuses(t *testing.T) {
	w := newFixture(t, wechattest.Plain, nil)
	tests := []struct {
		name     string
		register func(*webhook.Router)
		want     string
	}{
		{"type twice", func(r *webhook.Router) {
			webhook.On(r, says[*wechat.Text](""))
			webhook.On(r, says[*wechat.Text](""))
		}, "second handler of *wechat.Text"},
		{"key twice", func(r *webhook.Router) {
			webhook.OnKey(r, webhook.Exact("k"), says[*wechat.Click](""))
			webhook.OnKey(r, webhook.Exact("k"), says[*wechat.Click](""))
		}, `a handler of *wechat.Click by exactly "k" never runs: an earlier one by exactly "k", at webhook/router_test.go:`},
		{"pattern twice", func(r *webhook.Router) {
			webhook.OnText(r, webhook.Prefix("a"), says[*wechat.Text](""))
			webhook.OnText(r, webhook.Prefix("a"), says[*wechat.Text](""))
		}, "a handler of *wechat.Text by prefix \"a\" never runs"},
		{"exact under a prefix", func(r *webhook.Router) {
			webhook.OnText(r, webhook.Prefix("a"), says[*wechat.Text](""))
			webhook.OnText(r, webhook.Exact("ab"), says[*wechat.Text](""))
		}, `by exactly "ab" never runs: an earlier one by prefix "a", at`},
		{"prefix under a shorter one", func(r *webhook.Router) {
			webhook.OnKey(r, webhook.Prefix("order"), says[*wechat.Scan](""))
			webhook.OnKey(r, webhook.Prefix("order_"), says[*wechat.Scan](""))
		}, `by prefix "order_" never runs: an earlier one by prefix "order", at`},
		{"nothing left for contains", func(r *webhook.Router) {
			webhook.OnText(r, webhook.Contains("a"), says[*wechat.Text](""))
			webhook.OnText(r, webhook.Contains("ba"), says[*wechat.Text](""))
		}, `by containing "ba" never runs: an earlier one by containing "a", at`},
		{"expression twice", func(r *webhook.Router) {
			webhook.OnText(r, webhook.Matching(regexp.MustCompile("a+")), says[*wechat.Text](""))
			webhook.OnText(r, webhook.Matching(regexp.MustCompile("a+")), says[*wechat.Text](""))
		}, `by matching "a+"`},
		{"nil expression", func(r *webhook.Router) { webhook.OnText(r, webhook.Matching(nil), says[*wechat.Text]("")) }, "empty pattern"},
		{"text with white space", func(r *webhook.Router) { webhook.OnText(r, webhook.Exact(" a"), says[*wechat.Text]("")) },
			`by exactly " a" never runs: white space around texts is ignored`},
		{"text after white space", func(r *webhook.Router) { webhook.OnText(r, webhook.Prefix("\u3000a"), says[*wechat.Text]("")) },
			`by prefix "\u3000a" never runs: white space`},
		{"nil middleware", func(r *webhook.Router) { r.Use(nil) }, "nil middleware"},
		{"middleware after a handler", func(r *webhook.Router) {
			webhook.On(r, says[*wechat.Text](""))
			r.Use(func(next webhook.PushHandler) webhook.PushHandler { return next })
		}, "register it first"},
		{"default twice", func(r *webhook.Router) {
			r.Default(says[wechat.Push](""))
			r.Default(says[wechat.Push](""))
		}, "second default"},
		{"nil handler", func(r *webhook.Router) { webhook.On[*wechat.Text](r, nil) }, "nil handler of *wechat.Text"},
		{"nil key handler", func(r *webhook.Router) { webhook.OnKey[*wechat.Click](r, webhook.Exact("k"), nil) }, "nil handler of *wechat.Click"},
		{"nil text handler", func(r *webhook.Router) { webhook.OnText(r, webhook.Exact("a"), nil) }, "nil handler of *wechat.Text by"},
		{"nil default", func(r *webhook.Router) { r.Default(nil) }, "nil default"},
		{"empty key", func(r *webhook.Router) { webhook.OnKey(r, webhook.Exact(""), says[*wechat.Click]("")) }, "empty pattern"},
		{"empty pattern", func(r *webhook.Router) { webhook.OnText(r, webhook.Contains(""), says[*wechat.Text]("")) }, "empty pattern"},
		{"all pushes", func(r *webhook.Router) { webhook.On(r, says[wechat.Push]("")) }, "name one kind"},
		{"all keys", func(r *webhook.Router) { webhook.OnKey(r, webhook.Exact("k"), says[wechat.Keyed]("")) }, "name one kind"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := webhook.NewRouter()
			tt.register(r)
			_, err := webhook.New(w.config(r))
			if err == nil || !strings.Contains(err.Error(), tt.want) || !strings.HasPrefix(err.Error(), "webhook: webhook/router_test.go:") {
				t.Errorf("got %v, want %q in it", err, tt.want)
			}
		})
	}
}

// TestRouterNamesTheLines: an error names the line of the registration, and of the earlier one that it is a duplicate of.
func TestRouterNamesTheLines(t *testing.T) {
	w := newFixture(t, wechattest.Plain, nil)
	r := webhook.NewRouter()
	webhook.On(r, says[*wechat.Text]("")) // line 0
	webhook.On(r, says[*wechat.Text](""))
	webhook.OnKey(r, webhook.Prefix("a"), says[*wechat.Click](""))
	webhook.OnKey(r, webhook.Exact("ab"), says[*wechat.Click](""))
	webhook.OnSlowText(r, webhook.Exact("c"), func(context.Context, *wechat.Text) (string, error) { return "", nil })
	webhook.OnText(r, webhook.Exact("c"), says[*wechat.Text](""))
	r.Default(says[wechat.Push](""))
	r.Default(says[wechat.Push](""))
	webhook.OnSlowText(r, webhook.Exact("d"), nil)
	r.Use(nil)
	_, err := webhook.New(w.config(r))
	source, readErr := os.ReadFile("router_test.go")
	if err == nil || readErr != nil {
		t.Fatal(err, readErr)
	}
	before, _, _ := strings.Cut(string(source), " // line 0\n")
	line := func(n int) string { return fmt.Sprintf("webhook/router_test.go:%d", strings.Count(before, "\n")+1+n) }
	want := []string{
		"webhook: " + line(1) + ": a second handler of *wechat.Text: the first one is at " + line(0),
		"webhook: " + line(3) + `: a handler of *wechat.Click by exactly "ab" never runs: an earlier one by prefix "a", at ` + line(2) + ", takes all its pushes",
		"webhook: " + line(5) + `: a handler of *wechat.Text by exactly "c" never runs: an earlier one by exactly "c", at ` + line(4) + ", takes all its pushes",
		"webhook: " + line(7) + ": a second default handler: the first one is at " + line(6),
		"webhook: " + line(8) + `: a nil slow handler of *wechat.Text by exactly "d"`,
		"webhook: " + line(9) + ": a nil middleware",
	}
	if diff := cmp.Diff(want, strings.Split(err.Error(), "\n")); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestManyPatterns registers ten thousand handlers of texts. A test of internal/pattern counts the steps.
func TestManyPatterns(t *testing.T) {
	const many = 10_000
	keyword := func(i int) string { return fmt.Sprintf("关键词%05d", i) }
	w := newFixture(t, wechattest.Plain, func(w *fixture) {
		w.router = webhook.NewRouter()
		for i := range many {
			webhook.OnText(w.router, webhook.Contains(keyword(i)), says[*wechat.Text](keyword(i)))
		}
		webhook.On(w.router, says[*wechat.Text]("any text"))
	})
	for text, want := range map[string]string{
		"请问" + keyword(many-1) + "和" + keyword(7): keyword(7),
		keyword(many - 1): keyword(many - 1),
		"关键词":             "any text",
	} {
		if got := w.says(w.textOf(text)); got != want {
			t.Errorf("%s: answered %q, want %q", text, got, want)
		}
	}
}

// TestPatternsThatAreNotCovered has pairs of patterns in which some pushes reach the second one.
func TestPatternsThatAreNotCovered(t *testing.T) {
	w := newFixture(t, wechattest.Plain, nil)
	for _, pair := range [][2]webhook.Pattern{
		{webhook.Exact("ab"), webhook.Prefix("ab")},
		{webhook.Exact("ab"), webhook.Contains("ab")},
		{webhook.Prefix("a"), webhook.Contains("ab")},
		{webhook.Prefix("ab"), webhook.Prefix("a")},
		{webhook.Matching(regexp.MustCompile("a")), webhook.Prefix("a")},
	} {
		r := webhook.NewRouter()
		webhook.OnText(r, pair[0], says[*wechat.Text](""))
		webhook.OnText(r, pair[1], says[*wechat.Text](""))
		if _, err := webhook.New(w.config(r)); err != nil {
			t.Errorf("%v, then %v: %v", pair[0], pair[1], err)
		}
	}
}

func TestMiddleware(t *testing.T) {
	var trace []string
	traced := func(name string) webhook.Middleware {
		return func(next webhook.PushHandler) webhook.PushHandler {
			return func(ctx context.Context, p wechat.Push) (wechat.Reply, error) {
				trace = append(trace, name)
				reply, err := next(ctx, p)
				trace = append(trace, "/"+name)
				return reply, err
			}
		}
	}
	blocked := func(next webhook.PushHandler) webhook.PushHandler {
		return func(ctx context.Context, p wechat.Push) (wechat.Reply, error) {
			if text, ok := p.(*wechat.Text); ok && text.Content == "stop" {
				return wechat.TextReply("stopped"), nil
			}
			return next(ctx, p)
		}
	}
	w := newFixture(t, wechattest.Plain, func(w *fixture) {
		w.router = webhook.NewRouter()
		w.router.Use(traced("outer"))
		w.router.Use(traced("inner"))
		w.router.Use(blocked)
		webhook.OnText(w.router, webhook.Exact("a"), says[*wechat.Text]("pattern"))
		webhook.On(w.router, says[*wechat.Text]("type"))
		w.router.Default(says[wechat.Push]("default"))
	})
	for _, tt := range []struct {
		message []byte
		want    string
	}{
		{w.textOf("a"), "pattern"}, {w.textOf("b"), "type"}, {w.textOf("stop"), "stopped"}, {w.Pusher.Click(openid, now, "k"), "default"},
	} {
		trace = nil
		if got := w.says(tt.message); got != tt.want {
			t.Errorf("answered %q, want %q", got, tt.want)
		}
		if got := strings.Join(trace, " "); got != "outer inner /inner /outer" {
			t.Errorf("%s: the way was %s", tt.want, got)
		}
	}
}
