package accountyaml

import (
	"strings"

	"github.com/guanzhu/guanzhu/pkg/wechat"
)

const (
	// PersonalLink stands in a text, or as the url of an article, for a link that leads whom the reply goes to, and
	// nobody else, to the account's pages.
	PersonalLink = "{personal_link}"

	// linkRoom is what of a text's length is kept for a link: some 130 characters and the address of the pages.
	linkRoom = 400
)

// HasLink reports whether a personal link is to be put into the reply.
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

// WithLink returns the reply with link in the places for it.
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

// sent is how long a text can be when it is sent, in bytes.
func sent(text string) int {
	return len(text) + strings.Count(text, PersonalLink)*(linkRoom-len(PersonalLink))
}
