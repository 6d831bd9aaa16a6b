package accountyaml

import (
	"bytes"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"

	"github.com/guanzhu/guanzhu/internal/autoreply"
	"github.com/guanzhu/guanzhu/internal/menu"
	"github.com/guanzhu/guanzhu/internal/pattern"
	"github.com/guanzhu/guanzhu/pkg/wechat"
)

// Changes are what Merge puts into an account.yaml. What is nil or empty leaves the file as it is.
type Changes struct {
	Welcome, Default wechat.Reply
	Rules            []Rule // in the order in which they are tried
	Clicks           []Click
	Menu             menu.Menu // complete urls
	PublicURL        string    // completes the urls of the file, as for Account.Menu
}

// A Rule is a keyword rule.
type Rule struct {
	Name     string // for people
	Kind     string // exact or contains
	Keywords []string
	Reply    wechat.Reply
}

// A Click is the reply to a click on the button with that key.
type Click struct {
	Key   string
	Reply wechat.Reply
}

// Covered is a keyword that Merge has left out, since another rule answers all its texts first.
type Covered struct {
	Rule    string // the name of the rule that it is of
	Keyword string
	By      string // the keyword that answers
}

// empty is a file that has nothing yet but what every file needs.
const empty = "welcome: 欢迎关注！\ndefault: 已经收到您的消息。\nsuggestion: 已经收到您的建议，会及时处理！\n"

// Merge returns data, an account.yaml or nothing, with the changes in it. Everything else stays as it is written, all
// comments included. Nothing is removed but the buttons of a menu that has changed. A rule of the file that has a
// keyword in common with a rule of c gets its reply and its further keywords; rules that only the file has stay.
func Merge(name string, data []byte, c Changes) ([]byte, []Covered, error) {
	if len(bytes.TrimSpace(data)) == 0 {
		data = []byte(empty)
	}
	windows := bytes.Contains(data, []byte("\r\n"))
	data = normalized(data)
	before, err := Parse(name, data)
	if err != nil {
		return nil, nil, err
	}
	d, err := newDraft(name, data)
	if err != nil {
		return nil, nil, err
	}
	d.setReply("welcome", c.Welcome, toEvent)
	d.setReply("default", c.Default, toText)
	covered := d.setRules(c.Rules)
	d.setClicks(c.Clicks)
	if err := d.setMenus(before, c); err != nil {
		return nil, nil, err
	}
	data = d.text()
	if _, err := Parse(name, data); err != nil {
		return nil, nil, fmt.Errorf("the file with what is imported would not be good: %w", err)
	}
	if windows {
		data = bytes.ReplaceAll(data, []byte("\n"), []byte("\r\n"))
	}
	return data, covered, nil
}

// A draft is a file whose lines are being replaced.
type draft struct {
	*file
	lines    []string       // from index 1, as the parser counts
	comments map[int]string // by line
	root     *ast.MappingNode
	edits    []edit
}

// An edit replaces the lines from and up to before to by others.
type edit struct {
	from, to int
	lines    []string
}

func newDraft(name string, data []byte) (*draft, error) {
	tree, err := parser.ParseBytes(data, 0)
	if err != nil {
		return nil, err
	}
	root, ok := tree.Docs[0].Body.(*ast.MappingNode)
	if !ok || root.IsFlowStyle {
		return nil, fmt.Errorf("%s: it must begin with lines like \"welcome: …\", not with {", name)
	}
	d := &draft{file: &file{name: name}, root: root, comments: map[int]string{}}
	d.lines = append([]string{""}, strings.Split(strings.TrimSuffix(string(data), "\n"), "\n")...)
	for _, t := range lexer.Tokenize(string(data)) {
		if t.Type == token.CommentType {
			d.comments[t.Position.Line] = "#" + t.Value
		}
	}
	return d, nil
}

// text returns the lines with all edits.
func (d *draft) text() []byte {
	slices.SortStableFunc(d.edits, func(a, b edit) int { return a.from - b.from })
	var out strings.Builder
	write := func(lines []string) {
		for _, line := range lines {
			out.WriteString(line + "\n")
		}
	}
	next := 1
	for _, e := range d.edits {
		write(d.lines[next:e.from])
		write(e.lines)
		next = e.to
	}
	write(d.lines[next:])
	return []byte(out.String())
}

