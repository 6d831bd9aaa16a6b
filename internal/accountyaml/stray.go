package accountyaml

import (
	"fmt"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Web pages, word processors and Chinese keyboards put characters into a file that look like those of YAML. The parser's errors
// about them are misleading and may be lines later, so stray characters are found in the lines themselves.

// A stray is such a character, in a place that requires another one.
type stray struct {
	line   int
	column int // in characters, from 1
	char   rune
	remedy string
}

func (s stray) String() string {
	return fmt.Sprintf("character %d of this line is %s (%U): %s", s.column, nameOf(s.char), s.char, s.remedy)
}

func nameOf(r rune) string {
	switch {
	case r == '\u00a0':
		return "a no-break space"
	case r == '\u3000':
		return "a full-width space"
	case r == '\t':
		return "a tab"
	case r == '\ufeff':
		return "a byte order mark"
	case unicode.In(r, unicode.Zs):
		return "another kind of space"
	case invisible(r):
		return "invisible"
	}
	return string(r)
}

// strayForms are the places in a line in which a character, in parentheses, is a stray. SPACE is any invisible character that
// is not YAML's space. START is what may come before a name.
var strayForms = []struct{ form, remedy string }{
	{`START-?(SPACE)`, typeSpace},
	{`START([－—–−‐])[ SPACES]`, `type "- "`},
	{`START(＃)`, `type "#"`},
	{`START([“”„‟＂‘’＇])[^“”„‟＂‘’＇]*[“”„‟＂‘’＇]\s*[:：]`, typeQuote},
	{`([\x{85}\x{2028}\x{2029}])`, "remove it, or break the line there"},
	{`STARTNAME(SPACE)[ SPACES]*[:：]`, "remove it"},
	{`STARTNAME(：)`, `type ": ", a colon and a space`},
	{`STARTNAME:(SPACE)`, typeSpace},
	{`STARTNAME: *[|>][-+1-9]*(SPACE)`, "remove it"},
	{`STARTNAME: *([｛［｜＞])`, "type the half-width one"},
	{`STARTNAME: *([“„‟＂‘]).*(?:: | #)`, typeQuote},
	{`START[A-Za-z_]+(:)[^ /SPACES]`, "type a space behind it"},
}

const (
	typeSpace = "type an ordinary space, or remove it"
	typeQuote = `type ", the straight quote`
)

var strayParts = strings.NewReplacer(
	"START", `^ *(?:- +)*`,
	"NAME", `(?:"[^"]*"|'[^']*'|[^"'{\[#:：]+?)`,
	"SPACES", unseen,
	"SPACE", `[`+unseen+`]`,
)

const unseen = `\t\x{a0}\x{1680}\x{2000}-\x{200f}\x{202f}\x{205f}-\x{2064}\x{3000}\x{feff}`

// misread returns why YAML reads an unquoted text or name differently from what its writer meant, or "".
func misread(plain string) string {
	first, _ := utf8.DecodeRuneInString(plain)
	switch {
	case strings.Contains(plain, ": "):
		return `contains ": ": put it in straight quotes, "…", or look for a comma like ， before it`
	case first == '“' && !strings.Contains(plain, "”"):
		return `begins with “ and has no ”: put it in straight quotes, "…", since what follows # is a comment`
	case plain == "｜" || strings.HasPrefix(plain, "｜ "):
		return "begins with ｜: type |, the half-width one"
	}
	return ""
}

// beginsBlock finds the line above a block of text, which may have anything in it.
const beginsBlock = `(?:^|[:-] +)[|>][-+1-9]*\s*(?:#.*)?$`

// strays returns the stray characters of the file, at most one a line. Some may be harmless, as in a text of several lines. It
// is called only for a file with problems.
func strays(data []byte) []stray {
	forms := make([]*regexp.Regexp, len(strayForms))
	for i, f := range strayForms {
		forms[i] = regexp.MustCompile(strayParts.Replace(f.form))
	}
	header := regexp.MustCompile(beginsBlock)
	var found []stray
	block := -1 // how far the line above the block is indented, if this is one
	for i, line := range strings.Split(string(data), "\n") {
		unindented := strings.TrimLeft(line, " ")
		indent := len(line) - len(unindented)
		if block >= 0 && (indent > block || unindented == "") {
			continue
		}
		block = -1
		if header.MatchString(line) {
			block = indent
		}
		for j, form := range forms {
			if at := form.FindStringSubmatchIndex(line); at != nil {
				char, _ := utf8.DecodeRuneInString(line[at[2]:])
				found = append(found, stray{i + 1, utf8.RuneCountInString(line[:at[2]]) + 1, char, strayForms[j].remedy})
				break
			}
		}
	}
	return found
}
