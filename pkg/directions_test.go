// Package pkg holds what is true of all packages.
package pkg

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/guanzhu/guanzhu/pkg/"

// TestDirections holds the imports to the direction that the README draws.
func TestDirections(t *testing.T) {
	adapters := []string{"dynamostore", "boltstore", "wechatapi", "secrets"}
	notOf := map[string][]string{
		"follower": slices.Concat(adapters, []string{"webhook", "web", "account"}),
		"account":  slices.Concat(adapters, []string{"webhook", "web", "follower"}),
		"menu":     slices.Concat(adapters, []string{"webhook", "web", "account", "follower"}),
		"webhook":  {"dynamostore", "boltstore", "wechatapi", "account"},
		"web":      slices.Concat(adapters, []string{"webhook", "account"}),
	}
	for _, adapter := range adapters {
		others := slices.Concat(adapters, []string{"webhook", "web", "account"})
		notOf[adapter] = slices.DeleteFunc(others, func(name string) bool { return name == adapter })
	}
	for from, not := range notOf {
		deps := dependencies(t, from)
		for _, to := range not {
			if slices.Contains(deps, module+to) {
				t.Errorf("%s depends on %s", from, to)
			}
		}
	}
	for _, dependency := range dependencies(t, "wechat") {
		host, _, _ := strings.Cut(dependency, "/")
		if strings.Contains(host, ".") && dependency != module+"wechat" {
			t.Errorf("wechat, which imports the standard library only, depends on %s", dependency)
		}
	}
}

func dependencies(t *testing.T, name string) []string {
	t.Helper()
	out, err := exec.Command("go", "list", "-deps", "./"+name).Output()
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return slices.DeleteFunc(strings.Fields(string(out)), func(dependency string) bool {
		return strings.HasPrefix(dependency, "vendor/") // the standard library's own
	})
}

// TestOnlyMainsReadTheEnvironment searches the packages' source.
func TestOnlyMainsReadTheEnvironment(t *testing.T) {
	files, err := filepath.Glob("*/*.go")
	if err != nil || len(files) == 0 {
		t.Fatalf("no source: %v", err)
	}
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		source, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, call := range []string{"os.Getenv", "os.LookupEnv", "os.Environ", "os.Exit"} {
			if strings.Contains(string(source), call) {
				t.Errorf("%s calls %s", file, call)
			}
		}
	}
}
