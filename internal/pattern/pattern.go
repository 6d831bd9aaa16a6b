// Package pattern compares texts and keys with patterns. Of thousands of patterns it finds the first that matches,
// without trying one after another.
package pattern

import (
	"fmt"
	"regexp"
	"strings"
	"unicode"
)

// Pattern is a condition on a string, byte by byte: neither white space nor the case of letters is left out.
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

// Exact matches what is s.
func Exact(s string) Pattern { return Pattern{kind: exact, text: s} }

// Prefix matches what begins with s.
func Prefix(s string) Pattern { return Pattern{kind: prefix, text: s} }

// Contains matches what has s in it.
func Contains(s string) Pattern { return Pattern{kind: contains, text: s} }

// Matching matches what re finds a match in. With a nil re the pattern is empty.
func Matching(re *regexp.Regexp) Pattern {
	if re == nil {
		return Pattern{kind: matching}
	}
	return Pattern{kind: matching, text: re.String(), regexp: re}
}

// String shows the pattern in errors.
func (p Pattern) String() string { return fmt.Sprintf("%s %q", p.kind, p.text) }

// Empty reports whether p asks for nothing. No such pattern may be added to an Index.
func (p Pattern) Empty() bool { return p.text == "" }

// MatchesTrimmed reports whether p can match a string without white space around it, as far as that is known.
func (p Pattern) MatchesTrimmed() bool {
	switch p.kind {
	case exact:
		return strings.TrimSpace(p.text) == p.text
	case prefix:
		return strings.TrimLeftFunc(p.text, unicode.IsSpace) == p.text
	}
	return true
}
