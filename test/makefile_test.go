package test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestLogsFails holds that make logs fails if the SAM CLI is missing or fails, and says what to do.
func TestLogsFails(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		sam   string // a script, or empty if there is none
		fails bool
	}{
		"no SAM CLI":    {"", true},
		"sam logs":      {"#!/bin/sh\necho a line\n", false},
		"no such stack": {"#!/bin/sh\necho Error: no such stack >&2\nexit 1\n", true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			folder := t.TempDir()
			for file, script := range map[string]string{"bin/guanzhu": "#!/bin/sh\ncat\n", "sam": tt.sam} {
				if script == "" {
					continue
				}
				path := filepath.Join(folder, file)
				if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(path, []byte(script), 0o700); err != nil {
					t.Fatal(err)
				}
			}
			makefile, err := filepath.Abs("../Makefile")
			if err != nil {
				t.Fatal(err)
			}
			cmd := exec.CommandContext(t.Context(), "make", "-f", makefile, "logs", "GO=true", "SAM=./sam")
			cmd.Dir = folder
			out, err := cmd.CombinedOutput()
			if (err != nil) != tt.fails || strings.Contains(string(out), "Install the SAM CLI") != tt.fails {
				t.Errorf("error %v:\n%s", err, out)
			}
			if !tt.fails && !strings.Contains(string(out), "\na line\n") {
				t.Errorf("the log is missing in\n%s", out)
			}
		})
	}
}
