// Package movein makes an account.yaml, and the files that it uses, from an account's settings on the platform: the automatic
// replies and the menu of the platform's console, or a menu that was set by a call.
//
// What account.yaml cannot say is never dropped silently: each has a Note.
package movein

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"

	"github.com/guanzhu/guanzhu/internal/bilingual"
	"github.com/guanzhu/guanzhu/internal/errcode"
)

// Answers are the platform's answers to three calls. What is empty is not known.
type Answers struct {
	AutoReplies json.RawMessage `json:"autoreplies,omitempty"` // get_current_autoreply_info
	SelfMenu    json.RawMessage `json:"selfmenu,omitempty"`    // get_current_selfmenu_info
	Menu        json.RawMessage `json:"menu,omitempty"`        // menu/get
	// NoMenuCall is the errcode of menu/get if the account has no such menu, or may not ask: 46003 or 48001.
	NoMenuCall int `json:"no_menu_call,omitempty"`
}

// API is the part of the platform that has the account. If it refuses a call, the error has its errcode.
type API interface {
	Get(ctx context.Context, path string, query url.Values, out any) error
}

// Ask asks the platform. An account that has no menu, or may not ask for one by menu/get, is no error.
func Ask(ctx context.Context, api API) (Answers, error) {
	var a Answers
	if err := api.Get(ctx, "/cgi-bin/get_current_autoreply_info", nil, &a.AutoReplies); err != nil {
		return Answers{}, err
	}
	if err := api.Get(ctx, "/cgi-bin/get_current_selfmenu_info", nil, &a.SelfMenu); err != nil {
		return Answers{}, err
	}
	err := api.Get(ctx, "/cgi-bin/menu/get", nil, &a.Menu)
	if code := errcode.Of(err); code == errcode.NoMenu || code == errcode.NoPermission {
		a.NoMenuCall, err = code, nil
	}
	return a, err
}

// Add adds a saved answer, which it recognises by its content. The name is the file's, for errors.
func (a *Answers) Add(name string, saved []byte) error {
	var is struct {
		Errcode        int             `json:"errcode"`
		FollowOpen     json.RawMessage `json:"is_add_friend_reply_open"`
		AutoReplyOpen  json.RawMessage `json:"is_autoreply_open"`
		KeywordReplies json.RawMessage `json:"keyword_autoreply_info"`
		MenuOpen       json.RawMessage `json:"is_menu_open"`
		SelfMenu       json.RawMessage `json:"selfmenu_info"`
		Menu           json.RawMessage `json:"menu"`
	}
	saved = trimBOM(saved)
	if err := json.Unmarshal(saved, &is); err != nil {
		return bilingual.Errorf("%s：不是应答的 JSON：请保存完整的应答。%w", "%s: this is not the JSON of an answer: save the whole answer: %w", name, err)
	}
	var at *json.RawMessage
	switch {
	case is.Errcode != 0:
		return bilingual.Errorf("%s：微信拒绝了这次调用，errcode %d：%v。请保存成功的应答", "%s: this is a refusal, errcode %d (%v): save an answer",
			name, is.Errcode, errcode.Explain(is.Errcode))
	case is.FollowOpen != nil || is.AutoReplyOpen != nil || is.KeywordReplies != nil:
		at = &a.AutoReplies
	case is.MenuOpen != nil || is.SelfMenu != nil:
		at = &a.SelfMenu
	case is.Menu != nil:
		at = &a.Menu
	default:
		return bilingual.Errorf("%s：不是 get_current_autoreply_info、get_current_selfmenu_info 或 menu/get 的应答",
			"%s: this is no answer of get_current_autoreply_info, get_current_selfmenu_info or menu/get", name)
	}
	if *at != nil {
		return bilingual.Errorf("%s：另一个文件已经是同一个接口的应答：只给出其中一个",
			"%s: another file has an answer of the same call already: give one of them", name)
	}
	*at = saved
	return nil
}

func trimBOM(text []byte) []byte {
	if len(text) > 2 && string(text[:3]) == "\ufeff" {
		return text[3:]
	}
	return text
}

// reply is one of the console's replies.
type reply struct {
	Type    string `json:"type"`
	Content string `json:"content"`
	News    struct {
		List []article `json:"list"`
	} `json:"news_info"`
}

type article struct {
	Title      string `json:"title"`
	Digest     string `json:"digest"`
	CoverURL   string `json:"cover_url"`
	ContentURL string `json:"content_url"`
}

// autoReplies is an answer of get_current_autoreply_info.
// https://developers.weixin.qq.com/doc/subscription/api/notify/autoreplies/api_getcurrentautoreplyinfo
type autoReplies struct {
	FollowOpen flag   `json:"is_add_friend_reply_open"`
	Open       flag   `json:"is_autoreply_open"`
	Follow     *reply `json:"add_friend_autoreply_info"`
	Default    *reply `json:"message_default_autoreply_info"`
	Keywords   struct {
		List []rule `json:"list"`
	} `json:"keyword_autoreply_info"`
}

// flag is 0 or 1, as a number or in quotes.
type flag bool

// UnmarshalJSON takes every value but 0 and false for true.
func (f *flag) UnmarshalJSON(value []byte) error {
	text := string(bytes.Trim(value, `"`))
	*f = text != "0" && text != "false" && text != "null" && text != ""
	return nil
}

type rule struct {
	Name     string    `json:"rule_name"`
	Mode     string    `json:"reply_mode"`
	Keywords []keyword `json:"keyword_list_info"`
	Replies  []reply   `json:"reply_list_info"`
}

type keyword struct {
	Type    string `json:"type"`
	Match   string `json:"match_mode"`
	Content string `json:"content"`
}

// selfMenu is an answer of get_current_selfmenu_info.
// https://developers.weixin.qq.com/doc/service/api/custommenu/api_getcurrentselfmenuinfo
type selfMenu struct {
	Info struct {
		Buttons []button `json:"button"`
	} `json:"selfmenu_info"`
}

type button struct {
	reply            // of the types that only the console makes
	Name      string `json:"name"`
	Type      string `json:"type"`
	Key       string `json:"key"`
	URL       string `json:"url"`
	Value     string `json:"value"`
	AppID     string `json:"appid"`
	PagePath  string `json:"pagepath"`
	MediaID   string `json:"media_id"`
	ArticleID string `json:"article_id"`
	Sub       struct {
		List []button `json:"list"`
	} `json:"sub_button"`
}

// A Note names a setting that is not carried over as it is, and says why.
type Note struct {
	Of   string // the rule's or button's name; welcome or default
	Text bilingual.Text
}

// In returns the whole line in the language.
func (n Note) In(language string) string {
	if language == bilingual.Chinese {
		return fmt.Sprintf("“%s”：%s", n.Of, n.Text.ZH)
	}
	return fmt.Sprintf("%q: %s", n.Of, n.Text.EN)
}

var errNoSource = errors.New("there is neither a saved answer nor an API to ask")
