package wechat

import (
	"flag"
	"fmt"
	"go/ast"
	"go/doc"
	goparser "go/parser"
	"go/token"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write docs/pushes.md and its Chinese twin")

// pushesIntroduction precedes the list of pushes. The list is made from the source.
const pushesIntroduction = `# Pushes

[中文](pushes.zh-CN.md)

This page lists the pushes of an Official Account that have a Go type: messages and events, the type of each, and its
fields. It is generated from the source of [pkg/wechat](../pkg/wechat). After a change there, run

    go test ./pkg/wechat -run TestPushesDoc -update

[events/](../events) has a sample of each.

## How a push becomes a value

` + "`wechat.ParsePush`" + ` reads the body, or, in safe mode, the result of ` + "`Decrypt`" + `. It returns a pointer to the type that is
listed below for the kind of the push. The kind is the MsgType of a message, or event/ and the Event. Kinds are compared
exactly, including case. A kind that is not listed is a ` + "`*wechat.Raw`" + `, not an error: see [the end](#kinds-without-a-type).

The platform writes XML. Its pages also show JSON; both give the same value. In the tables below, A>B is the B within the A.
If A is repeated, B is read from each. If a field has several names, the first one present is read: the names differ between
XML and JSON, or between the platform's pages. Fields that are not listed are ignored. A number that is missing or malformed
is 0.

Blanks around CDATA never count. Blanks within CDATA, or within a JSON string, are kept in users' texts and in the account's
own values: keys, scenes and ids of menu items. So a key can be compared with the one that was configured. In all other
texts, blanks at the ends are cut.

The platform does not escape users' texts. A text may contain control characters, ` + "`]]>`" + ` or a whole push. It is still
read as one text, or the push is refused; it cannot pass for another field. In a ` + "`*wechat.Raw`" + `, only the fields that all
pushes have are protected in this way. Control characters are removed. Bytes that are not UTF-8 become U+FFFD or are removed;
a push grows by at most 64 bytes. The user chooses texts, titles, labels and scan results: check them like any other
input.

Each section says whether the push can be answered in its own request. Answer all others with ` + "`success`" + `: return a nil
Reply.
`

// pushesRaw follows the list of pushes. The snippet is from example_test.go.
const pushesRaw = `
## Kinds without a type

A kind that is not listed above is a ` + "`*wechat.Raw`" + `: kinds that are new, and those that few accounts receive, such as the
[events of cards](https://developers.weixin.qq.com/doc/service/guide/product/card/Coupons_Vouchers_and_Cards_Event_Push_Messages.html)
and [of invoices](https://developers.weixin.qq.com/doc/offiaccount/WeChat_Invoice/E_Invoice/Vendor_API_List.html). Register a
handler with ` + "`webhook.On`" + ` for ` + "`*wechat.Raw`" + ` and look at ` + "`Kind()`" + `. Read a single text with ` + "`Field`" + `. Read nested and repeated
fields with ` + "`Decode`" + `, which sets a struct of your own; its tags are those of the types above.

` + "```go\n%s```" + `

A handler that reads users' texts from a ` + "`*wechat.Raw`" + ` must not trust its other fields, because a user can forge them.
Logs and metrics count such a push as ` + "`unknown`" + `.
`

// pushesPage is docs/pushes.md in one language.
type pushesPage struct {
	strings.Builder
	t     *testing.T
	words map[string]string // translates the texts that come from the source; nil leaves them in English
	used  map[string]bool
}

// say returns text in the language of the page.
func (p *pushesPage) say(text string) string {
	if p.words == nil {
		return text
	}
	word, ok := p.words[text]
	if !ok && !p.used[text] {
		p.t.Errorf("pushesChinese has no %q", text)
	}
	p.used[text] = true
	return word
}

// TestPushesDoc compares docs/pushes.md and its Chinese twin with the source.
func TestPushesDoc(t *testing.T) {
	for name, text := range map[string]struct {
		introduction, raw string
		words             map[string]string
	}{
		"pushes.md":       {pushesIntroduction, pushesRaw, nil},
		"pushes.zh-CN.md": {pushesIntroductionChinese, pushesRawChinese, pushesChinese},
	} {
		p := &pushesPage{t: t, words: text.words, used: make(map[string]bool)}
		p.WriteString(text.introduction)
		readSource(t).list(t, p)
		fmt.Fprintf(p, text.raw, rawSnippet(t))
		for word := range text.words {
			if !p.used[word] {
				t.Errorf("%s does not use %q", name, word)
			}
		}
		path := "../../docs/" + name
		if *update {
			if err := os.WriteFile(path, []byte(p.String()), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		got, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(p.String(), string(got)); diff != "" {
			t.Errorf("run `go test ./pkg/wechat -run TestPushesDoc -update` (-want +got):\n%s", diff)
		}
	}
}

// list writes the fields that pushes share, and each kind of push.
func (s source) list(t *testing.T, p *pushesPage) {
	for _, common := range []struct {
		title string
		typ   reflect.Type
	}{
		{"Fields of all pushes", reflect.TypeFor[Head]()},
		{"Fields of all messages", reflect.TypeFor[Message]()},
		{"Fields of all events of menu buttons", reflect.TypeFor[MenuEvent]()},
		{"Fields of all events of the pages' authorization", reflect.TypeFor[AuthorizationEvent]()},
	} {
		fmt.Fprintf(p, "\n## %s\n\n", p.say(common.title))
		s.table(p, common.typ)
	}
	for _, group := range s.groups(t) {
		fmt.Fprintf(p, "\n## %s\n", p.say(group.title))
		for i, kind := range group.kinds {
			push := kinds[kind]()
			if i > 0 && reflect.TypeOf(kinds[group.kinds[i-1]]()) == reflect.TypeOf(push) {
				continue // its name is in the previous heading
			}
			heading := kind
			for _, next := range group.kinds[i+1:] {
				if reflect.TypeOf(kinds[next]()) == reflect.TypeOf(push) {
					heading += ", " + next
				}
			}
			typ := reflect.TypeOf(push).Elem()
			text := s.types[typ.Name()].doc
			what := afterName.ReplaceAllString(new(doc.Package).Synopsis(text), "")
			fmt.Fprintf(p, "\n### %s\n\n"+p.say("`*wechat.%s` %s %s")+"\n\n", heading, typ.Name(), p.say(what), p.say(reply(text)))
			s.table(p, typ)
			if page := page(text); page != "" {
				fmt.Fprintf(p, "\n[%s](%s)\n", p.say("The platform's page"), page)
			} else {
				fmt.Fprintf(p, "\n%s\n", p.say("The platform has no page about it."))
			}
		}
	}
}

// rawSnippet returns the example of how a Raw is read.
func rawSnippet(t *testing.T) string {
	t.Helper()
	source, err := os.ReadFile("example_test.go")
	if err != nil {
		t.Fatal(err)
	}
	const start, end = "func describe(", "\n}\n"
	_, snippet, found := strings.Cut(string(source), start)
	snippet, _, ended := strings.Cut(snippet, end)
	if !found || !ended {
		t.Fatal("example_test.go has no function describe")
	}
	return start + snippet + end
}

// TestTypesAreDocumented checks that the comment of each kind's type names a page and says whether it can be replied to, and
// that each field has a comment.
func TestTypesAreDocumented(t *testing.T) {
	s := readSource(t)
	for _, kind := range documented {
		name := reflect.TypeOf(kinds[kind]()).Elem().Name()
		text := s.types[name].doc
		if page(text) == "" && !strings.Contains(text, "The platform does not document it") &&
			!strings.Contains(oneLine(text), "The platform's page is gone") {
			t.Errorf("%s names no page of the platform", name)
		}
		if reply(text) == "" {
			t.Errorf("%s does not say whether it can be replied to", name)
		}
		if event, ok := strings.CutPrefix(kind, "event/"); ok && !strings.Contains(oneLine(text), event) {
			t.Errorf("%s does not name its event %s", name, event)
		}
	}
	for name, typ := range s.types {
		if !ast.IsExported(name) {
			continue
		}
		if typ.doc == "" {
			t.Errorf("%s has no comment", name)
		}
		for field, comment := range typ.comments {
			if ast.IsExported(field) && comment == "" {
				t.Errorf("%s.%s has no comment", name, field)
			}
		}
	}
}

// afterName matches the start of a comment that repeats the heading: "Click, event CLICK, " or "Text ".
var afterName = regexp.MustCompile(`^\w+(, event [^,]*,)? `)

var pageAddress = regexp.MustCompile(`See (https://\S+)\s*$`)

func page(text string) string {
	if m := pageAddress.FindStringSubmatch(text); m != nil {
		return m[1]
	}
	return ""
}

// reply returns the sentence about replies.
func reply(text string) string {
	text = oneLine(text)
	for phrase, sentence := range map[string]string{
		"It can be replied to":         "It can be replied to.",
		"It cannot be replied to":      "It cannot be replied to.",
		"No reply to it is documented": "No reply to it is documented.",
	} {
		if strings.Contains(text, phrase) {
			return sentence
		}
	}
	return ""
}

func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }

// source holds the comments of the package.
type source struct {
	kinds *ast.File
	types map[string]sourceType
}

type sourceType struct {
	doc      string
	comments map[string]string // of the fields
}

func readSource(t *testing.T) source {
	t.Helper()
	paths, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	s := source{types: make(map[string]sourceType)}
	files := token.NewFileSet()
	for _, path := range paths {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		file, err := goparser.ParseFile(files, path, nil, goparser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		if path == "kinds.go" {
			s.kinds = file
		}
		for _, decl := range file.Decls {
			decl, ok := decl.(*ast.GenDecl)
			if !ok || decl.Tok != token.TYPE {
				continue
			}
			spec := decl.Specs[0].(*ast.TypeSpec)
			typ := sourceType{doc: decl.Doc.Text(), comments: make(map[string]string)}
			if structure, ok := spec.Type.(*ast.StructType); ok {
				for _, field := range structure.Fields.List {
					for _, name := range field.Names {
						typ.comments[name.Name] = oneLine(field.Doc.Text() + " " + field.Comment.Text())
					}
				}
			}
			s.types[spec.Name.Name] = typ
		}
	}
	return s
}

type group struct {
	title string
	kinds []string
}

// groups returns the groups of the table in kinds.go, in its order. The comment of a group is "Title: file.go."
func (s source) groups(t *testing.T) []group {
	t.Helper()
	var table *ast.CompositeLit
	ast.Inspect(s.kinds, func(n ast.Node) bool {
		if literal, ok := n.(*ast.CompositeLit); ok && table == nil {
			table = literal
		}
		return table == nil
	})
	var groups []group
	comments := s.kinds.Comments
	total := 0
	for _, entry := range table.Elts {
		for len(comments) > 0 && comments[0].Pos() < entry.Pos() {
			if comments[0].Pos() > table.Lbrace {
				title, _, _ := strings.Cut(comments[0].Text(), ": ")
				groups = append(groups, group{title: title})
			}
			comments = comments[1:]
		}
		kind, err := strconv.Unquote(entry.(*ast.KeyValueExpr).Key.(*ast.BasicLit).Value)
		if err != nil {
			t.Fatal(err)
		}
		last := &groups[len(groups)-1]
		last.kinds = append(last.kinds, kind)
		total++
	}
	if total != len(kinds) {
		t.Fatalf("%d kinds found in kinds.go, want %d", total, len(kinds))
	}
	return groups
}

// table writes the fields of typ without those of embedded types, each followed by the fields of its struct.
func (s source) table(p *pushesPage, typ reflect.Type) {
	var rows strings.Builder
	s.rows(p, &rows, typ, []string{""}, "")
	if rows.Len() == 0 {
		p.WriteString(p.say("It has only the fields listed above.") + "\n")
		return
	}
	p.WriteString(p.say("| name | field | type | |") + "\n|---|---|---|---|\n" + rows.String())
}

func (s source) rows(p *pushesPage, b *strings.Builder, typ reflect.Type, above []string, goName string) {
	for _, f := range planOf(typ) {
		if len(f.index) > 1 {
			continue // a field of an embedded type, such as Head
		}
		field := typ.Field(f.index[0])
		var names, quoted []string
		for _, prefix := range above {
			for _, path := range f.paths {
				name := prefix + strings.Join(path, ">")
				names, quoted = append(names, name+">"), append(quoted, "`"+name+"`")
			}
		}
		comment := strings.ReplaceAll(p.say(s.types[typ.Name()].comments[field.Name]), "|", `\|`)
		fmt.Fprintf(b, "| %s | %s%s | %s | %s |\n", strings.Join(quoted, ", "), goName, field.Name,
			strings.ReplaceAll(field.Type.String(), "wechat.", ""), comment)
		if f.fields == nil {
			continue
		}
		if field.Type.Kind() == reflect.Slice {
			s.rows(p, b, field.Type.Elem(), names, goName+field.Name+"[].")
		} else {
			s.rows(p, b, field.Type, names, goName+field.Name+".")
		}
	}
}
