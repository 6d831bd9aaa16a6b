package accountyaml_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/guanzhu/guanzhu/internal/accountyaml"
	"github.com/guanzhu/guanzhu/pkg/wechat"
)

// The file that TestStrays spoils, without texts of several lines: those may contain anything.
const spoilt = `welcome: 欢迎
default: 默认
suggestion: "收到"
keywords:
  - exact: 你好
    reply: 您好
  - prefix: 图
    reply:
      image:
        media_id: m
clicks:
  k: 回复
  l:
    news:
      - title: 标题
        url: https://example.com/
menu:
  button:
    - name: 关于
      type: click
      key: k
menu_drift: tell
`

// TestStrays puts the characters of web pages and Chinese keyboards into each line of a good file. The problem has the
// line and the character.
func TestStrays(t *testing.T) {
	t.Parallel()
	parse(t, spoilt)
	type change struct{ name, expression, by string }
	changes := []change{
		{"full-width colon", `^( *(?:- )?[a-z_]+): ?`, "$1："},
		{"no space after the colon", `^( *(?:- )?[a-z_]+): `, "$1:"},
		{"curly quotes", `^( *(?:- )?)([a-z_]+):`, "$1“$2”:"},
		{"full-width dash", `^( *)- `, "$1－ "},
		{"em dash", `^( *)- `, "$1— "},
		{"tab for the indentation", `^ +`, "\t"},
		{"tab after the dash", `- `, "-\t"},
	}
	for _, r := range "\u00a0\u3000\u2003\u200b\ufeff" {
		char := string(r)
		changes = append(changes, []change{
			{fmt.Sprintf("%U before the name", r), `^( *(?:- )?)`, "$1" + char},
			{fmt.Sprintf("%U for the indentation", r), `^ +`, strings.Repeat(char, 2)},
			{fmt.Sprintf("%U in the indentation", r), `^  `, char + " "},
			{fmt.Sprintf("%U after the dash", r), `- `, "-" + char},
			{fmt.Sprintf("%U before the colon", r), `^( *(?:- )?[a-z_]+):`, "$1" + char + ":"},
			{fmt.Sprintf("%U after the colon", r), `: `, ":" + char},
		}...)
	}
	lines := strings.SplitAfter(spoilt, "\n")
	for _, c := range changes {
		expression := regexp.MustCompile(c.expression)
		for i, line := range lines {
			bad := expression.ReplaceAllString(line, c.by)
			if bad == line || strings.HasPrefix(bad, "\ufeff") && i == 0 {
				continue
			}
			file := strings.Join(lines[:i], "") + bad + strings.Join(lines[i+1:], "")
			_, err := accountyaml.Parse("account.yaml", []byte(file))
			if err == nil {
				t.Errorf("%s: %q is accepted", c.name, bad)
			} else if place := fmt.Sprintf("account.yaml:%d: character ", i+1); !strings.Contains(err.Error(), place) {
				t.Errorf("%s: %q, line %d: %v", c.name, bad, i+1, err)
			} else {
				wantChinese(t, err)
			}
		}
	}
}

// TestStraysInTheirPlace has characters that only look like strays, or explain nothing.
func TestStraysInTheirPlace(t *testing.T) {
	t.Parallel()
	a := parse(t, "welcome: |\n  \u3000\u3000您好：\n  “时间”：九点\n  \u00a0－ 再见\ndefault: “默认”\nsuggestion: \"\u00a0收到\"\n"+
		"clicks:\n  \" k\": 回复\n  '“l”': 回复\n  m：n: 回复\n")
	wantReply(t, wechat.TextReply("\u3000\u3000您好：\n“时间”：九点\n\u00a0－ 再见"), a.Welcome())
	wantReply(t, wechat.TextReply("“默认”"), a.Default())
	wantReply(t, wechat.TextReply("\u00a0收到"), a.Suggestion())
	for _, key := range []string{" k", "“l”", "m：n"} {
		if _, ok := a.Click(key); !ok {
			t.Errorf("nothing answers %q", key)
		}
	}
	refused(t, "welcome: |\n  \u3000您好：\ndefault: 1\nsuggestion: s\n", ":3: default must be a text")
	refused(t, "welcome: |\n  您好：\n\n  \u3000时间：九点\n\ndefault: |  # 说明\n  默认：\n    \u3000a：b\nsuggestion: s\nclicks: [\n",
		":10: this is not YAML")
	refused(t, "welcome: |\n  一\n\u00a0\u00a0二\ndefault: d\nsuggestion: s\n", ":3: character 1 of this line is a no-break space")
	refused(t, "welcome: w\ndefault: d\nsuggestion: s\n\tclicks: {}\nmenu: [\n", ":4: character 1 of this line is a tab")
	refused(t, "welcome: w\ndefault: d\nsuggestion: s\nclicks: {\n\ta: b}\nkeywords: 1\n", ":6: keywords must be a list")
	refused(t, "welcome: \"您\n  \u3000好\"\ndefault: d\nsuggestion: s\nclicks:\n  k: 时间: 九点\n",
		":2: character 3 of this line is a full-width space (U+3000)|:6: this is not YAML")
}

