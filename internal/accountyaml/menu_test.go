package accountyaml_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/guanzhu/guanzhu/internal/accountyaml"
	"github.com/guanzhu/guanzhu/internal/menu"
	"github.com/guanzhu/guanzhu/pkg/wechat"
	"github.com/guanzhu/guanzhu/pkg/wechattest"
)

// answered is a file in which click keys have replies; what follows it begins on line 7.
const answered = required + "clicks:\n  a: 甲\n  b: 乙\n"

var noLines = cmp.Options{
	cmpopts.IgnoreFields(menu.Menu{}, "File"),
	cmpopts.IgnoreFields(menu.Conditional{}, "Line"),
	cmpopts.IgnoreFields(menu.Button{}, "Line"),
}

func wantMenu(t *testing.T, yaml string, want menu.Menu) {
	t.Helper()
	got, err := parse(t, yaml).Menu("https://host.example")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got, noLines); diff != "" {
		t.Errorf("menu (-want +got):\n%s", diff)
	}
}

// The two examples of the documentation of menu/create, the second one cut to three buttons.
const (
	firstExample = `{
     "button":[
     {	
          "type":"click",
          "name":"今日歌曲",
          "key":"V1001_TODAY_MUSIC"
      },
      {
           "name":"菜单",
           "sub_button":[
           {	
               "type":"view",
               "name":"搜索",
               "url":"http:\/\/www.soso.com\/?a=1&b=2"
            },
            {
                 "type":"miniprogram",
                 "name":"wxa",
                 "url":"http://mp.weixin.qq.com",
                 "appid":"wx286b93c14bbf93aa",
                 "pagepath":"pages/lunar/index"
             },
            {
               "type":"click",
               "name":"\u8d5e\u4e00\u4e0b\u6211\u4eec \ud83d\ude00",
               "key":"V1001_GOOD"
            }]
       }]
 }`
	secondExample = `{
    "button": [
        {
            "name": "扫码", 
            "sub_button": [
                {
                    "type": "scancode_waitmsg", 
                    "name": "扫码带提示", 
                    "key": "rselfmenu_0_0", 
                    "sub_button": [ ]
                }, 
                {
                    "type": "scancode_push", 
                    "name": "扫码推事件", 
                    "key": "rselfmenu_0_1", 
                    "sub_button": [ ]
                }
            ]
        }, 
        {
            "name": "发图", 
            "sub_button": [
                {"type": "pic_sysphoto", "name": "系统拍照发图", "key": "rselfmenu_1_0", "sub_button": [ ]}, 
                {"type": "pic_photo_or_album", "name": "拍照或者相册发图", "key": "rselfmenu_1_1", "sub_button": [ ]}, 
                {"type": "pic_weixin", "name": "微信相册发图", "key": "rselfmenu_1_2", "sub_button": [ ]},
                {"name": "发送位置", "type": "location_select", "key": "rselfmenu_2_0"},
                {"type": "media_id", "name": "图片", "media_id": "MEDIA_ID1"}
            ]
        }, 
        {
           "name": "图文", 
           "sub_button": [
                {"type": "view_limited", "name": "图文消息", "media_id": "MEDIA_ID2"},
                {"type": "article_id", "name": "发布后的图文消息", "article_id": "ARTICLE_ID1"},
                {"type": "article_view_limited", "name": "发布后的图文消息", "article_id": "ARTICLE_ID2"}
           ]
        }
    ]
}`
	// conditionalExample is a part of an answer of menu/get.
	conditionalExample = `[{"button":[{"type":"click","name":"甲","key":"a","sub_button":[]}],` +
		`"matchrule":{"tag_id":2,"sex":"","client_platform_type":"3"},"menuid":208396993}]`
)

