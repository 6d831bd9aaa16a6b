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

// GetMenu returns the account's menu, the conditional ones with their ids and in the order of their precedence. Of an
// account whose menu was made in the platform's console, not by a call, it returns that one, marked so. The error is
// menu.ErrNoMenu where there is none, and follower.ErrNoPermission where the account may have none.
// https://developers.weixin.qq.com/doc/service/api/custommenu/api_getmenu
func (c *Client) GetMenu(ctx context.Context) (menu.Menu, error) {
	var answer struct {
		Menu        menu.Menu         `json:"menu"`
		Conditional []conditionalMenu `json:"conditionalmenu"`
	}
	err := c.Get(ctx, "/cgi-bin/menu/get", nil, &answer)
	if hasCode(err, errcode.NoMenu) {
		return c.consoleMenu(ctx)
	}
	if err != nil {
		return menu.Menu{}, err
	}
	// Later ones precede, and have higher ids.
	slices.SortStableFunc(answer.Conditional, func(a, b conditionalMenu) int { return cmp.Compare(b.MenuID, a.MenuID) })
	m := menu.Menu{Buttons: answer.Menu.Buttons}
	for _, conditional := range answer.Conditional {
		m.Conditional = append(m.Conditional, menu.Conditional{
			Buttons:   conditional.Buttons,
			MatchRule: conditional.MatchRule.rule(),
			MenuID:    fmt.Sprint(conditional.MenuID),
		})
	}
	return m, nil
}

// conditionalMenu is a conditional menu in the answer of menu/get, which has as a number the id that other calls have as
// a string.
type conditionalMenu struct {
	Buttons   []menu.Button `json:"button"`
	MatchRule matchRule     `json:"matchrule"`
	MenuID    int64         `json:"menuid"`
}

// matchRule has strings and numbers, and empty strings for what is not asked for.
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
	// Tags were once called groups, with the same ids.
	if group, ok := rule["group_id"]; ok {
		rule["tag_id"] = cmp.Or(rule["tag_id"], group)
		delete(rule, "group_id")
	}
	return rule
}

// consoleMenu asks for the menu in the other form that the platform has, which a console's has as well.
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

// consoleButton is a button whose list below it is wrapped once more. What the console's own types have is left out.
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

// CreateMenu replaces the account's default menu. Its texts must be free of control characters, U+2028 and U+2029.
// https://developers.weixin.qq.com/doc/service/api/custommenu/api_createcustommenu
func (c *Client) CreateMenu(ctx context.Context, buttons []menu.Button) error {
	return c.Post(ctx, "/cgi-bin/menu/create", menu.Menu{Buttons: buttons}, nil)
}

// AddConditionalMenu adds a menu that precedes all that were added before. Texts as in CreateMenu.
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
