package accountyaml

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"

	"github.com/guanzhu/guanzhu/internal/media"
	"github.com/guanzhu/guanzhu/pkg/wechat"
)

// The longest key of a menu button, in bytes.
// https://developers.weixin.qq.com/doc/service/api/custommenu/api_createcustommenu
const maxEventKey = 128

// Parse reads account.yaml. Its error names every problem in the order of the file. Each has a line that begins with name
// and the number of the line and says what to do. If the file is not YAML, there is only one problem.
//
// Parse refuses some valid YAML that would not do what its writer means: unknown and repeated names, a second document,
// numbers in place of texts, anchors and tags, and keyword rules that can never match.
func Parse(name string, data []byte) (*Account, error) {
	data = normalized(data)
	f := file{name: name}
	a := f.account(f.root(data))
	if len(f.problems) > 0 {
		f.explain(data)
		return nil, f.err()
	}
	return a, nil
}

// normalized returns data without the byte order mark and line ends of Windows.
func normalized(data []byte) []byte {
	data = bytes.TrimPrefix(data, []byte("\ufeff")) // at the beginning of a file
	for _, end := range []string{"\r\n", "\r"} {    // the YAML parser counts these lines wrong
		data = bytes.ReplaceAll(data, []byte(end), []byte("\n"))
	}
	return data
}

// A file is an account.yaml with its problems. Each of its methods reads one part and continues after a problem, so that the
// owner sees all of them at once.
type file struct {
	name     string
	problems []problem
	uses     []media.Use
	ais      []*AI
}

type problem struct {
	line int
	text string
	kind problemKind
}

type problemKind int

const (
	mistake problemKind = iota
	notYAML             // the only problem, found at this line or one that follows
	missing             // of a name that may be there unread
)

func (f *file) problem(line int, format string, args ...any) {
	f.problems = append(f.problems, problem{line: line, text: fmt.Sprintf(format, args...)})
}

// explain replaces problems by the stray characters that cause them. A parser may find out many lines below the cause that a
// file is not YAML. Stray characters above may also be harmless, so both are named.
func (f *file) explain(data []byte) {
	at, above := map[int]bool{}, 0 // lines of problems, and of that which may have its cause above
	for _, p := range f.problems {
		at[p.line] = true
		if p.kind == notYAML {
			above = p.line
		}
	}
	causes := map[int]stray{} // by their lines
	for _, s := range strays(data) {
		if at[s.line] || s.line < above && s.char != '\t' {
			causes[s.line] = s
		}
	}
	f.problems = slices.DeleteFunc(f.problems, func(p problem) bool {
		_, explained := causes[p.line]
		return explained || p.kind == missing && len(causes) > 0
	})
	for line, s := range causes {
		f.problem(line, "%v", s)
	}
}

func (f *file) err() error {
	slices.SortStableFunc(f.problems, func(a, b problem) int { return a.line - b.line })
	errs := make([]error, len(f.problems))
	for i, p := range f.problems {
		errs[i] = fmt.Errorf("%s:%d: %s", f.name, p.line, p.text)
	}
	return errors.Join(errs...)
}

// root returns the file's one document, or nil after a problem.
func (f *file) root(data []byte) ast.Node {
	if !utf8.Valid(data) {
		f.problem(invalidLine(data), "this line is not UTF-8: save the file in the encoding UTF-8")
		return nil
	}
	// Repeated names are found by entries, together with everything else.
	tree, err := parser.ParseBytes(data, 0, parser.AllowDuplicateMapKey())
	if err != nil {
		line, text := 1, err.Error()
		if at, ok := errors.AsType[yaml.Error](err); ok && at.GetToken() != nil {
			line, text = at.GetToken().Position.Line, at.GetMessage()
		}
		f.problems = []problem{{line, fmt.Sprintf("this is not YAML: %s; check the indentation, and put a text that "+
			"begins with one of @ ` %% & * ! | > [ { or contains \": \" in quotes", text), notYAML}}
		return nil
	}
	if len(tree.Docs) > 1 {
		f.problem(firstLine(tree.Docs[1]), "a second document begins here: "+
			"keep everything in one, without lines of --- or ... between")
		return nil
	}
	if len(tree.Docs) == 0 || tree.Docs[0].Body == nil {
		f.problem(1, "the file is empty: write welcome, default and suggestion")
		return nil
	}
	return tree.Docs[0].Body
}

func firstLine(d *ast.DocumentNode) int {
	switch {
	case d.Start != nil:
		return d.Start.Position.Line
	case d.Body != nil:
		return lineOf(d.Body)
	}
	return 1
}

func invalidLine(data []byte) int {
	line := 1
	for l := range bytes.Lines(data) {
		if !utf8.Valid(l) {
			break
		}
		line++
	}
	return line
}

