package accountyaml

import (
	"regexp"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"github.com/guanzhu/guanzhu/internal/bilingual"
	"github.com/guanzhu/guanzhu/internal/lazy"
)

// Web pages, word processors and Chinese keyboards put characters into a file that look like those of YAML. The parser's errors
// about them are misleading and may be lines later, so stray characters are found in the lines themselves.

// A stray is such a character, in a place that requires another one.
type stray struct {
	line   int
	column int // in characters, from 1
	char   rune
	remedy bilingual.Text
}

func (s stray) text() bilingual.Text {
	return bilingual.Format("这一行的第 %d 个字符是%v（%U）：%v", "character %d of this line is %v (%U): %v",
		s.column, nameOf(s.char), s.char, s.remedy)
}

func nameOf(r rune) bilingual.Text {
	switch {
	case r == '\u00a0':
		return bilingual.New("不换行空格", "a no-break space")
	case r == '\u3000':
		return bilingual.New("全角空格", "a full-width space")
	case r == '\t':
		return bilingual.New("制表符", "a tab")
	case r == '"':
		return bilingual.New("双引号", "a double quote")
	case r == '\'':
		return bilingual.New("单引号", "a single quote")
	case r == '\ufeff':
		return bilingual.New("字节顺序标记（BOM）", "a byte order mark")
	case unicode.In(r, unicode.Zs):
		return bilingual.New("特殊的空格", "another kind of space")
	case invisible(r):
		return bilingual.New("看不见的字符", "invisible")
	}
	return bilingual.New("“"+string(r)+"”", string(r))
}

// causes reports whether s may be the cause of a problem: of one in its own line, or of a line below it, above, at which the
// file is not YAML.
func (s stray) causes(ownLine bool, above int) bool {
	switch s.char {
	case '#':
		return s.line == above-1
	case '"', '\'': // in its own line, the parser says the same
		return s.line < above
	case '\t':
		return ownLine
	}
	return ownLine || s.line < above
}

// strayForms are the places in a line in which a character, in parentheses, is a stray. SPACE is any invisible character that
// is not YAML's space. START is what may come before a name.
var strayForms = []struct {
	form   string
	remedy bilingual.Text
}{
	{`START-?(SPACE)`, typeSpace},
	{`START([－—–−‐])[ SPACES]`, bilingual.New("请改成半角的“- ”", `type "- "`)},
	{`START(＃)`, bilingual.New("请改成半角的 #", `type "#"`)},
	{`^ *(#) *(?:- +)*NAME: *[|>]?$`, bilingual.New("如果下面的内容要生效，请把它也删掉", "remove it too, if the lines below are to take effect")},
	{`^ *(-)[A-Za-z_]+: `, bilingual.New("请在后面加一个空格", "type a space behind it")},
	{`STARTNAME: *(")(?:[^"\\]|\\.)*$`, closeQuote},
	{`STARTNAME: *(')[^']*$`, closeQuote},
	{`START([“”„‟＂‘’＇])[^“”„‟＂‘’＇]*[“”„‟＂‘’＇]\s*[:：]`, typeQuote},
	{`([\x{85}\x{2028}\x{2029}])`, bilingual.New("请删掉，或者在这里换行", "remove it, or break the line there")},
	{`STARTNAME(SPACE)[ SPACES]*[:：]`, removeIt},
	{`STARTNAME(：)`, bilingual.New("请改成半角的冒号加一个空格“: ”", `type ": ", a colon and a space`)},
	{`STARTNAME:(SPACE)`, typeSpace},
	{`STARTNAME: *[|>][-+1-9]*(SPACE)`, removeIt},
	{`STARTNAME: *([｛［｜＞])`, bilingual.New("请改成半角的", "type the half-width one")},
	{`STARTNAME: *([“„‟＂‘]).*(?:: | #)`, typeQuote},
	{`START[A-Za-z_]+(:)[^ /SPACES]`, bilingual.New("请在后面加一个空格", "type a space behind it")},
}

