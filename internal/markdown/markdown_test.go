package markdown_test

import (
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/guanzhu/guanzhu/internal/markdown"
)

var update = flag.Bool("update", false, "write the golden files")

// TestAnswers: testdata has answers as models write them, NAME.md, and what a reader sees, NAME.txt.
func TestAnswers(t *testing.T) {
	t.Parallel()
	sources, err := filepath.Glob("testdata/*.md")
	if err != nil || len(sources) == 0 {
		t.Fatalf("no testdata: %v", err)
	}
	for _, name := range sources {
		source, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		golden := strings.TrimSuffix(name, ".md") + ".txt"
		got := markdown.Plain(string(source)) + "\n"
		if *update {
			if err := os.WriteFile(golden, []byte(got), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(golden)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestPlain(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ source, want string }{
		"nothing":                       {"", ""},
		"white space":                   {" \n\n ", ""},
		"text":                          {"您好！", "您好！"},
		"emphasis":                      {"**很**_重要_，~~不~~", "很重要，不"},
		"strong beside punctuation":     {"**“注意”**事项，**（一）**说明", "“注意”事项，（一）说明"},
		"stars in code":                 {"`a**b**c`是`*p`", "a**b**c是*p"},
		"stars in an address":           {"<https://a.example/**b**>", "https://a.example/**b**"},
		"a line break":                  {"一\n二  \n三<br>四", "一\n二\n三\n四"},
		"heading":                       {"# 标题 **粗**\n正文", "【标题 粗】\n\n正文"},
		"heading with brackets":         {"## 【公告】", "【公告】"},
		"a link":                        {"[官网](https://a.example/?a=1&amp;b=2)", "官网（https://a.example/?a=1&b=2）"},
		"a link without a text":         {"[](https://a.example)", "https://a.example"},
		"an address as a link":          {"[https://a.example](https://a.example)", "https://a.example"},
		"a bare address":                {"见 https://a.example/x 。", "见 https://a.example/x 。"},
		"a picture":                     {"![图](https://a.example/1.png)", "图（https://a.example/1.png）"},
		"HTML":                          {"<div>**一**</div>\n\n二<sup>2</sup>", "**一**\n\n二2"},
		"a link in HTML":                {"<a href=\"weixin://x\">点</a>", "点"},
		"a link in code":                {"`<a href=\"https://a.example\">点</a>`", "＜a href=\"https://a.example\">点＜/a>"},
		"a link in entities":            {"&lt;A href=\"https://a.example\"&gt;点&lt;/A&gt;", "＜A href=\"https://a.example\">点＜/A>"},
		"a link in escapes":             {"\\<a href=\"https://a.example\">点\\</a>", "＜a href=\"https://a.example\">点＜/a>"},
		"less than":                     {"1 < 2，a<b", "1 < 2，a<b"},
		"escapes":                       {"1\\. 不是列表 \\*星\\*", "1. 不是列表 *星*"},
		"entities":                      {"A&amp;B &copy; &#20320;", "A&B © 你"},
		"bullets":                       {"- 一\n- 二\n  - 三\n    1. 四", "• 一\n• 二\n\u3000• 三\n\u3000\u30001. 四"},
		"numbers":                       {"3. 三\n4. 四", "3. 三\n4. 四"},
		"loose list":                    {"- 一\n\n- 二", "• 一\n\n• 二"},
		"tasks":                         {"- [x] 完成\n- [ ] 未完成", "☑ 完成\n☐ 未完成"},
		"quote":                         {"> 一\n>\n> 二", "▏一\n\n▏二"},
		"rule":                          {"一\n\n---\n\n二", "一\n\n————————\n\n二"},
		"fenced code":                   {"```go\nif a < b {\n\treturn\n}\n```", "if a < b {\n\treturn\n}"},
		"fence not closed":              {"```\n一", "一"},
		"table of two columns":          {"|项目|价格|\n|--|--|\n|咖啡|**20**元|\n|茶||", "咖啡：20元\n茶"},
		"table of three columns":        {"|套餐|价格|流量|\n|--|--|--|\n|A|1|2|\n|B|3||", "A\n• 价格：1\n• 流量：2\n\nB\n• 价格：3"},
		"a table's header":              {"|a|b|\n|-|-|", "a｜b"},
		"not UTF-8":                     {"\xff", "\ufffd"},
		"a bracket that is not a link":  {"见[1]和[2]", "见[1]和[2]"},
		"dollars":                       {"售价 $5，共 $10", "售价 $5，共 $10"},
		"nested too deep":               {strings.Repeat("> ", 17) + "一\n\n" + strings.Repeat("- ", 30) + "二", "一\n\n二"},
		"a hash that is not a heading":  {"#话题#", "#话题#"},
		"a reference that is not there": {"[甲][乙]", "[甲][乙]"},
	} {
		if got := markdown.Plain(test.source); got != test.want {
			t.Errorf("%s: %q\n got %q\nwant %q", name, test.source, got, test.want)
		}
	}
}

// TestLongSources: hostile sources take little time, and the result is at most a few times as long.
func TestLongSources(t *testing.T) {
	t.Parallel()
	for name, source := range map[string]string{
		"characters":  strings.Repeat("关", markdown.MaxSource),
		"quotes":      strings.Repeat(">", markdown.MaxSource-1) + "一",
		"lists":       strings.Repeat("- ", markdown.MaxSource/2-2) + "一",
		"columns":     strings.Repeat("|a", 5000) + "\n" + strings.Repeat("|-", 5000) + "\n" + strings.Repeat("|\n", 5000),
		"rows":        strings.Repeat("|a", 15) + "\n" + strings.Repeat("|-", 15) + "\n" + strings.Repeat("|\n", 15000),
		"names":       "|a|" + strings.Repeat("名", 8000) + "|c\n|-|-|-\n" + strings.Repeat("1|2|3\n", 1000),
		"brackets":    strings.Repeat("[", markdown.MaxSource),
		"stars":       strings.Repeat("*a ", markdown.MaxSource/3),
		"underscores": strings.Repeat("_a", markdown.MaxSource/2),
		"tags":        strings.Repeat("<a", markdown.MaxSource/2),
		"comments":    strings.Repeat("<!--", markdown.MaxSource/4),
		"images":      strings.Repeat("![", markdown.MaxSource/2),
		"backticks":   strings.Repeat("`a``", markdown.MaxSource/4),
	} {
		if got := markdown.Plain(source); len(got) > 4*markdown.MaxSource || !utf8.ValidString(got) {
			t.Errorf("%s: %d bytes", name, len(got))
		}
	}
}

var link = regexp.MustCompile(`(?i)</?a[\s>]`)

func FuzzPlain(f *testing.F) {
	sources, err := filepath.Glob("testdata/*.md")
	if err != nil {
		f.Fatal(err)
	}
	for _, name := range sources {
		source, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(source))
	}
	f.Add("|a|b|c|\n|-|-|-|\n|1|<a href=x>|3|\n\n> - [x] **“一”**<br>")
	f.Fuzz(func(t *testing.T, source string) {
		got := markdown.Plain(source)
		switch {
		case !utf8.ValidString(got):
			t.Errorf("not UTF-8: %q", got)
		case link.MatchString(got):
			t.Errorf("a tag of a link: %q", got)
		case len(got) > 100+32*len(source):
			t.Errorf("%d bytes of %d", len(got), len(source))
		}
	})
}
