package movein_test

import (
	"encoding/json"
	"strings"

	"github.com/guanzhu/guanzhu/pkg/wechattest"
)

// The console is the platform's own automatic replies and menu, as WeChat plays them while an account has no server. Where the
// platform documents nothing, it is assumed that texts are compared without white space around them and without regard to the
// case of letters, and that the newest rule, the first of the list, goes first.

type consoleReply struct {
	Type    string       `json:"type"`
	Content string       `json:"content,omitempty"`
	News    *consoleNews `json:"news_info,omitempty"`
}

type consoleNews struct {
	List []consoleArticle `json:"list"`
}

type consoleArticle struct {
	Title      string `json:"title"`
	Author     string `json:"author"`
	Digest     string `json:"digest"`
	ShowCover  int    `json:"show_cover"`
	CoverURL   string `json:"cover_url"`
	ContentURL string `json:"content_url"`
	SourceURL  string `json:"source_url"`
}

type consoleKeyword struct {
	Type    string `json:"type"`
	Match   string `json:"match_mode"`
	Content string `json:"content"`
}

type consoleRule struct {
	Name     string           `json:"rule_name"`
	Created  int64            `json:"create_time"`
	Mode     string           `json:"reply_mode"`
	Keywords []consoleKeyword `json:"keyword_list_info"`
	Replies  []consoleReply   `json:"reply_list_info"`
}

type consoleButton struct {
	Name  string          `json:"name"`
	Type  string          `json:"type,omitempty"`
	Key   string          `json:"key,omitempty"`
	URL   string          `json:"url,omitempty"`
	Value string          `json:"value,omitempty"`
	News  *consoleNews    `json:"news_info,omitempty"`
	Sub   []consoleButton `json:"sub_button,omitempty"`
}

type console struct {
	Follow, Default *consoleReply
	Rules           []consoleRule
	Buttons         []consoleButton
}

// on makes p the platform of the account.
func (c console) on(p *wechattest.Platform) {
	p.SetAutoReplies(c.autoReplies())
	p.SetMenu("")
	if len(c.Buttons) > 0 {
		p.SetConsoleMenu(encode(map[string]any{"button": c.Buttons}))
	}
}

func (c console) autoReplies() string {
	answer := map[string]any{"is_add_friend_reply_open": 1, "is_autoreply_open": 1}
	if c.Follow != nil {
		answer["add_friend_autoreply_info"] = c.Follow
	}
	if c.Default != nil {
		answer["message_default_autoreply_info"] = c.Default
	}
	if c.Rules != nil {
		answer["keyword_autoreply_info"] = map[string]any{"list": c.Rules}
	}
	// The platform escapes slashes.
	return strings.ReplaceAll(encode(answer), "/", `\/`)
}

func encode(v any) string {
	var encoded strings.Builder
	encoder := json.NewEncoder(&encoded)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(v); err != nil {
		panic(err)
	}
	return encoded.String()
}

// answer returns the name of what answers a text, and the messages that it may answer with: all of them, or one of them.
func (c console) answer(text string) (by string, replies []consoleReply, all bool) {
	for _, rule := range c.Rules {
		for _, k := range rule.Keywords {
			if k.matches(text) {
				return rule.Name, rule.Replies, rule.Mode == "reply_all"
			}
		}
	}
	if c.Default != nil {
		return "default", []consoleReply{*c.Default}, true
	}
	return "default", nil, true
}

func (k consoleKeyword) matches(text string) bool {
	if k.Type != "text" {
		return false
	}
	text, keyword := strings.ToLower(strings.TrimSpace(text)), strings.ToLower(strings.TrimSpace(k.Content))
	if k.Match == "equal" {
		return text == keyword
	}
	return k.Match == "contain" && strings.Contains(text, keyword)
}