func TestMenuFromJSON(t *testing.T) {
	t.Parallel()
	clicks := required + "clicks: {V1001_TODAY_MUSIC: 歌, V1001_GOOD: 谢谢, a: 甲}\n"
	first := []menu.Button{
		{Type: "click", Name: "今日歌曲", Key: "V1001_TODAY_MUSIC"},
		{Name: "菜单", SubButton: []menu.Button{
			{Type: "view", Name: "搜索", URL: "http://www.soso.com/?a=1&b=2"},
			{Type: "miniprogram", Name: "wxa", URL: "http://mp.weixin.qq.com", AppID: "wx286b93c14bbf93aa",
				PagePath: "pages/lunar/index"},
			{Type: "click", Name: "赞一下我们 😀", Key: "V1001_GOOD"},
		}},
	}
	var second menu.Menu
	if err := json.Unmarshal([]byte(secondExample), &second); err != nil {
		t.Fatal(err)
	}
	for i := range second.Buttons {
		for j := range second.Buttons[i].SubButton {
			second.Buttons[i].SubButton[j].SubButton = nil
		}
	}
	conditional := []menu.Conditional{{
		MatchRule: menu.MatchRule{"tag_id": "2", "client_platform_type": "3"},
		Buttons:   []menu.Button{{Type: "click", Name: "甲", Key: "a"}},
	}}
	tests := []struct {
		name, yaml string
		want       menu.Menu
	}{
		{"first example", "menu: " + firstExample, menu.Menu{Buttons: first}},
		{"indented below", "menu:\n " + firstExample, menu.Menu{Buttons: first}},
		{"in one line", "menu: " + strings.Join(strings.Fields(firstExample), " "), menu.Menu{Buttons: first}},
		{"the button's list alone", "menu:\n  button: " + firstExample[strings.Index(firstExample, "["):len(firstExample)-1],
			menu.Menu{Buttons: first}},
		{"second example", "menu: " + secondExample, second},
		{"indented by tabs", "menu: " + strings.ReplaceAll(secondExample, "    ", "\t"), second},
		{"Windows", "menu: " + strings.ReplaceAll(firstExample, "\n", "\r\n"), menu.Menu{Buttons: first}},
		{"answer of menu/get with a group", "menu: " + strings.TrimSuffix(firstExample, "}") + `, "menuid": 208396938}` + "\n" +
			"conditionalmenu: " + strings.Replace(conditionalExample, "tag_id", "group_id", 1),
			menu.Menu{Buttons: first, Conditional: conditional}},
		{"answer of menu/get", `"menu": ` + strings.TrimSuffix(firstExample, "}") + `, "menuid": 208396938}` + "\n" +
			`"conditionalmenu": ` + conditionalExample, menu.Menu{Buttons: first, Conditional: conditional}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			wantMenu(t, clicks+tt.yaml+"\n", tt.want)
		})
	}
}

func TestMenuFromYAML(t *testing.T) {
	t.Parallel()
	wantMenu(t, answered+`
menu:
  button:
    - name: 甲
      type: click
      key: a
    - name: 页
      sub_button:
        - {name: 我的, type: view, url: /}
        - {name: 订单, type: view, url: "/orders?new=1"}
        - {name: 别处, type: view, url: "https://other.example/#top"}
conditionalmenu:
  - matchrule: {tag_id: "100"}
    button:
      - {name: 甲, type: click, key: a}
  - matchrule: {client_platform_type: 1}
    button:
      - {name: 乙, type: click, key: b}
`, menu.Menu{
		Buttons: []menu.Button{
			{Type: "click", Name: "甲", Key: "a"},
			{Name: "页", SubButton: []menu.Button{
				{Type: "view", Name: "我的", URL: "https://host.example/"},
				{Type: "view", Name: "订单", URL: "https://host.example/orders?new=1"},
				{Type: "view", Name: "别处", URL: "https://other.example/#top"},
			}},
		},
		Conditional: []menu.Conditional{
			{MatchRule: menu.MatchRule{"tag_id": "100"}, Buttons: []menu.Button{{Type: "click", Name: "甲", Key: "a"}}},
			{MatchRule: menu.MatchRule{"client_platform_type": "1"},
				Buttons: []menu.Button{{Type: "click", Name: "乙", Key: "b"}}},
		},
	})
	wantMenu(t, answered, menu.Menu{})
	wantMenu(t, answered+"conditionalmenu:\n#  - matchrule: …\n", menu.Menu{})
}

