package movein_test

import (
	"context"
	"encoding/xml"
	"flag"
	"fmt"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/guanzhu/guanzhu/account"
	"github.com/guanzhu/guanzhu/internal/accountyaml"
	"github.com/guanzhu/guanzhu/internal/media"
	"github.com/guanzhu/guanzhu/internal/menu"
	"github.com/guanzhu/guanzhu/internal/movein"
	"github.com/guanzhu/guanzhu/internal/world"
	"github.com/guanzhu/guanzhu/pkg/webhook"
	"github.com/guanzhu/guanzhu/pkg/wechattest"
)

var accounts = flag.Int("accounts", 150, "how many random accounts move in; the long form of the test has 10000")

// TestMoveIn moves random accounts in: import, publish, and every text, click and follow gets what WeChat's console would
// answer, or the import has a note about the rule or the button.
func TestMoveIn(t *testing.T) {
	t.Parallel()
	var m mover
	begun := time.Now()
	for i := range *accounts {
		if i%200 == 0 { // a platform that has kept few materials is faster
			m.world = world.New(t, world.Options{Platform: wechattest.Config{EveryoneFollows: true}})
		}
		m.account(t, rapid.Custom(func(t *rapid.T) console { return randomConsole(t, m.world.Platform) }).Example(i))
		if t.Failed() {
			t.Fatalf("account %d", i)
		}
	}
	t.Logf("%d accounts in %v: %d replies the same, %d explained", *accounts, time.Since(begun), m.same, m.explained)
	if m.same < 3*m.explained {
		t.Errorf("%d replies are the same and %d are explained: too few", m.same, m.explained)
	}
}

// A mover moves accounts in and pushes to them.
type mover struct {
	world           *world.World
	handler         *webhook.Handler
	notes           []movein.Note
	console         console
	same, explained int
	pushes          int64
}

const publicURL = "https://host.example"

func (m *mover) account(t *testing.T, c console) {
	t.Helper()
	w, ctx := m.world, t.Context()
	m.console = c
	c.on(w.Platform)
	files := fstest.MapFS{}
	owner := movein.Owner{Name: "account.yaml", Media: files, PublicURL: publicURL}
	result := m.importInto(t, &owner, files)
	m.notes = result.Notes
	a, err := accountyaml.Parse("account.yaml", owner.File)
	if err != nil {
		t.Fatal(err)
	}
	publisher := &media.Publisher{API: w.API, Store: w.Store, Files: files}
	if _, err := publisher.Publish(ctx, a.Files(), true); err != nil {
		t.Fatal(err)
	}
	wanted, err := a.Menu(publicURL)
	if err != nil {
		t.Fatal(err)
	}
	menus := &menu.Publisher{API: w.API, Now: w.Clock.Now}
	if _, err := menus.Publish(ctx, wanted); err != nil {
		t.Fatal(err)
	}
	services := w.Services()
	services.Replies = a
	config := w.Endpoint()
	config.Router = account.Routes(services)
	if m.handler, err = webhook.New(config); err != nil {
		t.Fatal(err)
	}
	m.checkReplies(t)
	m.checkButtons(t, ctx)

	// All that is published is in the file, and importing again changes nothing.
	if s, err := menus.Plan(ctx, wanted); err != nil || s.Result != menu.Unchanged && s.Result != menu.NoMenu {
		t.Errorf("a plan says %+v, error %v", s, err)
	}
	if s, err := publisher.Plan(ctx, a.Files()); err != nil || len(s.Uploads)+len(s.Unused) > 0 {
		t.Errorf("a plan says %+v, error %v", s, err)
	}
	before := string(owner.File)
	if again := m.importInto(t, &owner, files); string(owner.File) != before || len(again.Media) > 0 {
		t.Errorf("the second import differs, with %d files:\n%s", len(again.Media), cmp.Diff(before, string(owner.File)))
	}
	if t.Failed() {
		t.Logf("console: %s\nmenu: %s\nfile:\n%s\nnotes: %+v", c.autoReplies(), encode(c.Buttons), before, m.notes)
	}
}

