package main

import (
	"fmt"
	"strings"
)

// language is the language of the output: zh or en.
type language string

// languageOf returns the language that --lang selects: zh, en, or auto for the language of the locale.
func languageOf(flag string, getenv func(string) string) language {
	if flag != "auto" {
		return language(flag)
	}
	locale := getenv("LC_ALL")
	if locale == "" {
		locale = getenv("LANG")
	}
	if strings.HasPrefix(locale, "zh") {
		return "zh"
	}
	return "en"
}

// say returns the text in the language, formatted with the values.
func (l language) say(zh, en string, values ...any) string {
	if l == "zh" {
		return fmt.Sprintf(zh, values...)
	}
	return fmt.Sprintf(en, values...)
}
