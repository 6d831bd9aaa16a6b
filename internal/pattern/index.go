package pattern

import (
	"iter"
	"math"
	"regexp"
)

// An Index finds the first of its patterns, in the order of Add, that matches a string. Its zero value has none. It may
// be read concurrently once all are added.
//
// The time of First and Add grows with the length of the string, at worst times that of the longest text of a pattern,
// and not with the number of patterns. Regular expressions alone are tried one after another.
type Index struct {
	size        int
	nodes       []numbers
	edges       map[edge]int
	hasContains bool
	expressions []expression
	sameText    map[string]int // the numbers of the expressions, by their text
}

// The texts of all patterns but expressions form a trie. Each byte of a text leads from one of its nodes to the next;
// the first node is the root.
type edge struct {
	from int
	by   byte
}

// numbers are those of the first patterns of each kind.
type numbers struct{ exact, prefix, contains int }

type expression struct {
	number int
	regexp *regexp.Regexp
}

// none is greater than the number of any pattern.
const none = math.MaxInt

// Add adds p, whose number is how many were added before. If an earlier pattern is known to match all that p matches,
// so that p is never the first, Add reports the first such pattern.
func (x *Index) Add(p Pattern) (earlier int, covered bool) {
	earlier = x.covering(p)
	number := x.size
	x.size++
	if x.edges == nil {
		x.edges, x.sameText = make(map[edge]int), make(map[string]int)
		x.nodes = []numbers{{none, none, none}}
	}
	switch p.kind {
	case exact:
		keepFirst(&x.node(p.text).exact, number)
	case prefix:
		keepFirst(&x.node(p.text).prefix, number)
	case contains:
		keepFirst(&x.node(p.text).contains, number)
		x.hasContains = true
	case matching:
		x.expressions = append(x.expressions, expression{number, p.regexp})
		x.sameText[p.text] = min(earlier, number)
	}
	return earlier, earlier < number
}

func keepFirst(first *int, number int) { *first = min(*first, number) }

// node returns the node of text, which it makes if need be.
func (x *Index) node(text string) *numbers {
	node := 0
	for i := range len(text) {
		next, ok := x.edges[edge{node, text[i]}]
		if !ok {
			next = len(x.nodes)
			x.nodes = append(x.nodes, numbers{none, none, none})
			x.edges[edge{node, text[i]}] = next
		}
		node = next
	}
	return &x.nodes[node]
}

// covering returns the number of the first pattern that is known to match all that p matches, or none.
func (x *Index) covering(p Pattern) int {
	switch p.kind {
	case exact:
		number, _ := x.First(p.text)
		return number
	case prefix:
		found := x.found(p.text)
		return min(found.prefix, found.contains)
	case contains:
		return x.found(p.text).contains
	}
	if number, ok := x.sameText[p.text]; ok {
		return number
	}
	return none
}

// First returns the number of the first pattern that matches s, and whether there is one.
func (x *Index) First(s string) (number int, ok bool) {
	found := x.found(s)
	number = x.firstExpression(s, min(found.exact, found.prefix, found.contains))
	return number, number < none
}

// firstExpression returns the number of the first expression that matches s, or below if that is smaller.
func (x *Index) firstExpression(s string, below int) int {
	for _, e := range x.expressions {
		if e.number > below {
			break
		}
		if e.regexp.MatchString(s) {
			return e.number
		}
	}
	return below
}

// found returns the numbers of the first patterns of each kind but expressions that match s.
func (x *Index) found(s string) numbers {
	first := numbers{none, none, none}
	for part, node := range x.parts(s) {
		first.contains = min(first.contains, node.contains)
		if part.start > 0 {
			continue
		}
		first.prefix = min(first.prefix, node.prefix)
		if part.end == len(s) {
			first.exact = node.exact
		}
	}
	return first
}

type part struct{ start, end int }

// parts are the parts of s that some pattern's text begins with, and their nodes. Without patterns of Contains they are
// those at the beginning of s.
func (x *Index) parts(s string) iter.Seq2[part, numbers] {
	return func(yield func(part, numbers) bool) {
		for start := range len(s) {
			if start > 0 && !x.hasContains {
				return
			}
			node := 0
			for end := start; end < len(s); end++ {
				next, ok := x.edges[edge{node, s[end]}]
				if !ok {
					break
				}
				node = next
				if !yield(part{start, end + 1}, x.nodes[node]) {
					return
				}
			}
		}
	}
}
