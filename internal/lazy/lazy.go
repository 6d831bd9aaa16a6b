// Package lazy puts off work that most starts of a program never need.
package lazy

import (
	"regexp"
	"sync"
)

// Regexp returns a function that compiles expr when it is first called. It panics if expr is not a regular expression.
func Regexp(expr string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(expr) })
}

// Match returns a function that reports whether a text has a match of expr, compiled when it is first called.
func Match(expr string) func(text string) bool {
	compiled := Regexp(expr)
	return func(text string) bool { return compiled().MatchString(text) }
}
