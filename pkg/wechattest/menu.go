package wechattest

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/url"
	"slices"
	"strconv"
)

// Limits of menus. Lengths are in bytes.
// https://developers.weixin.qq.com/doc/service/api/custommenu/api_createcustommenu
const (
	maxButtons    = 3
	maxSubButtons = 5
	maxKey        = 128
	maxURL        = 1024
	maxDomains    = 3 // in the links of all conditional menus together
)

type menu struct {
	id      int
	buttons []button
	console bool // made in the platform's console, not by a call
}

type conditionalMenu struct {
	ID      int       `json:"menuid"`
	Buttons []button  `json:"button"`
	Rule    matchRule `json:"matchrule"`
}

// button has the fields of all types. Its JSON is that of menu/get, in which every button has a sub_button list.
type button struct {
	Type      string          `json:"type,omitempty"`
	Name      string          `json:"name"`
	Key       string          `json:"key,omitempty"`
	URL       string          `json:"url,omitempty"`
	AppID     string          `json:"appid,omitempty"`
	PagePath  string          `json:"pagepath,omitempty"`
	MediaID   string          `json:"media_id,omitempty"`
	ArticleID string          `json:"article_id,omitempty"`
	Value     string          `json:"value,omitempty"`     // only in menus made in the console
	NewsInfo  json.RawMessage `json:"news_info,omitempty"` // only in menus made in the console
	SubButton []button        `json:"sub_button"`
}

// matchRule keeps each value as it was sent: a string or a number.
type matchRule map[string]any

// value returns the value with that name, or "" if there is none.
func (r matchRule) value(name string) string {
	switch v := r[name].(type) {
	case string:
		return v
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	}
	return ""
}

// SetMenu makes body, a menu in the form of menu/create, the live menu. Calls does not count it, and no limit applies.
// An empty body deletes the menu and all conditional menus. SetMenu panics if body is not a menu.
func (p *Platform) SetMenu(body string) { p.setMenu(body, false) }

// SetConsoleMenu is SetMenu for a menu made in the platform's console. It may have the console's types: text, img, video,
// voice and news. menu/get does not return such a menu. get_current_selfmenu_info returns it as not open, because an
// account in developer mode does not show it.
func (p *Platform) SetConsoleMenu(body string) { p.setMenu(body, true) }

func (p *Platform) setMenu(body string, console bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if body == "" {
		p.menu, p.conditional = nil, nil
		return
	}
	buttons, _, errcode := parseMenu([]byte(body))
	if errcode != 0 || len(buttons) == 0 {
		panic("wechattest: no menu: " + body)
	}
	p.menu = &menu{p.newMenuID(), buttons, console}
}

func (p *Platform) menuCreate(_ url.Values, body []byte) (any, int) {
	buttons, _, errcode := parseMenu(body)
	if errcode != 0 {
		return nil, errcode
	}
	if errcode := checkButtons(buttons); errcode != 0 {
		return nil, errcode
	}
	p.menu = &menu{id: p.newMenuID(), buttons: buttons}
	return done, 0
}

func (p *Platform) newMenuID() int {
	p.lastMenuID++
	return p.lastMenuID
}

// https://developers.weixin.qq.com/doc/service/api/custommenu/api_getmenu
func (p *Platform) menuGet(url.Values, []byte) (any, int) {
	if !p.hasMenu() {
		return nil, 46003
	}
	live := map[string]any{"button": p.menu.buttons}
	if len(p.conditional) == 0 {
		return map[string]any{"menu": live}, 0
	}
	live["menuid"] = p.menu.id
	latestFirst := slices.Clone(p.conditional)
	slices.Reverse(latestFirst)
	return map[string]any{"menu": live, "conditionalmenu": latestFirst}, 0
}

// hasMenu reports whether there is a live menu other than the console's.
func (p *Platform) hasMenu() bool { return p.menu != nil && !p.menu.console }

