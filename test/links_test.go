package test

import (
	"io/fs"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	tables "github.com/yuin/goldmark/extension/ast"
	"github.com/yuin/goldmark/text"
)

// A page is a Markdown file of the repository.
type page struct {
	links    []link
	anchors  []string // of the headings
	sections []section
	figures  []string // see figure
	code     []code
}

// A section begins with a heading of this level, and has so many rows of tables.
type section struct{ Level, Rows int }

// A code is a block of code. One without a language is to be pasted into a shell, or is what a program prints.
type code struct{ language, text string }

type link struct {
	target string
	shown  string
	after  string // what follows the link in its line
}

const chinese = ".zh-CN.md"

// walk calls each for every file of the repository, by its path there, but not for what tests read or builds make.
func walk(t *testing.T, each func(name string)) {
	t.Helper()
	skipped := []string{"testdata", ".git", ".aws-sam", "bin"}
	err := filepath.WalkDir("..", func(file string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && slices.Contains(skipped, entry.Name()):
			return filepath.SkipDir
		case !entry.IsDir():
			each(filepath.ToSlash(strings.TrimPrefix(file, ".."+string(filepath.Separator))))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// pages returns the Markdown files by their path in the repository.
func pages(t *testing.T) map[string]page {
	t.Helper()
	all := map[string]page{}
	walk(t, func(name string) {
		if path.Ext(name) == ".md" {
			all[name] = parsePage([]byte(readFile(t, "../"+name)))
		}
	})
	return all
}

func parsePage(source []byte) (p page) {
	p.figures = figuresOf(source)
	root := goldmark.New(goldmark.WithExtensions(extension.Table)).Parser().Parse(text.NewReader(source))
	_ = ast.Walk(root, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if !entering {
			return ast.WalkContinue, nil
		}
		switch n := n.(type) {
		case *ast.Heading:
			p.anchors = append(p.anchors, unique(anchor(textOf(n, source)), p.anchors))
			p.sections = append(p.sections, section{Level: n.Level})
		case *tables.TableRow:
			p.sections[len(p.sections)-1].Rows++
		case *ast.Link:
			l := link{target: string(n.Destination), shown: textOf(n, source)}
			if next, ok := n.NextSibling().(*ast.Text); ok {
				l.after = string(next.Value(source))
			}
			p.links = append(p.links, l)
		case *ast.Image:
			p.links = append(p.links, link{target: string(n.Destination)})
		case *ast.FencedCodeBlock:
			p.code = append(p.code, code{string(n.Language(source)), string(n.Lines().Value(source))})
		case *ast.CodeBlock:
			p.code = append(p.code, code{"", string(n.Lines().Value(source))})
		}
		return ast.WalkContinue, nil
	})
	return p
}

func textOf(n ast.Node, source []byte) string {
	var b strings.Builder
	_ = ast.Walk(n, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if t, ok := n.(*ast.Text); ok && entering {
			b.Write(t.Value(source))
		}
		return ast.WalkContinue, nil
	})
	return b.String()
}

// anchor is GitHub's name for a heading: letters in lower case, digits, - and _ stay, a space becomes -, all else goes.
func anchor(heading string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == ' ':
			return '-'
		case unicode.IsLetter(r) || unicode.IsNumber(r) || unicode.IsMark(r) || r == '-' || r == '_':
			return unicode.ToLower(r)
		}
		return -1
	}, strings.TrimSpace(heading))
}

// unique adds a number to an anchor that an earlier heading has, as GitHub does.
func unique(name string, earlier []string) string {
	for n, free := 1, name; ; n++ {
		if !slices.Contains(earlier, free) {
			return free
		}
		free = name + "-" + strconv.Itoa(n)
	}
}

// TestLinks holds that each relative link of each page leads to a file or folder, and to a heading that is there.
func TestLinks(t *testing.T) {
	all := pages(t)
	for name, p := range all {
		for _, l := range p.links {
			file, fragment, ok := inside(name, l)
			if !ok {
				continue
			}
			if _, err := os.Stat(filepath.Join("..", file)); err != nil {
				t.Errorf("%s: [%s](%s): %v", name, l.shown, l.target, err)
			}
			if to, ok := all[file]; ok && fragment != "" && !slices.Contains(to.anchors, fragment) {
				t.Errorf("%s: [%s](%s): there is no such heading; there are %q", name, l.shown, l.target, to.anchors)
			}
		}
	}
	if len(all) < 30 {
		t.Errorf("found %d pages: does the test look at the right place?", len(all))
	}
}

