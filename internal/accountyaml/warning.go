package accountyaml

import (
	"strings"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"

	"github.com/guanzhu/guanzhu/internal/autoreply"
	"github.com/guanzhu/guanzhu/internal/bilingual"
	"github.com/guanzhu/guanzhu/internal/lazy"
)

// A sentence is a text that followers see, and its place in the file.
type sentence struct {
	line  int  // where it begins, or that of the | above it
	block bool // whether it is indented below |, so that its lines are those of the file
	text  string
}

func sentenceOf(n ast.Node, text string) sentence {
	literal, ok := n.(*ast.LiteralNode)
	return sentence{lineOf(n), ok && strings.HasPrefix(literal.Start.Value, "|"), text}
}

// lost returns what follows a plain text on its line behind " #", such as a number of a house. YAML takes it for a comment. A
// comment that is meant as one begins with a space.
func lost(n *ast.StringNode) string {
	if !isPlain(n) {
		return ""
	}
	next := n.Token.Next
	if next == nil || next.Type != token.CommentType || next.Position.Line != lineOf(n) || strings.HasPrefix(next.Value, " ") {
		return ""
	}
	return strings.TrimSpace(next.Value)
}

// lineAt returns the line of the file that has the byte i of the text.
func (s sentence) lineAt(i int) int {
	if !s.block {
		return s.line
	}
	return s.line + 1 + strings.Count(s.text[:i], "\n")
}

// invitation finds what a text tells followers to send: words in quotes, or a number, behind a verb.
var invitation = lazy.Regexp(`(?i)(?:发送?|回复|输入|send|reply(?: with)?|type)\s*(?:数字|关键词|关键字|文字|消息)?\s*[:：]?\s*(?:` +
	quoted + `(?:\s*(?:或者?|和|、|/|or)\s*` + quoted + `)*|([0-9]{1,3})\s*(?:$|[^\s0-9条次个天小时分秒位人元字年月日%.]))`)

const quoted = `[“"「『【‘'][^“”"「」『』【】‘’'\n]{1,40}[”"」』】’']`

// quotes are all characters that quoted begins or ends with.
const quotes = `“”"「」『』【】‘’'`

// Warnings names what is probably not meant, but no mistake: each text that ends at a #, and each that tells followers to send
// something to which no rule of the file has a reply, although a handler in Go may have one.
func (f *File) Warnings() []bilingual.Text {
	var warnings []bilingual.Text
	for _, s := range f.lost {
		warnings = append(warnings, bilingual.Format(
			`%s:%d：“#%s”不算在文字里，因为空格后面的 # 开始一条注释：不是注释，就把整段文字放在半角的双引号 " 里`,
			`%s:%d: "#%s" is no part of the text, since a # behind a space begins a comment: put the whole text in double quotes if it is none`,
			f.Data.Menu.File, s.line, s.text))
	}
	for _, s := range f.sentences {
		for _, i := range invitations(s.text) {
			if !f.expects(i.keyword) {
				warnings = append(warnings, bilingual.Format(
					"%s:%d：这里请关注者发送“%s”，但没有关键词规则回复它：加上规则，或者改正文字；routes.go 里的处理函数会回复时，可以不管",
					"%s:%d: this tells followers to send “%s”, and no keyword rule answers it: add one, or correct the text; "+
						"ignore this if a handler in routes.go answers it", f.Data.Menu.File, s.lineAt(i.at), i.keyword))
			}
		}
	}
	return warnings
}

// expects reports whether the file says how a text is answered, other than by words that answer every text.
func (f *File) expects(text string) bool {
	if f.HasRule(text) || strings.HasPrefix(text, "@") || strings.HasPrefix(text, "＠") {
		return true
	}
	_, asksModel := f.Data.Default.(*autoreply.AI)
	return asksModel || autoreply.HandsOver(f.Data.Default)
}

// An invited is a keyword that a text tells followers to send, and where the invitation begins.
type invited struct {
	keyword string
	at      int
}

func invitations(text string) []invited {
	var all []invited
	for _, found := range invitation().FindAllStringSubmatchIndex(text, -1) {
		if found[2] >= 0 {
			all = append(all, invited{text[found[2]:found[3]], found[0]})
			continue
		}
		// Words in quotes, and what is between them, in turn.
		parts := strings.FieldsFunc(text[found[0]:found[1]], func(r rune) bool { return strings.ContainsRune(quotes, r) })
		for i := 1; i < len(parts); i += 2 {
			all = append(all, invited{strings.TrimSpace(parts[i]), found[0]})
		}
	}
	return all
}
