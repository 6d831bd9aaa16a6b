package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
	"github.com/google/go-cmp/cmp"
)

// shownCommand is a command that people are shown: in the docs, in a text of this program or of the template, in the Makefile.
type shownCommand struct {
	where string
	words []string // the command's name and what follows
	whole bool     // it is to be pasted as it is; else it stands in a sentence, which may go on or name a part of it
}

// TestCommandsShown holds that each command of guanzhu and each target of make that people are shown exists, with these
// flags; one to be pasted must be complete. What needs neither AWS nor an account is run.
func TestCommandsShown(t *testing.T) {
	t.Chdir("../..")
	t.Setenv("GUANZHU_STACK", "")
	root := quietParser(&commands{}).Model.Node
	found := append(commandsInDocs(t), commandsInSource(t)...)
	commands := slices.CompactFunc(slices.SortedStableFunc(slices.Values(found), compare), func(a, b shownCommand) bool { return compare(a, b) == 0 })
	targets, variables := makefile(t)
	for _, c := range commands {
		switch {
		case c.words[0] == "make":
			checkMake(t, c, targets, variables)
		case c.whole:
			parseWhole(t, c)
		default:
			checkSentence(t, c, root)
		}
	}
	checkFlags(t, root)
	if len(found) < 100 {
		t.Errorf("found %d commands: does the test look at the right places?", len(found))
	}

	site, text := startConsole(t)
	printed := 0
	for line := range strings.Lines(text) {
		for _, words := range pasted(line) {
			printed++
			runShown(t, shownCommand{"the console's text", words, true}, site)
		}
	}
	if printed < 5 {
		t.Errorf("the console prints %d commands:\n%s", printed, text)
	}
	for _, c := range commands {
		if c.whole && c.words[0] != "make" {
			runShown(t, c, site)
		}
	}
}

// compare orders commands by what is held of them, whatever the place.
func compare(a, b shownCommand) int {
	if a.whole != b.whole {
		return map[bool]int{true: 1, false: -1}[a.whole]
	}
	return slices.Compare(a.words, b.words)
}

// runShown runs a command that needs neither AWS nor an account, in the folder in which people are. Its endpoint is a
// console that runs.
func runShown(t *testing.T, c shownCommand, site string) {
	args := c.words[1:]
	switch {
	case slices.Contains(args, "https://HOST/login/wechat"): // of a tunnel
		return
	case args[0] == "check":
	case args[0] == "push", args[0] == "doctor" && slices.Contains(args, "--url"):
		args = strings.Fields(strings.ReplaceAll(strings.Join(args, " "), "http://127.0.0.1:8080", site))
		if !slices.Contains(args, "--url") {
			args = append(args, "--url", site+"/login/wechat")
		}
	default:
		return
	}
	if args[0] == "push" && !slices.Contains(args, "--url") {
		args = append(slices.Clone(args), "--url", site)
	}
	if stdout, stderr, status := guanzhu(t, nil, args...); status != 0 {
		t.Errorf("%s: guanzhu %s: status %d\n%s%s", c.where, strings.Join(args, " "), status, stdout, stderr)
	}
}

// checkMake holds that the target and the variables of a call of make are there.
func checkMake(t *testing.T, c shownCommand, targets, variables []string) {
	for _, word := range c.words[1:] {
		name, _, assignment := strings.Cut(word, "=")
		switch {
		case assignment && !slices.Contains(variables, name):
			t.Errorf("%s: make has no variable %s", c.where, name)
		case !assignment && !slices.Contains(targets, name):
			t.Errorf("%s: make has no target %s", c.where, name)
		}
	}
}

// parseWhole holds that the command line takes the command.
func parseWhole(t *testing.T, c shownCommand) {
	var parsed commands
	if _, err := quietParser(&parsed).Parse(c.words[1:]); err != nil {
		t.Errorf("%s: %s: %v", c.where, strings.Join(c.words, " "), err)
	}
}

// checkSentence holds that a command in a sentence exists, and the flags that follow its name.
func checkSentence(t *testing.T, c shownCommand, root *kong.Node) {
	node, words := root, c.words[1:]
	for len(words) > 0 {
		child := slices.IndexFunc(node.Children, func(n *kong.Node) bool { return n.Name == words[0] })
		if child < 0 {
			break
		}
		node, words = node.Children[child], words[1:]
	}
	if node.DefaultCmd != nil {
		node = node.DefaultCmd
	}
	if node.Parent == nil && !strings.HasPrefix(c.words[1], "-") {
		t.Errorf("%s: there is no command guanzhu %s", c.where, c.words[1])
	}
	for len(words) > 0 && strings.HasPrefix(words[0], "-") {
		name, _, hasValue := strings.Cut(words[0], "=")
		flag := flagOf(node, name)
		if flag == nil {
			t.Errorf("%s: %s has no flag %s", c.where, node.FullPath(), name)
			return
		}
		words = words[1:]
		if !flag.IsBool() && !hasValue && len(words) > 0 {
			words = words[1:]
		}
	}
}

