package main

import (
	"strings"
	"unicode"

	"github.com/guanzhu/guanzhu/internal/accountyaml"
)

// The size of the table of exchanges: rows of one kind, and columns of a terminal.
const (
	maxRows  = 10
	maxLeft  = 30
	maxWidth = 100
)

// exchangesTable returns what followers do and get, a line each. Longer texts and lists are cut.
func exchangesTable(groups [][]accountyaml.Exchange, lang language) string {
	left := 0
	for _, group := range groups {
		for _, e := range group[:min(len(group), maxRows)] {
			left = max(left, min(columns(e.Does.In(string(lang))), maxLeft))
		}
	}
	var b strings.Builder
	for _, group := range groups {
		for _, e := range group[:min(len(group), maxRows)] {
			does := cut(e.Does.In(string(lang)), left)
			b.WriteString("  " + does + strings.Repeat(" ", left-columns(does)) + "  " + cut(e.Gets.In(string(lang)), maxWidth-left-4) + "\n")
		}
		if more := len(group) - maxRows; more > 0 {
			b.WriteString(lang.say("  ……还有 %d 条\n", "  … and %d more\n", more))
		}
	}
	return b.String()
}

// cut returns the text in so many columns of a terminal, without what a terminal would not show as it is.
func cut(text string, most int) string {
	text = strings.Map(func(r rune) rune {
		if !unicode.IsGraphic(r) && r != '\u200d' {
			return ' '
		}
		return r
	}, text)
	if columns(text) <= most {
		return text
	}
	end, width := 0, 0
	for i, r := range text {
		if width += columnsOf(r); width > most-1 {
			break
		}
		end = i + len(string(r))
	}
	return text[:end] + "…"
}
