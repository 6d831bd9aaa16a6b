package wechattest_test

import (
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/guanzhu/guanzhu/pkg/wechattest"
)

const (
	menuCreate = "/cgi-bin/menu/create"
	menuGet    = "/cgi-bin/menu/get"
	menuAdd    = "/cgi-bin/menu/addconditional"
	menuDel    = "/cgi-bin/menu/delconditional"
	menuTry    = "/cgi-bin/menu/trymatch"
	selfmenu   = "/cgi-bin/get_current_selfmenu_info"
)

const (
	done = `{"errcode":0,"errmsg":"ok"}`

	// helpMenu has two levels, in the form of menu/create.
	helpMenu = `{"button":[
		{"type":"click","name":"帮助","key":"HELP"},
		{"name":"更多","sub_button":[{"type":"view","name":"首页","url":"https://example.com/?a=1&b=2"}]}
	]}`
	// helpButtons has its buttons in the form of menu/get.
	helpButtons = `[
		{"type":"click","name":"帮助","key":"HELP","sub_button":[]},
		{"name":"更多","sub_button":[{"type":"view","name":"首页","url":"https://example.com/?a=1&b=2","sub_button":[]}]}
	]`
)

// menuOf returns a menu of these buttons.
func menuOf(buttons ...string) string { return `{"button":[` + strings.Join(buttons, ",") + `]}` }

// below returns a button that has these buttons below it.
func below(buttons ...string) string {
	return `{"name":"更多","sub_button":[` + strings.Join(buttons, ",") + `]}`
}

func click(name, key string) string {
	return fmt.Sprintf(`{"type":"click","name":%q,"key":%q}`, name, key)
}
func view(url string) string { return fmt.Sprintf(`{"type":"view","name":"页","url":%q}`, url) }

// conditional returns a conditional menu with that rule.
func conditional(button, rule string) string {
	return `{"button":[` + button + `],"matchrule":` + rule + `}`
}

func repeat(button string, n int) []string {
	all := make([]string, n)
	for i := range all {
		all[i] = button
	}
	return all
}