// checkFlags holds that each flag that a text of the command line or of its findings names is one of some command.
func checkFlags(t *testing.T, root *kong.Node) {
	known := []string{"tail", "output"} // of sam logs
	var visit func(*kong.Node)
	visit = func(node *kong.Node) {
		for _, flag := range node.Flags {
			known = append(known, flag.Name)
		}
		for _, child := range node.Children {
			visit(child)
		}
	}
	visit(root)
	files, err := filepath.Glob("cmd/guanzhu/*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range append(files, "internal/doctor/texts.go") {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		for _, text := range texts(t, file) {
			for _, match := range regexp.MustCompile(`--([a-z][a-z-]*)`).FindAllStringSubmatch(text, -1) {
				if !slices.Contains(known, match[1]) {
					t.Errorf("%s: no command has a flag --%s", file, match[1])
				}
			}
		}
	}
}

func flagOf(node *kong.Node, name string) *kong.Flag {
	for _, group := range node.AllFlags(false) {
		for _, flag := range group {
			if name == "--"+flag.Name || flag.Short != 0 && name == "-"+string(flag.Short) {
				return flag
			}
		}
	}
	return nil
}

// quietParser is newParser without output and exit.
func quietParser(c *commands) *kong.Kong {
	k := newParser(c, "en")
	k.Stdout, k.Stderr, k.Exit = io.Discard, io.Discard, func(int) {}
	return k
}

// makefile returns the targets and the variables of the Makefile.
func makefile(t *testing.T) (targets, variables []string) {
	for line := range strings.Lines(read(t, "Makefile")) {
		if match := regexp.MustCompile(`^([a-z][a-z-]*):`).FindStringSubmatch(line); match != nil {
			targets = append(targets, match[1])
		}
		if match := regexp.MustCompile(`^([A-Z_]+) *[?:]?=`).FindStringSubmatch(line); match != nil {
			variables = append(variables, match[1])
		}
	}
	return targets, variables
}

