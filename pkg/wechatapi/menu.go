package wechatapi

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/guanzhu/guanzhu/internal/errcode"
	"github.com/guanzhu/guanzhu/internal/menu"
)

var _ menu.API = (*Client)(nil)

// GetMenu returns the account's menu. The conditional menus have their ids and are in the order of their precedence. If no
// call has set a menu, GetMenu returns the one of WeChat's console, marked as such. The error is menu.ErrNoMenu if there is
// no menu, and follower.ErrNoPermission if the account may not have one.
// https://developers.weixin.qq.com/doc/service/api/custommenu/api_getmenu
func (c *Client) GetMenu(ctx context.Context) (menu.Menu, error) {
	var answer menuAnswer
	err := c.Get(ctx, "/cgi-bin/menu/get", nil, &answer)
	if hasCode(err, errcode.NoMenu) {
		return c.consoleMenu(ctx)
	}
	if err != nil {
		return menu.Menu{}, err
	}
	return answer.menu(), nil
}

// ParseMenu reads an answer of menu/get.
func ParseMenu(answer []byte) (menu.Menu, error) {
	var a menuAnswer
	if err := decode("/cgi-bin/menu/get", answer, &a); err != nil {
		return menu.Menu{}, err
	}
	return a.menu(), nil
}

// menuAnswer is an answer of menu/get.
type menuAnswer struct {
	Menu        menu.Menu         `json:"menu"`
	Conditional []conditionalMenu `json:"conditionalmenu"`
}

func (answer menuAnswer) menu() menu.Menu {
	// Later menus have precedence, and higher ids.
	slices.SortStableFunc(answer.Conditional, func(a, b conditionalMenu) int { return cmp.Compare(b.MenuID, a.MenuID) })
	m := menu.Menu{Buttons: answer.Menu.Buttons}
	for _, conditional := range answer.Conditional {
		m.Conditional = append(m.Conditional, menu.Conditional{
			Buttons:   conditional.Buttons,
			MatchRule: conditional.MatchRule.rule(),
			MenuID:    fmt.Sprint(conditional.MenuID),
		})
	}
	return m
}

// conditionalMenu is a conditional menu in an answer of menu/get. There, its id is a number. In other calls, it is a string.
type conditionalMenu struct {
	Buttons   []menu.Button `json:"button"`
	MatchRule matchRule     `json:"matchrule"`
	MenuID    int64         `json:"menuid"`
}

// matchRule has strings and numbers. An empty string is no condition.
type matchRule map[string]any

func (r matchRule) rule() menu.MatchRule {
	rule := menu.MatchRule{}
	for name, value := range r {
		switch value := value.(type) {
		case string:
			rule[name] = value
		case float64:
			rule[name] = fmt.Sprint(int64(value))
		}
	}
	maps.DeleteFunc(rule, func(_, value string) bool { return value == "" })
	// Tags were called groups before, with the same ids.
	if group, ok := rule["group_id"]; ok {
		rule["tag_id"] = cmp.Or(rule["tag_id"], group)
		delete(rule, "group_id")
	}
	return rule
}

// consoleMenu asks for the menu in another form, which includes menus that were made in WeChat's console.
// https://developers.weixin.qq.com/doc/service/api/custommenu/api_getcurrentselfmenuinfo
func (c *Client) consoleMenu(ctx context.Context) (menu.Menu, error) {
	const path = "/cgi-bin/get_current_selfmenu_info"
	var answer struct {
		Info struct {
			Buttons []consoleButton `json:"button"`
		} `json:"selfmenu_info"`
	}
	if err := c.Get(ctx, path, nil, &answer); err != nil {
		return menu.Menu{}, err
	}
	m := menu.Menu{Console: true}
	for _, b := range answer.Info.Buttons {
		m.Buttons = append(m.Buttons, b.button())
	}
	if len(m.Buttons) == 0 {
		return menu.Menu{}, fmt.Errorf("wechatapi: %s: %w", path, menu.ErrNoMenu)
	}
	return m, nil
}

// consoleButton is a button whose list of sub-buttons is wrapped in an object. Fields of the console's own types are ignored.
type consoleButton struct {
	menu.Button
	SubButton struct {
		List []consoleButton `json:"list"`
	} `json:"sub_button"`
}

func (b consoleButton) button() menu.Button {
	for _, below := range b.SubButton.List {
		b.Button.SubButton = append(b.Button.SubButton, below.button())
	}
	return b.Button
}

// CreateMenu replaces the account's default menu. Strings must be as in Post.
// https://developers.weixin.qq.com/doc/service/api/custommenu/api_createcustommenu
func (c *Client) CreateMenu(ctx context.Context, buttons []menu.Button) error {
	return c.Post(ctx, "/cgi-bin/menu/create", menu.Menu{Buttons: buttons}, nil)
}

// AddConditionalMenu adds a menu that has precedence over those added before. Strings must be as in Post.
// https://developers.weixin.qq.com/doc/service/api/custommenu/api_addconditionalmenu
func (c *Client) AddConditionalMenu(ctx context.Context, conditional menu.Conditional) error {
	return c.Post(ctx, "/cgi-bin/menu/addconditional", conditional, nil)
}

// DeleteConditionalMenu deletes the menu with this id, if there is one.
// https://developers.weixin.qq.com/doc/service/api/custommenu/api_deleteconditionalmenu
func (c *Client) DeleteConditionalMenu(ctx context.Context, menuID string) error {
	err := c.Post(ctx, "/cgi-bin/menu/delconditional", map[string]string{"menuid": menuID}, nil)
	if hasCode(err, 65301) {
		return nil
	}
	return err
}
