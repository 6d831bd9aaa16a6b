package accountyaml_test

import (
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/guanzhu/guanzhu/internal/accountyaml"
	"github.com/guanzhu/guanzhu/internal/menu"
	"github.com/guanzhu/guanzhu/pkg/wechat"
)

const written = `# the head
welcome: 您好 # said to all

# before default
default: |
  几行
  # no comment
# after default
suggestion: 谢谢
keywords: # ours first
  # about the page
  - exact: 登录
    reply: "链接：{personal_link}" # personal
  - contains: [价格, 多少钱]   # money
    # the list of prices
    reply: 请看价目表
#   - exact: 示例
#     reply: 示例
clicks:
  about: 关于 # us
  # the last one
menu:
  button:
    # the home page
    - {name: 主页, type: view, url: /}
`

// commented is a file whose examples are comments, as account.yaml is shipped.
const commented = `# 公众号的自动回复
# 例如：
#   welcome:
#     news:
#       - title: 欢迎关注

# 关注后的欢迎语
welcome: |
  您好，欢迎关注！🎉
  发送“登录”，即可打开您的主页。

# 没有匹配到关键词时的回复
default: "编辑@+您想说的话,我们可以收到"
#default:
#  ai:
#    base_url: https://api.deepseek.com/v1

suggestion: "已经收到您的建议,会及时处理!"

#messages:
#  image: 图片收到了，谢谢！
messages:
  voice: 听不了语音

keywords:
  - exact: 登录
    reply: "点击进入您的主页：{personal_link}"
#   - prefix: 帮助
#     reply: |
#       发送“登录”，打开您的主页。

clicks:
  contact: 编辑@+您想说的话，发送给我们即可。

menu:
  button:
    - name: 我的主页
      type: view
      url: /
    - name: 联系我们
      type: click
      key: contact
#     - name: 更多

# 关注者怎样进入网页
pages: oauth

menu_drift: repair
`

func TestMerge(t *testing.T) {
	t.Parallel()
	changes := accountyaml.Changes{
		Welcome: wechat.TextReply("欢迎\n第二行"),
		Default: wechat.TextReply("几行\n# no comment"), // as it is
		Rules: []accountyaml.Rule{
			{Name: "new", Kind: "exact", Keywords: []string{"你好", "Hello"}, Reply: wechat.OneOf{wechat.TextReply("一"), wechat.TextReply("a: b")}},
			{Name: "money", Kind: "contains", Keywords: []string{"价格", "price"}, Reply: wechat.TextReply("新价目表")},
			{Name: "covered", Kind: "exact", Keywords: []string{"登录", "请问价格"}, Reply: wechat.TextReply("登录")},
			{Name: "last", Kind: "contains", Keywords: []string{"地图"}, Reply: wechat.FileReply{File: "map.jpg", Reply: wechat.ImageReply{}}},
		},
		Clicks: []accountyaml.Click{{Key: "about", Reply: wechat.TextReply("我们")}, {Key: "更多", Reply: wechat.NewsReply{{Title: "t", URL: "https://a.example/?b=c"}}}},
		Menu: menu.Menu{Buttons: []menu.Button{
			{Name: "主页", Type: "view", URL: "https://host.example/"},
			{Name: "更多", SubButton: []menu.Button{{Name: "关于", Type: "click", Key: "about"}, {Name: "更多", Type: "click", Key: "更多"}}},
		}},
		PublicURL: "https://host.example",
	}
	const want = `# the head
# said to all
welcome: |-
  欢迎
  第二行

# before default
default: |
  几行
  # no comment
# after default
suggestion: 谢谢
keywords: # ours first
  # about the page
  # personal
  - exact: 登录
    reply: 登录
  - exact: [你好, Hello]
    reply:
      random:
        - 一
        - "a: b"
  # money
  # the list of prices
  - contains: [价格, 多少钱, price]
    reply: 新价目表
  - contains: 地图
    reply:
      image:
        file: map.jpg
#   - exact: 示例
#     reply: 示例
clicks:
  # us
  about: 我们
  更多:
    news:
      - title: t
        url: "https://a.example/?b=c"
  # the last one
# the home page
menu:
  button:
    - name: 主页
      type: view
      url: "/"
    - name: 更多
      sub_button:
        - name: 关于
          type: click
          key: about
        - name: 更多
          type: click
          key: 更多
`
	got, covered, err := accountyaml.Merge("account.yaml", []byte(written), changes)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]accountyaml.Covered{{Rule: "covered", Keyword: "请问价格", By: "价格"}}, covered); diff != "" {
		t.Errorf("covered (-want +got):\n%s", diff)
	}
	again, _, err := accountyaml.Merge("account.yaml", got, changes)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(got), string(again)); diff != "" {
		t.Errorf("the second time differs:\n%s", diff)
	}
	windows := strings.ReplaceAll(written, "\n", "\r\n")
	got, _, err = accountyaml.Merge("account.yaml", []byte(windows), changes)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(strings.ReplaceAll(want, "\n", "\r\n"), string(got)); diff != "" {
		t.Errorf("with the line ends of Windows (-want +got):\n%s", diff)
	}
}