func TestMenuCreateChecks(t *testing.T) {
	t.Parallel()
	help := click("帮助", "HELP")
	const miniProgram = `{"type":"miniprogram","name":"M","url":"http://example.com","appid":"wx1","pagepath":"pages/index"}`
	long := strings.Repeat("k", 129)
	longURL := "https://example.com/" + strings.Repeat("p", 1005)
	tests := []struct {
		name, body string
		want       int
	}{
		{"whole menu", helpMenu, 0},
		{"no body", "", 44002},
		{"something else", "button", 47001},
		{"broken off", helpMenu[:40], 47001},
		{"escaped character", `{"button":[{"type":"click","name":"\u5e2e\u52a9","key":"HELP"}]}`, 40033},
		{"ampersand as Go escapes it", menuOf(view(`https://example.com/?a=1`) + `,` +
			`{"type":"view","name":"页","url":"https://example.com/?a=1\u0026b=2"}`), 40033},
		{"backslash before a u", menuOf(click("帮助", `C:\users`)), 0},
		{"JSON in a string", `"{\"button\":[]}"`, 40016},
		{"answer of menu/get", `{"menu":` + helpMenu + `}`, 40016},
		{"answer of selfmenu", `{"is_menu_open":1,"selfmenu_info":` + helpMenu + `}`, 40016},
		{"list of selfmenu", menuOf(`{"name":"更多","sub_button":{"list":[` + help + `]}}`), 40016},
		{"no buttons", menuOf(), 40016},
		{"3 buttons", menuOf(help, help, help), 0},
		{"4 buttons", menuOf(help, help, help, help), 40016},

		{"no type", menuOf(`{"name":"帮助","key":"HELP"}`), 40017},
		{"unknown type", menuOf(`{"type":"tap","name":"帮助","key":"HELP"}`), 40017},
		{"type in capitals", menuOf(`{"type":"CLICK","name":"帮助","key":"HELP"}`), 40017},
		{"type of a button with others below", menuOf(`{"type":"click","name":"更多","key":"K","sub_button":[` + help + `]}`),
			40017},
		{"no name", menuOf(click("", "HELP")), 40018},
		{"name of 16 bytes", menuOf(click("五个汉字。1", "HELP")), 0},
		{"name of 17 bytes", menuOf(click("五个汉字。12", "HELP")), 40018},
		{"name of a button with others below", menuOf(strings.Replace(below(help), "更多", "六个汉字的名", 1)), 40018},
		{"no key", menuOf(click("帮助", "")), 40019},
		{"key of 128 bytes", menuOf(click("帮助", long[1:])), 0},
		{"key of 129 bytes", menuOf(click("帮助", long)), 40019},
		{"no key for scanning", menuOf(`{"type":"scancode_push","name":"扫码"}`), 40019},
		{"no url", menuOf(view("")), 40020},
		{"url of 1024 bytes", menuOf(view(longURL[:1024])), 0},
		{"url of 1025 bytes", menuOf(view(longURL)), 40020},
		{"url without a scheme", menuOf(view("www.example.com")), 40055},
		{"url of another scheme", menuOf(view("ftp://example.com")), 40055},
		{"url without a host", menuOf(view("https:///page")), 40055},
		{"url escaped as a whole", menuOf(view("https%3A%2F%2Fexample.com%2F")), 40055},

		{"nothing below", menuOf(below()), 40017},
		{"5 below", menuOf(below(repeat(help, 5)...)), 0},
		{"6 below", menuOf(below(repeat(help, 6)...)), 40023},
		{"third level", menuOf(below(below(help))), 40022},
		{"unknown type below", menuOf(below(`{"type":"tap","name":"帮助","key":"HELP"}`)), 40024},
		{"name of 60 bytes below", menuOf(below(click(strings.Repeat("字", 20), "HELP"))), 0},
		{"name of 61 bytes below", menuOf(below(click(strings.Repeat("字", 20)+"1", "HELP"))), 40025},
		{"key of 129 bytes below", menuOf(below(click("帮助", long))), 40026},
		{"url of 1025 bytes below", menuOf(below(view(longURL))), 40027},
		{"url without a scheme below", menuOf(below(view("www.example.com"))), 40054},

		{"mini program", menuOf(miniProgram), 0},
		{"mini program without appid", menuOf(strings.Replace(miniProgram, "wx1", "", 1)), 40166},
		{"mini program without page", menuOf(strings.Replace(miniProgram, "pages/index", "", 1)), 40165},
		{"mini program without url", menuOf(strings.Replace(miniProgram, "http://example.com", "", 1)), 40020},
		{"material", menuOf(`{"type":"media_id","name":"M","media_id":"m"}`), 0},
		{"no material", menuOf(`{"type":"view_limited","name":"M"}`), 40007},
		{"article", menuOf(`{"type":"article_id","name":"A","article_id":"a"}`), 0},
		{"no article", menuOf(`{"type":"article_view_limited","name":"A"}`), 53600},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			c := newClient(t, wechattest.Config{})
			c.wantCode(test.want, c.post(menuCreate, test.body))
			want := 0
			if test.want != 0 {
				want = 46003
			}
			c.wantCode(want, c.get(menuGet))
		})
	}
}

func TestMenuIsReplacedAndDeleted(t *testing.T) {
	t.Parallel()
	c := newClient(t, wechattest.Config{})
	c.want(`{"is_menu_open":0}`, c.get(selfmenu))

	c.want(done, c.post(menuCreate, menuOf(click("旧", "OLD"))))
	c.want(done, c.post(menuCreate, helpMenu))
	c.want(`{"menu":{"button":`+helpButtons+`}}`, c.get(menuGet))
	c.want(`{"is_menu_open":1,"selfmenu_info":{"button":[
		{"type":"click","name":"帮助","key":"HELP"},
		{"name":"更多","sub_button":{"list":[{"type":"view","name":"首页","url":"https://example.com/?a=1&b=2"}]}}
	]}}`, c.get(selfmenu))

	c.wantCode(40016, c.post(menuCreate, menuOf()))
	c.want(`{"menu":{"button":`+helpButtons+`}}`, c.get(menuGet))

	c.SetMenu("")
	c.wantCode(46003, c.get(menuGet))
	c.want(`{"is_menu_open":0}`, c.get(selfmenu))
}