// menuOf is a file with these buttons, one a line: the first on line 9, which is line 3 of the menu.
func menuOf(buttons ...string) string {
	return "menu:\n  button:\n    - " + strings.Join(buttons, "\n    - ") + "\n"
}

func subOf(buttons ...string) string {
	return menuOf("name: 更多\n      sub_button:\n        - " + strings.Join(buttons, "\n        - "))
}

func conditionalOf(menus ...string) string {
	return menuOf("{name: 甲, type: click, key: a}") + "conditionalmenu:\n  - " + strings.Join(menus, "\n  - ") + "\n"
}

const forTag = "{matchrule: {tag_id: 100}, button: [{name: 甲, type: click, key: a}]}"

func views(names ...string) []string {
	for i, name := range names {
		names[i] = fmt.Sprintf("{name: %s, type: view, url: https://%s.example}", name, name)
	}
	return names
}

func clickWith(key string) string { return "{name: n, type: scancode_push, key: " + key + "}" }

// TestMenuProblems has every limit of the platform's, at its last good value and beyond. The lines count from the
// menu's first, which is 1.
func TestMenuProblems(t *testing.T) {
	t.Parallel()
	long := func(n int) string { return strings.Repeat("k", n) }
	const prefix = "https://example.com/"
	tests := []struct {
		name, yaml string
		want       []string // each the line and a part of the problem
	}{
		{"no menu at all", "menu:\n", []string{"1: the menu is empty"}},
		{"a list", "menu: []\n", []string{`1: the menu must be made of lines "button: …"`}},
		{"no buttons", "menu: {button: []}\n", []string{"1: button has no buttons, and needs 1 to 3"}},
		{"no button", "menu: {menuid: 1}\n", []string{"1: the menu has no button"}},
		{"no list", "menu: {button: {name: n}}\n", []string{"1: button must be a list of buttons"}},
		{"answer of menu/get in itself", "menu: {menu: {button: []}}\n",
			[]string{`1: "menu" is unknown in the menu: use button`, "1: the menu has no button"}},
		{"3 buttons", menuOf(views("a", "b", "c")...), nil},
		{"4 buttons", menuOf(views("a", "b", "c", "d")...), []string{"6: button has 4 buttons, and at most 3 fit"}},
		{"no mapping", menuOf("帮助"), []string{`3: a button must be made of lines "name: …"`}},
		{"unknown field", menuOf("{name: n, type: click, key: a, value: v}"), []string{`3: "value" is unknown in a button`}},
		{"fields in capitals", menuOf("{name: n, type: click, key: a, appId: i}"),
			[]string{`3: "appId" is unknown in a button: use name, type, key, url, appid, `}},
		{"repeated field", menuOf("{name: n, type: click, key: a, key: b}"), []string{`3: "key" is there already, on line 9`}},

		{"no name", menuOf("{type: click, key: a}"), []string{"3: this button has no name"}},
		{"empty name", menuOf(`{name: "", type: click, key: a}`), []string{"3: this button has no name"}},
		{"blank name", menuOf(`{name: " ", type: click, key: a}`), []string{"3: name is empty"}},
		{"name is a number", menuOf("{name: 123, type: click, key: a}"), []string{"3: name must be a text"}},
		{"name of 16 bytes", menuOf("{name: 五个汉字。1, type: click, key: a}"), nil},
		{"name of 17 bytes", menuOf("{name: 五个汉字。12, type: click, key: a}"),
			[]string{"3: name has 17 bytes of UTF-8, and here at most 16 (a Chinese character has 3): shorten it by 1"}},
		{"name with a line break", menuOf(`{name: "a\nb", type: click, key: a}`), []string{"3: name contains a line break"}},
		{"name with U+2028", menuOf(`{name: "a\u2028b", type: click, key: a}`), []string{"3: name contains a line break"}},
		{"name with U+2029 as it is", menuOf("{name: a\u2029b, type: click, key: a}"),
			[]string{"3: character 15 of this line is invisible (U+2029): remove it"}},
		{"name with a control character", menuOf(`{name: "a\x01b", type: click, key: a}`),
			[]string{"3: name contains a line break or another control character"}},
		{"names with what no font has", menuOf(`{name: "\ufffd", type: click, key: a}`, `{name: "a\ufffe", type: click, key: b}`,
			`{name: "\uffffa", type: scancode_push, key: c}`),
			[]string{"3: name contains a line break or another", "4: name contains a line break or", "5: name contains a line break"}},
		{"emoji", menuOf("{name: 🎉&<>, type: click, key: a}"), nil},

		{"no type", menuOf("{name: n, key: a}"), []string{"3: this button does nothing"}},
		{"type unknown", menuOf("name: n\n      type: tap\n      key: a"), []string{`4: type "tap" is not known: use article_id, `}},
		{"type of the console", menuOf("{name: n, type: text}"), []string{`3: type "text" is not known`}},
		{"type in capitals", menuOf("{name: n, type: CLICK, key: a}"), []string{`3: type "CLICK" is not known`}},

		{"no key", menuOf("{name: n, type: click}"), []string{"3: a button of type click needs its key"}},
		{"no key for scanning", menuOf("{name: n, type: scancode_waitmsg}"), []string{"3: a button of type scancode_waitmsg needs"}},
		{"key of 128 bytes", menuOf(clickWith(long(128))), nil},
		{"key of 129 bytes", menuOf(clickWith(long(129))), []string{"3: key has 129 bytes of UTF-8, and here at most 128"}},
		{"key nothing answers", menuOf("name: n\n      type: click\n      key: c"),
			[]string{`5: nothing answers the key "c": add a line c: … below clicks`}},
		{"key nothing answers, in white space", menuOf(`{name: n, type: click, key: " a"}`),
			[]string{`3: nothing answers the key " a": add a line " a": … below clicks`}},
		{"key of digits that nothing answers", menuOf(`{name: n, type: click, key: "1"}`),
			[]string{`3: nothing answers the key "1": add a line "1": … below clicks`}},
		{"scanned codes go elsewhere", menuOf(clickWith("c")), nil},
		{"key twice", menuOf("{name: n, type: click, key: a}", "{name: m, type: click, key: a}"),
			[]string{`4: the key "a" is that of the button on line 9, too`}},
		{"key twice that nothing answers", menuOf("{name: n, type: click, key: c}", "{name: m, type: click, key: c}"),
			[]string{`3: nothing answers the key "c"`, `4: the key "c" is that of the button on line 9, too`}},
		{"key twice, below", menuOf("{name: n, type: click, key: a}", "name: m\n      sub_button:\n        - name: o\n"+
			"          type: click\n          key: a"), []string{`8: the key "a" is that of the button on line 9, too`}},

		{"no url", menuOf("{name: n, type: view}"), []string{"3: a button of type view needs its url"}},
		{"url of 1024 bytes", menuOf("{name: n, type: view, url: " + prefix + long(1024-len(prefix)) + "}"), nil},
		{"url of 1025 bytes", menuOf("name: n\n      type: view\n      url: " + prefix + long(1025-len(prefix))),
			[]string{"5: url has 1025 bytes of UTF-8, and here at most 1024"}},
		{"url without a scheme", menuOf("{name: n, type: view, url: www.example.com}"), []string{"3: url is no address of the web"}},
		{"url of another scheme", menuOf("{name: n, type: view, url: \"weixin://dl/chat\"}"), []string{"3: url is no address"}},
		{"url in capitals", menuOf("{name: n, type: view, url: HTTPS://EXAMPLE.COM}"), nil},
		{"url without a host", menuOf("{name: n, type: view, url: https:///page}"), []string{"3: url is no address"}},
		{"url on any scheme", menuOf("{name: n, type: view, url: //example.com}"), []string{"3: url is no address"}},
		{"url with a space", menuOf("{name: n, type: view, url: https://example.com/a b}"), []string{"3: url is no address"}},
		{"url of an own page with a space", menuOf("{name: n, type: view, url: /a b}"), []string{"3: url is no address"}},
		{"url escaped as a whole", menuOf(`{name: n, type: view, url: "https%3A%2F%2Fexample.com%2F"}`),
			[]string{"3: url is no address"}},

		{"mini program", menuOf("{name: n, type: miniprogram, url: http://a.example, appid: wx286b93c14bbf93aa, pagepath: p/i}"), nil},
		{"mini program with nothing", menuOf("{name: n, type: miniprogram}"), []string{
			"3: a button of type miniprogram needs its url", "3: a button of type miniprogram needs its appid",
			"3: a button of type miniprogram needs its pagepath"}},
		{"appid of something else", menuOf("name: n\n      type: miniprogram\n      url: /\n      appid: gh_1\n      pagepath: p"),
			[]string{"6: appid is not one of a mini program"}},
		{"appid of 15, 17 and capital digits", menuOf("{name: n, type: miniprogram, url: /, appid: wx286b93c14bbf93a, pagepath: p}",
			"{name: n, type: miniprogram, url: /, appid: wx286b93c14bbf93aa0, pagepath: p}",
			"{name: n, type: miniprogram, url: /, appid: wx286B93C14BBF93AA, pagepath: p}"),
			[]string{"3: appid is not one", "4: appid is not one", "5: appid is not one"}},
		{"pagepath with a space", menuOf("{name: n, type: miniprogram, url: /, appid: wx286b93c14bbf93aa, pagepath: p /i}"),
			[]string{"3: pagepath contains white space"}},
		{"material", menuOf("{name: n, type: media_id, media_id: m}", "{name: n, type: view_limited, media_id: m}"), nil},
		{"no id of a material", menuOf("{name: n, type: media_id, media_id: 地图.jpg}"), []string{"3: media_id is no id of a material"}},
		{"no material", menuOf("{name: n, type: media_id}", "{name: n, type: view_limited, media_id: m m}"), []string{
			"3: a button of type media_id needs its media_id", "4: media_id contains white space"}},
		{"article", menuOf("{name: n, type: article_id, article_id: a}", "{name: n, type: article_view_limited, article_id: a}"), nil},
		{"no article", menuOf("{name: n, type: article_id}", "{name: n, type: article_view_limited}"), []string{
			"3: a button of type article_id needs its article_id",
			"4: a button of type article_view_limited needs its article_id"}},
		{"field of another type", menuOf("name: n\n      type: click\n      key: a\n      url: https://example.com"),
			[]string{"6: url does nothing in this button"}},

		{"5 below", subOf(views("a", "b", "c", "d", "e")...), nil},
		{"6 below", subOf(views("a", "b", "c", "d", "e", "f")...),
			[]string{"10: sub_button has 6 buttons, and at most 5 fit"}},
		{"nothing below", menuOf("{name: n, sub_button: []}"), []string{"3: this button does nothing"}},
		{"list in a list", menuOf("{name: n, sub_button: {list: []}}"), []string{"3: sub_button must be a list of buttons"}},
		{"type of a button with others below", menuOf("name: n\n      type: click\n      key: a\n      sub_button:\n        - " +
			views("b")[0]), []string{"4: a button with others below it opens them: remove type",
			"5: key does nothing in this button"}},
		{"third level", subOf("{name: n, sub_button: [" + views("a")[0] + "]}"), []string{"5: a menu has two levels"}},
		{"third level of anything", subOf("{name: n, sub_button: [帮助]}"), []string{"5: a menu has two levels"}},
		{"name of 60 bytes below", subOf("{name: " + strings.Repeat("字", 20) + ", type: click, key: a}"), nil},
		{"name of 61 bytes below", subOf("{name: " + strings.Repeat("字", 20) + "1, type: click, key: a}"),
			[]string{"5: name has 61 bytes of UTF-8, and here at most 60"}},
		{"key nothing answers below", subOf("{name: n, type: click, key: c}"), []string{`5: nothing answers the key "c"`}},
		{"url without a scheme below", subOf("{name: n, type: view, url: www.example.com}"), []string{"5: url is no address"}},
		{"several problems", subOf("{name: n, type: view}", "{name: n, type: click, key: c}", "{type: tap}"), []string{
			"5: a button of type view needs its url", `6: nothing answers the key "c"`, "7: this button has no name",
			`7: type "tap" is not known`}},

		{"conditional menu", conditionalOf(forTag), nil},
		{"no list of conditional menus", menuOf(views("a")...) + "conditionalmenu: {}\n",
			[]string{"4: conditionalmenu must be a list of menus"}},
		{"conditional menu that is a list", conditionalOf("[]"), []string{"5: a conditional menu must be made of lines"}},
		{"no default menu", "conditionalmenu:\n  - " + forTag + "\n", []string{"1: conditional menus need a default one"}},
		{"no rule", conditionalOf("button: [{name: 甲, type: click, key: a}]"), []string{"5: this menu does not say whom it is for"}},
		{"empty rule", conditionalOf("button: [{name: 甲, type: click, key: a}]\n    matchrule: {sex: \"\"}"),
			[]string{"6: matchrule is empty"}},
		{"rule that is a text", conditionalOf("{matchrule: all, button: [{name: 甲, type: click, key: a}]}"),
			[]string{"5: matchrule must be made of lines"}},
		{"rules of old", conditionalOf("button: [{name: 甲, type: click, key: a}]\n    matchrule:\n      tag_id: 100\n" +
			"      sex: \"1\"\n      country: 中国\n      province: 广东\n      city: 广州\n      language: zh_CN\n      gender: 1"),
			[]string{"8: the platform takes no rules by sex any longer", "9: the platform takes no rules by country",
				"10: the platform takes no rules by province", "11: the platform takes no rules by city",
				"12: the platform takes no rules by language", "13: the platform takes no rules by gender"}},
		{"rule unknown", conditionalOf(strings.Replace(forTag, "tag_id", "tagid", 1)), []string{`5: "tagid" is unknown in matchrule`}},
		{"group by name", conditionalOf(strings.Replace(forTag, "tag_id: 100", "group_id: 会员", 1)), []string{`5: tag_id is "会员"`}},
		{"tag and group", conditionalOf(strings.Replace(forTag, "100", "100, group_id: \"100\"", 1)), nil},
		{"tag and another group", conditionalOf(strings.Replace(forTag, "100", "100, group_id: 101", 1)),
			[]string{"5: tag_id and group_id, which is its old name, differ"}},
		{"same tag as a group", conditionalOf(forTag, strings.Replace(forTag, "tag_id", "group_id", 1)),
			[]string{"6: nobody sees this menu, since the one on line 11"}},
		{"tag by name", conditionalOf(strings.Replace(forTag, "100", "会员", 1)), []string{`5: tag_id is "会员"`}},
		{"tags of 1 and 10 digits", conditionalOf(strings.Replace(forTag, "100", "0", 1), strings.Replace(forTag, "100", "9999999999", 1)), nil},
		{"tag of 11 digits", conditionalOf(strings.Replace(forTag, "100", "10000000000", 1)), []string{`5: tag_id is "10000000000"`}},
		{"tag with a zero before", conditionalOf(strings.Replace(forTag, "100", `"07"`, 1)), []string{`5: tag_id is "07"`}},
		{"tag within white space", conditionalOf(strings.Replace(forTag, "100", `" 7"`, 1)), []string{`5: tag_id is " 7"`}},
		{"platforms", conditionalOf("{matchrule: {client_platform_type: 1}, button: ["+clickWith("x")+"]}",
			"{matchrule: {client_platform_type: \"2\"}, button: ["+clickWith("x")+"]}",
			"{matchrule: {client_platform_type: \"3\"}, button: ["+clickWith("x")+"]}"), nil},
		{"fourth platform", conditionalOf("{matchrule: {client_platform_type: 4}, button: [" + clickWith("x") + "]}"),
			[]string{`5: client_platform_type is "4": use 1 (iOS), 2 (Android) or 3 (others)`}},
		{"conditional menu without buttons", conditionalOf("{matchrule: {tag_id: 100}}", "{matchrule: {tag_id: 101}, button: []}"),
			[]string{"5: a conditional menu has no button", "6: button has no buttons"}},
		{"conditional menu of 4 buttons", conditionalOf("matchrule: {tag_id: 100}\n    button: [" +
			strings.Join(views("a", "a", "a", "a"), ", ") + "]"), []string{"6: button has 4 buttons"}},
		{"key in two menus", conditionalOf(forTag, strings.Replace(forTag, "100", "101", 1)), nil},
		{"key twice in a conditional menu", conditionalOf("matchrule: {tag_id: 100}\n    button:\n      - {name: 甲, type: click, " +
			"key: a}\n      - {name: 甲, type: click, key: a}"), []string{`8: the key "a" is that of the button on line 13, too`}},
		{"same rule twice", conditionalOf(forTag, forTag), []string{"6: nobody sees this menu, since the one on line 11"}},
		{"same rule three times", conditionalOf(forTag, forTag, forTag),
			[]string{"6: nobody sees this menu, since the one on line 11", "7: nobody sees this menu, since the one on line 11"}},
		{"no rule above a good one", conditionalOf("button: [{name: 甲, type: click, key: a}]", forTag),
			[]string{"5: this menu does not say whom it is for"}},
		{"no rule below a good one", conditionalOf(forTag, "button: [{name: 甲, type: click, key: a}]"),
			[]string{"6: this menu does not say whom it is for"}},
		{"tag that is a list", conditionalOf(strings.Replace(forTag, "100", "[100]", 1)),
			[]string{"5: tag_id must be a text", "5: matchrule is empty"}},
		{"narrower rule below", conditionalOf(forTag, strings.Replace(forTag, "100", "100, client_platform_type: 1", 1)),
			[]string{"6: nobody sees this menu, since the one on line 11"}},
		{"narrower rule above", conditionalOf(strings.Replace(forTag, "100", "100, client_platform_type: 1", 1), forTag), nil},
		{"3 domains", conditionalOf("{matchrule: {tag_id: 1}, button: ["+strings.Join(views("a", "b"), ", ")+"]}",
			"{matchrule: {tag_id: 2}, button: [{name: n, sub_button: ["+strings.Join(views("b", "c"), ", ")+"]}]}"), nil},
		{"4 domains", conditionalOf("{matchrule: {tag_id: 1}, button: ["+strings.Join(views("a", "b"), ", ")+"]}",
			"matchrule: {tag_id: 2}\n    button:\n      - name: n\n        sub_button:\n          - "+
				strings.Join(views("c", "b", "d"), "\n          - ")),
			[]string{"12: the conditional menus lead to more than 3 domains"}},
		{"own page is a domain", conditionalOf("{matchrule: {tag_id: 1}, button: ["+strings.Join(views("a", "b", "c"), ", ")+"]}",
			"{matchrule: {tag_id: 2}, button: [{name: n, type: view, url: /}, {name: n, type: view, url: /b}]}"),
			[]string{"6: the conditional menus lead to more than 3 domains"}},

		{"drift", "menu_drift: tell\n", nil},
		{"drift otherwise", "menu_drift: ignore\n", []string{`1: menu_drift is "ignore": use repair or tell`}},
		{"drift is no text", "menu_drift: true\n", []string{"1: menu_drift must be a text"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := accountyaml.Parse("account.yaml", []byte(answered+tt.yaml))
			var got []string
			if err != nil {
				got = strings.Split(err.Error(), "\n")
				wantChinese(t, err)
			}
			if len(got) != len(tt.want) {
				t.Fatalf("%d problems, want %d:\n%s", len(got), len(tt.want), strings.Join(got, "\n"))
			}
			for i, want := range tt.want {
				line, part, _ := strings.Cut(want, ": ")
				var n int
				fmt.Sscan(line, &n)
				if prefix := fmt.Sprintf("account.yaml:%d: %s", n+6, part); !strings.HasPrefix(got[i], prefix) {
					t.Errorf("%q does not begin with %q", got[i], prefix)
				}
			}
		})
	}
}

