package markdown

import (
	"regexp"
	"strings"

	"github.com/yuin/goldmark/ast"
	extast "github.com/yuin/goldmark/extension/ast"
	"github.com/yuin/goldmark/util"
)

type renderer struct {
	source []byte
}

// inlines returns the text inside a block, without white space at its ends.
func (r renderer) inlines(n ast.Node) string {
	var b strings.Builder
	r.writeInlines(&b, n)
	text := unparsedStrong.ReplaceAllString(b.String(), "$1")
	return strings.TrimSpace(strings.ReplaceAll(text, star, "*"))
}

// By CommonMark, ** beside Chinese punctuation does not end what it began: **“注意”**事项 stays as it is. So pairs of **
// that the parser has left are removed.
// https://github.com/commonmark/commonmark-spec/issues/650
var unparsedStrong = regexp.MustCompile(`\*\*([^*\n]+)\*\*`)

// star takes the place of the * in code and in addresses, if Markdown gives it no meaning.
const star = "\ue000"

func literal(text string) string { return strings.ReplaceAll(text, "*", star) }

func (r renderer) writeInlines(b *strings.Builder, n ast.Node) {
	for child := n.FirstChild(); child != nil; child = child.NextSibling() {
		r.writeInline(b, child)
	}
}

func (r renderer) writeInline(b *strings.Builder, n ast.Node) {
	switch n := n.(type) {
	case *ast.Text:
		b.WriteString(unescape(n.Value(r.source)))
		if n.SoftLineBreak() || n.HardLineBreak() {
			b.WriteByte('\n')
		}
	case *ast.String:
		b.Write(n.Value)
	case *ast.CodeSpan:
		b.WriteString(literal(r.raw(n)))
	case *ast.Link:
		r.writeLink(b, n, n.Destination)
	case *ast.Image:
		r.writeLink(b, n, n.Destination)
	case *ast.AutoLink:
		b.WriteString(literal(string(n.Label(r.source))))
	case *ast.RawHTML:
		b.WriteString(htmlText(string(n.Segments.Value(r.source))))
	case *extast.TaskCheckBox:
		if n.IsChecked {
			b.WriteString("☑ ")
		} else {
			b.WriteString("☐ ")
		}
	default:
		r.writeInlines(b, n)
	}
}

// writeLink writes the text of a link or an image and, unless that is the address itself, the address.
func (r renderer) writeLink(b *strings.Builder, n ast.Node, destination []byte) {
	var label strings.Builder
	r.writeInlines(&label, n)
	address := literal(unescape(destination))
	b.WriteString(label.String())
	switch strings.TrimPrefix(address, "mailto:") {
	case "", label.String():
		return
	}
	if strings.TrimSpace(label.String()) == "" {
		b.WriteString(address)
		return
	}
	b.WriteString("（" + address + "）")
}

// raw returns the source of n's texts.
func (r renderer) raw(n ast.Node) string {
	var b strings.Builder
	for child := n.FirstChild(); child != nil; child = child.NextSibling() {
		if text, ok := child.(*ast.Text); ok {
			b.Write(text.Value(r.source))
		}
	}
	return strings.ReplaceAll(b.String(), "\n", " ")
}

// unescape resolves backslashes before punctuation, and HTML's entities.
func unescape(source []byte) string {
	return string(util.ResolveEntityNames(util.ResolveNumericReferences(util.UnescapePunctuations(source))))
}

var (
	htmlBreak   = regexp.MustCompile(`(?i)<br\s*/?>|</p>|</div>|</li>|</tr>`)
	htmlComment = regexp.MustCompile(`(?s)<!--.*?-->`)
	htmlTag     = regexp.MustCompile(`<[/!?a-zA-Z][^<>]*>`)
)

// htmlText returns the text of HTML, without the tags.
func htmlText(source string) string {
	text := htmlBreak.ReplaceAllString(htmlComment.ReplaceAllString(source, ""), "\n")
	return unescape([]byte(htmlTag.ReplaceAllString(text, "")))
}
