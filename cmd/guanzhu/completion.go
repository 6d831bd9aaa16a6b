package main

import (
	"embed"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/alecthomas/kong"

	"github.com/guanzhu/guanzhu/internal/bilingual"
)

type completionCommand struct {
	Shell string `arg:"" enum:"bash,zsh,fish" help:"bash, zsh or fish." zh:"bash、zsh 或 fish。"`
}

// Detail is shown by --help.
func (*completionCommand) Detail() bilingual.Text {
	return bilingual.New("guanzhu 要在 PATH 里。下次打开终端时生效，写进哪个文件：\n\n"+
		"bash：echo 'source <(guanzhu completion bash)' >> ~/.bashrc\n\n"+
		"zsh：echo 'source <(guanzhu completion zsh)' >> ~/.zshrc（放在 compinit 之后）\n\n"+
		"fish：guanzhu completion fish > ~/.config/fish/completions/guanzhu.fish",
		"PATH must have the folder of guanzhu. To have completion in each new shell:\n\n"+
			"bash: echo 'source <(guanzhu completion bash)' >> ~/.bashrc\n\n"+
			"zsh: echo 'source <(guanzhu completion zsh)' >> ~/.zshrc (after compinit)\n\n"+
			"fish: guanzhu completion fish > ~/.config/fish/completions/guanzhu.fish")
}

// Run prints the script.
func (c *completionCommand) Run() error {
	script, err := completionScripts.ReadFile("completion/guanzhu." + c.Shell)
	if err != nil {
		return err
	}
	_, err = os.Stdout.Write(script)
	return err
}

// The scripts ask guanzhu candidates for what may follow. If nothing may, they complete names of files.
//
//go:embed completion
var completionScripts embed.FS

// candidatesCommand serves the scripts.
type candidatesCommand struct {
	Words []string `arg:"" optional:"" passthrough:"" help:"The words of the command line, the last one unfinished." zh:"命令行里的词，最后一个还没有写完。"`
}

// Run prints the candidates for the last word, one a line, each with its help after a tab.
func (c *candidatesCommand) Run(k *kong.Kong) error {
	words := c.Words
	if len(words) > 0 && words[0] == "--" {
		words = words[1:]
	}
	return candidates(os.Stdout, k.Model.Node, words)
}

func candidates(out io.Writer, node *kong.Node, words []string) error {
	if len(words) == 0 {
		words = []string{""}
	}
	last := words[len(words)-1]
	var open *kong.Flag // its value is missing
	for _, word := range words[:len(words)-1] {
		switch {
		case word == "=": // bash splits --lang=zh
		case open != nil:
			open = nil
		case strings.HasPrefix(word, "-"):
			if flag := flagNamed(node, word); flag != nil && !flag.IsBool() {
				open = flag
			}
		default:
			if child := childNamed(node, word); child != nil {
				node = child
			}
		}
	}
	var lines []string
	switch {
	case open != nil:
		lines = open.EnumSlice()
	case strings.HasPrefix(last, "-"):
		lines = flagLines(node)
	default:
		lines = commandLines(node)
	}
	for _, line := range lines {
		if !strings.HasPrefix(line, strings.TrimPrefix(last, "=")) {
			continue
		}
		if _, err := fmt.Fprintln(out, line); err != nil {
			return err
		}
	}
	return nil
}

// commandLines are the commands below node, or the values that its argument may have.
func commandLines(node *kong.Node) (lines []string) {
	for _, child := range node.Children {
		if !child.Hidden {
			lines = append(lines, child.Name+"\t"+child.Help)
		}
	}
	for _, arg := range node.Positional {
		lines = append(lines, arg.EnumSlice()...)
	}
	return lines
}

func flagLines(node *kong.Node) (lines []string) {
	if node.DefaultCmd != nil {
		node = node.DefaultCmd
	}
	for _, flags := range node.AllFlags(true) {
		for _, flag := range flags {
			lines = append(lines, "--"+flag.Name+"\t"+flag.Help)
		}
	}
	return lines
}

func childNamed(node *kong.Node, name string) *kong.Node {
	for _, child := range node.Children {
		if child.Name == name {
			return child
		}
	}
	return nil
}

// flagNamed returns the flag that word, such as --stack or -o, gives without a value, or nil.
func flagNamed(node *kong.Node, word string) *kong.Flag {
	if node.DefaultCmd != nil {
		node = node.DefaultCmd
	}
	for _, flags := range node.AllFlags(false) {
		for _, flag := range flags {
			if word == "--"+flag.Name || flag.Short != 0 && word == "-"+string(flag.Short) {
				return flag
			}
		}
	}
	return nil
}
