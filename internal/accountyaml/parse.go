package accountyaml

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"

	"github.com/guanzhu/guanzhu/internal/autoreply"
	"github.com/guanzhu/guanzhu/internal/bilingual"
	"github.com/guanzhu/guanzhu/internal/media"
	"github.com/guanzhu/guanzhu/internal/pattern"
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
func Parse(name string, data []byte) (*autoreply.Account, error) {
	f, err := Read(name, data)
	if err != nil {
		return nil, err
	}
	return f.Account, nil
}

// Read is Parse for callers that need more than the account.
func Read(name string, data []byte) (*File, error) {
	data = normalized(data)
	f := file{name: name}
	read := f.data(f.root(data))
	if len(f.problems) > 0 {
		f.explain(data)
		return nil, f.err()
	}
	return &File{Account: autoreply.New(read), Data: read, sentences: f.sentences, lost: f.lost}, nil
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
	ais      []*autoreply.AI

	sentences []sentence
	lost      []sentence // what YAML takes for comments
}

// Mistake is one mistake of an account.yaml. It implements bilingual.Error.
type Mistake struct {
	File string
	Line int
	What bilingual.Text // what is wrong, and what to do
}

// Error returns the place and the English text.
func (m *Mistake) Error() string { return m.In("en") }

// In returns the place and the text in the language.
func (m *Mistake) In(language string) string {
	return bilingual.Format("%s:%d：%v", "%s:%d: %v", m.File, m.Line, m.What).In(language)
}

// The parts of a file that have no name of their own.
var (
	theFile   = bilingual.New("文件", "the file")
	aRule     = bilingual.New("关键词规则", "a keyword rule")
	aMenu     = bilingual.New("菜单", "the menu")
	aCondMenu = bilingual.New("个性化菜单", "a conditional menu")
	aButton   = bilingual.New("按钮", "a button")
	anArticle = bilingual.New("图文", "an article")
)

// asIs returns the name of a part of the file, with the space that separates it from Chinese.
func asIs(name string) bilingual.Text { return bilingual.New(name+" ", name) }

type problem struct {
	Mistake
	kind problemKind
}

type problemKind int

const (
	mistake problemKind = iota
	notYAML             // the only problem, found at this line or one that follows
	missing             // of a name that may be there unread
)

// problem adds a mistake. zh and en are formats for the same values; an error among these is in the same language.
func (f *file) problem(line int, zh, en string, values ...any) {
	f.add(mistake, line, bilingual.Format(zh, en, values...))
}

func (f *file) add(kind problemKind, line int, what bilingual.Text) {
	f.problems = append(f.problems, problem{Mistake{File: f.name, Line: line, What: what}, kind})
}

// explain replaces problems by the stray characters that cause them. A parser may find out many lines below the cause that a
// file is not YAML. Stray characters above may also be harmless, so both are named.
func (f *file) explain(data []byte) {
	at, above := map[int]bool{}, 0 // lines of problems, and of that which may have its cause above
	for _, p := range f.problems {
		at[p.Line] = true
		if p.kind == notYAML {
			above = p.Line
		}
	}
	causes := map[int]stray{} // by their lines
	for _, s := range strays(data) {
		if s.causes(at[s.line], above) {
			causes[s.line] = s
		}
	}
	f.problems = slices.DeleteFunc(f.problems, func(p problem) bool {
		_, explained := causes[p.Line]
		return explained || p.kind == missing && len(causes) > 0
	})
	for line, s := range causes {
		f.add(mistake, line, s.text())
	}
}

func (f *file) err() error {
	slices.SortStableFunc(f.problems, func(a, b problem) int { return a.Line - b.Line })
	errs := make([]error, len(f.problems))
	for i, p := range f.problems {
		errs[i] = &p.Mistake
	}
	return errors.Join(errs...)
}