// TestKeysAreExact has keys that differ by white space alone.
func TestKeysAreExact(t *testing.T) {
	t.Parallel()
	keys := []string{"关于我们", " 关于我们 ", "关于我们\u00a0", "\u3000关于我们", " ", "A", "a"}
	var clicks, buttons strings.Builder
	for i, key := range keys {
		fmt.Fprintf(&clicks, "  %q: 回复%d\n", key, i)
		if i%5 == 0 {
			fmt.Fprintf(&buttons, "    - name: 更多\n      sub_button:\n")
		}
		fmt.Fprintf(&buttons, "        - {name: n, type: click, key: %q}\n", key)
	}
	a := parse(t, required+"clicks:\n"+clicks.String()+"menu:\n  button:\n"+buttons.String())
	m, err := a.Menu("")
	if err != nil {
		t.Fatal(err)
	}
	for i, key := range keys {
		reply, _ := a.Click(key)
		wantReply(t, wechat.TextReply(fmt.Sprint("回复", i)), reply)
		if got := m.Buttons[i/5].SubButton[i%5].Key; got != key {
			t.Errorf("%q is published as %q", key, got)
		}
	}
	if _, ok := a.Click("关于我们 "); ok {
		t.Error("another key is answered")
	}
	refused(t, required+"clicks: {\" a\": r}\nmenu: {button: [{name: n, type: click, key: a}]}\n", `:5: nothing answers the key "a"`)
}

