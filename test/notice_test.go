package test

import (
	"flag"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write NOTICE")

// noticeHead begins NOTICE.
const noticeHead = `Guanzhu
Copyright 2026 The Guanzhu authors

This product is licensed under the Apache License, version 2.0: see LICENSE.

The programs of this repository contain the Go modules below, and Go's standard library. A module is under the Apache
License, version 2.0, as well, unless its own licence follows. The standard library has that of golang.org/x/sync.

go test ./test -run TestNotice -update writes this file.
`

var (
	licenceFile = regexp.MustCompile(`(?i)^(licen[cs]e|copying|notice)(\.txt|\.md)?$`)
	apache      = regexp.MustCompile(`Apache License\s+Version 2\.0, January 2004`)
)

// TestNotice holds NOTICE to the licences and notices of the modules that the functions and the command line contain, on
// every system for which the command line is built.
func TestNotice(t *testing.T) {
	want := notice(t)
	if *update {
		if err := os.WriteFile("../NOTICE", []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile("../NOTICE")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Errorf("run go test ./test -run TestNotice -update; NOTICE (-want +got):\n%s", diff)
	}
}

// notice returns what NOTICE has to be.
func notice(t *testing.T) string {
	users := map[string][]string{} // the modules by the text that they require
	licensed := map[string]bool{}
	for _, dep := range shipped(t) {
		module, dir := dep[0], dep[1]
		if !licensed[module] {
			licensed[module] = false // so that a module without any text is found
		}
		entries, err := os.ReadDir(dir)
		if err != nil {
			t.Fatal(err)
		}
		for _, entry := range entries {
			if !licenceFile.MatchString(entry.Name()) || entry.IsDir() {
				continue
			}
			content, err := os.ReadFile(filepath.Join(dir, entry.Name()))
			if err != nil {
				t.Fatal(err)
			}
			text := strings.TrimSpace(strings.ReplaceAll(string(content), "\r\n", "\n"))
			licensed[module] = true
			if !apache.MatchString(text) && !slices.Contains(users[text], module) {
				users[text] = append(users[text], module)
			}
		}
	}
	var b strings.Builder
	b.WriteString(noticeHead)
	for _, module := range slices.Sorted(maps.Keys(licensed)) {
		if !licensed[module] {
			t.Errorf("%s has no licence: find it, or do without the module", module)
		}
		fmt.Fprintf(&b, "\n    %s", module)
	}
	texts := slices.SortedFunc(maps.Keys(users), func(x, y string) int {
		return strings.Compare(users[x][0]+x, users[y][0]+y)
	})
	for _, text := range texts {
		fmt.Fprintf(&b, "\n\n%s\n%s\n\n%s", strings.Repeat("-", 80), strings.Join(users[text], "\n"), text)
	}
	return b.String() + "\n"
}

// shipped lists the folders of what the programs contain, each with its module: of modules and of their packages.
func shipped(t *testing.T) (deps [][2]string) {
	for _, system := range []string{"linux", "darwin", "windows"} {
		command := exec.CommandContext(t.Context(), "go", "list", "-race=false", "-deps", "-f",
			"{{with .Module}}{{if not .Main}}{{.Path}}\t{{.Dir}}\t{{$.Dir}}{{end}}{{end}}", module+"functions/...", module+"cmd/...")
		command.Env = append(os.Environ(), "GOOS="+system, "CGO_ENABLED=0")
		out, err := command.Output()
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(out)) {
			if fields := strings.Split(strings.TrimSpace(line), "\t"); len(fields) == 3 {
				deps = append(deps, [2]string{fields[0], fields[1]}, [2]string{fields[0], fields[2]})
			}
		}
	}
	slices.SortFunc(deps, func(a, b [2]string) int { return strings.Compare(a[0]+"\t"+a[1], b[0]+"\t"+b[1]) })
	return slices.Compact(deps)
}
