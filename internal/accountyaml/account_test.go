package accountyaml_test

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/guanzhu/guanzhu/internal/accountyaml"
	"github.com/guanzhu/guanzhu/internal/autoreply"
	"github.com/guanzhu/guanzhu/internal/bilingual"
	"github.com/guanzhu/guanzhu/pkg/wechat"
)

// required is the least that an account.yaml contains, on its first three lines.
const required = "welcome: 欢迎\ndefault: 默认\nsuggestion: 收到\n"

func parse(t testing.TB, yaml string) *autoreply.Account {
	t.Helper()
	a, err := accountyaml.Parse("account.yaml", []byte(yaml))
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func wantReply(t *testing.T, want, got wechat.Reply) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("reply (-want +got):\n%s", diff)
	}
}

func TestParseAccepts(t *testing.T) {
	t.Parallel()
	rest := "\ndefault: d\nsuggestion: s\n"
	tests := []struct{ name, yaml, wantWelcome string }{
		{"plain", "welcome: 您好 # 注释" + rest, "您好"},
		{"quoted", `welcome: "a: #b\tc\nd"` + rest, "a: #b\tc\nd"},
		{"several lines", "welcome: |\n  一\n\n  二\n\n" + rest, "一\n\n二"},
		{"folded lines", "welcome: >\n  one\n  two\n" + rest, "one two"},
		{"line ends of Windows", "welcome: |\r\n  一\r\n  二\r\ndefault: d\r\nsuggestion: s\r\n", "一\n二"},
		{"byte order mark", "\ufeffwelcome: w" + rest, "w"},
		{"one document with its marks", "# 说明\n---\nwelcome: w" + rest + "...\n", "w"},
		{"longest reply", "welcome: " + strings.Repeat("字", 682) + "a" + rest, strings.Repeat("字", 682) + "a"},
		{"the last line break does not count", "welcome: |\n  " + strings.Repeat("a", 2047) + rest, strings.Repeat("a", 2047)},
		{"no rules and clicks left", "welcome: w" + rest + "keywords:\n#  - exact: a\nclicks:\n", "w"},
		{"empty list and mapping", "welcome: w" + rest + "keywords: []\nclicks: {}\n", "w"},
		{"longest key", "welcome: w" + rest + "clicks:\n  " + strings.Repeat("k", 128) + ": r\n", "w"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			wantReply(t, wechat.TextReply(tt.wantWelcome), parse(t, tt.yaml).Welcome())
		})
	}
}

