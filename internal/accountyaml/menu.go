package accountyaml

import (
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/goccy/go-yaml/ast"

	"github.com/guanzhu/guanzhu/internal/autoreply"
	"github.com/guanzhu/guanzhu/internal/bilingual"
	"github.com/guanzhu/guanzhu/internal/lazy"
	"github.com/guanzhu/guanzhu/internal/menu"
	"github.com/guanzhu/guanzhu/pkg/wechat"
)

// Limits of menus, texts in bytes of UTF-8.
// https://developers.weixin.qq.com/doc/service/api/custommenu/api_createcustommenu
const (
	maxButtons    = 3
	maxSubButtons = 5
	maxName       = 16
	maxSubName    = 60
	maxURL        = 1024
	maxDomains    = 3 // of all conditional menus together
)

// needs has the required fields of each type of button, besides the name. Other fields are not allowed.
var needs = map[string][]string{
	"click":                {"key"},
	"scancode_push":        {"key"},
	"scancode_waitmsg":     {"key"},
	"pic_sysphoto":         {"key"},
	"pic_photo_or_album":   {"key"},
	"pic_weixin":           {"key"},
	"location_select":      {"key"},
	"view":                 {"url"},
	"miniprogram":          {"url", "appid", "pagepath"},
	"media_id":             {"media_id"},
	"view_limited":         {"media_id"},
	"article_id":           {"article_id"},
	"article_view_limited": {"article_id"},
}

// removed has the names in rules that the platform no longer accepts.
var removed = []string{"sex", "gender", "country", "province", "city", "language"}

// menus reads menu, conditionalmenu and menu_drift, and checks the click buttons against d's replies to clicks.
func (f *file) menus(d *autoreply.Data, entries []entry) {
	r := menuReader{file: f, clicks: d.Clicks}
	d.Menu.File = f.name
	hasMenu := false
	for _, e := range entries {
		switch e.key {
		case "menu":
			hasMenu = true
			d.Menu.Buttons = r.menu(e)
		case "menu_drift":
			text, ok := f.text(e.value, asIs(e.key))
			if ok && text != "repair" && text != "tell" {
				f.problem(lineOf(e.value), "menu_drift 写成了 %q：只能是 repair 或 tell",
					"menu_drift is %q: use repair or tell", text)
			}
			d.TellsDrift = text == "tell"
		}
	}
	for _, e := range entries {
		if e.key != "conditionalmenu" {
			continue
		}
		if d.Menu.Conditional = r.conditionalMenus(e); len(d.Menu.Conditional) > 0 && !hasMenu {
			f.problem(e.line, "有个性化菜单，就必须有默认菜单：加上 menu",
				"conditional menus need a default one: add menu")
		}
	}
}

// A menuReader reads the menus of a file, in the form that the platform's calls accept and return, including ids.
type menuReader struct {
	*file
	clicks  map[string]wechat.Reply
	keys    map[string]int // of the menu that is being read, and the lines of their buttons
	domains []string       // of the conditional menus
}

func (r *menuReader) menu(e entry) []menu.Button {
	if _, ok := e.value.(*ast.NullNode); ok {
		r.problem(e.line, "菜单是空的：在下面加上 button: 和按钮列表；不想改动线上的菜单，就删掉这一行",
			"the menu is empty: add \"button:\" with a list of buttons below it, "+
				"or remove this line, which leaves the live menu alone")
		return nil
	}
	entries, ok := r.entries(e.value, aMenu, "button", "menuid")
	if !ok {
		return nil
	}
	return r.buttonsOf(entries, aMenu, lineOf(e.value))
}

// buttonsOf reads the buttons among the entries of a menu.
func (r *menuReader) buttonsOf(entries []entry, what bilingual.Text, line int) []menu.Button {
	r.keys = map[string]int{}
	for _, e := range entries {
		if e.key == "button" {
			return r.buttons(e.value, topLevel)
		}
	}
	r.problem(line, "%s没有 button：加上 button: 和按钮列表",
		"%s has no button: add \"button:\" with a list of buttons below it", what)
	return nil
}

// A level has the differences between buttons at the top and sub-buttons.
type level struct {
	list                string // the name of the list
	maxButtons, maxName int
}

var (
	topLevel = level{"button", maxButtons, maxName}
	subLevel = level{"sub_button", maxSubButtons, maxSubName}
)

