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

// columns returns the number of columns that a terminal needs for the text.
func columns(text string) int {
	sum := 0
	for _, r := range text {
		sum += columnsOf(r)
	}
	return sum
}

// wide are the characters of two columns: those of East Asia, full-width forms, and emoji (https://www.unicode.org/reports/tr11/).
var wide = &unicode.RangeTable{
	R16: []unicode.Range16{{0x1100, 0x115f, 1}, {0x2e80, 0x303e, 1}, {0x3041, 0xa4cf, 1}, {0xac00, 0xd7a3, 1}, {0xf900, 0xfaff, 1},
		{0xfe30, 0xfe6f, 1}, {0xff00, 0xff60, 1}, {0xffe0, 0xffe6, 1}},
	R32: []unicode.Range32{{0x1f300, 0x1f64f, 1}, {0x1f680, 0x1f6ff, 1}, {0x1f900, 0x1faff, 1}, {0x20000, 0x3fffd, 1}},
}

func columnsOf(r rune) int {
	switch {
	case unicode.In(r, unicode.Mn, unicode.Me, unicode.Cf):
		return 0
	case unicode.Is(wide, r):
		return 2
	}
	return 1
}
