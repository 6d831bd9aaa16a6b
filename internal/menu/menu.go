// Package menu keeps an Official Account's custom menu as its owner's file has it: it compares the two, and publishes
// the file's menu where they differ.
//
// Everything has the platform's own names
// (https://developers.weixin.qq.com/doc/service/api/custommenu/api_createcustommenu).
package menu

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"

	"github.com/guanzhu/guanzhu/internal/bilingual"
)

// Menu is all that an account shows: a default menu and conditional ones. The zero Menu is none at all.
type Menu struct {
	Buttons []Button `json:"button"`
	// Conditional are the menus for some followers, in the order of their precedence: the first whose rule matches is
	// shown. They need a default menu.
	Conditional []Conditional `json:"conditionalmenu,omitempty"`

	// Console marks a live menu that was made in the platform's own console. An account with a server does not show
	// it, and menu/get does not know it.
	Console bool `json:"-"`
	// File is where a menu to be published is written, for the lines in it.
	File string `json:"-"`
	// LeftOut names the buttons of the file that are not part of the menu, each with the reason.
	LeftOut []bilingual.Text `json:"-"`
}

// Conditional is a menu for the followers whom MatchRule matches.
type Conditional struct {
	Buttons   []Button  `json:"button"`
	MatchRule MatchRule `json:"matchrule"`

	MenuID string `json:"-"` // the platform's id of a live menu
	Line   int    `json:"-"` // in Menu.File
}

// MatchRule is what all must be true of a follower: tag_id and client_platform_type (1 iOS, 2 Android, 3 others). A live
// menu's may have names that the platform takes no longer.
type MatchRule map[string]string

// Button is a button. Which of its fields are set depends on its Type; one with others below it has a Name alone.
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

// Hash is the same for menus that show and do the same: the ids, lines and empty lists in them do not matter.
func (m Menu) Hash() string {
	m.Buttons = plain(m.Buttons)
	m.Conditional = slices.Clone(m.Conditional)
	for i, c := range m.Conditional {
		m.Conditional[i].Buttons = plain(c.Buttons)
	}
	encoded, err := json.Marshal(m)
	if err != nil {
		panic(err) // strings alone can be encoded
	}
	sum := sha256.Sum256(encoded)
	return hex.EncodeToString(sum[:])
}

// plain makes no difference between no list and an empty one.
func plain(buttons []Button) []Button {
	if len(buttons) == 0 {
		return nil
	}
	return buttons
}

// same reports whether live needs no publishing to become wanted.
func same(live, wanted Menu) bool { return !live.Console && live.Hash() == wanted.Hash() }