// FuzzMenu holds the check to the simulated platform, which checks by itself: it takes every menu that Parse does, and
// gives it back unchanged.
func FuzzMenu(f *testing.F) {
	for _, example := range []string{firstExample, secondExample} {
		f.Add(example, conditionalExample)
	}
	f.Add("\n  button:\n    - name: 甲\n      type: click\n      key: a\n    - {name: 页, type: view, url: /}\n",
		"\n  - matchrule: {tag_id: 1}\n    button:\n      - {name: 乙, type: click, key: b}\n")
	f.Add(`{button: [{name: "\u2028\x01\ud800", type: view, url: "https://a.example/\t"}]}`, "[]")
	f.Add(`{button: [{name: "&<>\\u0041", type: scancode_push, key: "\"\\"}]}`, "")
	f.Fuzz(func(t *testing.T, defaultMenu, conditional string) {
		clicks := "clicks: {V1001_TODAY_MUSIC: 歌, V1001_GOOD: 谢谢, a: 甲, b: 乙}\n"
		a, err := accountyaml.Parse("account.yaml",
			[]byte(required+clicks+"menu: "+defaultMenu+"\nconditionalmenu: "+conditional+"\n"))
		if err != nil {
			return
		}
		m, err := a.Menu("https://host.example")
		if err != nil {
			t.Fatal(err)
		}
		if len(m.Buttons) == 0 { // the fuzzed text has turned menu into something else
			return
		}
		p := newPlatform(t)
		p.call("/cgi-bin/menu/create", menu.Menu{Buttons: m.Buttons})
		for _, c := range m.Conditional {
			p.call("/cgi-bin/menu/addconditional", c)
		}
	})
}

