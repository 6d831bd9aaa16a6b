package main

import (
	"strings"
	"unicode"
)

// wrap breaks text into lines of at most width columns. It breaks at spaces and between Chinese characters, but no line
// begins with Chinese punctuation.
func wrap(text string, width int) []string {
	lines := []string{""}
	at := 0 // columns of the last line
	for _, piece := range pieces(text) {
		bare := strings.TrimLeft(piece, " ")
		last := len(lines) - 1
		switch w := columns(piece); {
		case at > 0 && at+w > width:
			lines, at = append(lines, bare), columns(bare)
		case at == 0:
			lines[last], at = bare, columns(bare)
		default:
			lines[last] += piece
			at += w
		}
	}
	return lines
}

// pieces splits text where a line may end. A piece begins with the space before it.
func pieces(text string) (pieces []string) {
	var piece strings.Builder
	var before rune
	for _, r := range strings.Join(strings.Fields(text), " ") {
		opens := strings.ContainsRune("（“《[<", before)
		closes := strings.ContainsRune("，。、；：）”》！？]>", r)
		if piece.Len() > 0 && before != ' ' && (r == ' ' || !opens && !closes && (columnsOf(r) == 2 || columnsOf(before) == 2)) {
			pieces = append(pieces, piece.String())
			piece.Reset()
		}
		piece.WriteRune(r)
		before = r
	}
	return append(pieces, piece.String())
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
