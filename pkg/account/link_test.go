package account_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/guanzhu/guanzhu/pkg/account"
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
    reply: personal_link
`)
	const link = "https://example.com/enter?ticket=T"
	for text, want := range map[string]wechat.Reply{
		"text": wechat.TextReply(link + " or " + link),
		"news": wechat.NewsReply{{Title: "a", URL: link, PicURL: "https://example.com/a.png"}},
	} {
		reply := a.Answer(text)
		if !account.HasLink(reply) {
			t.Errorf("%s: no place for a link", text)
		}
		if diff := cmp.Diff(want, account.WithLink(reply, link)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", text, diff)
		}
		if !account.HasLink(a.Answer(text)) {
			t.Errorf("%s: the account's own reply has changed", text)
		}
	}
	if account.HasLink(a.Answer("neither")) {
		t.Error("a place for a link where there is none")
	}
}

func TestPages(t *testing.T) {
	t.Parallel()
	if a := parse(t, required+"pages: oauth\n"); a.Pages() != "oauth" || account.HasLink(a.Welcome()) {
		t.Errorf("oauth: by %v, welcome %v", a.Pages(), a.Welcome())
	}
	if a := parse(t, required+"pages: link\n"); a.Pages() != "link" || !account.HasLink(a.Welcome()) {
		t.Errorf("link: by %v, welcome %v", a.Pages(), a.Welcome())
	}
	own := strings.Replace(required, "welcome: ", "welcome: \"{personal_link} \" #", 1)
	if a := parse(t, own+"pages: link\n"); strings.Count(string(a.Welcome().(wechat.TextReply)), account.PersonalLink) != 1 {
		t.Errorf("a welcome with a link of its own: %v", a.Welcome())
	}
	_, err := account.Parse("account.yaml", []byte(required+"pages: cookies\n"))
	if err == nil || !strings.Contains(err.Error(), `account.yaml:4: pages is "cookies": use oauth, or link`) {
		t.Errorf("got %v", err)
	}
}

func TestTextWithLinkTooLong(t *testing.T) {
	t.Parallel()
	for size, fits := range map[int]bool{wechat.MaxText - 400: true, wechat.MaxText - 399: false} {
		text := strings.Repeat("a", size) + account.PersonalLink
		_, err := account.Parse("account.yaml", []byte(required+"clicks: {k: \""+text+"\"}\n"))
		if (err == nil) != fits {
			t.Errorf("%d bytes and a link: %v", size, err)
		}
	}
}