// TestMergeOwnRulesStay: a new rule does not hide one that only the file has.
func TestMergeOwnRulesStay(t *testing.T) {
	t.Parallel()
	const head = "welcome: w\ndefault: d\nsuggestion: s\nkeywords:\n"
	const own, bye, hi = "  - exact: 你好吗\n    reply: own\n", "  - exact: 再见\n    reply: bye\n", "  - contains: 你好\n    reply: hi\n"
	changes := accountyaml.Changes{Rules: []accountyaml.Rule{
		{Name: "hi", Kind: "contains", Keywords: []string{"你好"}, Reply: wechat.TextReply("hi")},
		{Name: "own too", Kind: "exact", Keywords: []string{"你好吗"}, Reply: wechat.TextReply("x")},
		{Name: "bye", Kind: "exact", Keywords: []string{"再见"}, Reply: wechat.TextReply("bye")},
	}}
	for file, want := range map[string]string{head + own + bye: head + own + hi + bye, head + bye + own: head + bye + own + hi} {
		for range 2 {
			got, covered, err := accountyaml.Merge("account.yaml", []byte(file), changes)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, string(got)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if diff := cmp.Diff([]accountyaml.Covered{{Rule: "own too", Keyword: "你好吗", By: "你好"}}, covered); diff != "" {
				t.Errorf("covered (-want +got):\n%s", diff)
			}
			file = string(got)
		}
	}
}