func (f *file) account(root ast.Node) *Account {
	if root == nil {
		return nil
	}
	a := &Account{}
	var given []string
	entries, _ := f.entries(root, "the file", "welcome", "default", "suggestion", "keywords", "clicks", "menu",
		"conditionalmenu", "menu_drift", "pages")
	for _, e := range entries {
		given = append(given, e.key)
		switch e.key {
		case "welcome":
			a.welcome = f.reply(e.value, e.key, toEvent)
		case "default":
			a.fallback = f.reply(e.value, e.key, toText)
		case "suggestion":
			a.suggestion = f.reply(e.value, e.key, toMessage)
		case "keywords":
			f.rules(a, e.value)
		case "clicks":
			a.clicks = f.clicks(e.value)
		case "pages":
			text, ok := f.text(e.value, e.key)
			if ok && text != "oauth" && text != "link" {
				f.problem(lineOf(e.value), "pages is %q: use oauth, or link for an account that may not use OAuth", text)
			}
			a.byLink = text == "link"
		}
	}
	for _, e := range entries {
		if e.key == "welcome" && a.byLink {
			a.welcome = f.withLink(a.welcome, lineOf(e.value))
		}
	}
	f.menus(a, entries)
	a.files, a.ais = f.uses, f.ais
	for _, key := range []string{"welcome", "default", "suggestion"} {
		if !slices.Contains(given, key) {
			f.problems = append(f.problems, problem{1, fmt.Sprintf("%s is missing: add a line \"%s: …\" with its text", key, key),
				missing})
		}
	}
	return a
}

// withLink returns the welcome with a place for the personal link, which it must contain if there is no other way to the
// pages.
func (f *file) withLink(welcome wechat.Reply, line int) wechat.Reply {
	if welcome == nil || HasLink(welcome) {
		return welcome
	}
	text, ok := welcome.(wechat.TextReply)
	if !ok {
		f.problem(line, "with pages: link, the welcome carries the link to the pages, and this one has no place for it: "+
			"use a text, or news with %s as the url of an article", PersonalLink)
		return welcome
	}
	if sent(string(text)) <= wechat.MaxText { // otherwise there is a problem already
		f.checkLength(string(text)+"\n"+PersonalLink, "welcome, with the link below it that pages: link adds,", line)
	}
	return text + "\n" + PersonalLink
}

// rules reads the keyword rules. An empty list, all of its rules commented out, is fine.
func (f *file) rules(a *Account, n ast.Node) {
	if _, ok := n.(*ast.NullNode); ok {
		return
	}
	list, ok := n.(*ast.SequenceNode)
	if !ok {
		f.problem(lineOf(n), "keywords must be a list of rules, each beginning with \"- exact: …\", "+
			"\"- prefix: …\" or \"- contains: …\"")
		return
	}
	for _, item := range list.Values {
		r, ok := f.rule(item)
		if !ok {
			continue
		}
		for _, keyword := range r.keywords {
			if i, covered := a.index.Add(patternOf[r.kind](keyword)); covered {
				f.problem(r.line, "this rule (%s %q) never answers, since the one on line %d (%s %q) matches all its "+
					"texts first: remove one of them, or move this one up",
					r.kind, keyword, a.rules[i].line, a.rules[i].kind, a.rules[i].keyword)
			}
			a.rules = append(a.rules, rule{line: r.line, kind: r.kind, keyword: keyword, reply: r.reply})
		}
	}
}

// A writtenRule is a keyword rule as the file has it: one reply for one or more keywords.
type writtenRule struct {
	line     int
	kind     string   // a name in patternOf
	keywords []string // folded
	reply    wechat.Reply
}

// rule reads one keyword rule and reports whether its keywords can be compared with others.
func (f *file) rule(n ast.Node) (r writtenRule, ok bool) {
	r.line = lineOf(n)
	entries, isMapping := f.entries(n, "a keyword rule", "exact", "prefix", "contains", "reply")
	if !isMapping {
		return r, false
	}
	kinds, replies := 0, 0
	for _, e := range entries {
		if e.key == "reply" {
			replies++
			r.reply = f.reply(e.value, e.key, toText)
			continue
		}
		kinds++
		r.kind = e.key
		r.keywords, ok = f.keywords(e)
	}
	if kinds != 1 {
		f.problem(r.line, "a keyword rule needs exactly one of exact, prefix and contains, this one has %d", kinds)
	}
	if replies == 0 {
		f.problem(r.line, "this keyword rule has no reply: add \"reply: …\"")
	}
	return r, ok && kinds == 1
}

// keywords reads one keyword, or a list of them.
func (f *file) keywords(e entry) (folded []string, ok bool) {
	list, isList := e.value.(*ast.SequenceNode)
	if !isList {
		list = &ast.SequenceNode{Values: []ast.Node{e.value}}
	}
	if len(list.Values) == 0 {
		f.problem(e.line, "%s has no keywords: write at least one", e.key)
	}
	for _, n := range list.Values {
		if keyword, ok := f.keyword(entry{key: e.key, value: n, line: e.line}); ok {
			folded = append(folded, keyword)
		}
	}
	return folded, len(folded) > 0
}

