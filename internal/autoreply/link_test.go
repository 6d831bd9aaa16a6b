package autoreply_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/guanzhu/guanzhu/internal/autoreply"
	"github.com/guanzhu/guanzhu/pkg/wechat"
)

func TestPersonalLink(t *testing.T) {
	t.Parallel()
	a := parse(t, required+`
keywords:
  - exact: text
    reply: "{personal_link} or {personal_link}"
  - exact: news
    reply: {news: [{title: a, url: "{personal_link}", picurl: https://example.com/a.png}]}
  - exact: neither
    reply: 链接
`)
	const link = "https://example.com/enter?ticket=T"
	for text, want := range map[string]wechat.Reply{
		"text": wechat.TextReply(link + " or " + link),
		"news": wechat.NewsReply{{Title: "a", URL: link, PicURL: "https://example.com/a.png"}},
	} {
		reply := a.Answer(text)
		if !autoreply.HasLink(reply) {
			t.Errorf("%s: no place for a link", text)
		}
		if diff := cmp.Diff(want, autoreply.WithLink(reply, link)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", text, diff)
		}
		if !autoreply.HasLink(a.Answer(text)) {
			t.Errorf("%s: the account's own reply has changed", text)
		}
	}
	if autoreply.HasLink(a.Answer("neither")) {
		t.Error("a place for a link where there is none")
	}
}

func TestLinkKeyword(t *testing.T) {
	t.Parallel()
	for want, rules := range map[string]string{
		"":     "- {exact: 登录, reply: 没有链接}",
		"会员":   "- {exact: 登录, reply: 没有链接}\n- {contains: [会员, 主页], reply: \"{personal_link}\"}",
		"登录主页": "- {exact: 主页, reply: 没有链接}\n- {prefix: 主页, reply: \"{personal_link}\"}\n- {exact: 登录主页, reply: \"{personal_link}\"}",
	} {
		if got := parse(t, required+"keywords:\n"+rules+"\n").LinkKeyword(); got != want {
			t.Errorf("%s: %q, want %q", rules, got, want)
		}
	}
}
