package accountyaml

import (
	"strings"

	"github.com/guanzhu/guanzhu/internal/bilingual"
	"github.com/guanzhu/guanzhu/internal/lazy"
)

// A sentence is a text that followers see, with its line in the file.
type sentence struct {
	line int
	text string
}

// invitation finds what a text tells followers to send: words in quotes, or a number, behind a verb.
var invitation = lazy.Regexp(`(?i)(?:发送?|回复|输入|send|reply(?: with)?|type)\s*(?:数字|关键词|关键字|文字|消息)?\s*[:：]?\s*(?:` +
	quoted + `(?:\s*(?:或者?|和|、|/|or)\s*` + quoted + `)*|([0-9]{1,3})\s*(?:$|[^\s0-9条次个天小时分秒位人元字年月日%.]))`)

const quoted = `[“"「『【‘'][^“”"「」『』【】‘’'\n]{1,40}[”"」』】’']`

// quotes are all characters that quoted begins or ends with.
const quotes = `“”"「」『』【】‘’'`

// Warnings names each text that tells followers to send something to which no rule of the file has a reply. A handler in Go
// may answer it all the same, so this is no mistake.
func (a *Account) Warnings() []bilingual.Text {
	var warnings []bilingual.Text
	for _, s := range a.sentences {
		for _, keyword := range invitations(s.text) {
			if !a.expects(keyword) {
				warnings = append(warnings, bilingual.Format(
					"%s:%d：这里请关注者发送“%s”，但没有关键词规则回复它：加上规则，或者改正文字；routes.go 里的处理函数会回复时，可以不管",
					"%s:%d: this tells followers to send “%s”, and no keyword rule answers it: add one, or correct the text; "+
						"ignore this if a handler in routes.go answers it", a.menu.File, s.line, keyword))
			}
		}
	}
	return warnings
}

// expects reports whether the file says how a text is answered, other than by words that answer every text.
func (a *Account) expects(text string) bool {
	if _, ok := a.index.First(fold(text)); ok || strings.HasPrefix(text, "@") || strings.HasPrefix(text, "＠") {
		return true
	}
	_, asksModel := a.fallback.(*AI)
	return asksModel || handsOver(a.fallback)
}

// invitations returns what a text tells followers to send, in its order.
func invitations(text string) []string {
	var all []string
	for _, found := range invitation().FindAllStringSubmatch(text, -1) {
		if found[1] != "" {
			all = append(all, found[1])
			continue
		}
		// Words in quotes, and what is between them, in turn.
		for i, part := range strings.FieldsFunc(found[0], func(r rune) bool { return strings.ContainsRune(quotes, r) }) {
			if i%2 == 1 {
				all = append(all, strings.TrimSpace(part))
			}
		}
	}
	return all
}

// seen notes a text that followers see.
func (f *file) seen(text string, line int) { f.sentences = append(f.sentences, sentence{line, text}) }
