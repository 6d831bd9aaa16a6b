// Package accountyaml reads account.yaml, in which the owner of an Official Account writes the welcome, the replies to
// keywords and menu clicks, the reply to everything else, and the menu. It finds the replies in it.
//
//	welcome: 欢迎关注！                # the reply to a follow
//	default: 编辑@+您想说的话          # the reply to a text that no rule matches
//	suggestion: 已经收到您的建议       # the reply to a suggestion
//	messages:                        # optional; to a message that is no text: image, voice, video, location, link, file, other
//	  image: 图片收到了，谢谢！
//	keywords:                        # optional; the first rule that matches answers
//	  - exact: 你好                   # exactly one of exact, prefix, contains: a keyword, or a list of keywords
//	    reply: 您好！
//	clicks:                          # optional; by the EventKey of the menu's click buttons
//	  about: 关于我们
//	menu:                            # optional, as is conditionalmenu: the custom menu, as the platform's calls take it
//	  button:
//	    - {name: 关于我们, type: click, key: about}
//	menu_drift: repair               # or tell: if someone else has changed the live menu
//
// Each of these replies can instead be a mapping of one of the following. The fields have the names of the platform's JSON
// APIs. media_id, thumb_media_id, title and the url of an article are required, and no field may be empty:
//
//	image: {media_id: …}
//	voice: {media_id: …}
//	video: {media_id: …, title: …, description: …}
//	music: {thumb_media_id: …, title: …, description: …, musicurl: …, hqmusicurl: …}
//	news:                            # to a follow or a click up to eight articles, to a message one
//	  - {title: …, url: …, description: …, picurl: …}
//	transfer_customer_service: {kf_account: name@account} # to a message; {} is any agent who is online
//	transfer_biz_ai_ivr: {}          # to a message: the platform's own AI reply
//	random: [reply, reply, …]        # one of them, the same for each delivery of one push
//	ai: {base_url: …, model: …}      # to a text, as the default or of a keyword: what a language model answers, see AI
//
// Instead of media_id or thumb_media_id, file may name a file in account/media.
//
// In developer mode, the platform's customer service receives only messages to which the reply is
// transfer_customer_service. As the default, it transfers every text that no rule answers
// (https://developers.weixin.qq.com/doc/subscription/guide/product/kf/forwarding.html). The same is true of the AI reply
// (https://developers.weixin.qq.com/doc/subscription/guide/product/message/Passive_user_reply_message.html), which must be
// switched on in WeChat's console.
//
// Keywords are compared without the white space around the text and without case, so "Hello", as a phone writes it, matches
// the rule "hello". There are no other equivalences: a full-width letter does not equal its half-width form.
package accountyaml

import (
	"strings"

	"github.com/guanzhu/guanzhu/internal/media"
	"github.com/guanzhu/guanzhu/internal/menu"
	"github.com/guanzhu/guanzhu/internal/pattern"
	"github.com/guanzhu/guanzhu/pkg/wechat"
)

// Account is a checked account.yaml. It is safe for concurrent use. Callers must not change its replies.
type Account struct {
	welcome    wechat.Reply
	fallback   wechat.Reply // the file's default
	suggestion wechat.Reply
	messages   map[string]wechat.Reply // by their names below messages
	rules      []rule
	index      pattern.Index // of the rules' keywords
	clicks     map[string]wechat.Reply
	menu       menu.Menu // with the urls as written
	tellsDrift bool
	byLink     bool
	files      []media.Use // each once
	ais        []*AI
	sentences  []sentence // in the order of the file
	lost       []sentence // what YAML takes for comments
}

// Welcome returns the reply to a follow. Every reply of an Account has all fields that the platform requires.
func (a *Account) Welcome() wechat.Reply { return a.welcome }

// Pages returns how followers reach the pages: "oauth", or "link" for a personal link, which the welcome then contains.
func (a *Account) Pages() string {
	if a.byLink {
		return "link"
	}
	return "oauth"
}

// Suggestion returns the reply to a suggestion.
func (a *Account) Suggestion() wechat.Reply { return a.suggestion }

// Default returns the reply to a text that no keyword rule matches.
func (a *Account) Default() wechat.Reply { return a.fallback }

// Answer returns the reply to a follower's text: that of the first keyword rule that matches, or the default.
func (a *Account) Answer(text string) wechat.Reply {
	if first, ok := a.index.First(fold(text)); ok {
		return a.rules[first].reply
	}
	return a.fallback
}

// Click returns the reply to a click on the menu button whose EventKey is key, and whether there is one.
func (a *Account) Click(key string) (wechat.Reply, bool) {
	r, ok := a.clicks[key]
	return r, ok
}

// A rule is the reply to the texts that its keyword matches.
type rule struct {
	line    int    // in the file
	item    int    // its place in the file's list; that of all its keywords
	kind    string // a name in patternOf
	keyword string // folded
	reply   wechat.Reply
}

// patternOf has the patterns that compare a keyword with a text, by their names in the file.
var patternOf = map[string]func(keyword string) pattern.Pattern{
	"exact":    pattern.Exact,
	"prefix":   pattern.Prefix,
	"contains": pattern.Contains,
}

// fold returns the same text for texts that keywords do not distinguish. It maps each letter by itself, so that the folded
// prefix of a text is a prefix of the folded text.
func fold(text string) string { return strings.ToLower(strings.TrimSpace(text)) }
