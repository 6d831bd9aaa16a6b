package main

import (
	"cmp"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/alecthomas/kong"
	"golang.org/x/term"

	"github.com/guanzhu/guanzhu/internal/bilingual"
)

// commandGroups are the tasks by which the help lists commands.
func commandGroups(lang language) []kong.Group {
	return []kong.Group{
		{Key: "here", Title: lang.say("在本机试用", "On this machine")},
		{Key: "account", Title: lang.say("account.yaml 与微信平台", "account.yaml and the platform")},
		{Key: "aws", Title: lang.say("AWS 上的运维", "Operate on AWS")},
		{Key: "records", Title: lang.say("关注者与建议", "Records")},
		{Key: "other", Title: lang.say("其他", "Other")},
	}
}

// A detailed command has more to say in its help than one sentence. Paragraphs are separated by empty lines.
type detailed interface{ Detail() bilingual.Text }

// localize gives the model the help of one language: that of the tags help or zh, and of Detail. The tag zhname has the name of
// an argument in Chinese.
func localize(lang language) func(*kong.Kong) error {
	return func(k *kong.Kong) error {
		k.Model.HelpFlag.Help = lang.say("显示帮助。", "Show help.")
		return kong.Visit(k.Model, func(visited kong.Visitable, next kong.Next) error {
			switch v := visited.(type) {
			case *kong.Node:
				v.Help = helpOf(lang, v.Tag, v.Help)
				if v.Target.IsValid() && v.Target.CanAddr() {
					if d, ok := v.Target.Addr().Interface().(detailed); ok {
						v.Detail = named(d.Detail().In(string(lang)))
					}
				}
			case *kong.Flag:
				v.Help = helpOf(lang, v.Tag, v.Help)
			case *kong.Value:
				v.Help = helpOf(lang, v.Tag, v.Help)
				if lang == bilingual.Chinese {
					v.Name = cmp.Or(v.Tag.Get("zhname"), v.Name)
				}
			}
			return next(nil)
		})
	}
}

func helpOf(lang language, tag *kong.Tag, english string) string {
	if lang == bilingual.Chinese && tag != nil {
		return cmp.Or(tag.Get("zh"), english)
	}
	return english
}

// printHelp prints the help of the command that ctx selects, in the language.
func printHelp(lang language) kong.HelpPrinter {
	return func(_ kong.HelpOptions, ctx *kong.Context) error {
		node := ctx.Selected()
		if node == nil {
			node = ctx.Model.Node
		}
		h := helpText{lang: lang, width: helpWidth()}
		h.command(ctx.Model.Name, node)
		_, err := io.WriteString(ctx.Stdout, h.String())
		return err
	}
}

// helpWidth is the width of the terminal in columns, at most 100, and 80 if there is no terminal.
func helpWidth() int {
	width, _, err := term.GetSize(int(os.Stdout.Fd()))
	if err != nil {
		return 80
	}
	return min(max(width, 40), 100)
}

// helpText is the help of one command.
type helpText struct {
	strings.Builder
	lang  language
	width int // columns
}

func (h *helpText) command(program string, node *kong.Node) {
	h.paragraph(h.lang.say("用法：", "Usage: ") + strings.TrimSpace(program+" "+usage(h.lang, node)))
	h.paragraph(node.Help)
	for paragraph := range strings.SplitSeq(node.Detail, "\n\n") {
		h.paragraph(paragraph)
	}
	var rows [][2]string
	for _, arg := range node.Positional {
		rows = append(rows, [2]string{arg.Summary(), arg.Help})
	}
	h.rows(h.lang.say("参数：", "Arguments:"), rows)
	h.commands(node)
	h.flags(node)
	if len(node.Children) > 0 {
		h.paragraph(h.lang.say("每个命令的用法：%[1]s --help", "`%[1]s --help` says more about a command.", program+" "+strings.TrimSpace(node.Path()+" "+h.lang.say("命令", "COMMAND"))))
	}
}

// usage is the line that shows how to call a command, without the program's name.
func usage(lang language, node *kong.Node) string {
	words := []string{node.Path()}
	alternatives := map[string]bool{}
	for _, flags := range node.AllFlags(true) {
		for _, flag := range flags {
			group := strings.Join(flag.Xor, ",")
			switch {
			case !flag.Required:
			case group == "":
				words = append(words, flag.Summary())
			case !alternatives[group]:
				alternatives[group] = true
				var either []string
				for _, other := range flags {
					if slices.Equal(other.Xor, flag.Xor) {
						either = append(either, other.Summary())
					}
				}
				words = append(words, "("+strings.Join(either, " | ")+")")
			}
		}
	}
	for _, arg := range node.Positional {
		words = append(words, arg.Summary())
	}
	switch {
	case len(node.Children) > 0 && node.DefaultCmd != nil:
		words = append(words, lang.say("[命令]", "[COMMAND]"))
	case len(node.Children) > 0:
		words = append(words, lang.say("命令", "COMMAND"))
	}
	return strings.Join(append(words, lang.say("[选项]", "[flags]")), " ")
}

// commands lists the commands below node, those of a group under its title.
func (h *helpText) commands(node *kong.Node) {
	var titles []string
	rows := map[string][][2]string{}
	for _, child := range node.Children {
		if child.Hidden {
			continue
		}
		title := h.lang.say("命令", "Commands")
		if child.Group != nil {
			title = child.Group.Title
		}
		if rows[title] == nil {
			titles = append(titles, title)
		}
		rows[title] = append(rows[title], [2]string{child.Name, child.Help})
	}
	for _, title := range titles {
		h.rows(h.lang.say("%s：", "%s:", title), rows[title])
	}
}

// flags lists the flags of node, and those of the commands above it.
func (h *helpText) flags(node *kong.Node) {
	levels := node.AllFlags(true)
	slices.Reverse(levels)
	var rows [][2]string
	for _, flag := range slices.Concat(levels...) {
		rows = append(rows, [2]string{flag.String(), flag.Help})
	}
	h.rows(h.lang.say("选项：", "Flags:"), rows)
}

// paragraph prints a text and an empty line.
func (h *helpText) paragraph(text string) {
	if text == "" {
		return
	}
	for _, line := range wrap(text, h.width) {
		h.WriteString(line + "\n")
	}
	h.WriteString("\n")
}

const maxName = 28 // columns of the longest name that has its help beside it

// rows prints a title and two columns below it.
func (h *helpText) rows(title string, rows [][2]string) {
	if len(rows) == 0 {
		return
	}
	h.WriteString(title + "\n")
	left := 0
	for _, row := range rows {
		if w := columns(row[0]); w <= maxName {
			left = max(left, w)
		}
	}
	margin := strings.Repeat(" ", left+4)
	for _, row := range rows {
		begin := fmt.Sprintf("  %s%s", row[0], strings.Repeat(" ", max(left-columns(row[0]), 0)+2))
		if columns(row[0]) > left {
			begin = "  " + row[0] + "\n" + margin
		}
		h.WriteString(begin + strings.Join(wrap(row[1], h.width-left-4), "\n"+margin) + "\n")
	}
	h.WriteString("\n")
}
