package accountyaml_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/guanzhu/guanzhu/internal/accountyaml"
	"github.com/guanzhu/guanzhu/internal/autoreply"
	"github.com/guanzhu/guanzhu/internal/bilingual"
	"github.com/guanzhu/guanzhu/pkg/wechat"
)

// withAI returns an account.yaml whose default is an ai with these lines.
func withAI(lines ...string) string {
	return "welcome: w\nsuggestion: s\ndefault:\n  ai:\n    " + strings.Join(lines, "\n    ") + "\n"
}

const (
	aiURL   = "base_url: https://api.example.com/v1"
	aiModel = "model: example-model"
)

// TestFiveLines: an owner switches AI on with five lines, and everything else has a value.
func TestFiveLines(t *testing.T) {
	t.Parallel()
	a := parse(t, withAI(aiURL, aiModel, "instructions: 你是花店的助手。"))
	r, ok := a.Answer("郁金香多少钱？").(*autoreply.AI)
	if !ok || r != a.Default() {
		t.Fatalf("the reply is %T", a.Answer("x"))
	}
	if r.BaseURL != "https://api.example.com/v1" || r.Model != "example-model" || r.Instructions != "你是花店的助手。" {
		t.Errorf("%+v", r)
	}
	if r.Memory == 0 || r.MaxTokens == 0 || r.DailyLimit == 0 || r.AccountLimit == 0 || r.Wait == "" || r.Sorry == "" || r.Full == "" {
		t.Errorf("something has no default: %+v", r)
	}
	if diff := cmp.Diff([]*autoreply.AI{r}, a.AIs()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestEveryFieldOfAI(t *testing.T) {
	t.Parallel()
	a := parse(t, `
welcome: w
suggestion: s
default: d
keywords:
  - prefix: 问
    reply:
      ai:
        base_url: http://127.0.0.1:11434/v1/
        model: qwen3:8b
        instructions: |
          一
          二
        memory: 0
        max_tokens: 300
        daily_limit: 3
        account_daily_limit: 1000
        wait: 等
        sorry: 歉
        full: 满
        label: （内容由 AI 生成）
`)
	want := &autoreply.AI{
		BaseURL: "http://127.0.0.1:11434/v1", Model: "qwen3:8b", Instructions: "一\n二", MaxTokens: 300, DailyLimit: 3,
		AccountLimit: 1000, Wait: "等", Sorry: "歉", Full: "满", Label: "（内容由 AI 生成）",
	}
	if diff := cmp.Diff(wechat.Reply(want), a.Answer("问一下")); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if got := a.Answer("别的"); got != wechat.TextReply("d") {
		t.Errorf("the default is %v", got)
	}
}

func TestWrongAI(t *testing.T) {
	t.Parallel()
	const keyword = "welcome: w\nsuggestion: s\ndefault: d\n"
	for name, test := range map[string]struct{ yaml, want string }{
		"nothing below":    {"welcome: w\nsuggestion: s\ndefault:\n  ai:\n", "4: ai must be made of lines"},
		"no base_url":      {withAI(aiModel), "4: ai has no base_url"},
		"no model":         {withAI(aiURL), "4: ai has no model"},
		"http":             {withAI("base_url: http://api.example.com/v1", aiModel), "5: base_url must begin with https://"},
		"no scheme":        {withAI("base_url: api.example.com/v1", aiModel), "5: base_url is no address"},
		"a password":       {withAI("base_url: https://u:sk-1@api.example.com/v1", aiModel), "5: base_url must be an address without a password"},
		"a query":          {withAI("base_url: https://api.example.com/v1?key=sk-1", aiModel), "5: base_url must be an address without a password, ? and #"},
		"the whole path":   {withAI("base_url: https://api.example.com/v1/chat/completions", aiModel), "5: base_url must end before /chat/completions"},
		"model with space": {withAI(aiURL, "model: a b"), "6: model contains white space"},
		"a key":            {withAI(aiURL, aiModel, "api_key: sk-1"), "7: the key of the model's API is a secret and does not belong in this file"},
		"unknown":          {withAI(aiURL, aiModel, "temprature: 1"), `7: "temprature" is unknown in ai`},
		"memory too long":  {withAI(aiURL, aiModel, "memory: 11"), "7: memory must be a whole number from 0 to 10"},
		"a negative limit": {withAI(aiURL, aiModel, "daily_limit: -1"), "7: daily_limit must be a whole number from 1 to 1000"},
		"a limit of none":  {withAI(aiURL, aiModel, "account_daily_limit: 0"), "7: account_daily_limit must be a whole number from 1 to 1000000"},
		"a limit in words": {withAI(aiURL, aiModel, "daily_limit: 二十"), "7: daily_limit must be a whole number"},
		"half a token":     {withAI(aiURL, aiModel, "max_tokens: 1.5"), "7: max_tokens must be a whole number"},
		"a number too big": {withAI(aiURL, aiModel, "max_tokens: 99999999999999999999"), "7: max_tokens must be a whole number"},
		"a quoted number":  {withAI(aiURL, aiModel, `memory: "3"`), "7: memory must be a whole number from 0 to 10, without quotes"},
		"no wait":          {withAI(aiURL, aiModel, "wait:"), "7: wait is empty"},
		"a long wait":      {withAI(aiURL, aiModel, "wait: "+strings.Repeat("等", 600)), "7: wait has 1800 bytes of UTF-8, and may have 1647"},
		"a link":           {withAI(aiURL, aiModel, "sorry: 看{personal_link}"), "7: {personal_link} is sent as it is in sorry"},
		"a suggestion":     {"welcome: w\ndefault: d\nsuggestion:\n  ai:\n    base_url: https://a.example\n    model: m\n", "4: ai answers a text"},
		"a welcome":        {"suggestion: s\ndefault: d\nwelcome:\n  ai:\n    base_url: https://a.example\n    model: m\n", "4: ai answers a text"},
		"a click":          {keyword + "clicks:\n  a:\n    ai:\n      base_url: https://a.example\n      model: m\n", "6: ai answers a text"},
		"random":           {"welcome: w\nsuggestion: s\ndefault:\n  random:\n    - 一\n    - ai:\n        base_url: https://a.example\n        model: m\n", "6: ai answers a text"},
		"another address": {keyword + "keywords:\n  - exact: a\n    reply: {ai: {base_url: https://a.example, model: m}}\n" +
			"  - exact: b\n    reply: {ai: {base_url: https://b.example, model: m}}\n", "8: this ai has another base_url"},
	} {
		_, err := accountyaml.Parse("account.yaml", []byte(test.yaml))
		if err == nil || !strings.HasPrefix(err.Error(), "account.yaml:"+test.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: error %v, want account.yaml:%s", name, err, test.want)
		}
		if err != nil {
			wantChinese(t, err)
		}
		if err != nil && strings.Contains(err.Error()+bilingual.Explain(err, bilingual.Chinese), "sk-1") {
			t.Errorf("%s: the error has the key: %v", name, err)
		}
	}
	_, err := accountyaml.Parse("account.yaml", []byte(withAI(aiURL, aiModel, "temprature: 1")))
	want := `account.yaml:7：ai 里不能写 "temprature"，可以写的有：` +
		"base_url、model、instructions、memory、max_tokens、daily_limit、account_daily_limit、wait、sorry、full、label"
	if zh := bilingual.Explain(err, bilingual.Chinese); zh != want {
		t.Errorf("in Chinese: %s, want %s", zh, want)
	}
}
