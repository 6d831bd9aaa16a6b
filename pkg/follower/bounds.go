package follower

import (
	"strings"
	"unicode/utf8"
)

// What is stored of values that come from outside is bounded, whatever a push or an API's answer holds. The platform's
// own values are far shorter. A DynamoDB item has at most 400 KB; one that cannot be stored would be pushed in vain.
const (
	// MaxText is how much of a suggestion's text is stored, in bytes of UTF-8.
	MaxText = 4 << 10
	// MaxValue is how much of every other text is stored, in bytes of UTF-8: unionid, language, scene, QR scene, remark.
	MaxValue = 1 << 10
	// MaxTags is how many of a follower's tags are stored. The platform allows 20.
	MaxTags = 100
	// MaxSuggestions is how many suggestions of one follower are kept of one day in China time.
	MaxSuggestions = 20
)

// Bounded returns f as it is stored.
func (f Follower) Bounded() Follower {
	for _, value := range []*string{&f.UnionID, &f.Language, &f.Scene, &f.QRScene, &f.Remark} {
		*value = cut(*value, MaxValue)
	}
	f.Tags = f.Tags[:min(len(f.Tags), MaxTags)]
	return f
}

// Bounded returns s as it is stored.
func (s Suggestion) Bounded() Suggestion {
	s.Text = cut(s.Text, MaxText)
	return s
}

// cut returns what of s fits into so many bytes, cut at a character. Each byte that is not UTF-8 becomes U+FFFD, which
// has three: so it is with what DynamoDB stores.
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