func (r *menuReader) buttons(n ast.Node, l level) []menu.Button {
	list, ok := n.(*ast.SequenceNode)
	if !ok {
		r.problem(lineOf(n), "%s 要写成按钮列表，每个按钮以“- name: …”开头",
			"%s must be a list of buttons, each beginning with \"- name: …\"", l.list)
		return nil
	}
	if len(list.Values) == 0 {
		r.problem(lineOf(n), "%s 里没有按钮，需要 1 至 %d 个：请添加",
			"%s has no buttons, and needs 1 to %d: add one", l.list, l.maxButtons)
	}
	var buttons []menu.Button
	for i, item := range list.Values {
		if i == l.maxButtons {
			r.problem(lineOf(item), "%s 有 %d 个按钮，最多 %d 个：删掉这一个，或者放到别处",
				"%s has %d buttons, and at most %d fit: remove this one or put it elsewhere",
				l.list, len(list.Values), l.maxButtons)
		}
		buttons = append(buttons, r.button(item, l))
	}
	return buttons
}

func (r *menuReader) button(n ast.Node, l level) menu.Button {
	b := menu.Button{Line: lineOf(n)}
	fields := map[string]*string{
		"name": &b.Name, "type": &b.Type, "key": &b.Key, "url": &b.URL, "appid": &b.AppID, "pagepath": &b.PagePath,
		"media_id": &b.MediaID, "article_id": &b.ArticleID,
	}
	entries, ok := r.entries(n, aButton,
		"name", "type", "key", "url", "appid", "pagepath", "media_id", "article_id", "sub_button")
	if !ok {
		return b
	}
	hasBelow := false
	given := map[string]int{} // and the lines of their values
	for _, e := range entries {
		if isEmpty(e.value) {
			continue // the platform's own JSON has empty ones
		}
		if e.key == "sub_button" {
			hasBelow = true
			if l == subLevel {
				r.problem(e.line, "菜单只有两级：二级按钮下面不能再有按钮",
					"a menu has two levels: a button below another one has none below it")
				continue
			}
			b.SubButton = r.buttons(e.value, subLevel)
			continue
		}
		given[e.key] = lineOf(e.value)
		*fields[e.key] = r.field(e, l)
	}
	if _, ok := given["name"]; !ok {
		r.problem(b.Line, "这个按钮没有名称：加上“name: …”",
			"this button has no name: add \"name: …\"")
	}
	required, known := needs[b.Type]
	switch typeLine, typed := given["type"]; {
	case hasBelow:
		required = nil
		if typed {
			r.problem(typeLine, "有二级按钮的按钮只用来展开它们：删掉 type",
				"a button with others below it opens them: remove type")
		}
	case !typed:
		r.problem(b.Line, "这个按钮没有作用：加上“type: …”，或者用 sub_button 加上二级按钮",
			"this button does nothing: add \"type: …\", or other buttons below it as sub_button")
		return b
	case !known:
		r.problem(typeLine, "没有 %q 这种 type，可以用的有：%v",
			"type %q is not known: use %v", b.Type, listed(slices.Sorted(maps.Keys(needs))))
		return b
	}
	for _, name := range required {
		if _, ok := given[name]; !ok {
			r.problem(b.Line, "%s 类型的按钮缺少 %s：加上“%s: …”",
				"a button of type %s needs its %s: add \"%s: …\"", b.Type, name, name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(given)) {
		if name != "name" && name != "type" && !slices.Contains(required, name) {
			r.problem(given[name], "%s 对这个按钮不起作用：请删掉",
				"%s does nothing in this button: remove it", name)
		}
	}
	if line, ok := given["key"]; ok && b.Key != "" {
		r.checkKey(b, line)
	}
	return b
}

// isEmpty reports whether n is null, an empty text or an empty list.
func isEmpty(n ast.Node) bool {
	switch n := n.(type) {
	case *ast.NullNode:
		return true
	case *ast.StringNode:
		return n.Value == ""
	case *ast.SequenceNode:
		return len(n.Values) == 0
	}
	return false
}

// field reads a text of a button. It returns "" after a problem.
func (r *menuReader) field(e entry, l level) string {
	text, ok := r.text(e.value, asIs(e.key))
	if !ok {
		return ""
	}
	line := lineOf(e.value)
	longest := map[string]int{"name": l.maxName, "key": maxEventKey, "url": maxURL}[e.key]
	switch {
	case strings.ContainsFunc(text, unsendable):
		r.problem(line, "%s 里有换行或其他控制字符，微信不接受：请删掉",
			"%s contains a line break or another control character, which the platform refuses: remove it", e.key)
		return ""
	case strings.TrimSpace(text) == "" && e.key != "key": // a key may be anything, and is compared exactly
		r.problem(line, "%s 是空的：请填写",
			"%s is empty: write its text", e.key)
		return ""
	case longest > 0 && len(text) > longest:
		r.problem(line, "%s 有 %d 字节，这里最多 %d 字节（一个汉字 3 字节）：请减少 %d 字节",
			"%s has %d bytes of UTF-8, and here at most %d (a Chinese character has 3): shorten it by %d",
			e.key, len(text), longest, len(text)-longest)
	}
	switch e.key {
	case "url":
		if !isPage(text) {
			r.problem(line, "url 不是网址：写完整的“https://…”；自己的页面从斜杠写起，“/…”",
				"url is no address of the web: write it in full, \"https://…\", or, for one of the follower's "+
					"pages, from its slash on, \"/…\"")
		}
		if placeholder := anyPlaceholder(text); placeholder != "" {
			r.problem(line, "菜单的 url 里没有占位符，%s 会原样打开：请删掉；自己的页面写成“/…”，关注者打开时不用再登录",
				"a menu has no placeholders, so %s is opened as it is: remove it; a page of your own, \"/…\", knows the follower", placeholder)
		}
	case "appid":
		if !wechat.IsAppID(text) {
			r.problem(line, "appid 不是小程序的：应为 wx 加 16 位小写的十六进制数字",
				"appid is not one of a mini program: it is wx and 16 hexadecimal digits in lower case")
		}
	case "media_id":
		r.checkMediaID(e.key, text, line)
	case "pagepath", "article_id":
		if strings.ContainsFunc(text, invisible) {
			r.problem(line, "%s 里有空格或看不见的字符：请删掉",
				"%s contains white space, or something as invisible: remove it", e.key)
		}
	}
	return text
}

// unsendable reports whether JSON would escape r, which the platform refuses (errcode 40033), or no font has r.
func unsendable(r rune) bool {
	return unicode.IsControl(r) || r == '\u2028' || r == '\u2029' || r == '\uFFFD' || r == '\uFFFE' || r == '\uFFFF'
}

func isPage(s string) bool {
	if !strings.HasPrefix(s, "/") {
		return isWebAddress(s)
	}
	return !strings.HasPrefix(s, "//") && isWebAddress("https://host"+s)
}

// checkKey compares a key with the others of its menu and with the replies.
func (r *menuReader) checkKey(b menu.Button, line int) {
	if first, ok := r.keys[b.Key]; ok {
		r.problem(line, "key %q 和第 %d 行的按钮相同，点击时无法区分：请换一个",
			"the key %q is that of the button on line %d, too: nobody could tell them apart, give this one "+
				"another", b.Key, first)
		return
	}
	r.keys[b.Key] = b.Line
	if _, answered := r.clicks[b.Key]; b.Type == "click" && !answered {
		r.problem(line, "key %q 没有回复：在 clicks 下面加一行“%s: …”",
			"nothing answers the key %q: add a line %s: … below clicks", b.Key, asName(b.Key))
	}
}

// asName returns a key as the name of an entry, in quotes unless it is a plain word.
func asName(key string) string {
	if isWord(key) {
		return key
	}
	return strconv.Quote(key)
}

var isWord = lazy.Match(`^\pL[\pL\pN_-]*$`)

// conditionalMenus reads the conditional menus. An empty list, all of them commented out, is fine.
func (r *menuReader) conditionalMenus(e entry) []menu.Conditional {
	if isEmpty(e.value) {
		return nil
	}
	list, ok := e.value.(*ast.SequenceNode)
	if !ok {
		r.problem(lineOf(e.value), "conditionalmenu 要写成菜单列表，每个以“- matchrule: …”开头",
			"conditionalmenu must be a list of menus, each beginning with \"- matchrule: …\"")
		return nil
	}
	var all []menu.Conditional
	for _, item := range list.Values {
		c, ok := r.conditionalMenu(item)
		if !ok {
			continue
		}
		for _, earlier := range all {
			if len(earlier.MatchRule) > 0 && len(c.MatchRule) > 0 && covers(earlier.MatchRule, c.MatchRule) {
				r.problem(c.Line, "没有人能看到这个菜单：第 %d 行的菜单排在前面，已经包括了它的所有用户。删掉其中一个，或者把这个移到前面",
					"nobody sees this menu, since the one on line %d is for all its followers and comes "+
						"first: remove one of them, or move this one up", earlier.Line)
				break
			}
		}
		all = append(all, c)
	}
	return all
}

// covers reports whether every follower who matches later also matches earlier.
func covers(earlier, later menu.MatchRule) bool {
	for name, value := range earlier {
		if later[name] != value {
			return false
		}
	}
	return true
}

func (r *menuReader) conditionalMenu(n ast.Node) (menu.Conditional, bool) {
	c := menu.Conditional{Line: lineOf(n)}
	entries, ok := r.entries(n, aCondMenu, "button", "matchrule", "menuid")
	if !ok {
		return c, false
	}
	hasRule := false
	for _, e := range entries {
		if e.key == "matchrule" {
			hasRule = true
			c.MatchRule = r.matchRule(e)
		}
	}
	if !hasRule {
		r.problem(c.Line, "没有写这个菜单给谁看：加上 matchrule:，里面写 tag_id 或 client_platform_type",
			"this menu does not say whom it is for: add \"matchrule:\" with tag_id or client_platform_type")
	}
	c.Buttons = r.buttonsOf(entries, aCondMenu, c.Line)
	for _, b := range c.Buttons {
		for _, b := range slices.Concat([]menu.Button{b}, b.SubButton) {
			r.checkDomain(b)
		}
	}
	return c, true
}

// checkDomain counts the domain of the url, if there is one. The owner's own domain, of a url that begins with a slash, is
// not known here, so it counts as one more.
func (r *menuReader) checkDomain(b menu.Button) {
	u, err := url.Parse(b.URL)
	if b.URL == "" || err != nil || slices.Contains(r.domains, u.Hostname()) {
		return
	}
	r.domains = append(r.domains, u.Hostname())
	if len(r.domains) == maxDomains+1 {
		r.problem(b.Line, "个性化菜单的链接超过了 %d 个域名，从这个 url 开始超出：请去掉一个；自己的页面从斜杠写起",
			"the conditional menus lead to more than %d domains, this url is to the next one: "+
				"remove one, and write urls of your own pages from their slash on", maxDomains)
	}
}

var isTagID = lazy.Match(`^(0|[1-9][0-9]{0,9})$`)

// matchRule reads a rule. Values may be texts or numbers, as in the platform's own JSON.
func (r *menuReader) matchRule(e entry) menu.MatchRule {
	entries, ok := r.entries(e.value, asIs("matchrule"))
	if !ok {
		return nil
	}
	rule := menu.MatchRule{}
	for _, e := range entries {
		if isEmpty(e.value) {
			continue
		}
		line := lineOf(e.value)
		value := e.value.GetToken().Value
		if _, ok := e.value.(*ast.IntegerNode); !ok {
			if value, ok = r.text(e.value, asIs(e.key)); !ok {
				continue
			}
		}
		if e.key == "group_id" {
			e.key = "tag_id" // tags were called groups before, with the same ids
		}
		if was, ok := rule[e.key]; ok && was != value {
			r.problem(line, "tag_id 和 group_id（它的旧名称）不一致：只留一个",
				"tag_id and group_id, which is its old name, differ: keep one of them")
		}
		rule[e.key] = value
		switch {
		case e.key == "tag_id":
			if !isTagID(value) {
				r.problem(line, "tag_id 写成了 %q：应为标签的编号，见微信的标签列表",
					"tag_id is %q: write the number of the tag, as the platform's list of tags has it", value)
			}
		case e.key == "client_platform_type":
			if value != "1" && value != "2" && value != "3" {
				r.problem(line, "client_platform_type 写成了 %q：只能是 1（iOS）、2（Android）或 3（其他）",
					"client_platform_type is %q: use 1 (iOS), 2 (Android) or 3 (others)", value)
			}
		case slices.Contains(removed, e.key):
			r.problem(e.line, "微信已不支持按 %s 匹配：请删掉（可以改用标签 tag_id）",
				"the platform takes no rules by %s any longer: remove it (a tag, tag_id, can do the same)", e.key)
		default:
			r.unknown(e, asIs("matchrule"), []string{"tag_id", "client_platform_type"})
		}
	}
	if len(rule) == 0 {
		r.problem(e.line, "matchrule 是空的：写上 tag_id 或 client_platform_type",
			"matchrule is empty: add tag_id or client_platform_type")
	}
	return rule
}
