// Command samconfig holds samconfig.toml, for one of its environments, against template.yaml and against what sam build
// has built:
//
//	samconfig ENVIRONMENT .aws-sam/build
//
// A parameter that samconfig.toml does not state keeps the value that the stack has, not the template's default, and a
// name that the template does not have is passed over: so every parameter is stated, and no other. What was built is
// for the processor that is stated. `make deploy` runs it before sam deploy.
package main

import (
	"debug/buildinfo"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/BurntSushi/toml"
	"github.com/goccy/go-yaml"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) != 2 {
		return errors.New("usage: samconfig ENVIRONMENT .aws-sam/build")
	}
	config, err := os.ReadFile("samconfig.toml")
	if err != nil {
		return err
	}
	template, err := os.ReadFile("template.yaml")
	if err != nil {
		return err
	}
	stated, err := overrides(config, args[0])
	if err != nil {
		return fmt.Errorf("samconfig.toml: %w", err)
	}
	if err := complete(stated, template); err != nil {
		return fmt.Errorf("samconfig.toml: [%s.global.parameters]: %w", args[0], err)
	}
	return builtFor(stated["Architecture"], args[1])
}

var override = regexp.MustCompile(`^([A-Za-z0-9]+)=(?:"([^"]*)"|([^\s"]+))$`)

// overrides are the template's parameters that an environment of samconfig.toml states.
func overrides(config []byte, environment string) (map[string]string, error) {
	// Of an environment, the parameters of all commands (global) and of each.
	var all map[string]any
	if err := toml.Unmarshal(config, &all); err != nil {
		return nil, err
	}
	commands, _ := all[environment].(map[string]any)
	of := func(command string) any {
		c, _ := commands[command].(map[string]any)
		parameters, _ := c["parameters"].(map[string]any)
		return parameters["parameter_overrides"]
	}
	for _, command := range []string{"build", "deploy"} {
		if of(command) != nil {
			return nil, fmt.Errorf("[%s.%s.parameters] has parameter_overrides of its own; "+
				"they belong into [%[1]s.global.parameters], which sam build and sam deploy both read", environment, command)
		}
	}
	list, ok := of("global").([]any)
	if !ok {
		return nil, fmt.Errorf("[%s.global.parameters] has no list parameter_overrides", environment)
	}
	stated := map[string]string{}
	for _, item := range list {
		text, _ := item.(string)
		match := override.FindStringSubmatch(text)
		if match == nil {
			return nil, fmt.Errorf(`the SAM CLI does not understand %q in parameter_overrides: write 'Name=value' or, for an empty value, 'Name=""'`, text)
		}
		if _, twice := stated[match[1]]; twice {
			return nil, fmt.Errorf("%s is there twice", match[1])
		}
		stated[match[1]] = match[2] + match[3]
	}
	return stated, nil
}

// complete holds that the stated parameters are those of the template.
func complete(stated map[string]string, template []byte) error {
	var t struct {
		Parameters map[string]struct {
			Default any `yaml:"Default"`
		} `yaml:"Parameters"`
	}
	if err := yaml.Unmarshal(template, &t); err != nil {
		return fmt.Errorf("template.yaml: %w", err)
	}
	var problems []error
	for _, name := range slices.Sorted(maps.Keys(t.Parameters)) {
		if _, ok := stated[name]; ok {
			continue
		}
		value := "…"
		if d := t.Parameters[name].Default; d == "" {
			value = `""`
		} else if d != nil {
			value = fmt.Sprint(d)
		}
		problems = append(problems, fmt.Errorf("%s is missing, and the stack would keep the value that it has: add '%[1]s=%s' or another value",
			name, value))
	}
	for _, name := range slices.Sorted(maps.Keys(stated)) {
		if _, ok := t.Parameters[name]; !ok {
			problems = append(problems, fmt.Errorf("%s is no parameter of template.yaml", name))
		}
	}
	return errors.Join(problems...)
}

// builtFor holds that all functions in the folder of sam build are for a processor.
func builtFor(architecture, folder string) error {
	programs, err := filepath.Glob(filepath.Join(folder, "*", "bootstrap"))
	if err != nil {
		return err
	}
	if len(programs) == 0 {
		return fmt.Errorf("%s holds no function: run sam build first", folder)
	}
	want := strings.Replace(architecture, "x86_64", "amd64", 1) // Go's name
	for _, program := range programs {
		info, err := buildinfo.ReadFile(program)
		if err != nil {
			return err
		}
		for _, setting := range info.Settings {
			if setting.Key == "GOARCH" && setting.Value != want {
				return fmt.Errorf("%s is built for %s, but samconfig.toml says Architecture=%s: run make deploy, which builds for it",
					program, setting.Value, architecture)
			}
		}
	}
	return nil
}
