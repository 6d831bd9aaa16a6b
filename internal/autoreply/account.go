// Package autoreply has the content of the owner's account.yaml as values: the replies to follows, texts, clicks and other
// messages, and the menu. It finds the reply to a push. It does not read the file: internal/accountyaml does.
package autoreply

import (
	"fmt"
	"slices"
	"strings"

	"github.com/guanzhu/guanzhu/internal/media"
	"github.com/guanzhu/guanzhu/internal/menu"
	"github.com/guanzhu/guanzhu/internal/pattern"
	"github.com/guanzhu/guanzhu/pkg/wechat"
)

// Data is a checked account.yaml as plain values, which internal/compile can write as Go source. Every reply has all fields that
// the platform requires.
type Data struct {
	Welcome    wechat.Reply
	Default    wechat.Reply
	Suggestion wechat.Reply
	Messages   map[string]wechat.Reply // by their names below messages
	Rules      []Rule                  // the first that matches answers
	Clicks     map[string]wechat.Reply // by EventKey
	Menu       menu.Menu               // with the urls as written
	TellsDrift bool                    // menu_drift: tell
	ByLink     bool                    // pages: link
	Files      []media.Use             // each once for each kind of reply
}

// A Rule is a keyword rule: one reply to the texts that one of its keywords matches.
type Rule struct {
	Line     int      // in the file
	Kind     string   // exact, prefix or contains
	Keywords []string // as Fold returns them
	Reply    wechat.Reply
}

// Pattern returns the pattern that compares a keyword with folded texts. kind and keyword are those of a Rule.
func Pattern(kind, keyword string) pattern.Pattern {
	switch kind {
	case "exact":
		return pattern.Exact(keyword)
	case "prefix":
		return pattern.Prefix(keyword)
	}
	return pattern.Contains(keyword)
}

// Fold returns the same text for texts that keywords do not distinguish. It maps each letter by itself, so that the folded
// prefix of a text is a prefix of the folded text.
func Fold(text string) string { return strings.ToLower(strings.TrimSpace(text)) }

// Account finds the replies of an account. It is safe for concurrent use. Callers must not change its replies.
type Account struct {
	data     Data
	index    pattern.Index // of keywords
	keywords []keyword     // by their numbers in the index
	ais      []*AI
}

// A keyword is one keyword of a rule.
type keyword struct {
	*Rule
	text string
}

// New returns the account of d, which must not be changed afterwards.
func New(d Data) *Account {
	a := &Account{data: d, ais: ais(d)}
	for i := range d.Rules {
		rule := &d.Rules[i]
		for _, text := range rule.Keywords {
			a.index.Add(Pattern(rule.Kind, text))
			a.keywords = append(a.keywords, keyword{rule, text})
		}
	}
	return a
}

// Welcome returns the reply to a follow. Every reply of an Account has all fields that the platform requires.
func (a *Account) Welcome() wechat.Reply { return a.data.Welcome }

// Pages returns how followers reach the pages: "oauth", or "link" for a personal link, which the welcome then contains.
func (a *Account) Pages() string {
	if a.data.ByLink {
		return "link"
	}
	return "oauth"
}

// Suggestion returns the reply to a suggestion.
func (a *Account) Suggestion() wechat.Reply { return a.data.Suggestion }

// Default returns the reply to a text that no keyword rule matches.
func (a *Account) Default() wechat.Reply { return a.data.Default }

// Answer returns the reply to a follower's text: that of the first keyword rule that matches, or the default.
func (a *Account) Answer(text string) wechat.Reply {
	if rule, ok := a.rule(text); ok {
		return rule.Reply
	}
	return a.data.Default
}

// HasRule reports whether a keyword rule matches the text.
func (a *Account) HasRule(text string) bool {
	_, ok := a.rule(text)
	return ok
}

// Explain names the keyword rule that answers text, such as `account.yaml:68 exact "登录"`. It returns "default" if no rule
// does. The local console shows it.
func (a *Account) Explain(text string) string {
	if rule, ok := a.rule(text); ok {
		return fmt.Sprintf("account.yaml:%d %s %q", rule.Line, rule.Kind, rule.text)
	}
	return "default"
}

// rule returns the first rule that matches a text, and its keyword that does.
func (a *Account) rule(text string) (k keyword, ok bool) {
	first, ok := a.index.First(Fold(text))
	if ok {
		k = a.keywords[first]
	}
	return k, ok
}

// Click returns the reply to a click on the menu button whose EventKey is key, and whether there is one.
func (a *Account) Click(key string) (wechat.Reply, bool) {
	r, ok := a.data.Clicks[key]
	return r, ok
}

// Files returns the files of account/media that the replies use, each once for each kind of reply.
func (a *Account) Files() []media.Use { return slices.Clone(a.data.Files) }
