package autoreply_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/guanzhu/guanzhu/internal/bilingual"
	"github.com/guanzhu/guanzhu/internal/menu"
)

// answered is a file in which click keys have replies; what follows it begins on line 7.
const answered = required + "clicks:\n  a: 甲\n  b: 乙\n"

func TestMenuWithoutPublicURL(t *testing.T) {
	t.Parallel()
	a := parse(t, answered+`menu:
  button:
    - {name: 甲, type: click, key: a}
    - {name: 我的, type: view, url: /}
    - name: 更多
      sub_button:
        - {name: 订单, type: view, url: /orders}
conditionalmenu:
  - {matchrule: {tag_id: 1}, button: [{name: 页, type: view, url: /}]}
  - {matchrule: {tag_id: 2}, button: [{name: 页, type: view, url: /}, {name: 甲, type: click, key: a}]}
`)
	got, err := a.Menu("")
	if err != nil {
		t.Fatal(err)
	}
	leftOut := func(place, name string) bilingual.Text {
		return bilingual.New(
			place+"："+name+" 不发布，因为它的 url 以 / 开头：把 PUBLIC_URL 设为网页的地址 https://…",
			place+": "+name+" is left out, since its url begins with a slash: set PUBLIC_URL to where your pages are, https://…")
	}
	click := []menu.Button{{Type: "click", Name: "甲", Key: "a"}}
	want := menu.Menu{
		Buttons:     click,
		Conditional: []menu.Conditional{{MatchRule: menu.MatchRule{"tag_id": "2"}, Buttons: click}},
		LeftOut: []bilingual.Text{leftOut("account.yaml:10", "我的"), leftOut("account.yaml:13", "订单"),
			leftOut("account.yaml:15", "页"), leftOut("account.yaml:16", "页")},
	}
	noLines := cmp.Options{
		cmpopts.IgnoreFields(menu.Menu{}, "File"), cmpopts.IgnoreFields(menu.Conditional{}, "Line"), cmpopts.IgnoreFields(menu.Button{}, "Line"),
	}
	if diff := cmp.Diff(want, got, noLines); diff != "" {
		t.Errorf("menu (-want +got):\n%s", diff)
	}
	for _, url := range []string{"https://host.example", "https://host.example/", "http://127.0.0.1:8080/"} {
		got, err := a.Menu(url)
		if err != nil {
			t.Fatal(err)
		}
		if want := strings.TrimSuffix(url, "/") + "/orders"; got.Buttons[2].SubButton[0].URL != want || got.LeftOut != nil {
			t.Errorf("with PUBLIC_URL %s: %+v", url, got)
		}
	}
	for _, url := range []string{"host.example", "ftp://host.example", "https://host.example/?a", "https://host.example#a",
		"https://host.example/base/", "https://", "/"} {
		if _, err := a.Menu(url); err == nil || !strings.Contains(err.Error(), "PUBLIC_URL must look like https://host") {
			t.Errorf("PUBLIC_URL %q: error %v", url, err)
		}
	}
}

func TestRepairsMenu(t *testing.T) {
	t.Parallel()
	for yaml, want := range map[string]bool{"": true, "menu_drift: repair\n": true, "menu_drift: tell\n": false} {
		if got := parse(t, required+yaml).RepairsMenu(); got != want {
			t.Errorf("%q: %v", yaml, got)
		}
	}
}

func TestPage(t *testing.T) {
	t.Parallel()
	a := parse(t, answered+`menu:
  button:
    - {name: 我的, type: view, url: /}
    - {name: 甲, type: click, key: a}
    - name: 更多
      sub_button:
        - {name: 商店, type: view, url: "https://shop.example/?a=1&b=2"}
        - {name: 订单, type: view, url: /订单}
        - {name: 又是商店, type: view, url: "https://shop.example/?a=1&b=2"}
conditionalmenu:
  - {matchrule: {tag_id: 1}, button: [{name: 会员, type: view, url: "https://vip.example"}]}
`)
	for url, want := range map[string]string{
		"https://host.example/":         "我的",
		"https://host.example":          "我的",
		"/":                             "我的",
		"https://host.example/订单":       "订单",
		"https:///订单":                   "订单",
		"https://shop.example/?a=1&b=2": "商店",
		"https://vip.example":           "会员",
		"https://shop.example/?a=1":     "other",
		"https://host.example/other":    "other",
		"https://host.example/?a":       "other",
		"about":                         "other",
		"":                              "other",
		"://":                           "other",
	} {
		if got := a.Page(url); got != want {
			t.Errorf("Page(%q) = %q, want %q", url, got, want)
		}
	}
}
