package pattern

import (
	"iter"
	"math"
	"regexp"
)

// Index finds the first pattern, in the order of Add, that matches a string. The zero Index is empty. Calls of First may
// run concurrently, but not beside Add.
//
// The time that First and Add take does not depend on the number of patterns. At worst it is proportional to the length
// of the string times that of the longest pattern. Regular expressions are an exception: First tries them one by one.
type Index struct {
	size        int
	nodes       []numbers
	edges       map[edge]int
	hasContains bool
	expressions []expression
	sameText    map[string]int // the number of the first expression with each text
}

// The texts of all patterns except expressions form a trie. Its root is nodes[0]. An edge leads from a node by one byte
// of a text to the next node.
type edge struct {
	from int
	by   byte
}

// numbers has the number of the first pattern of each kind, or none.
type numbers struct{ exact, prefix, contains int }

type expression struct {
	number int
	regexp *regexp.Regexp
}

// none means no pattern. It is greater than every number of a pattern.
const none = math.MaxInt

// Add adds p. The first pattern has the number 0. If an earlier pattern matches every string that p matches, p is covered:
// First never returns it. Add returns the number of the first pattern that covers p. Of two regular expressions, Add
// only knows that equal ones cover each other.
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

// node returns the node of text. It adds missing nodes.
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

// covering returns the number of the first pattern that covers p, or none.
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

// First returns the number of the first pattern that matches s. ok reports whether there is one.
func (x *Index) First(s string) (number int, ok bool) {
	found := x.found(s)
	number = x.firstExpression(s, min(found.exact, found.prefix, found.contains))
	return number, number < none
}

// firstExpression returns the number of the first expression that matches s, if it is smaller than below, else below.
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

// found returns the numbers of the first patterns that match s, without expressions.
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

// parts yields the parts of s with which the text of a pattern begins, and their nodes. If there is no pattern of
// Contains, it yields only parts at the beginning of s.
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
