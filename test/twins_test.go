package test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var (
	markdownLink = regexp.MustCompile(`\[[^\]]*\]\(([^)\s]+)\)`)
	codeComment  = regexp.MustCompile(`(?m)(^|\s+)// .*$`)
)

// TestTwins holds that each Chinese document links its English twin and the other way round, that both have the same sections,
// Go code and tests, and that a Chinese document leads to an English one only if it has no twin, and says so.
func TestTwins(t *testing.T) {
	twins, err := filepath.Glob("../docs/*.zh-CN.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, chinese := range append(twins, "../README.zh-CN.md") {
		english := strings.TrimSuffix(chinese, ".zh-CN.md") + ".md"
		zh, en := readDocument(t, chinese), readDocument(t, english)
		for file, link := range map[string]bool{
			english: strings.Contains(en, "\n\n[中文]("+filepath.Base(chinese)+")\n\n"),
			chinese: strings.Contains(zh, "\n\n[English]("+filepath.Base(english)+")\n\n"),
		} {
			if !link {
				t.Errorf("%s does not link its twin below its title", file)
			}
		}
		if diff := cmp.Diff(sections(en), sections(zh)); diff != "" {
			t.Errorf("%s: levels of the headings (-English +Chinese):\n%s", chinese, diff)
		}
		if diff := cmp.Diff(goCode(en), goCode(zh)); diff != "" {
			t.Errorf("%s: code without comments (-English +Chinese):\n%s", chinese, diff)
		}
		if diff := cmp.Diff(shownBy(en), shownBy(zh)); diff != "" {
			t.Errorf("%s: tests (-English +Chinese):\n%s", chinese, diff)
		}
		for _, link := range englishLinks(zh, filepath.Dir(chinese)) {
			t.Errorf("%s leads to an English page: %s", chinese, link)
		}
	}
}

func readDocument(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// sections returns the levels of the headings, in order.
func sections(text string) (levels []string) {
	for i, part := range strings.Split(text, "\n```") {
		if i%2 == 1 {
			continue // code
		}
		for line := range strings.Lines(part) {
			if level, _, ok := strings.Cut(line, " "); ok && strings.HasPrefix(level, "#") {
				levels = append(levels, level)
			}
		}
	}
	return levels
}

// goCode returns the blocks of Go code without comments.
func goCode(text string) (blocks []string) {
	for _, block := range strings.Split(text, "```go\n")[1:] {
		block, _, _ = strings.Cut(block, "```")
		blocks = append(blocks, codeComment.ReplaceAllString(block, ""))
	}
	return blocks
}

// shownBy counts the links to tests.
func shownBy(text string) map[string]int {
	counts := make(map[string]int)
	for _, match := range markdownLink.FindAllStringSubmatch(text, -1) {
		if strings.HasSuffix(match[1], "_test.go") {
			counts[match[1]]++
		}
	}
	return counts
}

// englishLinks returns the links of a Chinese document to English ones that have a twin, or that are not marked （英文）.
func englishLinks(text, dir string) (links []string) {
	for _, at := range markdownLink.FindAllStringSubmatchIndex(text, -1) {
		link := text[at[0]:at[1]]
		path, _, _ := strings.Cut(text[at[2]:at[3]], "#")
		if strings.Contains(path, "://") || strings.HasPrefix(link, "[English]") {
			continue
		}
		isDir := strings.HasSuffix(filepath.Base(path), "decisions")
		if !isDir && (!strings.HasSuffix(path, ".md") || strings.HasSuffix(path, ".zh-CN.md")) {
			continue
		}
		_, err := os.Stat(filepath.Join(dir, strings.TrimSuffix(path, ".md")+".zh-CN.md"))
		if err == nil || !strings.HasPrefix(text[at[1]:], "（英文）") {
			links = append(links, link)
		}
	}
	return links
}
