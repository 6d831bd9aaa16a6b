package test

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestTwins holds that a page and its Chinese twin have the same sections, rows of tables, links to tests, Go code and commands.
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
	Tests    []string
	Go       []string
	Commands []string
}

var (
	goComment    = regexp.MustCompile(`(?m)(^|\s+)// .*$`)
	shellComment = regexp.MustCompile(` # .*`)
	commandLine  = regexp.MustCompile(`(?m)^\s*(bin/guanzhu|guanzhu|make|go|aws|sam|git|export) .*$`)
)

func contentOf(p page) content {
	c := content{Sections: p.sections}
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