func (f *file) keyword(e entry) (folded string, ok bool) {
	text, ok := f.text(e.value, e.key)
	if !ok {
		return "", false
	}
	line := lineOf(e.value)
	switch {
	case strings.TrimSpace(text) == "":
		f.problem(line, "%s is empty: write the keyword", e.key)
	case strings.TrimSpace(text) != text:
		f.problem(line, "%s begins or ends with white space, which texts are compared without: remove it", e.key)
	case e.key != "contains" && (strings.HasPrefix(text, "@") || strings.HasPrefix(text, "＠")):
		f.problem(line, "%s begins with @ or ＠: a text that does is a suggestion and never comes here; remove the rule",
			e.key)
	default:
		return fold(text), true
	}
	return "", false
}

// clicks reads the replies to the menu's click buttons. None, all of them commented out, is fine.
func (f *file) clicks(n ast.Node) map[string]wechat.Reply {
	if _, ok := n.(*ast.NullNode); ok {
		return nil
	}
	clicks := make(map[string]wechat.Reply)
	entries, _ := f.entries(n, "clicks")
	for _, e := range entries {
		if len(e.key) == 0 || len(e.key) > maxEventKey {
			f.problem(e.line, "this key has %d bytes: the key of a menu button has 1 to %d", len(e.key), maxEventKey)
		}
		clicks[e.key] = f.reply(e.value, fmt.Sprintf("the reply to %q", e.key), toEvent)
	}
	return clicks
}

// text reads a text: plain, in quotes, or indented below | or >.
func (f *file) text(n ast.Node, what string) (text string, ok bool) {
	switch n := n.(type) {
	case *ast.StringNode:
		if wrong := misread(n.Value); wrong != "" && isPlain(n) {
			f.problem(lineOf(n), "%s %s", what, wrong)
		}
		return n.Value, true
	case *ast.LiteralNode:
		return n.Value.Value, true
	case *ast.NullNode:
		f.problem(lineOf(n), "%s is empty: write its text", what)
	case *ast.MappingNode, *ast.SequenceNode:
		f.problem(lineOf(n), "%s must be a text; one that contains \": \" or begins with - [ or { belongs in quotes", what)
	case *ast.AnchorNode, *ast.AliasNode, *ast.TagNode:
		f.problem(lineOf(n), "%s must be a text, without YAML's & * or !: write it out, in quotes if it begins with one", what)
	default:
		f.problem(lineOf(n), "%s must be a text, and YAML takes %s for a number or the like: put it in quotes",
			what, n.GetToken().Value)
	}
	return "", false
}

// An entry is a name of a mapping with its value.
type entry struct {
	key   string
	value ast.Node
	line  int
}

// entries returns the entries of the mapping n, and whether n is a mapping. It leaves out repeated entries, those whose name is
// not a text, and those whose name is not in names. Without names, it accepts every name.
func (f *file) entries(n ast.Node, what string, names ...string) (entries []entry, ok bool) {
	m, ok := n.(*ast.MappingNode)
	if !ok {
		if len(names) == 0 {
			names = []string{"name"}
		}
		f.problem(lineOf(n), "%s must be made of lines \"%s: …\"", what, strings.Join(names, ": …\", \""))
		return nil, false
	}
	entries = make([]entry, 0, len(m.Values))
	lines := make(map[string]int, len(m.Values))
	for _, v := range m.Values {
		line := lineOf(v.Key)
		key, ok := v.Key.(*ast.StringNode)
		if !ok {
			f.problem(line, "the name %s must be a text: put it in quotes", v.Key.GetToken().Value)
			continue
		}
		if first, _ := utf8.DecodeRuneInString(key.Value); isPlain(key) && strings.ContainsRune("“”‘’＂＇", first) {
			f.problem(line, "the name %s is in quotes that are none of YAML's: use \", or leave them out", key.Value)
			continue
		}
		if isPlain(key) && strings.TrimFunc(key.Value, invisible) != key.Value {
			f.problem(line, "the name %q begins or ends with something invisible: remove it, or put the name in quotes", key.Value)
		}
		if first, ok := lines[key.Value]; ok {
			f.problem(line, "%q is there already, on line %d: keep one of them", key.Value, first)
			continue
		}
		lines[key.Value] = line
		if len(names) > 0 && !slices.Contains(names, key.Value) {
			f.problem(line, "%q is unknown in %s: use %s", key.Value, what, strings.Join(names, ", "))
			continue
		}
		entries = append(entries, entry{key.Value, v.Value, line})
	}
	return entries, true
}

// isPlain reports whether n is written without quotes.
func isPlain(n *ast.StringNode) bool { return n.Token.Type == token.StringType }

func lineOf(n ast.Node) int { return n.GetToken().Position.Line }