// entry returns the entry of a mapping, and the lines that it takes up.
func (d *draft) entry(m *ast.MappingNode, key string, end int) (value *ast.MappingValueNode, from, to int) {
	for i, v := range m.Values {
		if v.Key.GetToken().Value != key {
			continue
		}
		to = end
		if i+1 < len(m.Values) {
			to = lineOf(m.Values[i+1].Key)
		}
		return v, lineOf(v.Key), d.trimmed(lineOf(v.Key), to)
	}
	return nil, 0, 0
}

// trimmed is to, without the blank lines and those of comments alone before it.
func (d *draft) trimmed(from, to int) int {
	for to > from+1 {
		line := strings.TrimSpace(d.lines[to-1])
		_, comment := d.comments[to-1]
		if line != "" && (!comment || !strings.HasPrefix(line, "#")) {
			break
		}
		to--
	}
	return to
}

// replace puts lines in the place of others, with the comments that were among those above them.
func (d *draft) replace(from, to int, indent string, lines []string) {
	var kept []string
	for line := from; line < to; line++ {
		if comment, ok := d.comments[line]; ok {
			kept = append(kept, indent+comment)
		}
	}
	d.edits = append(d.edits, edit{from, to, slices.Concat(kept, lines)})
}

// insert puts lines before a line, and before all that is inserted there already.
func (d *draft) insert(at int, lines []string) {
	if len(lines) > 0 {
		d.edits = slices.Insert(d.edits, 0, edit{at, at, lines})
	}
}

func (d *draft) end() int { return len(d.lines) }

// top puts an entry of the file in the place of what it is now, or at the end.
func (d *draft) top(key string, lines []string) {
	if _, from, to := d.entry(d.root, key, d.end()); from > 0 {
		d.replace(from, to, "", lines)
		return
	}
	d.edits = append(d.edits, edit{d.end(), d.end(), append([]string{""}, lines...)})
}

func (d *draft) setReply(key string, r wechat.Reply, to purpose) {
	if r == nil {
		return
	}
	value, _, _ := d.entry(d.root, key, d.end())
	if value != nil && same(d.reply(value.Value, asIs(key), to), r) {
		return
	}
	d.top(key, yamlEntry(key, r))
}

func same(a, b wechat.Reply) bool { return reflect.DeepEqual(a, b) }

func (d *draft) setClicks(clicks []Click) {
	value, _, to := d.entry(d.root, "clicks", d.end())
	var m *ast.MappingNode
	if value != nil {
		m, _ = value.Value.(*ast.MappingNode)
	}
	now := map[string]wechat.Reply{}
	if m != nil {
		now = d.clicks(m)
	}
	clicks = slices.DeleteFunc(slices.Clone(clicks), func(c Click) bool { return same(now[c.Key], c.Reply) })
	if len(clicks) == 0 {
		return
	}
	if m == nil || m.IsFlowStyle {
		lines := []string{"clicks:"}
		for _, v := range entriesOf(m) {
			key := v.Key.GetToken().Value
			if !slices.ContainsFunc(clicks, func(c Click) bool { return c.Key == key }) {
				lines = append(lines, indented(yamlEntry(key, now[key]))...)
			}
		}
		for _, c := range clicks {
			lines = append(lines, indented(yamlEntry(c.Key, c.Reply))...)
		}
		d.top("clicks", lines)
		return
	}
	indent := indentOf(d.lines[lineOf(m.Values[0].Key)])
	var added []string
	for _, c := range clicks {
		lines := prefixed(indent, yamlEntry(c.Key, c.Reply))
		if entry, first, last := d.entry(m, c.Key, to); entry != nil {
			d.replace(first, last, indent, lines)
			continue
		}
		added = append(added, lines...)
	}
	d.insert(to, added)
}

func entriesOf(m *ast.MappingNode) []*ast.MappingValueNode {
	if m == nil {
		return nil
	}
	return m.Values
}

// A filedRule is a rule with its place in the file.
type filedRule struct {
	autoreply.Rule
	written  []string // its keywords as they are written
	from, to int      // its lines; 0 if it is not in the file yet
	new      *Rule    // what is to be written; nil: it stays as it is
}