func (m *mover) importInto(t *testing.T, owner *movein.Owner, files fstest.MapFS) movein.Result {
	t.Helper()
	answers, err := movein.Ask(t.Context(), m.world.API)
	if err != nil {
		t.Fatal(err)
	}
	result, err := movein.Import(t.Context(), *owner, answers, m.world.API.Download)
	if err != nil {
		t.Fatalf("%v\nconsole: %s", err, m.console.autoReplies())
	}
	owner.File = result.File
	for name, content := range result.Media {
		files[name] = &fstest.MapFile{Data: content}
	}
	return result
}

// push returns what the endpoint replies to a message.
func (m *mover) push(t *testing.T, message []byte) got {
	t.Helper()
	answer := httptest.NewRecorder()
	m.handler.ServeHTTP(answer, m.world.Request(message))
	var g got
	if answer.Code != 200 {
		t.Fatalf("status %d", answer.Code)
	}
	if body := answer.Body.Bytes(); string(body) != "success" {
		if err := xml.Unmarshal(body, &g); err != nil {
			t.Fatalf("%v in %s", err, body)
		}
	}
	return g
}

// got is a reply of the endpoint.
type got struct {
	MsgType  string
	Content  string
	Image    material
	Voice    material
	Video    material
	Articles struct {
		Items []struct {
			Title, Description string
			PicURL             string `xml:"PicUrl"`
			URL                string `xml:"Url"`
		} `xml:"item"`
	}
}

type material struct {
	MediaID string `xml:"MediaId"`
}

// is reports whether the endpoint's reply shows the same as the console's, to a message or to an event.
func (m *mover) is(g got, want consoleReply, event bool) bool {
	holds := func(mediaID string) bool {
		content, ok := m.world.Platform.Material(mediaID)
		return ok && want.Content != "" && string(content) == contentOf(want.Content)
	}
	switch want.Type {
	case "text":
		return g.MsgType == "text" && g.Content == strings.TrimRight(strings.ReplaceAll(want.Content, "\r\n", "\n"), "\n")
	case "img", "photo":
		return g.MsgType == "image" && holds(g.Image.MediaID)
	case "voice":
		return g.MsgType == "voice" && holds(g.Voice.MediaID)
	case "video":
		return g.MsgType == "video" && holds(g.Video.MediaID)
	case "news":
		if g.MsgType != "news" || want.News == nil || len(g.Articles.Items) != len(want.News.List) {
			return false
		}
		for i, a := range want.News.List {
			item := g.Articles.Items[i]
			if item.Title != a.Title || item.Description != a.Digest || item.PicURL != a.CoverURL || item.URL != a.ContentURL {
				return false
			}
		}
		return true
	}
	return false
}

// judge compares a reply with those that the console may give.
func (m *mover) judge(t *testing.T, what, by string, g got, replies []consoleReply, all, event bool) {
	t.Helper()
	ok := slices.ContainsFunc(replies, func(r consoleReply) bool { return m.is(g, r, event) })
	if ok && (!all || len(replies) == 1) {
		m.same++
		return
	}
	if !slices.ContainsFunc(m.notes, func(n movein.Note) bool { return n.Of == by }) {
		t.Errorf("%s: the reply is %+v, the console's (%s) are %s, and there is no note", what, g, by, encode(replies))
	}
	if ok {
		m.same++
		return
	}
	m.explained++
}

func (m *mover) checkReplies(t *testing.T) {
	t.Helper()
	w := m.world
	texts := []string{"什么都不是", "HELLO", "x"}
	for _, rule := range m.console.Rules {
		for _, k := range rule.Keywords {
			texts = append(texts, k.Content, "请问"+k.Content+"吗", " "+strings.ToUpper(k.Content)+"\n")
		}
	}
	for _, text := range texts {
		if trimmed := strings.TrimSpace(text); trimmed == "" || strings.HasPrefix(trimmed, "@") || strings.HasPrefix(trimmed, "＠") {
			continue // a suggestion
		}
		m.pushes++
		w.Clock.Advance(time.Second)
		by, replies, all := m.console.answer(text)
		m.judge(t, fmt.Sprintf("%q", text), by, m.push(t, w.Pusher.Text(world.OpenID, w.Clock.Now(), m.pushes, text)), replies, all, false)
	}
	var follow []consoleReply
	if m.console.Follow != nil {
		follow = append(follow, *m.console.Follow)
	}
	w.Clock.Advance(time.Second)
	m.judge(t, "follow", "welcome", m.push(t, w.Pusher.Subscribe(world.OpenID, w.Clock.Now(), "")), follow, true, true)
}

