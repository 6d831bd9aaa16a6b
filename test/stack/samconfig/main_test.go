package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/google/go-cmp/cmp"
)

// root is the repository's top folder.
const root = "../../.."

var environments = []string{"dev", "prod"}

func read(t *testing.T, name string) []byte {
	t.Helper()
	file, err := os.ReadFile(filepath.Join(root, name))
	if err != nil {
		t.Fatal(err)
	}
	return file
}

func TestEveryParameterIsStated(t *testing.T) {
	for _, environment := range environments {
		stated, err := overrides(read(t, "samconfig.toml"), environment)
		if err != nil {
			t.Fatal(err)
		}
		if err := complete(stated, read(t, "template.yaml")); err != nil {
			t.Errorf("%s: %v", environment, err)
		}
		wantValid(t, environment, stated)
	}
}

// wantValid holds that CloudFormation takes the values, but for the AppID, which the owner puts in.
func wantValid(t *testing.T, environment string, stated map[string]string) {
	t.Helper()
	var template struct {
		Parameters map[string]struct {
			Type           string `yaml:"Type"`
			AllowedPattern string `yaml:"AllowedPattern"`
			AllowedValues  []any  `yaml:"AllowedValues"`
		} `yaml:"Parameters"`
	}
	if err := yaml.Unmarshal(read(t, "template.yaml"), &template); err != nil {
		t.Fatal(err)
	}
	for name, p := range template.Parameters {
		value := stated[name]
		pattern := p.AllowedPattern
		if p.Type == "Number" {
			pattern = `^[0-9]+$`
		}
		allowed := len(p.AllowedValues) == 0 || slices.ContainsFunc(p.AllowedValues, func(v any) bool { return fmt.Sprint(v) == value })
		if name != "AppId" && (!allowed || !regexp.MustCompile(pattern).MatchString(value)) {
			t.Errorf("%s: %s=%q", environment, name, value)
		}
	}
}

const small = `
[prod.global.parameters]
stack_name = "guanzhu-prod"
parameter_overrides = [
  "AppId=wx0123456789abcdef", # the account
  'DomainName=""',
  "Architecture=x86_64",
]
`

const smallTemplate = `
Parameters:
  AppId: {Type: String}
  DomainName: {Type: String, Default: ""}
  Architecture: {Type: String, Default: arm64}
`