func TestAnswersAreNotEscaped(t *testing.T) {
	t.Parallel()
	c := newClient(t, wechattest.Config{})
	c.SetMenu(helpMenu)
	w := httptest.NewRecorder()
	c.ServeHTTP(w, httptest.NewRequest("GET", menuGet+"?access_token="+c.token, nil))
	if !strings.Contains(w.Body.String(), "https://example.com/?a=1&b=2") {
		t.Errorf("answer %s, want the url as it was given", w.Body)
	}
}

func TestSetMenu(t *testing.T) {
	t.Parallel()
	c := newClient(t, wechattest.Config{})
	c.SetMenu(helpMenu)
	c.want(`{"menu":{"button":`+helpButtons+`}}`, c.get(menuGet))
	if got := c.Calls(menuCreate); got != 0 {
		t.Errorf("%d calls, want none", got)
	}
	c.wantCode(0, c.post(menuAdd, conditional(click("友", "K"), `{"tag_id":2}`)))
	c.SetMenu("")
	c.wantCode(46003, c.get(menuGet))
	c.SetMenu(helpMenu)
	c.want(`{"menu":{"button":`+helpButtons+`}}`, c.get(menuGet)) // the conditional menu is gone, too

	defer func() {
		if recover() == nil {
			t.Error("no panic without a menu, want one")
		}
	}()
	c.SetMenu(`{"menu":{}}`)
}

func TestSetConsoleMenu(t *testing.T) {
	t.Parallel()
	c := newClient(t, wechattest.Config{})
	c.SetConsoleMenu(menuOf(`{"type":"text","name":"你好","value":"hi"}`,
		`{"type":"news","name":"文章","value":"m","news_info":{"list":[{"title":"t"}]}}`))
	c.wantCode(46003, c.get(menuGet))
	c.wantCode(65303, c.post(menuAdd, conditional(click("友", "K"), `{"tag_id":2}`)))
	c.want(`{"is_menu_open":0,"selfmenu_info":{"button":[
		{"type":"text","name":"你好","value":"hi"},
		{"type":"news","name":"文章","value":"m","news_info":{"list":[{"title":"t"}]}}
	]}}`, c.get(selfmenu))
	c.want(done, c.post(menuCreate, helpMenu))
	c.want(`{"menu":{"button":`+helpButtons+`}}`, c.get(menuGet))
}

func TestConditionalMenuChecks(t *testing.T) {
	t.Parallel()
	help := click("帮助", "HELP")
	tag := `{"tag_id":"2"}`
	tests := []struct {
		name, path, body string
		want             int
	}{
		{"tag", menuAdd, conditional(help, tag), 0},
		{"tag as a number", menuAdd, conditional(help, `{"tag_id":2}`), 0},
		{"client", menuAdd, conditional(help, `{"client_platform_type":"1"}`), 0},
		{"empty rules beside one", menuAdd, conditional(help, `{"tag_id":"2","sex":"","country":""}`), 0},
		{"no body", menuAdd, "", 44002},
		{"something else", menuAdd, "button", 47001},
		{"escaped character", menuAdd, conditional(click("帮助", "HELP"), `{"tag_id":"\u0032"}`), 40033},
		{"no rule", menuAdd, menuOf(help), 65304},
		{"empty rule", menuAdd, conditional(help, `{"tag_id":""}`), 65304},
		{"unknown rule", menuAdd, conditional(help, `{"mood":"good"}`), 65304},
		{"sex", menuAdd, conditional(help, `{"tag_id":"2","sex":"1"}`), 65320},
		{"language", menuAdd, conditional(help, `{"language":"zh_CN"}`), 65320},
		{"no buttons", menuAdd, conditional("", tag), 40016},
		{"name too long", menuAdd, conditional(click(strings.Repeat("字", 6), "HELP"), tag), 40018},
		{"3 domains", menuAdd, conditional(below(view("https://a.test"), view("https://b.test"), view("https://c.test"),
			view("http://c.test:80/x")), tag), 0},
		{"4 domains", menuAdd, conditional(below(view("https://a.test"), view("https://b.test"), view("https://c.test"),
			view("https://d.test")), tag), 65316},
		{"delete nothing", menuDel, "", 44002},
		{"delete an unknown one", menuDel, `{"menuid":"1"}`, 65301},
		{"delete by a number", menuDel, `{"menuid":1}`, 47001},
		{"match nobody", menuTry, "", 44002},
		{"match an unknown user", menuTry, `{"user_id":"oUNKNOWN"}`, 65302},
		{"match a follower", menuTry, `{"user_id":"` + openid + `"}`, 0},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			c := newClient(t, wechattest.Config{})
			c.Follow(openid, wechattest.User{})
			if test.path == menuAdd {
				c.wantCode(65303, c.post(menuAdd, test.body))
			}
			c.SetMenu(helpMenu)
			c.wantCode(test.want, c.post(test.path, test.body))
		})
	}
}

