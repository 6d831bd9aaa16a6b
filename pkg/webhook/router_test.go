package webhook_test

import (
	"context"
	"strings"
	"testing"

	"github.com/guanzhu/guanzhu/pkg/webhook"
	"github.com/guanzhu/guanzhu/pkg/wechat"
	"github.com/guanzhu/guanzhu/pkg/wechattest"
)

// says is a handler that answers with a text.
func says[P wechat.Push](text string) func(context.Context, P) (wechat.Reply, error) {
	return func(context.Context, P) (wechat.Reply, error) { return wechat.TextReply(text), nil }
}

func TestRouter(t *testing.T) {
	w := newWorld(t, wechattest.Plain, func(w *world) {
		r := webhook.NewRouter()
		webhook.On(r, says[*wechat.Text]("any text"))
		webhook.OnText(r, webhook.Exact("time"), says[*wechat.Text]("exact"))
		webhook.OnText(r, webhook.Prefix("t"), says[*wechat.Text]("prefix"))
		webhook.OnText(r, webhook.Contains("im"), says[*wechat.Text]("contains"))
		webhook.On(r, says[*wechat.Click]("any click"))
		webhook.OnKey(r, "help", says[*wechat.Click]("click help"))
		webhook.OnKey(r, "spring", says[*wechat.Subscribe]("follow by spring"))
		webhook.OnKey(r, "spring", says[*wechat.Scan]("scan of spring"))
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
		{"no pattern", w.textOf("x"), "any text"},
		{"key", w.owner.Click(openid, now, "help"), "click help"},
		{"no such key", w.owner.Click(openid, now, "Help"), "any click"},
		{"scene of a follow", w.owner.Subscribe(openid, now, "qrscene_spring"), "follow by spring"},
		{"scene of a scan", w.owner.Scan(openid, now, "spring"), "scan of spring"},
		{"scene without a handler", w.owner.Scan(openid, now, "autumn"), "default"},
		{"event without a handler", w.owner.Unsubscribe(openid, now), "default"},
		{"unknown event", renamed(w.owner.Click(openid, now, "help"), "CLICK", "click"), "default"},
	}
	for _, tt := range tests {
		if got := w.says(tt.message); got != tt.want {
			t.Errorf("%s: answered %q, want %q", tt.name, got, tt.want)
		}
	}
}

func TestRouterRefuses(t *testing.T) {
	w := newWorld(t, wechattest.Plain, nil)
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
			webhook.OnKey(r, "k", says[*wechat.Click](""))
			webhook.OnKey(r, "k", says[*wechat.Click](""))
		}, `second handler of *wechat.Click for "k"`},
		{"pattern twice", func(r *webhook.Router) {
			webhook.OnText(r, webhook.Prefix("a"), says[*wechat.Text](""))
			webhook.OnText(r, webhook.Prefix("a"), says[*wechat.Text](""))
		}, "second handler of texts"},
		{"default twice", func(r *webhook.Router) {
			r.Default(says[wechat.Push](""))
			r.Default(says[wechat.Push](""))
		}, "second default"},
		{"nil handler", func(r *webhook.Router) { webhook.On[*wechat.Text](r, nil) }, "nil handler of *wechat.Text"},
		{"nil key handler", func(r *webhook.Router) { webhook.OnKey[*wechat.Click](r, "k", nil) }, "nil handler of *wechat.Click"},
		{"nil text handler", func(r *webhook.Router) { webhook.OnText(r, webhook.Exact("a"), nil) }, "nil handler of texts"},
		{"nil default", func(r *webhook.Router) { r.Default(nil) }, "nil default"},
		{"empty key", func(r *webhook.Router) { webhook.OnKey(r, "", says[*wechat.Click]("")) }, "empty key"},
		{"empty pattern", func(r *webhook.Router) { webhook.OnText(r, webhook.Contains(""), says[*wechat.Text]("")) }, "empty pattern"},
		{"all pushes", func(r *webhook.Router) { webhook.On(r, says[wechat.Push]("")) }, "name one kind"},
		{"all keys", func(r *webhook.Router) { webhook.OnKey(r, "k", says[wechat.Keyed]("")) }, "name one kind"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := webhook.NewRouter()
			tt.register(r)
			_, err := webhook.New(webhook.Config{AppID: appID, Secrets: w.secrets, Router: r})
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %q in it", err, tt.want)
			}
		})
	}
}