func (m *mover) checkButtons(t *testing.T, ctx context.Context) {
	t.Helper()
	live, err := m.world.API.GetMenu(ctx)
	if err != nil && len(m.console.Buttons) > 0 && len(m.notes) == 0 {
		t.Error(err)
	}
	var visit func([]consoleButton, []menu.Button)
	visit = func(console []consoleButton, live []menu.Button) {
		next := 0 // in live
		for _, b := range console {
			i := slices.IndexFunc(live[next:], func(l menu.Button) bool { return l.Name == b.Name })
			if i < 0 {
				m.unmade(t, b)
				continue
			}
			l := live[next+i]
			if len(b.Sub) > 0 {
				visit(b.Sub, l.SubButton)
				next += i + 1
				continue
			}
			next += i + 1
			m.checkButton(t, b, l)
		}
	}
	visit(m.console.Buttons, live.Buttons)
}

// unmade holds that a button, or all buttons below it, have a note.
func (m *mover) unmade(t *testing.T, b consoleButton) {
	t.Helper()
	for _, sub := range b.Sub {
		m.unmade(t, sub)
	}
	noted := slices.ContainsFunc(m.notes, func(n movein.Note) bool { return n.Of == b.Name })
	if len(b.Sub) == 0 && !noted {
		t.Errorf("the button %s is gone without a note", b.Name)
	}
	m.explained++
}

func (m *mover) checkButton(t *testing.T, b consoleButton, l menu.Button) {
	t.Helper()
	if b.Type == "view" && l.Type == "view" && l.URL == b.URL {
		m.same++
		return
	}
	var g got
	if l.Type == "click" {
		m.world.Clock.Advance(time.Second)
		g = m.push(t, m.world.Pusher.Click(world.OpenID, m.world.Clock.Now(), l.Key))
	}
	want := consoleReply{Type: b.Type, Content: b.Value, News: b.News}
	m.judge(t, "button "+b.Name, b.Name, g, []consoleReply{want}, true, true)
}

// Materials are named by what they contain, so that a test knows it.
var contents = map[string]string{}

func contentOf(mediaID string) string { return contents[mediaID] }