// add adds a conditional menu and returns its id.
func (c client) add(button, rule string) string {
	c.Helper()
	a := c.post(menuAdd, conditional(button, rule))
	id, ok := a["menuid"].(string)
	if !ok {
		c.Fatalf("answer %v, want a menuid that is a string", a)
	}
	return id
}

func TestConditionalMenus(t *testing.T) {
	t.Parallel()
	c := newClient(t, wechattest.Config{})
	c.SetMenu(helpMenu)
	friends := c.add(click("友", "FRIENDS"), `{"tag_id":2}`)
	phones := c.add(click("果", "IOS"), `{"client_platform_type":"1"}`)
	both := c.add(click("二", "BOTH"), `{"tag_id":"2","client_platform_type":"2"}`)

	a := c.get(menuGet)
	menu, _ := a["menu"].(map[string]any)
	if id, ok := menu["menuid"].(float64); !ok || id == 0 {
		t.Errorf("menuid %v of the default menu, want a number", menu["menuid"])
	}
	delete(menu, "menuid")
	c.want(`{"menu":{"button":`+helpButtons+`},"conditionalmenu":[
		{"menuid":`+both+`,"button":[{"type":"click","name":"二","key":"BOTH","sub_button":[]}],
			"matchrule":{"tag_id":"2","client_platform_type":"2"}},
		{"menuid":`+phones+`,"button":[{"type":"click","name":"果","key":"IOS","sub_button":[]}],
			"matchrule":{"client_platform_type":"1"}},
		{"menuid":`+friends+`,"button":[{"type":"click","name":"友","key":"FRIENDS","sub_button":[]}],"matchrule":{"tag_id":2}}
	]}`, a)

	for _, test := range []struct {
		name string
		user wechattest.User
		want string
	}{
		{"default", wechattest.User{}, "帮助"},
		{"another tag", wechattest.User{Tags: []int{3}}, "帮助"},
		{"tag", wechattest.User{Tags: []int{2}}, "友"},
		{"tag attached last", wechattest.User{Tags: []int{3, 2}}, "友"},
		{"tag attached before another", wechattest.User{Tags: []int{2, 3}}, "帮助"},
		{"client", wechattest.User{ClientPlatform: 1}, "果"},
		{"the later menu", wechattest.User{Tags: []int{2}, ClientPlatform: 1}, "果"},
		{"both rules", wechattest.User{Tags: []int{2}, ClientPlatform: 2}, "二"},
	} {
		c.Follow(openid, test.user)
		c.wantMatch(test.name, test.want)
	}

	c.want(done, c.post(menuDel, `{"menuid":"`+phones+`"}`))
	c.wantCode(65301, c.post(menuDel, `{"menuid":"`+phones+`"}`))
	c.Follow(openid, wechattest.User{Tags: []int{2}, ClientPlatform: 1})
	c.wantMatch("without the later menu", "友")

	c.want(done, c.post(menuCreate, menuOf(click("新", "NEW"))))
	c.wantMatch("with another default", "友")

	c.SetMenu("")
	c.wantCode(46003, c.post(menuTry, `{"user_id":"`+openid+`"}`))
	c.SetMenu(helpMenu)
	c.wantMatch("after all were deleted", "帮助")
}

// wantMatch fails the test unless openid sees the menu whose first button has that name.
func (c client) wantMatch(name, want string) {
	c.Helper()
	a := c.post(menuTry, `{"user_id":"`+openid+`"}`)
	buttons, _ := a["button"].([]any)
	if len(buttons) == 0 {
		c.Fatalf("%s: answer %v, want buttons", name, a)
	}
	if first, _ := buttons[0].(map[string]any); first["name"] != want {
		c.Errorf("%s: menu of %v, want that of %s", name, first["name"], want)
	}
}