// TestNamedDocs holds that each page of docs that a program, a template or a comment names is there.
func TestNamedDocs(t *testing.T) {
	all := pages(t)
	named := regexp.MustCompile(`\bdocs/[\w.-]+\.md`)
	walk(t, func(file string) {
		if !slices.Contains([]string{".go", ".yaml", ".yml", ".toml", ".txtar", ""}, path.Ext(file)) {
			return
		}
		for _, name := range named.FindAllString(readFile(t, "../"+file), -1) {
			if _, ok := all[name]; !ok {
				t.Errorf("%s names %s, which is not there", file, name)
			}
		}
	})
}

// inside returns the file in the repository that a link leads to.
func inside(from string, l link) (file, fragment string, ok bool) {
	u, err := url.Parse(l.target)
	if err != nil || u.Scheme != "" || u.Host != "" {
		return "", "", false
	}
	if u.Path == "" {
		return from, u.Fragment, true
	}
	return path.Join(path.Dir(from), u.Path), u.Fragment, true
}

// TestDocsAreReachable holds that the links of each README lead to every page of docs in its language.
func TestDocsAreReachable(t *testing.T) {
	all := pages(t)
	for start, isIts := range map[string]func(string) bool{
		"README.md":       func(name string) bool { return !strings.HasSuffix(name, chinese) },
		"README.zh-CN.md": func(name string) bool { return strings.HasSuffix(name, chinese) },
	} {
		reached := []string{start}
		for i := 0; i < len(reached); i++ { //nolint:intrange // it grows
			for _, l := range all[reached[i]].links {
				if file, _, ok := inside(reached[i], l); ok && isIts(file) && !slices.Contains(reached, file) {
					if folder, err := filepath.Glob(filepath.Join("..", file, "*.md")); err == nil {
						for _, inFolder := range folder {
							reached = append(reached, path.Join(file, filepath.Base(inFolder)))
						}
					}
					reached = append(reached, file)
				}
			}
		}
		for name := range all {
			if strings.HasPrefix(name, "docs/") && isIts(name) && !slices.Contains(reached, name) {
				t.Errorf("no way leads from %s to %s", start, name)
			}
		}
	}
}

// TestLanguages holds that a reader stays in a language: each page of docs is there in both, the twins link to each other,
// and a link from a Chinese page to an English one says so with （英文）.
func TestLanguages(t *testing.T) {
	all := pages(t)
	for name, p := range all {
		base, isChinese := strings.CutSuffix(name, chinese)
		twin := base + ".md"
		if !isChinese {
			twin = strings.TrimSuffix(name, ".md") + chinese
		}
		if _, ok := all[twin]; ok {
			if len(p.links) == 0 || p.links[0].target != path.Base(twin) {
				t.Errorf("%s does not begin with a link to %s", name, path.Base(twin))
			}
		} else if isChinese || path.Dir(name) == "docs" {
			t.Errorf("%s has no twin %s", name, path.Base(twin))
		}
		for _, l := range p.links {
			file, _, ok := inside(name, l)
			if _, isPage := all[file]; !ok || !isPage && file != "docs/decisions" || file == twin {
				continue
			}
			toChinese := strings.HasSuffix(file, chinese)
			english := strings.HasPrefix(l.after, "（英文")
			_, translated := all[strings.TrimSuffix(file, ".md")+chinese]
			switch {
			case !isChinese && toChinese:
				t.Errorf("%s: [%s](%s) leads to a Chinese page", name, l.shown, l.target)
			case isChinese && !toChinese && translated:
				t.Errorf("%s: [%s](%s) leads to an English page that exists in Chinese", name, l.shown, l.target)
			case isChinese && !toChinese && !english:
				t.Errorf("%s: [%s](%s) leads to an English page: write （英文） behind the link", name, l.shown, l.target)
			}
		}
	}
}

func TestAnchor(t *testing.T) {
	for heading, want := range map[string]string{
		"1. The test account":               "1-the-test-account",
		"What was tested, and what was not": "what-was-tested-and-what-was-not",
		"Pictures, sounds & videos":         "pictures-sounds--videos",
		"如果出了问题":                            "如果出了问题",
		"图片、语音和视频":                          "图片语音和视频",
		"Service（服务号） ok":                   "service服务号-ok",
		"`guanzhu import`":                  "guanzhu-import",
		"Kinds without a type: event/x_y":   "kinds-without-a-type-eventx_y",
	} {
		if got := unique(anchor(textOf(goldmark.DefaultParser().Parse(text.NewReader([]byte("# "+heading))), []byte("# "+heading))), nil); got != want {
			t.Errorf("%q: %q, want %q", heading, got, want)
		}
	}
	if got := unique("a", []string{"a", "a-1"}); got != "a-2" {
		t.Errorf("the third a is %q", got)
	}
}
