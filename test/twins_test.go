package test

import (
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestTwins holds that a page and its Chinese twin have the same sections, rows of tables, figures, links to tests, Go code and
// commands.
func TestTwins(t *testing.T) {
	all := pages(t)
	for name, p := range all {
		twin, ok := all[strings.TrimSuffix(name, ".md")+chinese]
		if !ok {
			continue
		}
		if diff := cmp.Diff(contentOf(p), contentOf(twin)); diff != "" {
			t.Errorf("%s (-) and its Chinese twin (+) differ:\n%s", name, diff)
		}
	}
}

// content is what does not depend on a page's language.
type content struct {
	Sections []section
	Figures  []string
	Tests    []string
	Go       []string
	Commands []string
}

var (
	goComment    = regexp.MustCompile(`(?m)(^|\s+)// .*$`)
	shellComment = regexp.MustCompile(` # .*`)
	commandLine  = regexp.MustCompile(`(?m)^\s*(bin/guanzhu|guanzhu|make|go|aws|sam|git|export) .*$`)
)

// figure matches a number with a point, with a comma, or of three digits and more. Numbers of millions are written differently
// in Chinese: 5.2 million is 520 万.
var figure = regexp.MustCompile(`\b(\d[\d,]*\.\d+|\d{1,3}(?:,\d{3})+|\d{3,})\b( million| 万| 亿)?`)

// figuresOf returns the figures of a page, sorted.
func figuresOf(source []byte) (all []string) {
	for _, match := range figure.FindAllSubmatch(source, -1) {
		if len(match[2]) == 0 {
			all = append(all, string(match[1]))
		}
	}
	slices.Sort(all)
	return all
}

func contentOf(p page) content {
	c := content{Sections: p.sections, Figures: p.figures}
	for _, l := range p.links {
		if strings.HasSuffix(l.target, "_test.go") {
			c.Tests = append(c.Tests, l.target)
		}
	}
	slices.Sort(c.Tests)
	for _, block := range p.code {
		switch block.language {
		case "go":
			c.Go = append(c.Go, goComment.ReplaceAllString(block.text, ""))
		case "":
			for _, line := range commandLine.FindAllString(block.text, -1) {
				c.Commands = append(c.Commands, strings.Join(strings.Fields(shellComment.ReplaceAllString(line, "")), " "))
			}
		}
	}
	return c
}

// TestChineseTextsNameChinesePages: a Chinese sentence of the programs and of the template leads to a Chinese page of docs.
func TestChineseTextsNameChinesePages(t *testing.T) {
	english := regexp.MustCompile(`\p{Han}[^"]*docs/[a-z-]+\.md`)
	found := 0
	walk(t, func(name string) {
		if !slices.Contains([]string{".go", ".js", ".yaml"}, path.Ext(name)) {
			return
		}
		for line := range strings.Lines(readFile(t, "../"+name)) {
			if english.MatchString(line) {
				t.Errorf("%s leads from Chinese to an English page: %s", name, line)
			}
			found += strings.Count(line, chinese)
		}
	})
	if found < 10 {
		t.Errorf("found %d links to Chinese pages: does the test look at the right place?", found)
	}
}
