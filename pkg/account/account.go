// Package account holds what the owner of an Official Account writes down in account.yaml, and answers from it: the
// welcome, the replies to keywords and menu clicks, and the reply to everything else.
//
//	welcome: 欢迎关注！                # the reply to a follow
//	default: 编辑@+您想说的话          # the reply to a text that no rule matches
//	suggestion: 已经收到您的建议       # the reply to a suggestion
//	keywords:                        # optional; the first rule that matches answers
//	  - exact: 你好                   # exactly one of exact, prefix, contains
//	    reply: 您好！
//	clicks:                          # optional; by the EventKey of the menu's click buttons
//	  about: 关于我们
//
// Keywords are compared with the text without the white space around it and whatever the case of its letters, so that
// "Hello", which a phone's keyboard writes, finds the rule "hello". There are no other equivalences: a full-width
// letter is not its half-width twin.
package account

import "strings"

// Account is a checked account.yaml. It does not change, and is safe for concurrent use.
type Account struct {
	welcome    reply
	fallback   reply // the file's default, which is a word of Go
	suggestion reply
	rules      []rule
	clicks     map[string]reply
}

// A reply is what one place in the file answers with.
type reply struct {
	text string
}

// Welcome returns the reply to a follow: like every reply here, a text that is not blank, of at most 2047 bytes.
func (a *Account) Welcome() string { return a.welcome.text }

// Suggestion returns the reply to a suggestion.
func (a *Account) Suggestion() string { return a.suggestion.text }

// Answer returns the reply to text, which may be anything a follower sends: that of the first keyword rule that
// matches, or the default.
func (a *Account) Answer(text string) string {
	text = fold(text)
	for _, r := range a.rules {
		if r.matches(text) {
			return r.reply.text
		}
	}
	return a.fallback.text
}

// Click returns the reply to a click on the menu button whose EventKey is key, and whether there is one.
func (a *Account) Click(key string) (string, bool) {
	r, ok := a.clicks[key]
	return r.text, ok
}

// The ways a keyword is compared with a text, by the names they have in the file.
const (
	exact    = "exact"
	prefix   = "prefix"
	contains = "contains"
)

// A rule answers the texts that its keyword matches.
type rule struct {
	line    int    // in the file
	kind    string // exact, prefix or contains
	keyword string // folded
	reply   reply
}

// fold makes equal what keywords do not tell apart. It works on each letter by itself, so that a folded prefix is a
// prefix of the folded text.
func fold(text string) string { return strings.ToLower(strings.TrimSpace(text)) }

func (r rule) matches(folded string) bool {
	switch r.kind {
	case exact:
		return folded == r.keyword
	case prefix:
		return strings.HasPrefix(folded, r.keyword)
	default:
		return strings.Contains(folded, r.keyword)
	}
}

// covers reports whether r matches every text that later matches, so that later, standing below r, never answers.
func (r rule) covers(later rule) bool {
	switch r.kind {
	case exact:
		return later.kind == exact && later.keyword == r.keyword
	case prefix:
		return later.kind != contains && strings.HasPrefix(later.keyword, r.keyword)
	default:
		return strings.Contains(later.keyword, r.keyword)
	}
}
