// Package test holds what is true of the whole repository.
package test

import (
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/guanzhu/guanzhu/"

// A pkg is a package of this module with all that it links.
type pkg struct {
	dir  string
	name string
	deps []string
}

// deployed returns the functions as the Makefile builds them, by their path in the repository.
func deployed(t *testing.T) map[string]pkg {
	t.Helper()
	makefile, err := os.ReadFile("../Makefile")
	if err != nil {
		t.Fatal(err)
	}
	all := packages(t, regexp.MustCompile(`-tags=[a-z0-9.,]+`).FindString(string(makefile)))
	maps.DeleteFunc(all, func(path string, _ pkg) bool { return !strings.HasPrefix(path, "functions/") })
	if len(all) == 0 {
		t.Fatal("there are no functions")
	}
	return all
}

// packages returns the packages of this module by their path in the repository, as they are built with the flags.
func packages(t *testing.T, flags ...string) map[string]pkg {
	t.Helper()
	args := slices.Concat([]string{"list"}, flags, []string{"-f", "{{.ImportPath}}\t{{.Dir}}\t{{.Name}}\t{{join .Deps \" \"}}", module + "..."})
	command := exec.CommandContext(t.Context(), "go", args...)
	out, err := command.Output()
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]pkg{}
	for line := range strings.Lines(string(out)) {
		fields := strings.Split(strings.TrimSpace(line), "\t")
		if len(fields) != 4 {
			continue // a package that imports nothing
		}
		all[strings.TrimPrefix(fields[0], module)] = pkg{dir: fields[1], name: fields[2], deps: strings.Fields(fields[3])}
	}
	return all
}

// TestDirections holds the dependencies to one direction, as docs/architecture.md says.
func TestDirections(t *testing.T) {
	adapters := []string{"internal/dynamostore", "internal/boltstore", "pkg/wechatapi", "internal/parameterstore"}
	forbidden := map[string][]string{
		"pkg/follower":         slices.Concat(adapters, []string{"pkg/webhook", "pkg/web", "internal/autoreply"}),
		"internal/autoreply":   slices.Concat(adapters, []string{"pkg/webhook", "pkg/web", "pkg/follower", "internal/accountyaml"}),
		"internal/accountyaml": slices.Concat(adapters, []string{"pkg/webhook", "pkg/web", "pkg/follower"}),
		"internal/media":       slices.Concat(adapters, []string{"pkg/webhook", "pkg/web", "internal/autoreply", "pkg/follower"}),
		"internal/menu":        slices.Concat(adapters, []string{"pkg/webhook", "pkg/web", "internal/autoreply", "pkg/follower"}),
		"internal/reconcile":   slices.Concat(adapters, []string{"pkg/webhook", "pkg/web", "internal/autoreply"}),
		"pkg/webhook":          slices.Concat(adapters, []string{"pkg/web", "internal/autoreply", "pkg/follower"}),
		"pkg/web":              slices.Concat(adapters, []string{"pkg/webhook", "internal/autoreply"}),
	}
	for _, adapter := range adapters {
		others := slices.Concat(adapters, []string{"pkg/webhook", "pkg/web", "internal/autoreply"})
		forbidden[adapter] = slices.DeleteFunc(others, func(name string) bool {
			return name == adapter || adapter == "pkg/wechatapi" && name == "pkg/web" // whose Exchanger it is
		})
	}
	all := packages(t)
	for from, not := range forbidden {
		for _, to := range not {
			if _, ok := all[to]; !ok {
				t.Errorf("there is no package %s", to)
			}
			if slices.Contains(all[from].deps, module+to) {
				t.Errorf("%s depends on %s", from, to)
			}
		}
	}
}

// TestProtocolIsStandardLibrary: the protocol and the secrets link the standard library alone, and this module's bilingual texts.
func TestProtocolIsStandardLibrary(t *testing.T) {
	all := packages(t)
	for _, from := range []string{"pkg/wechat", "pkg/secrets"} {
		for _, dep := range all[from].deps {
			host, _, _ := strings.Cut(dep, "/")
			if strings.Contains(host, ".") && dep != module+"pkg/wechat" && dep != module+"internal/bilingual" {
				t.Errorf("%s depends on %s", from, dep)
			}
		}
	}
}

