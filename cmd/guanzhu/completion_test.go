package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestCompletionOfShells has each shell that is on this machine complete a line.
func TestCompletionOfShells(t *testing.T) {
	t.Parallel()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	bin := t.TempDir()
	if err := os.Symlink(self, filepath.Join(bin, "guanzhu")); err != nil {
		t.Skip(err) // on Windows, which has none of the shells
	}
	env := environment("PATH="+bin+":"+os.Getenv("PATH"), "HOME="+t.TempDir(), "TERM=dumb")
	const words, want = "suggestions --table T li", "list"
	for shell, script := range map[string]string{
		"bash": `source <(guanzhu completion bash); COMP_WORDS=(guanzhu ` + words + `); COMP_CWORD=4; _guanzhu; echo "${COMPREPLY[*]}"`,
		"zsh":  `compdef() { :; }; _describe() { print -r -- ${found%%:*}; }; source <(guanzhu completion zsh); words=(guanzhu ` + words + `); CURRENT=5; _guanzhu`,
		"fish": `guanzhu completion fish | source; complete -C 'guanzhu ` + words + `' | cut -f 1`,
	} {
		t.Run(shell, func(t *testing.T) {
			t.Parallel()
			path, err := exec.LookPath(shell)
			if err != nil {
				t.Skip("there is no " + shell + " here")
			}
			command := exec.CommandContext(t.Context(), path, "-c", script)
			command.Env = env
			out, err := command.CombinedOutput()
			if got := strings.TrimSpace(string(out)); err != nil || got != want {
				t.Errorf("%q, %v", got, err)
			}
		})
	}
}