// setRules brings the rules of the file in line with rules.
func (d *draft) setRules(rules []Rule) []Covered {
	filed, list := d.filedRules()
	rules, hidden := distinct(rules)
	order, covered, ok := uncovered(placed(filed, rules, false))
	if !ok {
		filed, list = d.filedRules()
		order, covered, _ = uncovered(placed(filed, rules, true))
	}
	if slices.ContainsFunc(order, func(r *filedRule) bool { return r.new != nil }) {
		d.writeRules(filed, order, list)
	}
	return append(hidden, covered...)
}

// distinct leaves out the keywords that an earlier one of the rules answers.
func distinct(rules []Rule) (kept []Rule, covered []Covered) {
	order := placed(nil, rules, true)
	order, covered, _ = uncovered(order)
	for _, r := range order {
		kept = append(kept, *r.new)
	}
	return kept, covered
}

func (d *draft) filedRules() ([]*filedRule, *ast.SequenceNode) {
	value, _, end := d.entry(d.root, "keywords", d.end())
	if value == nil {
		return nil, nil
	}
	list, ok := value.Value.(*ast.SequenceNode)
	if !ok {
		return nil, nil
	}
	var filed []*filedRule
	for i, item := range list.Values {
		written, _ := d.rule(item)
		r := &filedRule{Rule: written, written: keywordsOf(item), from: d.dash(item), to: end}
		if i+1 < len(list.Values) {
			r.to = d.dash(list.Values[i+1])
		}
		r.to = d.trimmed(r.from, r.to)
		filed = append(filed, r)
	}
	return filed, list
}

// dash is the line on which an item of a list begins.
func (d *draft) dash(item ast.Node) int {
	line := lineOf(item)
	for line > 1 && !strings.HasPrefix(strings.TrimSpace(d.lines[line]), "-") {
		line--
	}
	return line
}

// keywordsOf are the keywords of a rule as they are written.
func keywordsOf(item ast.Node) []string {
	var words []string
	scratch := &file{}
	for _, v := range item.(*ast.MappingNode).Values {
		if v.Key.GetToken().Value == "reply" {
			continue
		}
		nodes := []ast.Node{v.Value}
		if list, ok := v.Value.(*ast.SequenceNode); ok {
			nodes = list.Values
		}
		for _, n := range nodes {
			text, _ := scratch.text(n, theFile)
			words = append(words, text)
		}
	}
	return words
}

// placed returns the rules in the order in which they are to be in the file. Those of the file keep theirs. A new one
// comes before the next one that the file has already or, if atEnd is true, after all that the file has.
func placed(filed []*filedRule, rules []Rule, atEnd bool) []*filedRule {
	order := slices.Clone(filed)
	taken := map[*filedRule]bool{}
	at := len(order)
	for _, rule := range slices.Backward(rules) {
		i := slices.IndexFunc(order, func(r *filedRule) bool { return !taken[r] && r.from > 0 && r.shares(rule) })
		if i < 0 {
			order = slices.Insert(order, at, newRule(rule))
			continue
		}
		taken[order[i]] = true
		order[i].update(rule)
		if !atEnd {
			at = i
		}
	}
	return order
}

func newRule(rule Rule) *filedRule {
	r := &filedRule{new: &rule}
	r.Kind, r.Reply = rule.Kind, rule.Reply
	return r
}

// shares reports whether the rules are of one kind and have a keyword in common.
func (r *filedRule) shares(rule Rule) bool {
	return r.Kind == rule.Kind && slices.ContainsFunc(rule.Keywords, func(k string) bool { return slices.Contains(r.Keywords, autoreply.Fold(k)) })
}

// update gives the rule the reply and the further keywords of another.
func (r *filedRule) update(rule Rule) {
	r.new = &Rule{Name: rule.Name, Kind: rule.Kind, Keywords: slices.Clone(r.written), Reply: rule.Reply}
	for _, k := range rule.Keywords {
		if !slices.Contains(r.Keywords, autoreply.Fold(k)) {
			r.new.Keywords = append(r.new.Keywords, k)
		}
	}
}