func read(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

var (
	assignment = regexp.MustCompile(`^[A-Z_]+=`)
	word       = regexp.MustCompile(`'[^']*'|"[^"]*"|\S+`)
	quoted     = regexp.MustCompile("`[^`]+`")
	// inSentence finds a command in any text; what follows it is cut at the end of the sentence.
	inSentence = regexp.MustCompile("(?:^|[^/a-z-])(?:bin/)?guanzhu ([a-z-][^`。，；（）)|\n]*)")
)

// pasted returns the commands of a line that people paste into a shell: of guanzhu, and of make.
func pasted(line string) (commands [][]string) {
	line, _, _ = strings.Cut(line, " # ")
	for _, part := range regexp.MustCompile(`&&|\|`).Split(line, -1) {
		words := word.FindAllString(strings.TrimSpace(part), -1)
		for len(words) > 0 && assignment.MatchString(words[0]) {
			words = words[1:]
		}
		if len(words) < 2 || words[0] != "make" && words[0] != "guanzhu" && words[0] != "bin/guanzhu" {
			continue
		}
		for i := range words {
			words[i] = strings.Trim(words[i], `'"`)
		}
		commands = append(commands, words)
	}
	return commands
}

// sentence returns the words of a command in a sentence, without what ends or quotes words.
func sentence(text string) []string {
	words := []string{"guanzhu"}
	for _, w := range strings.Fields(text) {
		bare := strings.Trim(w, `.,:;'"“”`)
		words = append(words, bare)
		if strings.ContainsAny(w[len(w)-1:], ".,:;") {
			break
		}
	}
	return words
}

// commandsInDocs are those of the Markdown files: blocks are to be pasted.
func commandsInDocs(t *testing.T) (commands []shownCommand) {
	files, err := filepath.Glob("docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range append(files, "README.md", "README.zh-CN.md", "SECURITY.md", "CONTRIBUTING.md", "CHANGELOG.md", "events/README.md") {
		text := strings.ReplaceAll(read(t, file), "\\\n", " ")
		var prose strings.Builder
		fenced := false
		for line := range strings.Lines(text) {
			switch {
			case strings.HasPrefix(line, "```"):
				fenced = !fenced
			case fenced || strings.HasPrefix(line, "    "):
				for _, words := range pasted(line) {
					commands = append(commands, shownCommand{file, words, true})
				}
			default:
				prose.WriteString(line)
			}
		}
		for _, code := range quoted.FindAllString(prose.String(), -1) {
			code = strings.ReplaceAll(strings.Trim(code, "`"), "\n", " ")
			for _, words := range pasted(code) {
				commands = append(commands, shownCommand{file, words, words[0] == "make" && len(words) > 2})
			}
		}
	}
	return commands
}

// commandsInSource are those in texts of the programs, of the template and of what configures them.
func commandsInSource(t *testing.T) (commands []shownCommand) {
	add := func(where, text string) {
		for _, match := range inSentence.FindAllStringSubmatch(text, -1) {
			if words := sentence(match[1]); !slices.Contains(notCommands, words[1]) {
				commands = append(commands, shownCommand{where, words, false})
			}
		}
		for _, match := range regexp.MustCompile(`\bmake ([a-z]+(?:-[a-z]+)*)`).FindAllStringSubmatch(text, -1) {
			if !slices.Contains(english, match[1]) {
				commands = append(commands, shownCommand{where, []string{"make", match[1]}, false})
			}
		}
	}
	for _, file := range []string{"template.yaml", "samconfig.toml", "account/account.yaml"} {
		add(file, read(t, file))
	}
	for match := range strings.Lines(read(t, "Makefile")) {
		if strings.HasPrefix(match, "\t") {
			add("Makefile", match)
		}
	}
	for _, dir := range []string{"account", "cmd", "functions", "internal", "pkg"} {
		err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
			if err == nil && !entry.IsDir() && strings.HasSuffix(path, ".go") && !strings.HasSuffix(path, "_test.go") {
				for _, text := range texts(t, path) {
					add(path, text)
				}
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return commands
}

// notCommands are words that follow guanzhu in texts in which that is the program's name.
var notCommands = []string{"again", "openid", "ticket"}

// english are words that follow the verb make in the texts.
var english = []string{"a", "it", "its", "another", "sure", "the", "them", "what", "one"}

// texts are the strings of a Go file, those joined by + as one.
func texts(t *testing.T, path string) (all []string) {
	file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	ast.Inspect(file, func(n ast.Node) bool {
		text, ok := literal(n)
		if ok {
			all = append(all, text)
		}
		return !ok
	})
	return all
}

// literal is the text of a string, or of a sum with strings in it. What is no string stands as X, as does what fmt fills in.
func literal(n ast.Node) (text string, ok bool) {
	switch n := n.(type) {
	case *ast.BasicLit:
		if n.Kind == token.STRING {
			text, err := strconv.Unquote(n.Value)
			return regexp.MustCompile(`%(\[\d\])?[a-z]`).ReplaceAllString(text, "X"), err == nil
		}
	case *ast.BinaryExpr:
		left, leftOK := literal(n.X)
		right, rightOK := literal(n.Y)
		if n.Op == token.ADD && (leftOK || rightOK) {
			return left + right, true
		}
	case *ast.ParenExpr:
		return literal(n.X)
	case ast.Expr:
		return "X", false
	}
	return "", false
}

// TestREADMENamesCommands holds that the map in each README names every command.
func TestREADMENamesCommands(t *testing.T) {
	t.Parallel()
	for _, file := range []string{"README.md", "README.zh-CN.md"} {
		for line := range strings.Lines(read(t, "../../"+file)) {
			if !strings.HasPrefix(line, "| [cmd/guanzhu/]") {
				continue
			}
			for _, command := range quietParser(&commands{}).Model.Children {
				if !command.Hidden && !strings.Contains(line, "`"+command.Name+"`") {
					t.Errorf("%s does not name %s", file, command.Name)
				}
			}
		}
	}
}

// TestAlarms holds that doctor asks for each alarm of the template.
func TestAlarms(t *testing.T) {
	t.Parallel()
	var named []string
	for _, match := range regexp.MustCompile(`AlarmName: !Sub \$\{AWS::StackName\}-(\S+)`).FindAllStringSubmatch(read(t, "../../template.yaml"), -1) {
		named = append(named, match[1])
	}
	if diff := cmp.Diff(named, alarms); diff != "" {
		t.Errorf("template.yaml (-), doctor (+):\n%s", diff)
	}
}