func TestParseRefuses(t *testing.T) {
	t.Parallel()
	const missing = ":1: welcome is missing|:1: default is missing|:1: suggestion is missing"
	tests := []struct {
		name, yaml string
		want       string // beginnings of the error's lines, after the name of the file, separated by |
	}{
		{"empty file", "", ":1: the file is empty"},
		{"comments alone", "# nothing\n", ":1: the file is empty"},
		{"a list", "- a\n", ":1: the file must be made of lines|" + missing},
		{"nothing required", "clicks: {}\n", missing},
		{"two documents", required + "---\nwelcome: b\n", ":4: a second document begins here"},
		{"two documents, the second empty", required + "---\n", ":4: a second document begins here"},
		{"two documents, the second unmarked", required + "...\nwelcome: b\n", ":5: a second document begins here"},
		{"not YAML", required + "clicks: [\n", ":4: this is not YAML: "},
		{"unquoted @", "welcome: @you\n", ":1: this is not YAML: "},
		{"not UTF-8", "welcome: w\ndefault: \xc4\xe3\n", ":2: this line is not UTF-8"},
		{"unknown name", required + "keyword: []\n", `:4: "keyword" is unknown in the file: use welcome, default, `},
		{"repeated name", required + "\nwelcome: again\n", `:5: "welcome" is there already, on line 1`},
		{"merge key", required + "<<: {clicks: {}}\n", ":4: the name << must be a text"},

		{"no text", "welcome:\ndefault: ~\nsuggestion: null\n",
			":1: welcome is empty|:2: default is empty|:3: suggestion is empty"},
		{"blank text", "welcome: \" \\n\\u3000\"\ndefault: ''\nsuggestion: |\n\n", ":1: welcome is empty|" +
			":2: default is empty|:3: suggestion is empty"},
		{"no texts", "welcome: 123\ndefault: true\nsuggestion: 1.5\n",
			":1: welcome must be a text, and YAML takes 123|:2: default must be a text, and YAML takes true|" +
				":3: suggestion must be a text, and YAML takes 1.5"},
		{"structures for texts", required + "clicks:\n  a: [b]\n  b:\n  - c\n",
			`:5: the reply to "a" must be a text|:7: the reply to "b" must be a text`},
		{"anchor, alias, tag", "welcome: &a x\ndefault: *a\nsuggestion: !!str x\n",
			":1: welcome must be a text|:2: default must be a text|:3: suggestion must be a text"},
		{"one byte too long", "welcome: |\n  " + strings.Repeat("字", 682) + "ab\ndefault: d\nsuggestion: s\n",
			":1: welcome has 2048 bytes of UTF-8, and a reply at most 2047 (a Chinese character has 3, a personal link counts as 400): shorten it by 1"},
		{"control characters", "welcome: \"ab\\x07\"\ndefault: \"字\\r\"\nsuggestion: \"\\x7f\"\n",
			":1: welcome contains the control character U+0007 as its character 3|" +
				":2: default contains the control character U+000D as its character 2|" +
				":3: suggestion contains the control character U+007F as its character 1"},
		{"no characters of XML", "welcome: \"\\ufffe\"\ndefault: \"\\uffff\"\nsuggestion: \"\\x85a\"\n",
			":1: welcome contains the control character U+FFFE|:2: default contains the control character U+FFFF|" +
				":3: suggestion contains the control character U+0085"},

		{"keywords no list", required + "keywords:\n  exact: a\n  reply: b\n", ":5: keywords must be a list"},
		{"rules no mappings", required + "keywords:\n  - 你好\n  -\n",
			":5: a keyword rule must be made of lines|:6: a keyword rule must be made of lines"},
		{"rule with nothing", required + "keywords:\n  - {}\n",
			":5: a keyword rule needs exactly one of exact, prefix and contains, this one has 0|" +
				":5: this keyword rule has no reply"},
		{"rule without keyword", required + "keywords:\n  - reply: a\n", ":5: a keyword rule needs exactly one"},
		{"rule without reply", required + "keywords:\n  - exact: a\n", ":5: this keyword rule has no reply"},
		{"rule with two keywords", required + "keywords:\n- exact: a\n  prefix: b\n  reply: c\n- exact: bc\n  reply: d\n",
			":5: a keyword rule needs exactly one of exact, prefix and contains, this one has 2"},
		{"rule with one keyword twice", required + "keywords:\n  - exact: a\n    exact: b\n    reply: c\n",
			`:6: "exact" is there already, on line 5`},
		{"rule with an unknown name", required + "keywords:\n  - exact: a\n    answer: b\n    reply: c\n",
			`:6: "answer" is unknown in a keyword rule`},
		{"rule with an empty reply", required + "keywords:\n  - exact: a\n    reply:\n", ":6: reply is empty"},
		{"keywords of other types", required + "keywords:\n- exact: 1\n  reply: a\n- prefix: {b: c}\n  reply: b\n",
			":5: exact must be a text, and YAML takes 1|:7: prefix must be a text"},
		{"empty keywords", required + "keywords:\n- exact:\n  reply: a\n- prefix: ''\n  reply: b\n- contains: ' '\n  reply: c\n",
			":5: exact is empty|:7: prefix is empty|:9: contains is empty"},
		{"keywords in white space", required + "keywords:\n- exact: ' a'\n  reply: a\n- prefix: \"b\\u3000\"\n  reply: b\n",
			":5: exact begins or ends with white space|:7: prefix begins or ends with white space"},
		{"keywords that are suggestions", required + "keywords:\n- exact: '@a'\n  reply: a\n- prefix: ＠\n  reply: b\n",
			":5: exact begins with @|:7: prefix begins with @"},

		{"clicks no mapping", required + "clicks: [a]\n", ":4: clicks must be made of lines"},
		{"click key a number", required + "clicks:\n  1: a\n", ":5: the name 1 must be a text"},
		{"click key twice", required + "clicks:\n  a: x\n  b: x\n  'a': y\n", `:7: "a" is there already, on line 5`},
		{"click key empty", required + "clicks:\n  '': x\n", ":5: this key has 0 bytes"},
		{"click key too long", required + "clicks:\n  " + strings.Repeat("k", 129) + ": x\n", ":5: this key has 129 bytes"},
		{"click reply empty", required + "clicks:\n  a:\n  b: 7\n",
			`:5: the reply to "a" is empty|:6: the reply to "b" must be a text`},

		{"everything at once, in the order of the file", "suggestion: 7\nclicks:\n  '': a\nkeywords:\n- exact: a\nextra: b\n",
			":1: suggestion must be a text|:1: welcome is missing|:1: default is missing|:3: this key has 0 bytes|" +
				":5: this keyword rule has no reply|:6: \"extra\" is unknown in the file"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			refused(t, tt.yaml, tt.want)
		})
	}
}