// uncovered leaves out the new keywords that an earlier rule answers, and rules that then have none. It is false if a new
// keyword hides one of a rule that only the file has.
func uncovered(order []*filedRule) (kept []*filedRule, covered []Covered, ok bool) {
	var index pattern.Index
	var words []string // by their numbers in the index
	add := func(kind, keyword string) (by string, isCovered bool) {
		i, isCovered := index.Add(autoreply.Pattern(kind, autoreply.Fold(keyword)))
		words = append(words, keyword)
		return words[min(i, len(words)-1)], isCovered
	}
	ok = true
	for _, r := range order {
		if r.new == nil {
			for _, k := range r.written {
				_, hidden := add(r.Kind, k)
				ok = ok && !hidden
			}
			kept = append(kept, r)
			continue
		}
		var good []string
		for _, k := range r.new.Keywords {
			if by, isCovered := add(r.Kind, k); isCovered {
				covered = append(covered, Covered{r.new.Name, k, by})
			} else {
				good = append(good, k)
			}
		}
		r.new.Keywords = good
		if slices.Equal(good, r.written) && same(r.Reply, r.new.Reply) && r.from > 0 {
			r.new = nil
		}
		if len(good) > 0 {
			kept = append(kept, r)
		} else {
			ok = ok && r.from == 0
		}
	}
	return kept, covered, ok
}

// writeRules writes the rules whose place or content is new.
func (d *draft) writeRules(filed, order []*filedRule, list *ast.SequenceNode) {
	if list == nil || list.IsFlowStyle || len(filed) == 0 {
		lines := []string{"keywords:"}
		for _, r := range order {
			lines = append(lines, prefixed("  ", r.yaml())...)
		}
		d.top("keywords", lines)
		return
	}
	indent := indentOf(d.lines[filed[0].from])
	at := filed[len(filed)-1].to
	for _, r := range slices.Backward(order) {
		lines := prefixed(indent, r.yaml())
		switch {
		case r.from == 0:
			d.insert(at, lines)
			continue
		case r.new != nil:
			d.replace(r.from, r.to, indent, lines)
		}
		at = r.from
	}
}

// yaml is the rule as an item of a list.
func (r *filedRule) yaml() []string {
	rule := r.new
	if rule == nil {
		rule = &Rule{Kind: r.Kind, Keywords: r.written, Reply: r.Reply}
	}
	lines := yamlKeywords(rule.Kind, rule.Keywords)
	return item(append(lines, yamlEntry("reply", rule.Reply)...))
}

func (d *draft) setMenus(before *autoreply.Account, c Changes) error {
	if len(c.Menu.Buttons) == 0 {
		return nil
	}
	now, err := before.Menu(c.PublicURL)
	if err != nil {
		return err
	}
	shorten := func(buttons []menu.Button) []menu.Button { return local(buttons, c.PublicURL) }
	if now.Console = false; (menu.Menu{Buttons: now.Buttons}).Hash() != (menu.Menu{Buttons: c.Menu.Buttons}).Hash() {
		d.top("menu", append([]string{"menu:"}, indented(yamlButtons("button", shorten(c.Menu.Buttons)))...))
	}
	if (menu.Menu{Conditional: now.Conditional}).Hash() == (menu.Menu{Conditional: c.Menu.Conditional}).Hash() ||
		len(c.Menu.Conditional) == 0 {
		return nil
	}
	lines := []string{"conditionalmenu:"}
	for _, conditional := range c.Menu.Conditional {
		of := append(yamlMatchRule(conditional.MatchRule), yamlButtons("button", shorten(conditional.Buttons))...)
		lines = append(lines, prefixed("  ", item(of))...)
	}
	d.top("conditionalmenu", lines)
	return nil
}

// local writes the urls of the owner's own pages from their slash on.
func local(buttons []menu.Button, publicURL string) []menu.Button {
	publicURL = strings.TrimSuffix(publicURL, "/")
	all := slices.Clone(buttons)
	for i, b := range all {
		if rest, ok := strings.CutPrefix(b.URL, publicURL); ok && publicURL != "" && isPage(rest) && strings.HasPrefix(rest, "/") {
			all[i].URL = rest
		}
		all[i].SubButton = local(b.SubButton, publicURL)
	}
	return all
}