func TestMergeFlow(t *testing.T) {
	t.Parallel()
	const file = "welcome: w\ndefault: d\nsuggestion: s\nkeywords: [{exact: a, reply: b}]\nclicks: {k: v}\n"
	changes := accountyaml.Changes{
		Rules:  []accountyaml.Rule{{Name: "c", Kind: "exact", Keywords: []string{"c"}, Reply: wechat.TextReply("d")}},
		Clicks: []accountyaml.Click{{Key: "l", Reply: wechat.TextReply("w")}},
	}
	got, _, err := accountyaml.Merge("account.yaml", []byte(file), changes)
	if err != nil {
		t.Fatal(err)
	}
	const want = "welcome: w\ndefault: d\nsuggestion: s\nkeywords:\n  - exact: a\n    reply: b\n  - exact: c\n    reply: d\n" +
		"clicks:\n  k: v\n  l: w\n"
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	got, _, err = accountyaml.Merge("account.yaml", []byte("welcome: w\ndefault: d\nsuggestion: s\nclicks:\n  k: v\n"), changes)
	if err != nil {
		t.Fatal(err)
	}
	const appended = "welcome: w\ndefault: d\nsuggestion: s\nclicks:\n  k: v\n  l: w\n\nkeywords:\n  - exact: c\n    reply: d\n"
	if diff := cmp.Diff(appended, string(got)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if _, _, err := accountyaml.Merge("account.yaml", []byte("{welcome: w, default: d, suggestion: s}"), changes); err == nil {
		t.Error("a file in braces is taken")
	}
}

// TestMergeFlowAI: a rule that a language model answers keeps its meaning when its list is written again.
func TestMergeFlowAI(t *testing.T) {
	t.Parallel()
	const file = "welcome: w\ndefault: d\nsuggestion: s\nkeywords: [{prefix: 问, reply: {ai: {base_url: 'https://a.example', model: m, memory: 0, label: AI}}}]\n"
	before, err := accountyaml.Parse("account.yaml", []byte(file))
	if err != nil {
		t.Fatal(err)
	}
	got, _, err := accountyaml.Merge("account.yaml", []byte(file), accountyaml.Changes{
		Rules: []accountyaml.Rule{{Name: "c", Kind: "exact", Keywords: []string{"c"}, Reply: wechat.TextReply("d")}},
	})
	if err != nil {
		t.Fatal(err)
	}
	after, err := accountyaml.Parse("account.yaml", got)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(before.Answer("问题"), after.Answer("问题")); diff != "" {
		t.Errorf("(-want +got):\n%s\n%s", diff, got)
	}
}

func TestMergeRefusesABadFile(t *testing.T) {
	t.Parallel()
	if _, _, err := accountyaml.Merge("account.yaml", []byte("welcome:\n"), accountyaml.Changes{}); err == nil ||
		!strings.Contains(err.Error(), "account.yaml:1: welcome is empty") {
		t.Errorf("error %v", err)
	}
}

// anyText makes texts that YAML could misread.
func anyText() *rapid.Generator[string] {
	lines := rapid.SliceOfN(rapid.StringOfN(rapid.SampledFrom([]rune("ab你好1 :#-'\"\\[]{}|>&*!%@`,?~：“。\t😀/.<=")), 1, 12, -1), 1, 4)
	return rapid.Map(lines, func(l []string) string { return strings.TrimRight(strings.Join(l, "\n"), "\n") }).
		Filter(func(s string) bool { return strings.TrimSpace(s) != "" && !placeholder.MatchString(s) })
}

// placeholder is what Parse takes for one.
var placeholder = regexp.MustCompile(`\{\s*[ab][^{}]*\}`)

// TestMergeKeepsMeaning holds that what is written is read as it was meant, with every comment of the file, and that a second
// time changes nothing.
func TestMergeKeepsMeaning(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		file := rapid.SampledFrom([]string{"", written, commented}).Draw(t, "file")
		c := accountyaml.Changes{Welcome: anyReply(t, "welcome", 8), Default: anyReply(t, "default", 1)}
		for i := range rapid.IntRange(0, 6).Draw(t, "rules") {
			c.Rules = append(c.Rules, accountyaml.Rule{
				Name: "r", Kind: rapid.SampledFrom([]string{"exact", "contains"}).Draw(t, "kind"),
				Keywords: []string{strings.Repeat("k", i+1) + ".", rapid.SampledFrom([]string{"登录", "价格", "x", "yes", "1", "null"}).Draw(t, "keyword")},
				Reply:    anyReply(t, "reply", 1),
			})
		}
		for _, key := range rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"about", "contact", "true", "a: b", "键"}), 0, 3, rapid.ID).Draw(t, "keys") {
			c.Clicks = append(c.Clicks, accountyaml.Click{Key: key, Reply: anyReply(t, "click", 8)})
		}
		got, _, err := accountyaml.Merge("account.yaml", []byte(file), c)
		if err != nil {
			t.Fatal(err)
		}
		a, err := accountyaml.Parse("account.yaml", got)
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(a.Default(), c.Default) || !reflect.DeepEqual(a.Welcome(), c.Welcome) {
			t.Fatalf("welcome %#v, want %#v; default %#v, want %#v in\n%s", a.Welcome(), c.Welcome, a.Default(), c.Default, got)
		}
		for _, click := range c.Clicks {
			if reply, _ := a.Click(click.Key); !reflect.DeepEqual(reply, click.Reply) {
				t.Fatalf("%q: %#v, want %#v in\n%s", click.Key, reply, click.Reply, got)
			}
		}
		again, _, err := accountyaml.Merge("account.yaml", got, c)
		if err != nil || string(again) != string(got) {
			t.Fatalf("the second time: %v\n%s", err, cmp.Diff(string(got), string(again)))
		}
		comment := regexp.MustCompile(`(?m)(?:^|\s)(#.*)$`)
		for _, match := range comment.FindAllStringSubmatch(strings.Replace(file, "# no comment", "", 1), -1) {
			if !strings.Contains(string(got), match[1]) {
				t.Fatalf("%s is gone from\n%s", match[1], got)
			}
		}
	})
}

func anyReply(t *rapid.T, name string, articles int) wechat.Reply {
	text := func() string { return anyText().Draw(t, name) }
	line := func() string { return strings.ReplaceAll(anyText().Draw(t, name), "\n", "") + "x" }
	one := func() wechat.Reply {
		switch rapid.IntRange(0, 6).Draw(t, name) {
		case 0:
			return wechat.ReplyWithFile("图 1.jpg")
		case 1:
			return wechat.FileReply{File: "a.mp4", Reply: wechat.VideoReply{Title: line(), Description: text()}}
		case 2:
			news := wechat.NewsReply{}
			for range rapid.IntRange(1, articles).Draw(t, name) {
				news = append(news, wechat.Article{Title: line(), Description: text(), URL: "https://a.example/#x"})
			}
			return news
		case 3:
			return wechat.MusicReply{ThumbMediaID: "id", Title: line(), MusicURL: "https://a.example/"}
		}
		return wechat.TextReply(text())
	}
	if rapid.IntRange(0, 3).Draw(t, name) > 0 {
		return one()
	}
	return wechat.OneOf{one(), one()}
}
