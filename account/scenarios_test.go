package account_test

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/guanzhu/guanzhu/internal/console"
	"github.com/guanzhu/guanzhu/internal/linediff"
)

var update = flag.Bool("update", false, "write what comes into the scenarios")

// TestScenarios runs the conversations in scenarios, which the console has recorded, and compares the replies and records
// with those in the files. If the new ones are right: go test ./account -run TestScenarios -update
func TestScenarios(t *testing.T) {
	files, err := filepath.Glob("scenarios/*.txtar")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			want = bytes.ReplaceAll(want, []byte("\r\n"), []byte("\n")) // what Git may write on Windows
			got, err := console.RunScenario(want)
			if err != nil {
				t.Fatal(err)
			}
			if *update {
				if err := os.WriteFile(file, got, 0o600); err != nil {
					t.Fatal(err)
				}
				return
			}
			if diff := linediff.Text(string(want), string(got)); diff != nil {
				t.Errorf("%s has the lines with -, the account now gives those with +:\n\n%s\n\n"+
					"If the new ones are right: go test ./account -run TestScenarios -update", file, strings.Join(diff, "\n"))
			}
		})
	}
}
