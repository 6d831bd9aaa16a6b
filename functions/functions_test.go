// Package functions holds what is true of all functions.
package functions

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestBinariesHoldNoSimulation lists what each function is built from.
func TestBinariesHoldNoSimulation(t *testing.T) {
	for _, dir := range mains(t) {
		out, err := exec.Command("go", "list", "-deps", "./"+dir).Output()
		if err != nil {
			t.Fatalf("%s: %v", dir, err)
		}
		packages := strings.Fields(string(out))
		for _, not := range []string{
			"github.com/guanzhu/guanzhu/pkg/wechattest", "github.com/guanzhu/guanzhu/pkg/boltstore", "github.com/guanzhu/guanzhu/pkg/storetest",
			"go.etcd.io/bbolt", "net/http/httptest", "testing", "github.com/aws/aws-sdk-go-v2/config",
		} {
			if slices.Contains(packages, not) {
				t.Errorf("%s contains %s", dir, not)
			}
		}
		if !slices.Contains(packages, "github.com/aws/aws-lambda-go/lambda") {
			t.Errorf("%s is no function", dir)
		}
	}
}

// TestMainsAreShort holds each main.go to what it is for: read the environment, build, start.
func TestMainsAreShort(t *testing.T) {
	for _, dir := range mains(t) {
		source, err := os.ReadFile(filepath.Join(dir, "main.go"))
		if err != nil {
			t.Fatal(err)
		}
		if lines := bytes.Count(source, []byte("\n")); lines > 60 {
			t.Errorf("%s/main.go has %d lines, 60 at most", dir, lines)
		}
	}
}

func mains(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob("*/main.go")
	if err != nil || len(files) == 0 {
		t.Fatalf("no functions: %v", err)
	}
	var dirs []string
	for _, file := range files {
		dirs = append(dirs, filepath.Dir(file))
	}
	return dirs
}
