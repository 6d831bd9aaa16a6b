// Package menu compares an Official Account's live menu with that of the owner's file, and publishes the file's if they
// differ.
//
// It uses the platform's names
// (https://developers.weixin.qq.com/doc/service/api/custommenu/api_createcustommenu).
package menu

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"

	"github.com/guanzhu/guanzhu/internal/bilingual"
)

// Menu is an account's default menu with its conditional menus. The zero Menu means no menu.
type Menu struct {
	Buttons []Button `json:"button"`
	// Conditional has the menus for some followers, in the order of precedence: a follower sees the first whose rule
	// matches. They require a default menu.
	Conditional []Conditional `json:"conditionalmenu,omitempty"`

	// Console marks a live menu that was made in WeChat's console. An account with a server does not show it, and
	// menu/get does not return it.
	Console bool `json:"-"`
	// File is the file that has the menu. Line numbers refer to it.
	File string `json:"-"`
	// LeftOut names the buttons of the file that are not part of the menu, each with the reason.
	LeftOut []bilingual.Text `json:"-"`
}

// Conditional is a menu for the followers that MatchRule matches.
type Conditional struct {
	Buttons   []Button  `json:"button"`
	MatchRule MatchRule `json:"matchrule"`

	MenuID string `json:"-"` // the platform's id, if the menu is live
	Line   int    `json:"-"` // in Menu.File
}

// MatchRule maps names to values. All of them must match a follower: tag_id and client_platform_type (1 iOS, 2 Android,
// 3 others). The rule of a live menu may have names that the platform no longer accepts.
type MatchRule map[string]string

// Button is a button. Its Type determines which fields are set. A button with sub-buttons has only a Name.
type Button struct {
	Type      string   `json:"type,omitempty"`
	Name      string   `json:"name"`
	Key       string   `json:"key,omitempty"`
	URL       string   `json:"url,omitempty"`
	AppID     string   `json:"appid,omitempty"`
	PagePath  string   `json:"pagepath,omitempty"`
	MediaID   string   `json:"media_id,omitempty"`
	ArticleID string   `json:"article_id,omitempty"`
	SubButton []Button `json:"sub_button,omitempty"`

	Line int `json:"-"` // in Menu.File
}

// Hash returns a hash of the menu's looks and effects. It ignores ids, lines, and the difference between nil and empty lists.
func (m Menu) Hash() string {
	m.Buttons = plain(m.Buttons)
	m.Conditional = slices.Clone(m.Conditional)
	for i, c := range m.Conditional {
		m.Conditional[i].Buttons = plain(c.Buttons)
	}
	encoded, err := json.Marshal(m)
	if err != nil {
		panic(err) // strings and lists can always be encoded
	}
	sum := sha256.Sum256(encoded)
	return hex.EncodeToString(sum[:])
}

// plain returns nil for an empty list.
func plain(buttons []Button) []Button {
	if len(buttons) == 0 {
		return nil
	}
	return buttons
}

// same reports whether live already is wanted, so that nothing must be published.
func same(live, wanted Menu) bool { return !live.Console && live.Hash() == wanted.Hash() }
