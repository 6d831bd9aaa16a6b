package autoreply_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/guanzhu/guanzhu/internal/accountyaml"
	"github.com/guanzhu/guanzhu/internal/autoreply"
	"github.com/guanzhu/guanzhu/pkg/wechat"
)

// required is the least that an account.yaml contains, on its first three lines.
const required = "welcome: 欢迎\ndefault: 默认\nsuggestion: 收到\n"

// parse returns the account of an account.yaml, in which a test's account is easiest to read.
func parse(t *testing.T, yaml string) *autoreply.Account {
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

func TestAnswer(t *testing.T) {
	t.Parallel()
	a := parse(t, required+`
keywords:
  - exact: Hello
    reply: exact hello
  - prefix: hello
    reply: prefix hello
  - contains: 价格
    reply: contains price
  - exact: 价
    reply: exact price
  - contains: "@"
    reply: contains at
  - exact: "123"
    reply: a number
`)
	tests := []struct{ name, text, want string }{
		{"exact", "Hello", "exact hello"},
		{"exact, other case", "hELLO", "exact hello"},
		{"exact within white space", " \n\tHello\u3000", "exact hello"},
		{"prefix, since not exactly the same", "hello!", "prefix hello"},
		{"prefix, other case, after white space", "  HELLO world", "prefix hello"},
		{"not a prefix", "oh hello", "默认"},
		{"contains at the start", "价格多少", "contains price"},
		{"contains at the end", "请问价格", "contains price"},
		{"exact after a contains that does not match", "价", "exact price"},
		{"contains may begin with @", "me@example.com", "contains at"},
		{"keyword of digits", "123", "a number"},
		{"first of two that match", "hello 价格", "prefix hello"},
		{"no rule", "再见", "默认"},
		{"nothing", "", "默认"},
		{"full-width letters are others", "Ｈｅｌｌｏ", "默认"},
		{"not UTF-8", "\xff\xfe", "默认"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			wantReply(t, wechat.TextReply(tt.want), a.Answer(tt.text))
		})
	}
}

func TestClick(t *testing.T) {
	t.Parallel()
	a := parse(t, required+"clicks:\n  about: 关于\n  About: 大写\n")
	for key, want := range map[string]wechat.Reply{
		"about": wechat.TextReply("关于"), "About": wechat.TextReply("大写"), "contact": nil,
	} {
		got, ok := a.Click(key)
		wantReply(t, want, got)
		if ok != (want != nil) {
			t.Errorf("Click(%q) reports %t", key, ok)
		}
	}
}
