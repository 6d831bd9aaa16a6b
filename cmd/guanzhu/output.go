package main

import (
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/guanzhu/guanzhu/internal/doctor"
	"github.com/guanzhu/guanzhu/internal/lazy"
)

// A text names a command as guanzhu secrets, without the flags that select the account. Whatever prints the text makes
// that a command that can be pasted: by named, or by complete, which adds the flags.

// command finds a command in a text. guanzhu completion stays as it is: it goes into the start-up file of a shell, which may
// start in any folder.
var command = lazy.Regexp(
	`\bguanzhu ((--help|ai|console|push|import|check|plan|publish|secrets|doctor|logs|suggestions|followers|reconcile|answers|restore|platform|candidates|version)\b( (rotate|finish|ask|failed|retry))?)`)

// named returns the text with each command under the name by which this program was called.
func named(text string) string { return complete(text, nil) }

// complete is named, and adds the flags of each command. They depend on its first word.
func complete(text string, flags map[string]string) string {
	return command().ReplaceAllStringFunc(text, func(found string) string {
		match := command().FindStringSubmatch(found)
		return strings.TrimSpace(programName(os.Args[0]) + " " + match[1] + " " + flags[match[2]])
	})
}

// programName returns the name by which to call this program again.
func programName(called string) string {
	if filepath.Base(called) == "guanzhu" {
		return called
	}
	return "guanzhu"
}

// findingError returns a finding as the error of a command.
func findingError(f doctor.Finding, lang language) error {
	return errors.New(lang.say("%s：%s\n%s", "%s: %s\n%s", f.Name, f.What, f.Do))
}

// printJSON prints a value as indented JSON.
func printJSON(out io.Writer, value any) error {
	encoder := json.NewEncoder(out)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	return encoder.Encode(value)
}
