package menu

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// errcodeOf returns the errcode of the platform's refusal, 0 if err is none.
func errcodeOf(err error) int {
	refusal, ok := errors.AsType[interface {
		error
		Errcode() int
	}](err)
	if !ok {
		return 0
	}
	return refusal.Errcode()
}

// What a button has that an errcode may be about.
var (
	hasType    = func(b Button) bool { return b.Type != "" }
	hasName    = func(Button) bool { return true }
	hasKey     = func(b Button) bool { return b.Key != "" }
	hasURL     = func(b Button) bool { return b.URL != "" }
	hasMedia   = func(b Button) bool { return b.MediaID != "" }
	hasArticle = func(b Button) bool { return b.ArticleID != "" }
	hasApp     = func(b Button) bool { return b.AppID != "" }
	hasBelow   = func(b Button) bool { return len(b.SubButton) > 0 }
)

// concerned says which buttons an errcode is about: at the top, below it, or nil for none there. The platform itself
// does not say which of them. https://developers.weixin.qq.com/doc/service/api/custommenu/api_createcustommenu
var concerned = map[int]struct{ top, below func(Button) bool }{
	40007: {hasMedia, hasMedia},
	40015: {hasType, hasType},
	40017: {hasType, nil},
	40018: {hasName, nil},
	40019: {hasKey, nil},
	40020: {hasURL, nil},
	40022: {hasBelow, nil},
	40023: {hasBelow, nil},
	40024: {nil, hasType},
	40025: {nil, hasName},
	40026: {nil, hasKey},
	40027: {nil, hasURL},
	40054: {nil, hasURL},
	40055: {hasURL, nil},
	40119: {hasType, nil},
	40120: {nil, hasType},
	40155: {hasURL, hasURL},
	40165: {hasApp, hasApp},
	40166: {hasApp, hasApp},
	45064: {hasApp, hasApp},
	53600: {hasArticle, hasArticle},
	65308: {hasType, hasType},
	65316: {hasURL, hasURL},
	65317: {hasURL, hasURL},
}

// explain adds to the platform's refusal of a menu the lines that it is about: those of the buttons in question, else
// the menu's own.
func explain(err error, file string, line int, buttons []Button) error {
	errcode := errcodeOf(err)
	if errcode == 0 || errcode == noPermission || errcode == noQuota {
		return err
	}
	var lines []int
	about := concerned[errcode]
	for _, b := range buttons {
		if about.top != nil && about.top(b) {
			lines = append(lines, b.Line)
		}
		for _, below := range b.SubButton {
			if about.below != nil && about.below(below) {
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
	return fmt.Errorf("%s: %w", strings.Join(places, " or "), err)
}
