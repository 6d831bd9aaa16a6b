package wechat

import (
	"errors"
	"slices"
)

// element is one node of a push or a reply, whether it is written as XML or as JSON. A JSON array is several elements of
// one name.
type element struct {
	name string
	// text is the character data directly in it, that of its children left out. Of a push it is without the blanks that stand
	// outside CDATA at its ends: the platform's samples have such blanks, and they are layout. Blanks in CDATA, and in a JSON
	// string, are part of the text.
	text     string
	children []element
	number   bool // of a reply: written bare, without CDATA or quotes
}

// child returns the last child of that name, as encoding/xml's Unmarshal takes the last of a repeated element.
func (e *element) child(name string) *element {
	for i := len(e.children) - 1; i >= 0; i-- {
		if e.children[i].name == name {
			return &e.children[i]
		}
	}
	return nil
}

// Bounds of what is read. The platform's deepest push has six levels, its longest some hundred elements.
const (
	maxDepth    = 16
	maxElements = 1024
)

var (
	errTooDeep   = errors.New("nested too deep")
	errTooMany   = errors.New("too many elements")
	errAmbiguous = errors.New("a field stands twice")
)

// appendChildren appends to found the children of that name of each element of parents, in their order.
func appendChildren(found, parents []*element, name string) []*element {
	for _, parent := range parents {
		for i := range parent.children {
			if parent.children[i].name == name {
				found = append(found, &parent.children[i])
			}
		}
	}
	return found
}

// repeats reports whether one of names, 32 at most, stands twice among e's children.
func (e *element) repeats(names []string) bool {
	var seen uint32 // bit i: names[i]
	for i := range e.children {
		if j := slices.Index(names, e.children[i].name); j >= 0 {
			if seen&(1<<j) != 0 {
				return true
			}
			seen |= 1 << j
		}
	}
	return false
}

// bounds counts the elements of one document.
type bounds struct{ elements int }

func (b *bounds) enter(depth int) error {
	if b.elements++; b.elements > maxElements {
		return errTooMany
	}
	if depth > maxDepth {
		return errTooDeep
	}
	return nil
}