// TestFarBelow has a stray character whose effect is found out seven lines below.
func TestFarBelow(t *testing.T) {
	t.Parallel()
	refused(t, strings.Replace(spoilt, "keywords:", "keywords：", 1),
		":4: character 9 of this line is ： (U+FF1A)|:11: this is not YAML")
	refused(t, "welcome\u00a0: 欢迎\n", ":1: character 8 of this line is a no-break space (U+00A0): remove it")
}

// TestForgotten forgets a character of YAML. The line that lacks it is named, and not only the one below at which the file is
// no YAML.
func TestForgotten(t *testing.T) {
	t.Parallel()
	refused(t, "welcome: w\ndefault: \"默认\n# 说明\nsuggestion: \"收到\"\n",
		":2: character 10 of this line is a double quote (U+0022): no other one closes it|:4: this is not YAML")
	refused(t, "welcome: '您好\ndefault: d\nsuggestion: '收到'\n", ":1: character 10 of this line is a single quote (U+0027): no other one closes it|:3: this is not YAML")
	refused(t, "welcome: \"您\n  好\" # 说明\ndefault: d\nsuggestion: s\nclicks: [\n", ":5: this is not YAML")
	refused(t, "welcome: \"您\n  好\"\ndefault: 1\nsuggestion: s\n", ":3: default must be a text")
	refused(t, required+"keywords:\n  -exact: a\n    reply: b\n", ":5: character 3 of this line is - (U+002D): type a space behind it")
	refused(t, required+"#messages:\n  image: a\n", ":4: character 1 of this line is # (U+0023): remove it too|:5: this is not YAML")
	refused(t, required+"# 说明:\n#messages:\n#  image: a\nclicks: [\n", ":7: this is not YAML")
}

// TestMisread are texts that YAML would take otherwise than they are meant, without a word.
func TestMisread(t *testing.T) {
	t.Parallel()
	refused(t, "welcome: “欢迎 # 您”\ndefault: ｜\n  默认\nsuggestion: s\n",
		":1: character 10 of this line is “ (U+201C): type \"|:2: character 10 of this line is ｜ (U+FF5C): type the half-width")
	refused(t, required+"clicks: {a: “b # c”\n}\n", `:4: the reply to "a" begins with “ and has no ”`)
	refused(t, required+"clicks: {a: b,\n  c:\n  ｜ d}\n", `:6: the reply to "c" begins with ｜`)
	refused(t, required+"clicks: {a: b，c: d}\n", `:4: the reply to "a" contains ": "`)
	refused(t, required+"clicks: {“a”: b}\n", ":4: the name “a” is in quotes that are none of YAML's")
	refused(t, required+"clicks: {a\u200b: b}\n", `:4: the name "a\u200b" begins or ends with something invisible`)
	refused(t, "welcome: “时间: 九点”\ndefault: d\nsuggestion: s\n", ":1: character 10 of this line is “ (U+201C): type \"")
}

// TestLines has a mistake in the last line of files with each kind of line end.
func TestLines(t *testing.T) {
	t.Parallel()
	for _, end := range []string{"\n", "\r\n", "\r"} {
		yaml := strings.ReplaceAll("\ufeff# 说明\nwelcome: |\n  一\n\n  二\ndefault: d\nsuggestion: s\n", "\n", end)
		parse(t, yaml)
		refused(t, yaml+"extra: 1"+end, `:8: "extra" is unknown`)
		refused(t, yaml+"\u00a0extra: 1"+end, ":8: character 1 of this line is a no-break space (U+00A0)")
		refused(t, yaml+"\ufeffextra: 1"+end, ":8: character 1 of this line is a byte order mark (U+FEFF)")
	}
}
