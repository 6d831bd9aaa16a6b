package main

import (
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/guanzhu/guanzhu/internal/doctor"
)

// called returns a command that can be pasted: it begins with the name by which this program was called.
func called(command string) string { return programName(os.Args[0]) + " " + command }

// programName returns the name by which to call this program again.
func programName(called string) string {
	if filepath.Base(called) == "guanzhu" {
		return called
	}
	return "guanzhu"
}

// advised finds a command in an advice.
var advised = regexp.MustCompile(`guanzhu ((secrets|menu|doctor)( (rotate|finish|plan|publish))?)`)

// complete makes the commands in an advice ones that can be pasted. It adds the flags that select the account, which
// depend on the command's first word.
func complete(advice string, flags map[string]string) string {
	return advised.ReplaceAllStringFunc(advice, func(command string) string {
		match := advised.FindStringSubmatch(command)
		return strings.TrimSpace(called(match[1]) + " " + flags[match[2]])
	})
}

// findingError returns a finding as the error of a command.
func findingError(f doctor.Finding, lang language) error {
	in := string(lang)
	return errors.New(lang.say("%s：%s\n%s", "%s: %s\n%s", f.Name.In(in), f.What.In(in), complete(f.Do.In(in), nil)))
}

// printJSON prints a value as indented JSON.
func printJSON(out io.Writer, value any) error {
	encoder := json.NewEncoder(out)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	return encoder.Encode(value)
}
