package accountyaml

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/guanzhu/guanzhu/internal/autoreply"
	"github.com/guanzhu/guanzhu/internal/bilingual"
	"github.com/guanzhu/guanzhu/internal/lazy"
)

// placeholderForm is what may be meant as a placeholder: a name in braces, half-width or full-width, or the name of the
// personal link in anything else.
var placeholderForm = lazy.Regexp(`[{｛]+[\s\x{3000}]*(\pL[\pL\pN_＿ -]*?)[\s\x{3000}]*[}｝]+|(?i:personal[ _-]?link)`)

// chineseNames are names in Chinese that are meant as a placeholder if they are in braces. Other Chinese words may be there
// for the look of it.
var chineseNames = []string{"链接", "昵称", "名字", "姓名", "用户名"}

// wrongPlaceholder returns the first part of the text that is meant as a placeholder and is none, and where it begins; ""
// without one.
func wrongPlaceholder(text string) (wrong string, at int) {
	rest := strings.ReplaceAll(text, autoreply.PersonalLink, "")
	if !strings.ContainsAny(rest, "{｛") && !strings.Contains(strings.ToLower(rest), "personal") {
		return "", 0 // as nearly all texts, for which no expression is compiled
	}
	for _, found := range placeholderForm().FindAllStringSubmatchIndex(text, -1) {
		name := ""
		if found[2] >= 0 {
			name = text[found[2]:found[3]]
		}
		if wrong := text[found[0]:found[1]]; isPlaceholderName(name) && wrong != autoreply.PersonalLink {
			return wrong, found[0]
		}
	}
	return "", 0
}

// anyPlaceholder is wrongPlaceholder for a text in which the right one is wrong as well.
func anyPlaceholder(text string) string {
	if strings.Contains(text, autoreply.PersonalLink) {
		return autoreply.PersonalLink
	}
	wrong, _ := wrongPlaceholder(text)
	return wrong
}

// isPlaceholderName reports whether a word in braces is meant as a name. It is empty for a personal link without braces.
func isPlaceholderName(word string) bool {
	first, _ := utf8.DecodeRuneInString(word)
	if word == "" || unicode.Is(unicode.Latin, first) {
		return true
	}
	for _, name := range chineseNames {
		if strings.HasSuffix(word, name) {
			return true
		}
	}
	return false
}

// checkPlaceholders reports what a text has in place of the placeholder.
func (f *file) checkPlaceholders(s sentence, what bilingual.Text) {
	wrong, at := wrongPlaceholder(s.text)
	line := s.lineAt(at)
	switch {
	case wrong == "":
	case isNickname(wrong):
		f.problem(line, "%v里的 %s 不是占位符，会原样发出：微信不再提供昵称，请删掉。占位符只有 %s",
			"%v has %s, which is no placeholder and is sent as it is: WeChat no longer gives nicknames, so remove it; the only placeholder is %s",
			what, wrong, autoreply.PersonalLink)
	default:
		f.problem(line, "%v里的 %s 不是占位符，会原样发出：请改成 %s，占位符只有这一个",
			"%v has %s, which is no placeholder and is sent as it is: write %s, the only one, or remove it", what, wrong, autoreply.PersonalLink)
	}
}

// isNickname reports whether a placeholder is meant for the follower's name, which user/info has not had since 2021-12-27.
func isNickname(placeholder string) bool {
	name := strings.ToLower(placeholder)
	for _, part := range []string{"nick", "name", "昵称", "名"} {
		if strings.Contains(name, part) {
			return true
		}
	}
	return false
}