// root returns the file's one document, or nil after a problem.
func (f *file) root(data []byte) ast.Node {
	if !utf8.Valid(data) {
		f.problem(invalidLine(data), "这一行不是 UTF-8 编码：请把文件另存为 UTF-8",
			"this line is not UTF-8: save the file in the encoding UTF-8")
		return nil
	}
	// Repeated names are found by entries, together with everything else.
	tree, err := parser.ParseBytes(data, 0, parser.AllowDuplicateMapKey())
	if err != nil {
		line, text := 1, err.Error()
		if at, ok := errors.AsType[yaml.Error](err); ok && at.GetToken() != nil {
			line, text = at.GetToken().Position.Line, at.GetMessage()
		}
		f.add(notYAML, line, bilingual.Format(
			"这里不是正确的 YAML：%s。请检查缩进；以 @ ` %% & * ! | > [ { 开头或含有“: ”的文字要放在引号里",
			"this is not YAML: %s; check the indentation, and put a text that begins with one of @ ` %% & * ! | > [ { "+
				"or contains \": \" in quotes", parserText(text)))
		return nil
	}
	if len(tree.Docs) > 1 {
		f.problem(firstLine(tree.Docs[1]), "从这里开始是第二个 YAML 文档：请合并成一个，中间不要有 --- 或 ... 这样的行",
			"a second document begins here: "+
				"keep everything in one, without lines of --- or ... between")
		return nil
	}
	if len(tree.Docs) == 0 || tree.Docs[0].Body == nil {
		f.problem(1, "文件是空的：请写上 welcome、default 和 suggestion",
			"the file is empty: write welcome, default and suggestion")
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

func (f *file) data(root ast.Node) (d autoreply.Data) {
	if root == nil {
		return d
	}
	var given []string
	entries, _ := f.entries(root, theFile, "welcome", "default", "suggestion", "messages", "keywords", "clicks", "menu",
		"conditionalmenu", "menu_drift", "pages")
	for _, e := range entries {
		given = append(given, e.key)
		switch e.key {
		case "welcome":
			d.Welcome = f.reply(e.value, asIs(e.key), toEvent)
		case "default":
			d.Default = f.reply(e.value, asIs(e.key), toText)
		case "suggestion":
			d.Suggestion = f.reply(e.value, asIs(e.key), toMessage)
		case "messages":
			d.Messages = f.readMessages(e.value)
		case "keywords":
			d.Rules = f.rules(e.value)
		case "clicks":
			d.Clicks = f.clicks(e.value)
		case "pages":
			text, ok := f.text(e.value, asIs(e.key))
			if ok && text != "oauth" && text != "link" {
				f.problem(lineOf(e.value), "pages 写成了 %q：应为 oauth；不能使用网页授权的公众号写 link",
					"pages is %q: use oauth, or link for an account that may not use OAuth", text)
			}
			d.ByLink = text == "link"
		}
	}
	for _, e := range entries {
		if e.key == "welcome" && d.ByLink {
			d.Welcome = f.withLink(d.Welcome, lineOf(e.value))
		}
	}
	f.menus(&d, entries)
	d.Files = f.uses
	for _, key := range []string{"welcome", "default", "suggestion"} {
		if !slices.Contains(given, key) {
			f.add(missing, 1, bilingual.Format("缺少 %[1]s：加一行“%[1]s: …”，写上文字",
				"%[1]s is missing: add a line \"%[1]s: …\" with its text", key))
		}
	}
	return d
}

// withLink returns the welcome with a place for the personal link, which it must contain if there is no other way to the
// pages.
func (f *file) withLink(welcome wechat.Reply, line int) wechat.Reply {
	if welcome == nil || autoreply.HasLink(welcome) {
		return welcome
	}
	text, ok := welcome.(wechat.TextReply)
	if !ok {
		f.problem(line, "pages: link 时，欢迎语要带上个人链接，而这条欢迎语没有地方放：改用文字，或者用图文，把 %s 写成其中一篇的 url",
			"with pages: link, the welcome carries the link to the pages, and this one has no place for it: "+
				"use a text, or news with %s as the url of an article", autoreply.PersonalLink)
		return welcome
	}
	if sent(string(text)) <= wechat.MaxText { // otherwise there is a problem already
		f.checkLength(string(text)+"\n"+autoreply.PersonalLink, bilingual.New("welcome 加上 pages: link 附带的链接以后",
			"welcome, with the link below it that pages: link adds,"), line)
	}
	return text + "\n" + autoreply.PersonalLink
}

// rules reads the keyword rules. An empty list, all of its rules commented out, is fine.
func (f *file) rules(n ast.Node) (all []autoreply.Rule) {
	if _, ok := n.(*ast.NullNode); ok {
		return nil
	}
	list, ok := n.(*ast.SequenceNode)
	if !ok {
		f.problem(lineOf(n), "keywords 要写成规则列表，每条以“- exact: …”“- prefix: …”或“- contains: …”开头",
			"keywords must be a list of rules, each beginning with \"- exact: …\", "+
				"\"- prefix: …\" or \"- contains: …\"")
		return nil
	}
	var index pattern.Index
	var added []autoreply.Rule // one for each keyword, by its number in the index
	for _, item := range list.Values {
		r, ok := f.rule(item)
		if !ok {
			continue
		}
		for i, keyword := range r.Keywords {
			if earlier, covered := index.Add(autoreply.Pattern(r.Kind, keyword)); covered {
				by := added[earlier]
				f.problem(r.Line, "这条规则（%s %q）永远不会生效：第 %d 行的规则（%s %q）在前面，已经回复了所有这样的文字。删掉其中一条，或者把这条移到前面",
					"this rule (%s %q) never answers, since the one on line %d (%s %q) matches all its "+
						"texts first: remove one of them, or move this one up",
					r.Kind, keyword, by.Line, by.Kind, by.Keywords[0])
			}
			added = append(added, autoreply.Rule{Line: r.Line, Kind: r.Kind, Keywords: r.Keywords[i : i+1]})
		}
		all = append(all, r)
	}
	return all
}

// rule reads one keyword rule and reports whether its keywords can be compared with others.
func (f *file) rule(n ast.Node) (r autoreply.Rule, ok bool) {
	r.Line = lineOf(n)
	entries, isMapping := f.entries(n, aRule, "exact", "prefix", "contains", "reply")
	if !isMapping {
		return r, false
	}
	kinds, replies := 0, 0
	for _, e := range entries {
		if e.key == "reply" {
			replies++
			r.Reply = f.reply(e.value, asIs(e.key), toText)
			continue
		}
		kinds++
		r.Kind = e.key
		r.Keywords, ok = f.keywords(e)
	}
	if kinds != 1 {
		f.problem(r.Line, "每条关键词规则要有 exact、prefix、contains 中的一个，这条有 %d 个",
			"a keyword rule needs exactly one of exact, prefix and contains, this one has %d", kinds)
	}
	if replies == 0 {
		f.problem(r.Line, "这条关键词规则没有回复：加上“reply: …”",
			"this keyword rule has no reply: add \"reply: …\"")
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
		f.problem(e.line, "%s 里没有关键词：至少写一个",
			"%s has no keywords: write at least one", e.key)
	}
	for _, n := range list.Values {
		if keyword, ok := f.keyword(entry{key: e.key, value: n, line: e.line}); ok {
			folded = append(folded, keyword)
		}
	}
	return folded, len(folded) > 0
}

func (f *file) keyword(e entry) (folded string, ok bool) {
	text, ok := f.text(e.value, asIs(e.key))
	if !ok {
		return "", false
	}
	line := lineOf(e.value)
	switch {
	case strings.TrimSpace(text) == "":
		f.problem(line, "%s 是空的：请写上关键词",
			"%s is empty: write the keyword", e.key)
	case strings.TrimSpace(text) != text:
		f.problem(line, "%s 的开头或结尾有空白，而比较时不算前后的空白：请删掉",
			"%s begins or ends with white space, which texts are compared without: remove it", e.key)
	case e.key != "contains" && (strings.HasPrefix(text, "@") || strings.HasPrefix(text, "＠")):
		f.problem(line, "%s 以 @ 或 ＠ 开头：这样的文字是建议，不经过关键词；请删掉这条规则",
			"%s begins with @ or ＠: a text that does is a suggestion and never comes here; remove the rule",
			e.key)
	default:
		return autoreply.Fold(text), true
	}
	return "", false
}

// clicks reads the replies to the menu's click buttons. None, all of them commented out, is fine.
func (f *file) clicks(n ast.Node) map[string]wechat.Reply {
	if _, ok := n.(*ast.NullNode); ok {
		return nil
	}
	clicks := make(map[string]wechat.Reply)
	entries, _ := f.entries(n, asIs("clicks"))
	for _, e := range entries {
		if len(e.key) == 0 || len(e.key) > maxEventKey {
			f.problem(e.line, "这个 key 有 %d 字节：菜单按钮的 key 应为 1 至 %d 字节",
				"this key has %d bytes: the key of a menu button has 1 to %d", len(e.key), maxEventKey)
		}
		clicks[e.key] = f.reply(e.value, bilingual.Format("“%[1]s”的回复", "the reply to %[1]q", e.key), toEvent)
	}
	return clicks
}

// text reads a text: plain, in quotes, or indented below | or >.
func (f *file) text(n ast.Node, what bilingual.Text) (text string, ok bool) {
	switch n := n.(type) {
	case *ast.StringNode:
		if wrong := misread(n.Value); wrong != nil && isPlain(n) {
			f.problem(lineOf(n), "%s%s",
				"%s %s", what, wrong)
		}
		if text := lost(n); text != "" {
			f.lost = append(f.lost, sentence{line: lineOf(n), text: text})
		}
		return n.Value, true
	case *ast.LiteralNode:
		return n.Value.Value, true
	case *ast.NullNode:
		f.problem(lineOf(n), "%s是空的：请填写",
			"%s is empty: write its text", what)
	case *ast.MappingNode, *ast.SequenceNode:
		f.problem(lineOf(n), "%s应为文字；含有“: ”，或以 -、[、{ 开头的文字要放在引号里",
			"%s must be a text; one that contains \": \" or begins with - [ or { belongs in quotes", what)
	case *ast.AnchorNode, *ast.AliasNode, *ast.TagNode:
		f.problem(lineOf(n), "%s应为文字，不能用 YAML 的 &、*、!：请写出全文；以它们开头的文字要放在引号里",
			"%s must be a text, without YAML's & * or !: write it out, in quotes if it begins with one", what)
	default:
		f.problem(lineOf(n), "%s应为文字，而 %s 在 YAML 里是数字之类的值：请放在引号里",
			"%s must be a text, and YAML takes %s for a number or the like: put it in quotes",
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
func (f *file) entries(n ast.Node, what bilingual.Text, names ...string) (entries []entry, ok bool) {
	entries, ok = f.anyEntries(n, what, names)
	return slices.DeleteFunc(entries, func(e entry) bool {
		if len(names) == 0 || slices.Contains(names, e.key) {
			return false
		}
		f.unknown(e, what, names)
		return true
	}), ok
}

// unknown adds the mistake of an entry whose name is not in names.
func (f *file) unknown(e entry, what bilingual.Text, names []string) {
	f.problem(e.line, "%[2]s里不能写 %[1]q，可以写的有：%[3]v", "%q is unknown in %s: use %v", e.key, what, listed(names))
}

// listed returns the names as a list in each language.
func listed(names []string) bilingual.Text {
	return bilingual.New(strings.Join(names, "、"), strings.Join(names, ", "))
}

// anyEntries is entries, but accepts every name. It uses names only to say what is missing if n is not a mapping.
func (f *file) anyEntries(n ast.Node, what bilingual.Text, names []string) (entries []entry, ok bool) {
	m, ok := n.(*ast.MappingNode)
	if !ok {
		if len(names) == 0 {
			names = []string{"name"}
		}
		f.problem(lineOf(n), "%[1]s要写成“%[3]s: …”这样的行",
			"%[1]s must be made of lines \"%[2]s: …\"", what, strings.Join(names, ": …\", \""), strings.Join(names, ": …”“"))
		return nil, false
	}
	entries = make([]entry, 0, len(m.Values))
	lines := make(map[string]int, len(m.Values))
	for _, v := range m.Values {
		line := lineOf(v.Key)
		key, ok := v.Key.(*ast.StringNode)
		if !ok {
			f.problem(line, "名称 %s 应为文字：请放在引号里",
				"the name %s must be a text: put it in quotes", v.Key.GetToken().Value)
			continue
		}
		if first, _ := utf8.DecodeRuneInString(key.Value); isPlain(key) && strings.ContainsRune("“”‘’＂＇", first) {
			f.problem(line, "名称 %s 的引号不是 YAML 的引号：请改用 \"，或者不加引号",
				"the name %s is in quotes that are none of YAML's: use \", or leave them out", key.Value)
			continue
		}
		if isPlain(key) && strings.TrimFunc(key.Value, invisible) != key.Value {
			f.problem(line, "名称 %q 的开头或结尾有看不见的字符：请删掉，或者把名称放在引号里",
				"the name %q begins or ends with something invisible: remove it, or put the name in quotes", key.Value)
		}
		if first, ok := lines[key.Value]; ok {
			f.problem(line, "%q 已经写过了，在第 %d 行：只留一个",
				"%q is there already, on line %d: keep one of them", key.Value, first)
			continue
		}
		lines[key.Value] = line
		entries = append(entries, entry{key.Value, v.Value, line})
	}
	return entries, true
}

// isPlain reports whether n is written without quotes.
func isPlain(n *ast.StringNode) bool { return n.Token.Type == token.StringType }

func lineOf(n ast.Node) int { return n.GetToken().Position.Line }
