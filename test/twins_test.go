package test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestTwinsHaveTheSameParts holds that a page and its Chinese twin have the same sections, rows of tables and links to tests.
func TestTwinsHaveTheSameParts(t *testing.T) {
	all := pages(t)
	for name, zh := range all {
		base, isChinese := strings.CutSuffix(name, chinese)
		if !isChinese {
			continue
		}
		twin := base + ".md"
		if diff := cmp.Diff(sections(readFile(t, "../"+twin)), sections(readFile(t, "../"+name))); diff != "" {
			t.Errorf("%s: levels of the headings and rows of tables (-English +Chinese):\n%s", name, diff)
		}
		if diff := cmp.Diff(all[twin].tests(), zh.tests()); diff != "" {
			t.Errorf("%s: links to tests (-English +Chinese):\n%s", name, diff)
		}
	}
}

// A section is the level of a heading and the number of lines of tables below it.
type section struct {
	Level string
	Rows  int
}

func sections(source string) (all []section) {
	for i, part := range strings.Split(source, "\n```") {
		if i%2 == 1 {
			continue // code
		}
		for line := range strings.Lines(part) {
			switch level, _, ok := strings.Cut(line, " "); {
			case ok && strings.HasPrefix(level, "#"):
				all = append(all, section{Level: level})
			case strings.HasPrefix(line, "|"):
				all[len(all)-1].Rows++
			}
		}
	}
	return all
}

// tests counts the links to files of tests.
func (p page) tests() map[string]int {
	counts := map[string]int{}
	for _, l := range p.links {
		if strings.HasSuffix(l.target, "_test.go") {
			counts[l.target]++
		}
	}
	return counts
}
