package follower

import (
	"strings"
	"unicode/utf8"
)

// Values from outside are stored up to these limits, so that every push can be stored: a DynamoDB item has at most 400 KB.
// The platform's own values are far shorter.
const (
	// MaxText limits a suggestion's text, in bytes of UTF-8.
	MaxText = 4 << 10
	// MaxValue limits every other text, in bytes of UTF-8: unionid, language, scene, QR scene, remark.
	MaxValue = 1 << 10
	// MaxTags limits a follower's tags. The platform allows 20.
	MaxTags = 100
	// MaxSuggestions limits a follower's suggestions of one day in China time.
	MaxSuggestions = 20
)

// Bounded returns f within the limits, as it is stored.
func (f Follower) Bounded() Follower {
	for _, value := range []*string{&f.UnionID, &f.Language, &f.Scene, &f.QRScene, &f.Remark} {
		*value = cut(*value, MaxValue)
	}
	f.Tags = f.Tags[:min(len(f.Tags), MaxTags)]
	return f
}

// Bounded returns s within the limits, as it is stored.
func (s Suggestion) Bounded() Suggestion {
	s.Text = cut(s.Text, MaxText)
	return s
}

// cut cuts s at a character, so that it has at most size bytes. It replaces each byte that is not UTF-8 by U+FFFD, which
// has three bytes, as DynamoDB stores it.
func cut(s string, size int) string {
	if len(s) <= size && utf8.ValidString(s) {
		return s
	}
	var b strings.Builder
	for _, r := range s {
		if b.Len()+utf8.RuneLen(r) > size {
			break
		}
		b.WriteRune(r)
	}
	return b.String()
}
