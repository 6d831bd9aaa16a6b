package pkg

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var testLink = regexp.MustCompile(`\[((?:Test|Fuzz)\w+)\]\(([^)]+)\)`)

// TestPromisesAreTested holds every test that the documents name to be there, and every promise to name one.
func TestPromisesAreTested(t *testing.T) {
	for _, doc := range []string{"reliability.md", "security.md"} {
		text, err := os.ReadFile(filepath.Join("..", "docs", doc))
		if err != nil {
			t.Fatal(err)
		}
		links := testLink.FindAllStringSubmatch(string(text), -1)
		if len(links) < 20 {
			t.Errorf("%s names %d tests", doc, len(links))
		}
		for _, link := range links {
			source, err := os.ReadFile(filepath.Join("..", "docs", link[2]))
			if err != nil {
				t.Errorf("%s: %v", doc, err)
			} else if !strings.Contains(string(source), "\nfunc "+link[1]+"(") {
				t.Errorf("%s: there is no %s in %s", doc, link[1], link[2])
			}
		}
	}
	text, err := os.ReadFile("../docs/reliability.md")
	if err != nil {
		t.Fatal(err)
	}
	_, table, _ := strings.Cut(string(text), "| promise | test |\n|---|---|\n")
	table, _, _ = strings.Cut(table, "\n\n")
	for _, row := range strings.Split(table, "\n") {
		if !testLink.MatchString(row) {
			t.Errorf("reliability.md: no test shows %q", row)
		}
	}
}
