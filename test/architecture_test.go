package test

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

// TestArchitecture holds that docs/architecture.md and its twin name every package of pkg and internal, and no file or folder
// that is not there.
func TestArchitecture(t *testing.T) {
	all := packages(t)
	for _, file := range []string{"../docs/architecture.md", "../docs/architecture.zh-CN.md"} {
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		text := string(content)
		for path := range all {
			owned := strings.HasPrefix(path, "pkg/") || strings.HasPrefix(path, "internal/")
			if owned && !strings.Contains(text, "["+path+"](../"+path+")") {
				t.Errorf("%s does not say why %s exists", file, path)
			}
		}
		for _, link := range regexp.MustCompile(`\]\(\.\./([^)]+)\)`).FindAllStringSubmatch(text, -1) {
			if _, err := os.Stat("../" + link[1]); err != nil {
				t.Errorf("%s: %v", file, err)
			}
		}
	}
}