func randomConsole(t *rapid.T, p *wechattest.Platform) console {
	oneOf := func(values ...string) string { return rapid.SampledFrom(values).Draw(t, "one") }
	chance := func(percent int) bool { return rapid.IntRange(1, 100).Draw(t, "chance") <= percent }
	text := func() string {
		lines := rapid.SliceOfN(rapid.SampledFrom([]string{
			"您好！", "Hello: world", "- 营业时间 9:00", "# 不是注释", "<a href=\"https://example.com/?a=1&b=2\">点这里</a>", "/::)", "“引号”", "100%",
			"{personal}", "  缩进", "😀", "\"quoted\" \\ 'text'", "true", "null", "", "]]>", "|", "> x", "& y", "* z", "! a", "%b", "@c", "`d`", "[e]",
		}), 1, 4).Draw(t, "lines")
		joined := strings.Join(lines, oneOf("\n", "\n", "\r\n"))
		if strings.TrimSpace(joined) == "" {
			return "空"
		}
		if chance(2) {
			return strings.Repeat("长", 700)
		}
		if chance(1) {
			return joined + "{personal_link}"
		}
		return joined
	}
	image := func() string {
		content := oneOf("\xff\xd8\xff", "\xff\xd8\xff", "\x89PNG\r\n\x1a\n", "BM") + oneOf("1", "2", "3", "4")
		if chance(5) {
			content = "GIF89a"
		}
		id := p.AddTemporary([]byte(content))
		contents[id] = content
		return id
	}
	sound := func() string {
		content := oneOf("ID3", "#!AMR") + oneOf("1", "2")
		id := p.AddTemporary([]byte(content))
		contents[id] = content
		return id
	}
	video := func() string {
		if chance(30) {
			return "http://mp.weixin.qq.com/mp/mp/video?__biz=MzA&mid=1"
		}
		const content = "\x00\x00\x00\x18ftypmp42...."
		id := p.AddTemporary([]byte(content))
		contents[id] = content
		return id
	}
	news := func(most int) *consoleNews {
		n := &consoleNews{}
		for i := range rapid.IntRange(1, most).Draw(t, "articles") {
			a := consoleArticle{Title: fmt.Sprintf("标题 %d: %s", i, oneOf("a", "“b”", "c #d")), Digest: oneOf("", "摘要", "x: y"),
				CoverURL: oneOf("", "http://mmbiz.qpic.cn/a/0?wx_fmt=jpeg"), ContentURL: "http://mp.weixin.qq.com/s?__biz=MzA&mid=2&idx=" + oneOf("1", "2")}
			if chance(3) {
				a.ContentURL = ""
			}
			n.List = append(n.List, a)
		}
		return n
	}
	reply := func(kinds ...string) consoleReply {
		r := consoleReply{Type: oneOf(kinds...)}
		switch r.Type {
		case "text":
			r.Content = text()
		case "img":
			if r.Content = image(); chance(3) {
				r.Content = "gone"
			}
		case "voice":
			r.Content = sound()
		case "video":
			r.Content = video()
		case "news":
			r.News = news(1 + rapid.IntRange(0, 9).Draw(t, "second")/9)
		}
		return r
	}
	all := []string{"text", "text", "text", "text", "text", "img", "img", "voice", "news", "news", oneOf("video", "text", "text")}
	var c console
	if chance(90) {
		r := reply("text", "text", "img", "voice", "video")
		c.Follow = &r
	}
	if chance(90) {
		r := reply("text", "text", "img", "voice")
		c.Default = &r
	}
	words := []string{"你好", "价格", "营业时间", "Hello", "hello", "地址", "a", "b", "1", "yes", "null", "你", "a: b", "#", "\"", "菜单", "＠小", "登录"}
	for i := range rapid.IntRange(0, 8).Draw(t, "rules") {
		rule := consoleRule{Name: fmt.Sprintf("规则%d %s", i, oneOf("", "问候", "a/b:c")), Created: int64(1700000000 - i), Mode: oneOf("reply_all", "random_one")}
		for range rapid.IntRange(1, 4).Draw(t, "keywords") {
			k := consoleKeyword{"text", oneOf("contain", "equal", "equal"), oneOf(words...) + oneOf("", "", "c", "们")}
			if chance(1) {
				k.Type = "img"
			}
			rule.Keywords = append(rule.Keywords, k)
		}
		most := 1
		if rule.Mode == "random_one" || chance(20) {
			most = 4
		}
		for range rapid.IntRange(1, most).Draw(t, "replies") {
			rule.Replies = append(rule.Replies, reply(all...))
		}
		c.Rules = append(c.Rules, rule)
	}
	names := []string{"关于", "更多", "联系", "网站", "视频", "Help"}
	made := 0
	name := func() string {
		made++ // a button that is not there must not be taken for another one
		return fmt.Sprint(oneOf(names...), made)
	}
	leaf := func() consoleButton {
		b := consoleButton{Name: name(), Type: oneOf("view", "text", "text", "img", "voice", "news", oneOf("video", "view"))}
		switch b.Type {
		case "view":
			b.URL = oneOf("https://example.com/?a=1&b=2", "http://mp.weixin.qq.com/s/x", publicURL+"/page")
		case "news":
			b.News = news(8)
		case "video":
			b.Value = video()
		default:
			b.Value = reply(b.Type).Content
		}
		return b
	}
	for range rapid.IntRange(0, 3).Draw(t, "buttons") {
		if chance(60) {
			c.Buttons = append(c.Buttons, leaf())
			continue
		}
		parent := consoleButton{Name: name()}
		for range rapid.IntRange(1, 5).Draw(t, "below") {
			parent.Sub = append(parent.Sub, leaf())
		}
		c.Buttons = append(c.Buttons, parent)
	}
	return c
}