// https://developers.weixin.qq.com/doc/service/api/custommenu/api_getcurrentselfmenuinfo
func (p *Platform) selfmenuInfo(url.Values, []byte) (any, int) {
	if p.menu == nil {
		return map[string]any{"is_menu_open": 0}, 0
	}
	open := 1
	if p.menu.console {
		open = 0
	}
	return map[string]any{
		"is_menu_open":  open,
		"selfmenu_info": map[string]any{"button": selfButtons(p.menu.buttons)},
	}, 0
}

// selfButton is a button in get_current_selfmenu_info, in which sub_button is an object with a list.
type selfButton struct {
	button
	SubButton *selfList `json:"sub_button,omitempty"`
}

type selfList struct {
	List []selfButton `json:"list"`
}

func selfButtons(buttons []button) []selfButton {
	all := make([]selfButton, len(buttons))
	for i, b := range buttons {
		all[i].button = b
		if len(b.SubButton) > 0 {
			all[i].SubButton = &selfList{selfButtons(b.SubButton)}
		}
	}
	return all
}

// https://developers.weixin.qq.com/doc/service/api/custommenu/api_addconditionalmenu
func (p *Platform) menuAddConditional(_ url.Values, body []byte) (any, int) {
	if !p.hasMenu() {
		return nil, 65303
	}
	buttons, rule, errcode := parseMenu(body)
	if errcode != 0 {
		return nil, errcode
	}
	if errcode := rule.check(); errcode != 0 {
		return nil, errcode
	}
	if errcode := checkButtons(buttons); errcode != 0 {
		return nil, errcode
	}
	if p.domainsWith(buttons) > maxDomains {
		return nil, 65316
	}
	id := p.newMenuID()
	p.conditional = append(p.conditional, conditionalMenu{id, buttons, rule})
	return map[string]any{"menuid": strconv.Itoa(id)}, 0
}

func (r matchRule) check() (errcode int) {
	for _, removed := range []string{"sex", "gender", "country", "province", "city", "language"} {
		if r.value(removed) != "" {
			return 65320
		}
	}
	if r.value("tag_id") == "" && r.value("client_platform_type") == "" {
		return 65304
	}
	return 0
}

// domainsWith returns how many domains the conditional menus would link to if one had these buttons.
func (p *Platform) domainsWith(buttons []button) int {
	domains := map[string]bool{}
	addDomains(domains, buttons)
	for _, c := range p.conditional {
		addDomains(domains, c.Buttons)
	}
	return len(domains)
}

func addDomains(domains map[string]bool, buttons []button) {
	for _, b := range buttons {
		if u, err := url.Parse(b.URL); err == nil && u.Hostname() != "" {
			domains[u.Hostname()] = true
		}
		addDomains(domains, b.SubButton)
	}
}

// https://developers.weixin.qq.com/doc/service/api/custommenu/api_deleteconditionalmenu
func (p *Platform) menuDelConditional(_ url.Values, body []byte) (any, int) {
	var in struct {
		MenuID string `json:"menuid"`
	}
	if errcode := decode(body, &in); errcode != 0 {
		return nil, errcode
	}
	i := slices.IndexFunc(p.conditional, func(c conditionalMenu) bool { return strconv.Itoa(c.ID) == in.MenuID })
	if i < 0 {
		return nil, 65301
	}
	p.conditional = slices.Delete(slices.Clone(p.conditional), i, i+1)
	return done, 0
}

// menuTryMatch accepts an openid as user_id, but not a WeChat id.
// https://developers.weixin.qq.com/doc/service/api/custommenu/api_trymatchmenu
func (p *Platform) menuTryMatch(_ url.Values, body []byte) (any, int) {
	var in struct {
		UserID string `json:"user_id"`
	}
	if errcode := decode(body, &in); errcode != 0 {
		return nil, errcode
	}
	u, _ := p.user(in.UserID)
	switch {
	case !u.follows:
		return nil, 65302
	case !p.hasMenu():
		return nil, 46003
	}
	for _, c := range slices.Backward(p.conditional) {
		if c.Rule.matches(u) {
			return map[string]any{"button": c.Buttons}, 0
		}
	}
	return map[string]any{"button": p.menu.buttons}, 0
}