var (
	typeSpace  = bilingual.New("请改成普通的空格，或者删掉", "type an ordinary space, or remove it")
	typeQuote  = bilingual.New(`请改成半角的直引号 "`, `type ", the straight quote`)
	closeQuote = bilingual.New("没有和它成对的引号，请加在文字的末尾", "no other one closes it: type one at the end of the text")
	removeIt   = bilingual.New("请删掉", "remove it")
)

// compiledForms returns the expressions of strayForms.
var compiledForms = sync.OnceValue(func() []*regexp.Regexp {
	forms := make([]*regexp.Regexp, len(strayForms))
	for i, f := range strayForms {
		forms[i] = regexp.MustCompile(strayParts.Replace(f.form))
	}
	return forms
})

var strayParts = strings.NewReplacer(
	"START", `^ *(?:- +)*`,
	"NAME", `(?:"[^"]*"|'[^']*'|[^"'{\[#:：]+?)`,
	"SPACES", unseen,
	"SPACE", `[`+unseen+`]`,
)

// endsInAnother reports whether the text that an open quote begins above the lines ends at the first quote of another text, as
// it does if its own was forgotten.
func endsInAnother(lines []string, quote string) bool {
	for _, line := range lines {
		if _, rest, found := strings.Cut(line, quote); found {
			rest = strings.TrimSpace(rest)
			return rest != "" && !strings.ContainsAny(rest[:1], "#,]}")
		}
	}
	return false
}

const unseen = `\t\x{a0}\x{1680}\x{2000}-\x{200f}\x{202f}\x{205f}-\x{2064}\x{3000}\x{feff}`

// misread returns why YAML reads an unquoted text or name differently from what its writer meant, or nil.
func misread(plain string) error {
	first, _ := utf8.DecodeRuneInString(plain)
	switch {
	case strings.Contains(plain, ": "):
		return bilingual.New(`里有“: ”：请用半角的直引号 "…" 引起来，或者检查前面的逗号是不是全角的“，”`,
			`contains ": ": put it in straight quotes, "…", or look for a comma like ， before it`)
	case first == '“' && !strings.Contains(plain, "”"):
		return bilingual.New(`以“开头，却没有”：请用半角的直引号 "…" 引起来，因为 # 后面的内容是注释`,
			`begins with “ and has no ”: put it in straight quotes, "…", since what follows # is a comment`)
	case plain == "｜" || strings.HasPrefix(plain, "｜ "):
		return bilingual.New("以 ｜ 开头：请改成半角的 |", "begins with ｜: type |, the half-width one")
	}
	return nil
}

// beginsBlock finds the line above a block of text, which may have anything in it.
var beginsBlock = lazy.Match(`(?:^|[:-] +)[|>][-+1-9]*\s*(?:#.*)?$`)

// strays returns the stray characters of the file, at most one a line. Some may be harmless, as in a text of several lines. It
// is called only for a file with problems.
func strays(data []byte) []stray {
	var found []stray
	block := -1 // how far the line above the block is indented, if this is one
	lines := strings.Split(string(data), "\n")
	for i, line := range lines {
		unindented := strings.TrimLeft(line, " ")
		indent := len(line) - len(unindented)
		if block >= 0 && (indent > block || unindented == "") {
			continue
		}
		block = -1
		if beginsBlock(line) {
			block = indent
		}
		for j, form := range compiledForms() {
			if at := form.FindStringSubmatchIndex(line); at != nil {
				char, _ := utf8.DecodeRuneInString(line[at[2]:])
				if strayForms[j].remedy == closeQuote && !endsInAnother(lines[i+1:], string(char)) {
					break
				}
				found = append(found, stray{i + 1, utf8.RuneCountInString(line[:at[2]]) + 1, char, strayForms[j].remedy})
				break
			}
		}
	}
	return found
}
