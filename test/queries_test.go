package test

import (
	"regexp"
	"strings"
	"testing"
)

// TestQueries holds that docs/operations.md and its twin say what each saved query of the template is for.
func TestQueries(t *testing.T) {
	queries := regexp.MustCompile(`Name: !Sub \$\{AWS::StackName\}/(.+)`).FindAllStringSubmatch(readFile(t, "../template.yaml"), -1)
	if len(queries) == 0 {
		t.Error("there are no queries")
	}
	for _, doc := range []string{"../docs/operations.md", "../docs/operations.zh-CN.md"} {
		for _, query := range queries {
			if !strings.Contains(readFile(t, doc), "\n| `"+query[1]+"` |") {
				t.Errorf("%s does not say what the query %q is for", doc, query[1])
			}
		}
	}
}
