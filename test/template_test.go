package test

import (
	"regexp"
	"testing"
)

// TestTemplateIsExplained holds that docs/deploy.md says what each parameter and output of the template is for,
// docs/operations.md what each saved query is for, and that so do their twins.
func TestTemplateIsExplained(t *testing.T) {
	template := readFile(t, "../template.yaml")
	for _, kind := range []struct{ part, name, document string }{
		{`(?ms)^Parameters:$.*?^Rules:$`, `(?m)^  (\w+):$`, "deploy"},
		{`(?ms)^Outputs:$.*`, `(?m)^  (\w+):$`, "deploy"},
		{`(?s).*`, `Name: !Sub \$\{AWS::StackName\}/(.+)`, "operations"},
	} {
		names := regexp.MustCompile(kind.name).FindAllStringSubmatch(regexp.MustCompile(kind.part).FindString(template), -1)
		if len(names) < 5 {
			t.Errorf("found %d of %s: does the test look at the right place?", len(names), kind.name)
		}
		for _, suffix := range []string{".md", chinese} {
			document := readFile(t, "../docs/"+kind.document+suffix)
			for _, name := range names {
				row := regexp.MustCompile("\n\\| [^|]*`" + regexp.QuoteMeta(name[1]) + "`[^|]* \\|")
				if !row.MatchString(document) {
					t.Errorf("docs/%s%s has no row for %s", kind.document, suffix, name[1])
				}
			}
		}
	}
}
