package wechattest

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/url"
	"slices"
	"strconv"
)

// Limits of menus (https://developers.weixin.qq.com/doc/service/api/custommenu/api_createcustommenu), texts in bytes.
const (
	maxButtons    = 3
	maxSubButtons = 5
	maxKey        = 128
	maxURL        = 1024
	maxDomains    = 3 // that all conditional menus together may lead to
)

type menu struct {
	id      int
	buttons []button
	console bool // made in the platform's own console
}

type conditionalMenu struct {
	ID      int       `json:"menuid"`
	Buttons []button  `json:"button"`
	Rule    matchRule `json:"matchrule"`
}

// button has the fields of all types. Its JSON is that of menu/get, where every button has a list below it.
type button struct {
	Type      string          `json:"type,omitempty"`
	Name      string          `json:"name"`
	Key       string          `json:"key,omitempty"`
	URL       string          `json:"url,omitempty"`
	AppID     string          `json:"appid,omitempty"`
	PagePath  string          `json:"pagepath,omitempty"`
	MediaID   string          `json:"media_id,omitempty"`
	ArticleID string          `json:"article_id,omitempty"`
	Value     string          `json:"value,omitempty"`     // of types that only the console makes
	NewsInfo  json.RawMessage `json:"news_info,omitempty"` // of type news, which only the console makes
	SubButton []button        `json:"sub_button"`
}

// matchRule is kept as it came: a value may be a string or a number.
type matchRule map[string]any

// value is "" where the rule has none of that name.
func (r matchRule) value(name string) string {
	switch v := r[name].(type) {
	case string:
		return v
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	}
	return ""
}

// SetMenu makes the menu that menu/create takes in body the live one, as another program does with a call that is
// counted nowhere; "" deletes the menu and the conditional ones. It does not check limits, and panics if body is no
// menu.
func (p *Platform) SetMenu(body string) { p.setMenu(body, false) }

// SetConsoleMenu makes the live menu one that was made in the platform's own console: menu/get does not know it, and
// get_current_selfmenu_info shows it as not open, since an account in developer mode does not show it to followers.
// body has the form of SetMenu's, and may hold the console's own types (text, img, video, voice, news).
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

// hasMenu reports whether the live menu was set by a call.
func (p *Platform) hasMenu() bool { return p.menu != nil && !p.menu.console }

func (p *Platform) menuDelete(url.Values, []byte) (any, int) {
	p.menu, p.conditional = nil, nil
	return done, 0
}

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

// selfButton is a button in get_current_selfmenu_info, where the list below it is wrapped once more.
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
	for _, removed := range []string{"sex", "gender", "country", "province", "city", "language"} {
		if rule.value(removed) != "" {
			return nil, 65320
		}
	}
	if rule.value("tag_id") == "" && rule.value("client_platform_type") == "" {
		return nil, 65304
	}
	if errcode := checkButtons(buttons); errcode != 0 {
		return nil, errcode
	}
	domains := map[string]bool{}
	addDomains(domains, buttons)
	for _, c := range p.conditional {
		addDomains(domains, c.Buttons)
	}
	if len(domains) > maxDomains {
		return nil, 65316
	}
	id := p.newMenuID()
	p.conditional = append(p.conditional, conditionalMenu{id, buttons, rule})
	return map[string]any{"menuid": strconv.Itoa(id)}, 0
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

// menuTryMatch knows users by their openid only, not by their WeChat id.
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

// matches reports whether u meets all of the rule. Of several tags the one that was attached last counts.
func (r matchRule) matches(u user) bool {
	tag := ""
	if len(u.Tags) > 0 {
		tag = strconv.Itoa(u.Tags[len(u.Tags)-1])
	}
	wantTag, wantClient := r.value("tag_id"), r.value("client_platform_type")
	return (wantTag == "" || wantTag == tag) &&
		(wantClient == "" || wantClient == strconv.Itoa(u.ClientPlatform))
}

// parseMenu reads a menu. What has the form of another menu call's answer, or is JSON inside a JSON string, has no
// buttons for the platform.
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

// escaped reports whether JSON has a character as \uXXXX.
func escaped(body []byte) bool {
	return bytes.Contains(bytes.ReplaceAll(body, []byte(`\\`), nil), []byte(`\u`))
}

// withLists gives every button a list below it, if only an empty one.
func withLists(buttons []button) []button {
	all := make([]button, len(buttons))
	for i, b := range buttons {
		b.SubButton = withLists(b.SubButton)
		all[i] = b
	}
	return all
}

// level is what differs between the buttons of the two levels: how long a name may be, and the errcodes.
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

// check returns what is wrong with a button itself. One with others below it has a name only.
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
