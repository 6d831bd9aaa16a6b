// Package pattern matches texts and keys against patterns. An Index finds the first match among thousands of patterns
// without trying them one by one.
package pattern

import (
	"fmt"
	"regexp"
	"strings"
	"unicode"
)

// Pattern is a condition on a string. White space and the case of letters count.
type Pattern struct {
	kind   kind
	text   string
	regexp *regexp.Regexp
}

type kind string

const (
	exact    kind = "exactly"
	prefix   kind = "prefix"
	contains kind = "containing"
	matching kind = "matching"
)

// Exact matches s alone.
func Exact(s string) Pattern { return Pattern{kind: exact, text: s} }

// Prefix matches every string that begins with s.
func Prefix(s string) Pattern { return Pattern{kind: prefix, text: s} }

// Contains matches every string that contains s.
func Contains(s string) Pattern { return Pattern{kind: contains, text: s} }

// Matching matches every string in which re finds a match. If re is nil, the pattern is empty.
func Matching(re *regexp.Regexp) Pattern {
	if re == nil {
		return Pattern{kind: matching}
	}
	return Pattern{kind: matching, text: re.String(), regexp: re}
}

// String returns the pattern's form in errors.
func (p Pattern) String() string { return fmt.Sprintf("%s %q", p.kind, p.text) }

// Empty reports whether p has no text. An empty pattern must not be added to an Index.
func (p Pattern) Empty() bool { return p.text == "" }

// MatchesTrimmed reports whether p can match a string that has no white space around it. For a regular expression it
// returns true.
func (p Pattern) MatchesTrimmed() bool {
	switch p.kind {
	case exact:
		return strings.TrimSpace(p.text) == p.text
	case prefix:
		return strings.TrimLeftFunc(p.text, unicode.IsSpace) == p.text
	}
	return true
}
