package accountyaml_test

import (
	"strings"
	"testing"

	"github.com/guanzhu/guanzhu/internal/accountyaml"
	"github.com/guanzhu/guanzhu/internal/autoreply"
	"github.com/guanzhu/guanzhu/pkg/wechat"
)

func TestPages(t *testing.T) {
	t.Parallel()
	if a := parse(t, required+"pages: oauth\n"); a.Pages() != "oauth" || autoreply.HasLink(a.Welcome()) {
		t.Errorf("oauth: by %v, welcome %v", a.Pages(), a.Welcome())
	}
	if a := parse(t, required+"pages: link\n"); a.Pages() != "link" || !autoreply.HasLink(a.Welcome()) {
		t.Errorf("link: by %v, welcome %v", a.Pages(), a.Welcome())
	}
	own := strings.Replace(required, "welcome: ", "welcome: \"{personal_link} \" #", 1)
	if a := parse(t, own+"pages: link\n"); strings.Count(string(a.Welcome().(wechat.TextReply)), autoreply.PersonalLink) != 1 {
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

// TestWrongPlaceholder has what owners write in place of {personal_link}, or of a placeholder that does not exist.
func TestWrongPlaceholder(t *testing.T) {
	t.Parallel()
	const theOnly = ", which is no placeholder and is sent as it is: write {personal_link}, the only one, or remove it"
	for _, wrong := range []string{
		"{personal-link}", "{personal link}", "{personallink}", "{Personal_Link}", "{ personal_link }", "{{personal_link}}",
		"｛personal_link｝", "{ｐｅｒｓｏｎａｌ＿ｌｉｎｋ}", "{personal_link｝", "{link}", "{个人链接}", "｛链接｝", "{openid}",
	} {
		refused(t, "welcome: \"登录："+wrong+" 。\"\ndefault: d\nsuggestion: s\n", ":1: welcome has "+wrong+theOnly)
	}
	for _, wrong := range []string{"【personal_link】", "{personal_link", "personal_link}", "(personal-link)"} {
		name := strings.Trim(wrong, "【】{}()")
		refused(t, "welcome: \"登录："+wrong+" 。\"\ndefault: d\nsuggestion: s\n", ":1: welcome has "+name+theOnly)
	}
	for _, wrong := range []string{"{nickame}", "{nickname}", "｛昵称｝", "{姓名}", "{user_name}"} {
		refused(t, required+"clicks:\n  k: |\n    您好\n    "+wrong+"\n", `:7: the reply to "k" has `+wrong+", which is no placeholder and is sent as it is: WeChat no longer gives nicknames")
	}
	refused(t, required+"clicks: {k: {news: [{title: \"{nickname}\", url: \"{personal-link}\"}]}}\n",
		":4: {nickname} is sent as it is here|:4: url has {personal-link}"+theOnly)
	refused(t, required+"menu: {button: [{name: n, type: view, url: \"https://example.com/?o={openid}\"}]}\n",
		":4: a menu has no placeholders, so {openid} is opened as it is")
	refused(t, "welcome: w\nsuggestion: s\ndefault:\n  ai:\n    base_url: https://example.com/v1\n    model: m\n    wait: 请稍候，{nickname}\n",
		":7: {nickname} is sent as it is in wait: remove it")

	// What looks similar.
	parse(t, required+"clicks:\n  k: 好 {一} ｛二｝ {}\n  l: 点 {personal_link}，或者 {personal_link}{personal_link}\n  m: a personal question\n")
}

func TestTextWithLinkTooLong(t *testing.T) {
	t.Parallel()
	for size, fits := range map[int]bool{wechat.MaxText - 400: true, wechat.MaxText - 399: false} {
		text := strings.Repeat("a", size) + autoreply.PersonalLink
		_, err := accountyaml.Parse("account.yaml", []byte(required+"clicks: {k: \""+text+"\"}\n"))
		if (err == nil) != fits {
			t.Errorf("%d bytes and a link: %v", size, err)
		}
	}
}
