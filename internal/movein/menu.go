package movein

import (
	"fmt"
	"slices"
	"strings"

	"github.com/guanzhu/guanzhu/internal/accountyaml"
	"github.com/guanzhu/guanzhu/internal/bilingual"
	"github.com/guanzhu/guanzhu/internal/errcode"
	"github.com/guanzhu/guanzhu/internal/menu"
	"github.com/guanzhu/guanzhu/pkg/wechat"
	"github.com/guanzhu/guanzhu/pkg/wechatapi"
)

// menus carries over the menu that was set by a call or, if there is none, that of the console.
func (c *converter) menus(a Answers, self selfMenu) error {
	var buttons []menu.Button
	var conditional []menu.Conditional
	if a.Menu != nil {
		m, err := wechatapi.ParseMenu(a.Menu)
		if err != nil {
			return notAsDocumented("menu/get", err)
		}
		conditional = m.Conditional
		buttons = c.checked(m.Buttons)
	} else {
		if a.NoMenuCall == errcode.NoPermission {
			c.note("menu", "账号没有菜单接口（errcode 48001）：菜单写进了文件，但不能用接口发布；个性化菜单查不到。见 docs/menu.zh-CN.md",
				"the account has no menu API (errcode 48001): the file gets the menu, but it cannot be published, and conditional menus are not known; see docs/menu.md")
		}
		buttons = c.checked(c.console(self.Info.Buttons))
	}
	c.changes.Menu.Buttons = buttons
	if len(buttons) == 0 {
		return nil
	}
	for _, m := range conditional {
		m.Buttons = c.checked(m.Buttons)
		all := append(slices.Clone(c.changes.Menu.Conditional), m)
		probe := accountyaml.Changes{Clicks: placeholders(all, buttons), Menu: menu.Menu{Buttons: buttons, Conditional: all}}
		var why error = bilingual.New("其中没有可以导入的按钮", "no button of it can be carried over")
		if len(m.Buttons) > 0 {
			why = problem(probe)
		}
		if why != nil {
			c.note(strings.TrimSuffix(strings.TrimPrefix(m.MatchRule.String(), "for "), ":"), "这个个性化菜单没有导入：%v", "this conditional menu is not carried over: %v", why)
			continue
		}
		c.changes.Menu.Conditional = all
	}
	c.answerClicks()
	return nil
}

// console converts the buttons of the console. What the console itself answers becomes a click, and a reply of ours.
func (c *converter) console(buttons []button) []menu.Button {
	var all []menu.Button
	for _, b := range buttons {
		if len(b.Sub.List) > 0 {
			if sub := c.console(b.Sub.List); len(sub) > 0 {
				all = append(all, menu.Button{Name: b.Name, SubButton: sub})
			}
			continue
		}
		if converted, ok := c.consoleButton(b); ok {
			all = append(all, converted)
		}
	}
	return all
}

func (c *converter) consoleButton(b button) (menu.Button, bool) {
	switch b.Type {
	case "text", "img", "photo", "voice", "video", "news":
	default:
		return menu.Button{Name: b.Name, Type: b.Type, Key: b.Key, URL: b.URL, AppID: b.AppID, PagePath: b.PagePath,
			MediaID: b.MediaID, ArticleID: b.ArticleID}, true
	}
	r := b.asReply()
	switch {
	case b.Type == "video" && isWeb(b.Value):
		c.note(b.Name, "按钮改为打开视频的网页：微信不给出视频本身", "the button opens the video's page: the platform does not give the video itself")
		return menu.Button{Name: b.Name, Type: "view", URL: b.Value}, true
	case b.Type == "news" && len(r.News.List) == 0 && b.Value != "":
		return menu.Button{Name: b.Name, Type: "media_id", MediaID: b.Value}, true
	}
	converted := c.reply(b.Name, r, true)
	if converted == nil {
		c.note(b.Name, "按钮没有导入，因为它的回复没有导入", "the button is not carried over, since its reply is not")
		return menu.Button{}, false
	}
	key := c.freeKey(b.Name)
	c.changes.Clicks = append(c.changes.Clicks, accountyaml.Click{Key: key, Reply: converted})
	return menu.Button{Name: b.Name, Type: "click", Key: key}, true
}

