package accountyaml_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/guanzhu/guanzhu/internal/accountyaml"
	"github.com/guanzhu/guanzhu/internal/bilingual"
)

func read(t *testing.T, yaml string) *accountyaml.File {
	t.Helper()
	f, err := accountyaml.Read("account.yaml", []byte(yaml))
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// TestWarnings has texts that tell followers to send something.
func TestWarnings(t *testing.T) {
	t.Parallel()
	for text, want := range map[string][]string{
		"发送“登录”，打开主页":            {"登录"},
		"回复【1】看菜单，回复 「2」 看地址":    {"1", "2"},
		"回复1查看菜单，回复数字 2":         {"1", "2"},
		"发送关键词：“会员”或“积分”、‘优惠’":   {"会员", "积分", "优惠"},
		"发“帮助”就行":                {"帮助"},
		`Send "start" or "stop"`: {"start", "stop"},
		"发送“你好”或“营业时间是几点”":       nil,
		"发送“@想说的话”":              nil,
		"我们会在 2 小时内回复 3 条消息":     nil,
		"发送 2024 年的账单，回复 5 天内有效": nil,
		"我们有“登录”按钮":              nil,
		"回复“”":                   nil,
	} {
		yaml := "welcome: w\ndefault: d\nsuggestion: s\nkeywords:\n- exact: 你好\n  reply: r\n- contains: 营业时间\n  reply: r\n"
		f := read(t, yaml+fmt.Sprintf("clicks: {k: %q}\n", text))
		var got []string
		for _, warning := range f.Warnings() {
			_, rest, _ := strings.Cut(warning.In(bilingual.Chinese), "account.yaml:9：这里请关注者发送“")
			keyword, _, _ := strings.Cut(rest, "”，但没有关键词规则回复它")
			got = append(got, keyword)
			if !strings.HasPrefix(warning.EN, "account.yaml:9: this tells followers to send “"+keyword+"”, and no keyword rule") {
				t.Error(warning.EN)
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", text, diff)
		}
	}

	// Wherever followers see it, and in the order of the file.
	const everywhere = `
welcome: {news: [{title: 发送“1”, description: 发送“2”, url: https://example.com/}]}
default: {random: [发送“3”, 发送“4”]}
suggestion: {video: {media_id: m, title: 发送“5”}}
messages: {image: 发送“6”}
`
	var lines []string
	for _, warning := range read(t, everywhere).Warnings() {
		place, _, _ := strings.Cut(warning.EN, ": ")
		lines = append(lines, place)
	}
	want := strings.Fields("account.yaml:2 account.yaml:2 account.yaml:3 account.yaml:3 account.yaml:4 account.yaml:5")
	if diff := cmp.Diff(want, lines); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}

	// The line within a text of several lines.
	for block, line := range map[string]int{"|\n  一\n\n  发送“1”\n": 4, "|-\n  一\n  发送\n  “1”\n": 3, ">\n  一\n  发送“1”\n": 1, "\"一\\n发送“1”\"\n": 1} {
		got := read(t, "welcome: "+block+"default: d\nsuggestion: s\n").Warnings()
		if want := fmt.Sprintf("account.yaml:%d: ", line); len(got) != 1 || !strings.HasPrefix(got[0].EN, want) {
			t.Errorf("%q: %v, want %s", block, got, want)
		}
	}

	// Somebody answers every text.
	for _, answers := range []string{
		"{transfer_customer_service: {}}", "{transfer_biz_ai_ivr: {}}", "{ai: {base_url: 'https://example.com/v1', model: m}}",
	} {
		if got := read(t, "welcome: 发送“人工”\ndefault: "+answers+"\nsuggestion: s\n").Warnings(); got != nil {
			t.Errorf("%s: %v", answers, got)
		}
	}
}

// TestLostBehindComment has texts that YAML cuts at a #.
func TestLostBehindComment(t *testing.T) {
	t.Parallel()
	f := read(t, `welcome: 地址：3号楼 #201 室
default: 您好 # 说明
suggestion: "3号楼 #201" #201
keywords:
  - exact: a #1
    reply: |
      3号楼 #201
  - exact: b
    reply: C#是一种语言
messages:
  image: 多谢 #话题#
`)
	var zh, en []string
	for _, warning := range f.Warnings() {
		zh, en = append(zh, warning.ZH), append(en, warning.EN)
	}
	want := []string{`account.yaml:1: "#201 室" is no`, `account.yaml:5: "#1" is no`, `account.yaml:11: "#话题#" is no`}
	for i := range min(len(want), len(en)) {
		en[i] = en[i][:min(len(want[i]), len(en[i]))]
	}
	slices.Sort(want)
	slices.Sort(en)
	if diff := cmp.Diff(want, en); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if len(zh) == 0 || !strings.HasPrefix(zh[0], "account.yaml:1：“#201 室”不算在文字里") {
		t.Errorf("in Chinese: %q", zh)
	}
}
