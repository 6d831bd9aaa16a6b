package test

import (
	"os"
	"regexp"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestSameChecks holds that the workflow on GitHub runs the same make targets as .ci/run.
func TestSameChecks(t *testing.T) {
	local := makeTargets(t, "../.ci/run", `(?m)^.*\bmake ([a-z-]+).*$`)
	hosted := makeTargets(t, "../.github/workflows/ci.yml", `(?m)^ +- run: make ([a-z-]+).*$`)
	if diff := cmp.Diff(local, hosted); diff != "" {
		t.Errorf(".ci/run (-), ci.yml (+):\n%s", diff)
	}
	if len(local) < 8 {
		t.Errorf("found %d targets: %v", len(local), local)
	}
}

// makeTargets returns what the pattern's group finds in the file, sorted.
func makeTargets(t *testing.T, file, pattern string) (targets []string) {
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for _, match := range regexp.MustCompile(pattern).FindAllStringSubmatch(string(text), -1) {
		targets = append(targets, match[1])
	}
	slices.Sort(targets)
	return slices.Compact(targets)
}
