package menu

import (
	"fmt"
	"slices"
	"strings"

	"github.com/guanzhu/guanzhu/internal/bilingual"
	"github.com/guanzhu/guanzhu/internal/errcode"
)

// refusal is the platform's refusal of a menu. It implements bilingual.Error.
type refusal struct {
	before bilingual.Text // the part that was published before; empty if nothing was
	places []string       // the lines that it is about, each as file:line
	err    error
}

func (e *refusal) Error() string { return e.In("en") }

func (e *refusal) Unwrap() error { return e.err }

func (e *refusal) In(language string) string {
	colon, or := ": ", " or "
	if language == bilingual.Chinese {
		colon, or = "：", " 或 "
	}
	parts := []string{e.before.In(language), strings.Join(e.places, or), bilingual.Explain(e.err, language)}
	return strings.Join(slices.DeleteFunc(parts, func(part string) bool { return part == "" }), colon)
}

// has reports whether b has the field, in the platform's spelling. Every button has a name.
func (b Button) has(field string) bool {
	switch field {
	case "name":
		return true
	case "type":
		return b.Type != ""
	case "key":
		return b.Key != ""
	case "url":
		return b.URL != ""
	case "media_id":
		return b.MediaID != ""
	case "article_id":
		return b.ArticleID != ""
	case "appid":
		return b.AppID != ""
	case "sub_button":
		return len(b.SubButton) > 0
	}
	return false
}

// about returns the places that an errcode is about: the lines of the buttons in question, or the line of the menu.
func about(code int, file string, line int, buttons []Button) []string {
	if code == 0 || code == errcode.NoPermission || code == errcode.NoQuota {
		return nil // not about the menu
	}
	row, _ := errcode.Lookup(code)
	var lines []int
	for _, b := range buttons {
		if b.has(row.Buttons.Top) {
			lines = append(lines, b.Line)
		}
		for _, below := range b.SubButton {
			if below.has(row.Buttons.Below) {
				lines = append(lines, below.Line)
			}
		}
	}
	if lines = slices.Compact(lines); len(lines) == 0 {
		lines = []int{line}
	}
	var places []string
	for _, line := range lines {
		places = append(places, fmt.Sprintf("%s:%d", file, line))
	}
	return places
}
