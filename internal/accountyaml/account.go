// Package account holds what the owner of an Official Account writes down in account.yaml, and answers from it: the
// welcome, the replies to keywords and menu clicks, the reply to everything else, and the menu itself.
//
//	welcome: 欢迎关注！                # the reply to a follow
//	default: 编辑@+您想说的话          # the reply to a text that no rule matches
//	suggestion: 已经收到您的建议       # the reply to a suggestion
//	keywords:                        # optional; the first rule that matches answers
//	  - exact: 你好                   # exactly one of exact, prefix, contains: a keyword, or a list of keywords
//	    reply: 您好！
//	clicks:                          # optional; by the EventKey of the menu's click buttons
//	  about: 关于我们
//	menu:                            # optional, as is conditionalmenu: the custom menu, as the platform's calls take it
//	  button:
//	    - {name: 关于我们, type: click, key: about}
//	menu_drift: repair               # or tell: what becomes of a live menu that someone else has changed
//
// Each of these replies may instead be a mapping of one of the following, whose fields have the names that they have in
// the platform's JSON APIs. media_id, thumb_media_id, title and url of an article are required, and what is written must
// not be empty:
//
//	image: {media_id: …}
//	voice: {media_id: …}
//	video: {media_id: …, title: …, description: …}
//	music: {thumb_media_id: …, title: …, description: …, musicurl: …, hqmusicurl: …}
//	news:                            # to a follow or a click up to eight articles, to a text one
//	  - {title: …, url: …, description: …, picurl: …}
//	transfer_customer_service: {kf_account: name@account} # to a text; {} is any agent who is online
//	transfer_biz_ai_ivr: {}          # to a text: the platform's own AI reply
//	random: [reply, reply, …]        # one of them, the same for each delivery of one push
//	ai: {base_url: …, model: …}      # to a text, as the default or of a keyword: what a language model answers, see AI
//
// Instead of media_id or thumb_media_id, file may name a file in account/media.
//
// Once an account has a server (developer mode), the platform's customer-service desk gets a message only where the reply
// to it is transfer_customer_service: its staff see nothing of the others. As the default it hands over to them whatever
// text no rule answers (https://developers.weixin.qq.com/doc/subscription/guide/product/kf/forwarding.html). The same is
// true of the AI reply (https://developers.weixin.qq.com/doc/subscription/guide/product/message/Passive_user_reply_message.html),
// which must be switched on in the platform's console.
//
// Keywords are compared with the text without the white space around it and whatever the case of its letters, so that
// "Hello", which a phone's keyboard writes, finds the rule "hello". There are no other equivalences: a full-width
// letter is not its half-width twin.
package accountyaml

import (
	"strings"

	"github.com/guanzhu/guanzhu/internal/media"
	"github.com/guanzhu/guanzhu/internal/menu"
	"github.com/guanzhu/guanzhu/internal/pattern"
	"github.com/guanzhu/guanzhu/pkg/wechat"
)

// Account is a checked account.yaml. It is safe for concurrent use; neither it nor its replies are to be changed.
type Account struct {
	welcome    wechat.Reply
	fallback   wechat.Reply // the file's default, which is a word of Go
	suggestion wechat.Reply
	rules      []rule
	index      pattern.Index // of the rules' keywords
	clicks     map[string]wechat.Reply
	menu       menu.Menu // its urls as they are written
	tellsDrift bool
	byLink     bool
	files      []media.Use // each once
	ais        []*AI
}

// Welcome returns the reply to a follow: like every reply here, one that has all that the platform demands.
func (a *Account) Welcome() wechat.Reply { return a.welcome }

// Pages says how followers get to the pages: "oauth", or "link" by a personal link, which the welcome then carries as well.
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

// Answer returns the reply to text, which may be anything a follower sends: that of the first keyword rule that
// matches, or the default.
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

// A rule answers the texts that its keyword matches.
type rule struct {
	line    int    // in the file
	kind    string // a name in patternOf
	keyword string // folded
	reply   wechat.Reply
}

// patternOf has the ways in which a keyword is compared with a text, by the names they have in the file.
var patternOf = map[string]func(keyword string) pattern.Pattern{
	"exact":    pattern.Exact,
	"prefix":   pattern.Prefix,
	"contains": pattern.Contains,
}

// fold makes equal what keywords do not tell apart. It works on each letter by itself, so that a folded prefix is a
// prefix of the folded text.
func fold(text string) string { return strings.ToLower(strings.TrimSpace(text)) }