// TestNoAWS: what an owner's handlers and pages are written against links no AWS package.
func TestNoAWS(t *testing.T) {
	all := packages(t)
	for _, from := range []string{"pkg/wechat", "pkg/webhook", "pkg/web", "pkg/follower", "pkg/secrets", "account"} {
		for _, dep := range all[from].deps {
			if strings.HasPrefix(dep, "github.com/aws/") {
				t.Errorf("%s depends on %s", from, dep)
			}
		}
	}
}

// TestFunctions: no function contains the simulated platform, the embedded store, the console or a test's server.
func TestFunctions(t *testing.T) {
	for path, p := range deployed(t) {
		if p.name != "main" || !slices.Contains(p.deps, "github.com/aws/aws-lambda-go/lambda") {
			t.Errorf("%s is not a function", path)
		}
		for _, not := range []string{
			module + "pkg/wechattest", module + "internal/aitest", module + "internal/boltstore", module + "internal/console",
			module + "internal/storetest", "go.etcd.io/bbolt",
			"net/http/httptest", "testing", "github.com/alecthomas/kong",
			// These cost start-up time and size.
			"github.com/aws/aws-sdk-go-v2/config", "github.com/aws/aws-sdk-go-v2/service/ssm", "github.com/aws/aws-sdk-go-v2/service/sqs",
		} {
			if slices.Contains(p.deps, not) {
				t.Errorf("%s contains %s", path, not)
			}
		}
		if slices.Contains(p.deps, module+"account/media") && path != "functions/menu" {
			t.Errorf("%s contains the files of account/media", path)
		}
	}
}

// TestNoYAML: the functions contain account.yaml as it was compiled, and no parser. Only the function menu takes part in
// `guanzhu import`, whose package writes the file.
func TestNoYAML(t *testing.T) {
	for path, p := range deployed(t) {
		for _, dep := range p.deps {
			if path != "functions/menu" && (dep == module+"internal/accountyaml" || strings.HasPrefix(dep, "github.com/goccy/go-yaml")) {
				t.Errorf("%s contains %s", path, dep)
			}
		}
	}
}

// TestModelClient: the library for language models is large, so only the function that answers with them contains it.
func TestModelClient(t *testing.T) {
	for path, p := range packages(t) {
		contains := slices.ContainsFunc(p.deps, func(dep string) bool { return strings.HasPrefix(dep, "github.com/openai/") })
		owners := path == "account" || strings.HasPrefix(path, "pkg/")
		if contains && (owners || strings.HasPrefix(path, "functions/") && path != "functions/answer") {
			t.Errorf("%s contains the client of language models", path)
		}
	}
}

// TestLinkedPackages bounds what the start of a function loads: the number of packages from outside the standard library.
func TestLinkedPackages(t *testing.T) {
	most := map[string]int{
		"functions/answer": 155, "functions/doctor": 108, "functions/menu": 119, "functions/reconcile": 106, "functions/web": 110,
		"functions/webhook": 112,
	}
	for path, p := range deployed(t) {
		linked := 0
		for _, dep := range p.deps {
			if host, _, _ := strings.Cut(dep, "/"); strings.Contains(host, ".") {
				linked++
			}
		}
		if linked > most[path] {
			t.Errorf("%s links %d packages from outside the standard library, want at most %d", path, linked, most[path])
		}
	}
}

// TestOnlyMainsReadTheEnvironment searches the source of all packages but mains. Only mains may end the process, too.
func TestOnlyMainsReadTheEnvironment(t *testing.T) {
	for path, p := range packages(t) {
		if p.name == "main" {
			continue
		}
		files, err := filepath.Glob(filepath.Join(p.dir, "*.go"))
		if err != nil {
			t.Fatal(err)
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
					t.Errorf("%s/%s calls %s", path, filepath.Base(file), call)
				}
			}
		}
	}
}