// refused fails the test unless Parse refuses yaml with what want says, as in the table above.
func refused(t *testing.T, yaml, want string) {
	t.Helper()
	a, err := accountyaml.Parse("account.yaml", []byte(yaml))
	if a != nil || err == nil {
		t.Fatalf("Parse = %v, %v", a, err)
	}
	wantLines(t, strings.Split(want, "|"), err)
}

// wantLines fails the test unless each line of err begins with "account.yaml" and one of want, in its order.
func wantLines(t *testing.T, want []string, err error) {
	t.Helper()
	got := strings.Split(err.Error(), "\n")
	for i := range min(len(want), len(got)) {
		want[i] = "account.yaml" + want[i]
		if strings.HasPrefix(got[i], want[i]) {
			got[i] = want[i]
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	wantChinese(t, err)
}

// english finds what is left of an English sentence, or what fmt says of a wrong format.
var english = regexp.MustCompile(`[A-Za-z]+ [a-z]+ [a-z]+|%!`)

// wantChinese fails the test unless the Chinese text of err has the same lines of the file as the English one.
func wantChinese(t *testing.T, err error) {
	t.Helper()
	en, zh := strings.Split(err.Error(), "\n"), strings.Split(bilingual.Explain(err, bilingual.Chinese), "\n")
	if len(en) != len(zh) {
		t.Errorf("%d lines in Chinese, %d in English: %q", len(zh), len(en), zh)
		return
	}
	for i := range zh {
		place, _, _ := strings.Cut(en[i], ": ")
		if text, ok := strings.CutPrefix(zh[i], place+"："); !ok || english.MatchString(text) {
			t.Errorf("in Chinese %q, in English %q", zh[i], en[i])
		}
	}
}

func TestRuleThatNeverAnswers(t *testing.T) {
	t.Parallel()
	tests := []struct {
		earlier, later string
		refused        bool
	}{
		{"exact: ab", "exact: ab", true},
		{"exact: ab", "exact: AB", true},
		{"exact: ab", "exact: abc", false},
		{"exact: ab", "prefix: ab", false},
		{"exact: ab", "contains: ab", false},
		{"prefix: a", "exact: ab", true},
		{"prefix: a", "prefix: Ab", true},
		{"prefix: a", "prefix: a", true},
		{"prefix: ab", "prefix: a", false},
		{"prefix: a", "exact: ba", false},
		{"prefix: a", "contains: ab", false},
		{"contains: b", "exact: abc", true},
		{"contains: b", "prefix: abc", true},
		{"contains: b", "contains: abc", true},
		{"contains: abc", "contains: b", false},
		{"contains: abc", "exact: b", false},
	}
	for _, tt := range tests {
		t.Run(tt.earlier+" before "+tt.later, func(t *testing.T) {
			t.Parallel()
			yaml := required + "keywords:\n- exact: 甲\n  reply: x\n- " + tt.earlier + "\n  reply: x\n" +
				"- exact: 乙\n  reply: x\n- " + tt.later + "\n  reply: y\n"
			_, err := accountyaml.Parse("account.yaml", []byte(yaml))
			if !tt.refused {
				if err != nil {
					t.Error(err)
				}
				return
			}
			if err == nil {
				t.Fatal("accepted")
			}
			kind, keyword, _ := strings.Cut(strings.ToLower(tt.later), ": ")
			wantLines(t, []string{":11: this rule (" + kind + ` "` + keyword +
				`") never answers, since the one on line 7 (`}, err)
		})
	}
}

// TestManyRules has ten thousand rules. That they are not compared with each other is counted in internal/pattern; the
// rest of Parse allocates in proportion to them.
func TestManyRules(t *testing.T) {
	file := func(rules int) string {
		var b strings.Builder
		b.WriteString(required + "keywords:\n")
		for i := range rules {
			fmt.Fprintf(&b, "- contains: 关键词%05d\n  reply: 回复%05d\n", i, i)
		}
		return b.String()
	}
	allocations := func(yaml string) float64 {
		return testing.AllocsPerRun(1, func() { parse(t, yaml) })
	}
	few, many := allocations(file(400)), allocations(file(4000))
	if many > 11*few {
		t.Errorf("%.0f allocations for 400 rules, %.0f for 4,000", few, many)
	}
	a := parse(t, file(10_000))
	wantReply(t, wechat.TextReply("回复09999"), a.Answer("请问关键词09999？"))
	wantReply(t, wechat.TextReply("回复00007"), a.Answer("关键词09999和关键词00007"))
	wantReply(t, wechat.TextReply("默认"), a.Answer("关键词"))
	refused(t, file(4000)+"- exact: 请问关键词03999\n  reply: r\n",
		`:8005: this rule (exact "请问关键词03999") never answers, since the one on line 8003 (contains "关键词03999")`)
}

// What parses answers everything, with what the platform can show.
func FuzzParse(f *testing.F) {
	f.Add([]byte(required), "text")
	f.Add([]byte(required+"keywords:\n- exact: 你好\n  reply: |\n    a\n    b\n- prefix: \"@x\"\n  reply: c\n"), " 你好\n")
	f.Add([]byte("welcome: &a \"\\x07\"\ndefault: *a\nsuggestion: !!str 1\nclicks: {k: 'v', ? x : y}\n---\n"), "k")
	f.Add([]byte("<<: [\n- a: >-\n\n  b\n"), "")
	f.Add([]byte(everyKind), "图")
	f.Add([]byte(everyKind), "news")
	f.Fuzz(func(t *testing.T, data []byte, text string) {
		a, err := accountyaml.Parse("account.yaml", data)
		if err != nil {
			for line := range strings.Lines(err.Error()) {
				if !strings.HasPrefix(line, "account.yaml:") {
					t.Errorf("a line of the error names no place: %q", line)
				}
			}
			if zh := bilingual.Explain(err, bilingual.Chinese); strings.Count(zh, "\n") != strings.Count(err.Error(), "\n") {
				t.Errorf("in Chinese: %q, in English: %q", zh, err)
			}
			return
		}
		message := wechat.Head{FromUserName: "o", ToUserName: "gh_", CreateTime: 1, MsgType: "text"}
		event := message
		event.MsgType = "event"
		wantShown(t, &event, a.Welcome())
		wantShown(t, &message, a.Suggestion())
		wantShown(t, &message, a.Answer(text))
		wantShown(t, &message, a.Answer(""))
		if reply, ok := a.Click(text); ok {
			wantShown(t, &event, reply)
		}
	})
}

// wantShown fails the test unless the user sees the whole of reply as the answer to the push of head.
func wantShown(t *testing.T, head *wechat.Head, reply wechat.Reply) {
	t.Helper()
	body := wechat.MarshalReply(head, reply)
	if reply == nil || string(body) == wechat.Success {
		t.Fatalf("the reply %#v says nothing", reply)
	}
	if text, ok := reply.(wechat.TextReply); ok {
		var got struct{ Content string }
		if err := xml.Unmarshal(body, &got); err != nil || strings.TrimSpace(got.Content) == "" || got.Content != string(text) {
			t.Errorf("of the text %q is shown %q, %v", text, got.Content, err)
		}
	}
	if articles, ok := reply.(wechat.NewsReply); ok {
		if items := bytes.Count(body, []byte("<item>")); items < len(articles) {
			t.Errorf("of %d articles are shown %d", len(articles), items)
		}
	}
}

// Parse runs before each build of the functions, and in the console. /owner is the file as it is shipped, /large has 200 rules and 50 clicks.
func BenchmarkParse(b *testing.B) {
	owner, err := os.ReadFile("../../account/account.yaml")
	if err != nil {
		b.Fatal(err)
	}
	var large strings.Builder
	large.WriteString(required + "keywords:\n")
	for i := range 200 {
		large.WriteString("- contains: 关键词" + string(rune('一'+i)) + "\n  reply: " + strings.Repeat("回复", 50) + "\n")
	}
	large.WriteString("clicks:\n")
	for i := range 50 {
		large.WriteString("  key" + string(rune('一'+i)) + ": " + strings.Repeat("回复", 50) + "\n")
	}
	for name, data := range map[string][]byte{"owner": owner, "large": []byte(large.String())} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := accountyaml.Parse("account.yaml", data); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