// matches reports whether u meets the whole rule. Only the latest tag of u counts.
func (r matchRule) matches(u user) bool {
	tag := ""
	if len(u.Tags) > 0 {
		tag = strconv.Itoa(u.Tags[len(u.Tags)-1])
	}
	wantTag, wantClient := r.value("tag_id"), r.value("client_platform_type")
	return (wantTag == "" || wantTag == tag) &&
		(wantClient == "" || wantClient == strconv.Itoa(u.ClientPlatform))
}

// parseMenu decodes a menu. The answer of another menu call, or JSON inside a JSON string, counts as a menu without
// buttons.
func parseMenu(body []byte) (buttons []button, rule matchRule, errcode int) {
	if escaped(body) {
		return nil, nil, 40033
	}
	var in struct {
		Button    []button  `json:"button"`
		MatchRule matchRule `json:"matchrule"`
	}
	err := json.Unmarshal(body, &in)
	if _, mistyped := errors.AsType[*json.UnmarshalTypeError](err); mistyped {
		return nil, nil, 40016
	}
	if err != nil {
		return nil, nil, decode(body, &in)
	}
	return withLists(in.Button), in.MatchRule, 0
}

// escaped reports whether the JSON text contains a \uXXXX escape.
func escaped(body []byte) bool {
	return bytes.Contains(bytes.ReplaceAll(body, []byte(`\\`), nil), []byte(`\u`))
}

// withLists returns the buttons with a non-nil SubButton on every level.
func withLists(buttons []button) []button {
	all := make([]button, len(buttons))
	for i, b := range buttons {
		b.SubButton = withLists(b.SubButton)
		all[i] = b
	}
	return all
}

// level has the differences between top-level buttons and those below them: the longest name and the errcodes.
type level struct {
	maxName                                     int
	badType, badName, badKey, badURL, badDomain int
}

var (
	topLevel = level{maxName: 16, badType: 40017, badName: 40018, badKey: 40019, badURL: 40020, badDomain: 40055}
	subLevel = level{maxName: 60, badType: 40024, badName: 40025, badKey: 40026, badURL: 40027, badDomain: 40054}
)

func checkButtons(buttons []button) (errcode int) {
	if len(buttons) == 0 || len(buttons) > maxButtons {
		return 40016
	}
	for _, b := range buttons {
		if errcode := topLevel.check(b); errcode != 0 {
			return errcode
		}
		if len(b.SubButton) > maxSubButtons {
			return 40023
		}
		for _, sub := range b.SubButton {
			if len(sub.SubButton) > 0 {
				return 40022
			}
			if errcode := subLevel.check(sub); errcode != 0 {
				return errcode
			}
		}
	}
	return 0
}

// check checks a button, but not those below it. A button with others below it has a name alone.
func (l level) check(b button) (errcode int) {
	if b.Name == "" || len(b.Name) > l.maxName {
		return l.badName
	}
	if len(b.SubButton) > 0 {
		if b.Type != "" {
			return l.badType
		}
		return 0
	}
	return l.checkType(b)
}

// checkType checks the fields that the type of a button without others below it requires.
func (l level) checkType(b button) (errcode int) {
	switch b.Type {
	case "click", "scancode_push", "scancode_waitmsg", "pic_sysphoto", "pic_photo_or_album", "pic_weixin",
		"location_select":
		if b.Key == "" || len(b.Key) > maxKey {
			return l.badKey
		}
	case "view":
		return l.checkURL(b.URL)
	case "miniprogram":
		switch {
		case b.AppID == "":
			return 40166
		case b.PagePath == "":
			return 40165
		}
		return l.checkURL(b.URL)
	case "media_id", "view_limited":
		if b.MediaID == "" {
			return 40007
		}
	case "article_id", "article_view_limited":
		if b.ArticleID == "" {
			return 53600
		}
	default:
		return l.badType
	}
	return 0
}

func (l level) checkURL(text string) (errcode int) {
	if text == "" || len(text) > maxURL {
		return l.badURL
	}
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" {
		return l.badDomain
	}
	return 0
}