func TestRefusedConfigurations(t *testing.T) {
	check := func(config, environment string) error {
		stated, err := overrides([]byte(config), environment)
		if err != nil {
			return err
		}
		return complete(stated, []byte(smallTemplate))
	}
	if err := check(small, "prod"); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct{ old, new, want string }{
		"a line taken out":  {`"Architecture=x86_64",`, ``, "Architecture is missing, and the stack would keep the value that it has: add 'Architecture=arm64' or another value"},
		"a line in comment": {`'DomainName=""',`, `# 'DomainName=""',`, `DomainName is missing, and the stack would keep the value that it has: add 'DomainName=""' or another value`},
		"an empty value":    {`'DomainName=""'`, `"DomainName="`, `the SAM CLI does not understand "DomainName=" in parameter_overrides: write 'Name=value' or, for an empty value, 'Name=""'`},
		"two in one string": {`'DomainName=""'`, `"DomainName=a Zone1=b"`, `the SAM CLI does not understand "DomainName=a Zone1=b" in parameter_overrides: write 'Name=value' or, for an empty value, 'Name=""'`},
		"no string":         {`'DomainName=""'`, `["DomainName=a"]`, `the SAM CLI does not understand "" in parameter_overrides: write 'Name=value' or, for an empty value, 'Name=""'`},
		"one twice":         {`'DomainName=""'`, `'DomainName=""', "AppId=wx0123456789abcdef"`, "AppId is there twice"},
		"a misspelt name":   {`'DomainName=""'`, `'DomainName=""', "FixedEgres=nat"`, "FixedEgres is no parameter of template.yaml"},
		"of one command": {`]`, "]\n[prod.deploy.parameters]\nparameter_overrides = [\"AppId=wx\"]", "[prod.deploy.parameters] has parameter_overrides of its own; " +
			"they belong into [prod.global.parameters], which sam build and sam deploy both read"},
		"no environment": {"prod.global", "other.global", "[prod.global.parameters] has no list parameter_overrides"},
	} {
		t.Run(name, func(t *testing.T) {
			// The last, as a bracket closes a table's name first.
			i := strings.LastIndex(small, c.old)
			got := fmt.Sprint(check(small[:i]+c.new+small[i+len(c.old):], "prod"))
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestBuiltForAnotherProcessor(t *testing.T) {
	build := t.TempDir()
	if err := builtFor("arm64", build); err == nil || !strings.Contains(err.Error(), "holds no function") {
		t.Errorf("nothing is built: %v", err)
	}
	program := filepath.Join(build, "WebhookFunction", "bootstrap")
	command := exec.CommandContext(t.Context(), "go", "build", "-o", program, "./test/stack/samconfig")
	command.Dir = root
	if out, err := command.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	own, other := "arm64", "x86_64"
	if runtime.GOARCH == "amd64" {
		own, other = other, own
	}
	if err := builtFor(own, build); err != nil {
		t.Error(err)
	}
	want := program + " is built for " + runtime.GOARCH + ", but samconfig.toml says Architecture=" + other +
		": run make deploy, which builds for it"
	if err := builtFor(other, build); err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

// TestEveryParameterCanBeUndone asks the SAM CLI what sam deploy sends: a value of every parameter, whatever the stack
// had before. Without its line, a parameter keeps the stack's value, and the environment is refused.
func TestEveryParameterCanBeUndone(t *testing.T) {
	template := read(t, "template.yaml")
	for _, environment := range environments {
		config := read(t, "samconfig.toml")
		stated, err := overrides(config, environment)
		if err != nil {
			t.Fatal(err)
		}
		files, missing := [][]byte{config}, []string{""}
		start := bytes.Index(config, []byte("["+environment+".global.parameters]"))
		for name := range stated {
			line := regexp.MustCompile(`\n *["']` + name + `=[^\n]*`)
			rest := line.FindIndex(config[start:])
			if rest == nil {
				t.Fatalf("%s of %s has no line", name, environment)
			}
			files = append(files, slices.Concat(config[:start+rest[0]], config[start+rest[1]:]))
			missing = append(missing, name)
		}
		for i, sent := range merged(t, environment, files) {
			values := map[string]string{}
			for _, p := range sent {
				if p.UsePreviousValue != (p.ParameterKey == missing[i]) {
					t.Errorf("%s without %q: %s keeps the stack's value: %t", environment, missing[i], p.ParameterKey, p.UsePreviousValue)
				}
				if !p.UsePreviousValue {
					values[p.ParameterKey] = p.ParameterValue
				}
			}
			want, err := overrides(files[i], environment)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, values); diff != "" {
				t.Errorf("%s without %q: parameters (-here +sam):\n%s", environment, missing[i], diff)
			}
			if err := complete(want, template); (err != nil) != (missing[i] != "") {
				t.Errorf("%s without %q: %v", environment, missing[i], err)
			}
		}
	}
}

// TestEmptyValues holds how the SAM CLI reads an empty value.
func TestEmptyValues(t *testing.T) {
	config := string(read(t, "samconfig.toml"))
	if !strings.Contains(config, `'DomainName=""',`) {
		t.Fatal(`samconfig.toml does not show how an empty value is written`)
	}
	_, err := merge(t, "dev", [][]byte{[]byte(strings.ReplaceAll(config, `'DomainName=""',`, `"DomainName=",`))})
	if err == nil || !strings.Contains(err.Error(), "DomainName= is not a valid format") {
		t.Errorf("DomainName= without quotes: %v", err)
	}
}

// parameter is one of CloudFormation's CreateChangeSet.
type parameter struct {
	ParameterKey, ParameterValue string
	UsePreviousValue             bool
}

func merged(t *testing.T, environment string, configs [][]byte) [][]parameter {
	t.Helper()
	sent, err := merge(t, environment, configs)
	if err != nil {
		t.Fatal(err)
	}
	return sent
}

// merge asks the SAM CLI what sam deploy sends with each of several samconfig.toml.
func merge(t *testing.T, environment string, configs [][]byte) (sent [][]parameter, err error) {
	t.Helper()
	sam := os.Getenv("GUANZHU_SAM")
	python := filepath.Join(filepath.Dir(sam), "python")
	if _, err := os.Stat(python); sam == "" || err != nil {
		message := "needs the SAM CLI in a Python environment (pip install aws-sam-cli): run `make test-stack`, or set GUANZHU_SAM to the path of sam"
		if os.Getenv("GUANZHU_REQUIRE_STACK") == "1" {
			t.Fatal(message)
		}
		t.Skip(message)
	}
	args := []string{"test/stack/samconfig/merge.py", "template.yaml", environment}
	for i, config := range configs {
		file := filepath.Join(t.TempDir(), fmt.Sprintf("samconfig-%d.toml", i))
		if err := os.WriteFile(file, config, 0o600); err != nil {
			t.Fatal(err)
		}
		args = append(args, file)
	}
	command := exec.CommandContext(t.Context(), python, args...)
	command.Dir = root
	var stderr bytes.Buffer
	command.Stderr = &stderr
	out, err := command.Output()
	if err != nil {
		return nil, fmt.Errorf("%w\n%s", err, stderr.Bytes())
	}
	if err := json.Unmarshal(out, &sent); err != nil {
		t.Fatal(err)
	}
	return sent, nil
}
