package main

import (
	"strings"

	"github.com/guanzhu/guanzhu/internal/bilingual"
)

// language is the language of the output: zh or en.
type language string

// languageOf returns the language of the output: that of --lang in args, or else that of the locale. It is read before the
// command line is parsed, because the texts about a wrong one are in that language too.
func languageOf(args []string, getenv func(string) string) language {
	for i, arg := range args {
		value, ok := strings.CutPrefix(arg, "--lang=")
		if arg == "--lang" && i+1 < len(args) {
			value, ok = args[i+1], true
		}
		if ok && (value == bilingual.Chinese || value == "en") {
			return language(value)
		}
	}
	return language(bilingual.Locale(getenv))
}

// say returns the text in the language, formatted with the values.
func (l language) say(zh, en string, values ...any) string {
	return l.text(bilingual.New(zh, en), values...)
}

// all returns the texts in the language.
func (l language) all(texts []bilingual.Text) []string {
	lines := make([]string, len(texts))
	for i, text := range texts {
		lines[i] = text.In(string(l))
	}
	return lines
}

// text returns the text in the language, formatted with the values. An error among them, such as a bilingual.Text, is in the
// same language.
func (l language) text(format bilingual.Text, values ...any) string {
	return bilingual.Format(format.ZH, format.EN, values...).In(string(l))
}
