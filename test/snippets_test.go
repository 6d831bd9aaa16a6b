package test

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/guanzhu/guanzhu/internal/accountyaml"
)

// TestGoSnippets compiles the Go of each page, with the imports that docs/handlers.md gives for all of them. pkg/webhook runs
// the snippets of docs/handlers.md, and test/stack those of docs/pages.md.
func TestGoSnippets(t *testing.T) {
	all := pages(t)
	for _, suffix := range []string{".md", chinese} {
		t.Run(suffix, func(t *testing.T) {
			t.Parallel()
			imports := importsOf(t, all["docs/handlers"+suffix])
			files := map[string]string{} // by their path in the repository
			for name, p := range all {
				if strings.HasSuffix(name, chinese) == (suffix == chinese) {
					addSnippets(files, imports, name, p)
				}
			}
			build(t, files)
		})
	}
}

var (
	owners   = regexp.MustCompile(`(?m)^package account$`)
	assigned = regexp.MustCompile(`(?m)^([a-z]\w*(?:, [a-z]\w*)*) := `)
)

// addSnippets adds the files that a page's Go makes. The snippets with a package clause, and those that call a function of
// such a file, are files of account/; here they are in a folder of their own, because the owner may have the same in account/.
// The other snippets of a page are a package each.
func addSnippets(files, imports map[string]string, name string, p page) {
	const account = "internal/snippets/account"
	for i, c := range p.code {
		if c.language != "go" || strings.HasPrefix(c.text, "import (") {
			continue
		}
		dir := "internal/snippets/" + strings.NewReplacer("/", "-", ".", "-").Replace(name)
		text := c.text
		switch {
		case owners.MatchString(c.text):
			dir = account
			files[account+"/given.go"] = givenAccount
		case strings.Contains(c.text, "checkIn(s)"):
			dir = account
			text = wrapped(imports, "account", c.text)
		default:
			files[dir+"/given.go"] = given
			text = wrapped(imports, "snippets", c.text)
		}
		files[fmt.Sprintf("%s/%s-%d.go", dir, strings.ReplaceAll(path.Base(name), ".", "-"), i)] = text
	}
}

// wrapped makes a Go file of statements, or of functions.
func wrapped(imports map[string]string, clause, snippet string) string {
	var b strings.Builder
	body := snippet
	if !strings.HasPrefix(snippet, "func ") {
		for _, names := range assigned.FindAllStringSubmatch(snippet, -1) {
			body += strings.Repeat("_, ", strings.Count(names[1], ",")) + "_ = " + names[1] + "\n"
		}
		body = "func _(ctx context.Context, r *webhook.Router, s owner.Services, push wechat.Push) {\n" + body + "}\n"
	}
	b.WriteString("package " + clause + "\n\n")
	if body != snippet {
		fmt.Fprintf(&b, "import owner %q\n", module+"account") // whose Services the pages call s
	}
	for name, from := range imports {
		if strings.Contains(body, name+".") {
			fmt.Fprintf(&b, "import %q\n", from)
		}
	}
	return b.String() + body
}

// given are the functions that the snippets call, as the pages say.
const given = `package snippets

import (
	"context"
	"time"
)

func closed(time.Time) bool { return false }

func forecast(context.Context, string) (string, error) { return "", nil }
`

// givenAccount is what the files of account/ find there.
const givenAccount = `package account

import owner "github.com/guanzhu/guanzhu/account"

type Services = owner.Services
`

// importsOf returns the packages that a page says its snippets import, by their name.
func importsOf(t *testing.T, p page) map[string]string {
	t.Helper()
	imports := map[string]string{}
	for _, c := range p.code {
		if strings.HasPrefix(c.text, "import (") {
			for _, match := range regexp.MustCompile(`"([^"]+)"`).FindAllStringSubmatch(c.text, -1) {
				imports[path.Base(match[1])] = match[1]
			}
		}
	}
	if len(imports) == 0 {
		t.Fatal("the page does not say what its snippets import")
	}
	return imports
}

// build compiles the files as if they were in the repository.
func build(t *testing.T, files map[string]string) {
	t.Helper()
	dir, root := t.TempDir(), absolute(t, "..")
	replace := map[string]string{}
	var packages []string
	for name, content := range files {
		file := filepath.Join(dir, strings.ReplaceAll(name, "/", "-"))
		if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		replace[filepath.Join(root, filepath.FromSlash(name))] = file
		packages = append(packages, "./"+filepath.ToSlash(filepath.Dir(name)))
	}
	overlay, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "overlay.json")
	if err := os.WriteFile(file, overlay, 0o600); err != nil {
		t.Fatal(err)
	}
	slices.Sort(packages)
	command := exec.CommandContext(t.Context(), "go", append([]string{"build", "-overlay=" + file}, slices.Compact(packages)...)...)
	command.Dir = root
	if out, err := command.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
	if len(packages) < 8 {
		t.Errorf("found %d snippets: does the test look at the right places?", len(packages))
	}
}

func absolute(t *testing.T, name string) string {
	t.Helper()
	path, err := filepath.Abs(name)
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// TestREADMESnippetsRun holds that each README shows only Go of docs/handlers.md, which the tests run.
func TestREADMESnippetsRun(t *testing.T) {
	all := pages(t)
	for _, name := range []string{"README.md", "README.zh-CN.md"} {
		for _, c := range all[name].code {
			if c.language == "go" && !slices.Contains(all["docs/handlers.md"].code, c) {
				t.Errorf("%s has Go that docs/handlers.md does not have:\n%s", name, c.text)
			}
		}
	}
}

// TestYAMLSnippets holds that the reader of account.yaml takes each part of one that a page shows.
func TestYAMLSnippets(t *testing.T) {
	read := 0
	for name, p := range pages(t) {
		for _, c := range p.code {
			if c.language == "yaml" || c.language == "" && topKey.MatchString(c.text) {
				read++
				if _, err := accountyaml.Parse(name, []byte(wholeYAML(c.text))); err != nil {
					t.Errorf("%s:\n%s\n%v", name, c.text, err)
				}
			}
		}
	}
	if read < 8 {
		t.Errorf("found %d snippets: does the test look at the right places?", read)
	}
}

var topKey = regexp.MustCompile(`(?m)\A(welcome|default|suggestion|keywords|clicks|menu|conditionalmenu|pages|menu_drift):`)

// wholeYAML adds to a snippet what else account.yaml must have.
func wholeYAML(snippet string) string {
	if strings.HasPrefix(snippet, " ") { // a button
		snippet = "menu:\n  button:\n" + snippet
	}
	for _, rest := range []string{
		"welcome: 欢迎\n", "default: 您好\n", "suggestion: 收到\n", "clicks: {contact: 您好}\n",
		"menu: {button: [{name: 联系, type: click, key: contact}]}\n",
	} {
		key, _, _ := strings.Cut(rest, " ")
		if !strings.Contains("\n"+snippet, "\n"+key) {
			snippet += rest
		}
	}
	return snippet
}