// freeKey is the button's name, or that with a number if another button has it already.
func (c *converter) freeKey(name string) string {
	key := name
	for i := 2; slices.ContainsFunc(c.changes.Clicks, func(click accountyaml.Click) bool { return click.Key == key }); i++ {
		key = fmt.Sprintf("%s-%d", name, i)
	}
	return key
}

// checked leaves out the buttons that account.yaml refuses, and gives those with one key different ones.
func (c *converter) checked(buttons []menu.Button) []menu.Button {
	keys := map[string]bool{}
	var visit func([]menu.Button, bool) []menu.Button
	visit = func(buttons []menu.Button, below bool) []menu.Button {
		var good []menu.Button
		for _, b := range buttons {
			if len(b.SubButton) > 0 {
				if b.SubButton = visit(b.SubButton, true); len(b.SubButton) == 0 {
					continue
				}
			}
			probe := []menu.Button{b}
			if below {
				probe = []menu.Button{{Name: "x", SubButton: probe}}
			}
			if why := problem(accountyaml.Changes{Clicks: placeholders(nil, probe), Menu: menu.Menu{Buttons: probe}}); why != nil {
				c.note(b.Name, "按钮没有导入：%v", "the button is not carried over: %v", why)
				continue
			}
			if b.Key != "" && keys[b.Key] {
				was := b.Key
				for i := 2; keys[b.Key]; i++ {
					b.Key = fmt.Sprintf("%s-%d", was, i)
				}
				c.note(b.Name, "按钮的 key 改为 %s：%s 已经有别的按钮用了", "its key becomes %s, since another button has %s", shown(b.Key), shown(was))
			}
			keys[b.Key] = b.Key != ""
			good = append(good, b)
		}
		return good
	}
	return visit(buttons, false)
}

// placeholders are replies to all click buttons.
func placeholders(conditional []menu.Conditional, buttons []menu.Button) []accountyaml.Click {
	var all []accountyaml.Click
	for b := range clickable(conditional, buttons) {
		all = append(all, accountyaml.Click{Key: b.Key, Reply: wechat.TextReply("x")})
	}
	return all
}

// clickable yields the click buttons of all menus, each key once.
func clickable(conditional []menu.Conditional, buttons []menu.Button) func(yield func(menu.Button) bool) {
	all := slices.Clone(buttons)
	for _, c := range conditional {
		all = append(all, c.Buttons...)
	}
	seen := map[string]bool{}
	return func(yield func(menu.Button) bool) {
		for _, b := range all {
			for _, b := range slices.Concat([]menu.Button{b}, b.SubButton) {
				if b.Type != "click" || seen[b.Key] {
					continue
				}
				seen[b.Key] = true
				if !yield(b) {
					return
				}
			}
		}
	}
}

// answerClicks gives the click buttons whose reply is not known that of the default: another server has answered them.
func (c *converter) answerClicks() {
	for b := range clickable(c.changes.Menu.Conditional, c.changes.Menu.Buttons) {
		known := slices.ContainsFunc(c.changes.Clicks, func(click accountyaml.Click) bool { return click.Key == b.Key })
		if c.current != nil && !known {
			_, known = c.current.Click(b.Key)
		}
		if known {
			continue
		}
		c.note(b.Name, "按钮（key %s）以前由别的服务器回复，内容不得而知：先用 default 的回复，请在 clicks 里改写",
			"its reply (key %s) came from another server and is not known: it gets the default reply for now; write its own below clicks", shown(b.Key))
		c.changes.Clicks = append(c.changes.Clicks, accountyaml.Click{Key: b.Key, Reply: c.defaultReply()})
	}
}

// defaultReply is the default reply, if it can be one to a click.
func (c *converter) defaultReply() wechat.Reply {
	r := c.changes.Default
	if r == nil && c.current != nil {
		r = c.current.Default()
	}
	if r == nil || problem(accountyaml.Changes{Welcome: r}) != nil {
		return wechat.TextReply("已经收到您的消息。")
	}
	return r
}