// platform is the simulated one, called without a network.
type platform struct {
	t *testing.T
	*wechattest.Platform
	token string
}

func newPlatform(t *testing.T) *platform {
	p := &platform{t: t, Platform: wechattest.New(wechattest.Config{AppID: "wx1", AppSecret: "s"})}
	var answer struct {
		Token string `json:"access_token"`
	}
	body := p.post("/cgi-bin/stable_token", map[string]string{"grant_type": "client_credential", "appid": "wx1", "secret": "s"})
	if err := json.Unmarshal([]byte(body), &answer); err != nil || answer.Token == "" {
		t.Fatalf("no token: %s", body)
	}
	p.token = answer.Token
	return p
}

func (p *platform) call(path string, body any) {
	p.t.Helper()
	answer := p.post(path, body)
	if strings.Contains(answer, `"errcode"`) && !strings.Contains(answer, `"errcode":0`) {
		p.t.Errorf("the platform refuses %+v: %s", body, answer)
	}
}

func (p *platform) post(path string, body any) string {
	p.t.Helper()
	var encoded strings.Builder
	encoder := json.NewEncoder(&encoded)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(body); err != nil {
		p.t.Fatal(err)
	}
	answer := httptest.NewRecorder()
	p.ServeHTTP(answer, httptest.NewRequest(http.MethodPost, path+"?access_token="+p.token, strings.NewReader(encoded.String())))
	return answer.Body.String()
}
