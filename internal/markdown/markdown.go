// Package markdown turns the Markdown in which language models answer into plain text that reads well in a WeChat chat,
// which shows no Markdown.
package markdown

import (
	"bytes"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"
)

// MaxSource is the length in bytes that Plain reads of a source. The rest is left out.
const MaxSource = 32 << 10

// Plain returns source as plain text in UTF-8, without Markdown, HTML and blank lines at its ends:
//
//   - A heading becomes 【a line of its own】, a list gets the bullet •, or its numbers, and a quote a bar at the left.
//   - A link keeps its text and shows its address in full. So no answer can lead a reader where the reader does not see.
//   - A table becomes one list for each row, because a chat is too narrow for columns.
//   - Code keeps its lines, without the fences. Emphasis is lost.
//
// Where WeChat would read a tag of a link, such as in code about HTML, the < becomes ＜.
func Plain(source string) string {
	clean := []byte(deepNesting.ReplaceAllString(strings.ToValidUTF8(shorten(source), "\ufffd"), ""))
	r := renderer{source: clean}
	blocks := r.blocks(parserOf(clean).Parse(text.NewReader(clean)), "\n\n")
	return linkTag.ReplaceAllString(strings.Trim(blocks, "\n"), "＜$1")
}

// deepNesting finds the beginning of a line that is in more than sixteen quotes or lists. The parser's time grows with the
// square of their number.
var deepNesting = regexp.MustCompile(`(?m)^(?:[ \t]*(?:>|(?:[-+*]|\d{1,9}[.)])[ \t]+)){17,}`)

func shorten(source string) string {
	if len(source) <= MaxSource {
		return source
	}
	end := MaxSource
	for end > MaxSource-utf8.UTFMax && !utf8.RuneStart(source[end]) {
		end--
	}
	return source[:end]
}

// linkTag finds the text that WeChat reads as a tag of a link.
var linkTag = regexp.MustCompile(`<(/?[aA])\b`)

// maxColumns is the number of columns up to which tables are read. The parser fills short rows up to the width of the
// header, which would take memory without bound.
const maxColumns = 16

// parserOf returns the parser for source. It is made for each source: one costs some microseconds, and this needs no state.
func parserOf(source []byte) parser.Parser {
	extensions := []goldmark.Extender{extension.Strikethrough, extension.TaskList, extension.Linkify}
	for line := range bytes.Lines(source) {
		if bytes.Count(line, []byte("|")) > maxColumns {
			return goldmark.New(goldmark.WithExtensions(extensions...)).Parser()
		}
	}
	return goldmark.New(goldmark.WithExtensions(append(extensions, extension.Table)...)).Parser()
}

const quoteBar = "▏"

// block returns the text of one block.
func (r renderer) block(n ast.Node) string {
	switch n := n.(type) {
	case *ast.Heading:
		return heading(r.inlines(n))
	case *ast.FencedCodeBlock, *ast.CodeBlock:
		return strings.TrimRight(string(n.Lines().Value(r.source)), "\n")
	case *ast.HTMLBlock:
		return strings.TrimSpace(htmlText(string(n.Lines().Value(r.source))))
	case *ast.ThematicBreak:
		return "————————"
	case *ast.Blockquote:
		bar := quoteBar
		if depth(n, ast.KindBlockquote) > maxIndent {
			bar = ""
		}
		return prefixLines(r.blocks(n, "\n\n"), bar, bar)
	case *ast.List:
		return r.list(n)
	}
	if n.Kind() == tableKind {
		return r.table(n)
	}
	return r.inlines(n)
}

// blocks returns the texts of n's children with between them the separator.
func (r renderer) blocks(n ast.Node, separator string) string {
	var texts []string
	for child := n.FirstChild(); child != nil; child = child.NextSibling() {
		if text := r.block(child); strings.TrimSpace(text) != "" {
			texts = append(texts, text)
		}
	}
	return strings.Join(texts, separator)
}

func heading(text string) string {
	text = strings.ReplaceAll(text, "\n", " ")
	if text == "" || strings.ContainsAny(text, "【】") {
		return text
	}
	return "【" + text + "】"
}

// prefixLines puts first before the first line of text and other before the others that are not empty.
func prefixLines(text, first, other string) string {
	if first == "" && other == "" {
		return text
	}
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		switch {
		case i == 0:
			lines[i] = first + line
		case line != "":
			lines[i] = other + line
		}
	}
	return strings.Join(lines, "\n")
}
