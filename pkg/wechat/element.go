package wechat

import "errors"

// element is one node of a push or a reply, whether it is written as XML or as JSON. A JSON array is several elements of
// one name.
type element struct {
	name     string
	text     string // the character data directly in it, that of its children left out
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
