package menu

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/guanzhu/guanzhu/internal/linediff"
)

// Diff is the difference between two menus, with a line for each button. A line that begins with "+ " is added, one with
// "- " is removed, and any other stays. A changed button is both removed and added.
type Diff []string

// String returns the lines, each with a line end.
func (d Diff) String() string {
	if len(d) == 0 {
		return ""
	}
	return strings.Join(d, "\n") + "\n"
}

// Compare returns the changes that publishing wanted would make to live.
func Compare(live, wanted Menu) Diff {
	old, new := live.lines(), wanted.lines()
	if live.Console {
		// A console's menu is replaced as a whole, even if it looks the same.
		return slices.Concat(prefixed("- ", old), prefixed("+ ", new))
	}
	return linediff.Lines(old, new)
}

func prefixed(prefix string, lines []string) Diff {
	var d Diff
	for _, line := range lines {
		d = append(d, prefix+line)
	}
	return d
}

// lines returns the menu for people: a line for each button, sub-buttons indented.
func (m Menu) lines() []string {
	lines := buttonLines("", m.Buttons)
	for _, c := range m.Conditional {
		lines = append(lines, c.MatchRule.String())
		lines = append(lines, buttonLines("  ", c.Buttons)...)
	}
	return lines
}

// String returns the rule as a heading of its menu.
func (r MatchRule) String() string {
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(r)) {
		parts = append(parts, printable(name)+" "+printable(r[name]))
	}
	return "for " + strings.Join(parts, ", ") + ":"
}

func buttonLines(indent string, buttons []Button) []string {
	var lines []string
	for _, b := range buttons {
		lines = append(lines, indent+b.line())
		lines = append(lines, buttonLines(indent+"  ", b.SubButton)...)
	}
	return lines
}

func (b Button) line() string {
	if b.Type == "" {
		return printable(b.Name)
	}
	line := fmt.Sprintf("%s (%s", printable(b.Name), printable(b.Type))
	for _, field := range []struct{ name, value string }{
		{"key", b.Key}, {"url", b.URL}, {"appid", b.AppID}, {"pagepath", b.PagePath}, {"media_id", b.MediaID},
		{"article_id", b.ArticleID},
	} {
		if field.value != "" {
			line += ", " + field.name + " " + printable(field.value)
		}
	}
	return line + ")"
}

// printable returns s, quoted if it has characters that could control a terminal.
func printable(s string) string {
	if strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsGraphic(r) }) {
		return strconv.Quote(s)
	}
	return s
}
