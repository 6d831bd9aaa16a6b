package autoreply

import (
	"strings"

	"github.com/guanzhu/guanzhu/pkg/wechat"
)

// PersonalLink is a placeholder in a text, or for the url of an article. It is replaced by a link to the account's pages for the
// follower who gets the reply.
const PersonalLink = "{personal_link}"

// LinkKeyword returns a text that followers can send to get their personal link: the first keyword whose reply has a place
// for it, "" if there is none.
func (a *Account) LinkKeyword() string {
	for _, k := range a.keywords {
		if HasLink(k.Reply) && HasLink(a.Answer(k.text)) {
			return k.text
		}
	}
	return ""
}

// HasLink reports whether the reply has a place for a personal link.
func HasLink(r wechat.Reply) bool {
	switch r := r.(type) {
	case wechat.TextReply:
		return strings.Contains(string(r), PersonalLink)
	case wechat.NewsReply:
		for _, a := range r {
			if a.URL == PersonalLink {
				return true
			}
		}
	case wechat.OneOf:
		for _, one := range r {
			if !HasLink(one) {
				return false
			}
		}
		return true
	}
	return false
}

// WithLink returns the reply with link in its places.
func WithLink(r wechat.Reply, link string) wechat.Reply {
	switch r := r.(type) {
	case wechat.TextReply:
		return wechat.TextReply(strings.ReplaceAll(string(r), PersonalLink, link))
	case wechat.NewsReply:
		articles := make(wechat.NewsReply, len(r))
		for i, a := range r {
			if a.URL == PersonalLink {
				a.URL = link
			}
			articles[i] = a
		}
		return articles
	}
	return r
}
