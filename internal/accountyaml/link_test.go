package accountyaml_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/guanzhu/guanzhu/internal/accountyaml"
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
		if !accountyaml.HasLink(reply) {
			t.Errorf("%s: no place for a link", text)
		}
		if diff := cmp.Diff(want, accountyaml.WithLink(reply, link)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", text, diff)
		}
		if !accountyaml.HasLink(a.Answer(text)) {
			t.Errorf("%s: the account's own reply has changed", text)
		}
	}
	if accountyaml.HasLink(a.Answer("neither")) {
		t.Error("a place for a link where there is none")
	}
}

func TestPages(t *testing.T) {
	t.Parallel()
	if a := parse(t, required+"pages: oauth\n"); a.Pages() != "oauth" || accountyaml.HasLink(a.Welcome()) {
		t.Errorf("oauth: by %v, welcome %v", a.Pages(), a.Welcome())
	}
	if a := parse(t, required+"pages: link\n"); a.Pages() != "link" || !accountyaml.HasLink(a.Welcome()) {
		t.Errorf("link: by %v, welcome %v", a.Pages(), a.Welcome())
	}
	own := strings.Replace(required, "welcome: ", "welcome: \"{personal_link} \" #", 1)
	if a := parse(t, own+"pages: link\n"); strings.Count(string(a.Welcome().(wechat.TextReply)), accountyaml.PersonalLink) != 1 {
		t.Errorf("a welcome with a link of its own: %v", a.Welcome())
	}
	_, err := accountyaml.Parse("account.yaml", []byte(required+"pages: cookies\n"))
	if err == nil || !strings.Contains(err.Error(), `account.yaml:4: pages is "cookies": use oauth, or link`) {
		t.Errorf("got %v", err)
	}
}

// TestWelcomeWithoutPlaceForLink has welcomes that pages: link cannot put the link into.
func TestWelcomeWithoutPlaceForLink(t *testing.T) {
	t.Parallel()
	const rest = "default: d\nsuggestion: s\npages: link\n"
	for _, welcome := range []string{
		"{image: {media_id: m}}",
		"{voice: {media_id: m}}",
		"{video: {media_id: m}}",
		"{music: {thumb_media_id: m}}",
		"{news: [{title: a, url: https://example.com/}]}",
	} {
		refused(t, "# 说明\nwelcome: "+welcome+"\n"+rest, ":2: with pages: link, the welcome carries the link to the pages, and "+
			"this one has no place for it: use a text, or news with {personal_link} as the url of an article")
		parse(t, "welcome: "+welcome+"\n"+strings.Replace(rest, "link", "oauth", 1))
	}
	parse(t, "welcome: {news: [{title: a, url: https://example.com/}, {title: b, url: \"{personal_link}\"}]}\n"+rest)
	refused(t, "welcome: {image: {}}\n"+rest, ":1: image has no media_id|:1: with pages: link, the welcome carries")

	// The link below takes room, too.
	longest := strings.Repeat("a", wechat.MaxText-len("\n")-400)
	parse(t, "welcome: "+longest+"\n"+rest)
	refused(t, "welcome: "+longest+"a\n"+rest, ":1: welcome, with the link below it that pages: link adds, has 2048 bytes")
	parse(t, "welcome: "+longest+"a\n"+strings.Replace(rest, "link", "oauth", 1))
	refused(t, "welcome: "+strings.Repeat("a", 2048)+"\n"+rest, ":1: welcome has 2048 bytes")
}

// TestLinkOutOfPlace has it where it would be sent as it is written.
func TestLinkOutOfPlace(t *testing.T) {
	t.Parallel()
	refused(t, `welcome:
  news:
    - title: "{personal_link}"
      description: 点 {personal_link}
      url: "https://example.com/{personal_link}"
default: {video: {media_id: m, title: "{personal_link}"}}
suggestion: s
`, ":3: {personal_link} is sent as it is here|:4: {personal_link} is sent|:5: {personal_link} is sent|:6: {personal_link} is sent")
}

func TestTextWithLinkTooLong(t *testing.T) {
	t.Parallel()
	for size, fits := range map[int]bool{wechat.MaxText - 400: true, wechat.MaxText - 399: false} {
		text := strings.Repeat("a", size) + accountyaml.PersonalLink
		_, err := accountyaml.Parse("account.yaml", []byte(required+"clicks: {k: \""+text+"\"}\n"))
		if (err == nil) != fits {
			t.Errorf("%d bytes and a link: %v", size, err)
		}
	}
}
