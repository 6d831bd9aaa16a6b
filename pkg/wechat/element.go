package wechat

import (
	"errors"
	"slices"
	"strings"
)

// element is one node of a push or a reply, in XML or in JSON. A JSON array is several elements of one name.
type element struct {
	name string
	// text is the character data directly in the element, without that of its children. In a push, blanks outside CDATA at
	// its ends are cut: they are layout in the platform's samples. Blanks in CDATA or in a JSON string are kept.
	text     string
	children []element
	number   bool // in a reply: written without CDATA or quotes
}

// child returns the last child of that name, or nil. encoding/xml takes the last of a repeated element too.
func (e *element) child(name string) *element {
	for i := len(e.children) - 1; i >= 0; i-- {
		if e.children[i].name == name {
			return &e.children[i]
		}
	}
	return nil
}

// only returns the text of the only child of that name, without blanks around it, or "" if there is none.
func (e *element) only(name string) (text string, err error) {
	found := false
	for i := range e.children {
		if e.children[i].name != name {
			continue
		}
		if found {
			return "", errAmbiguous
		}
		text, found = strings.TrimSpace(e.children[i].text), true
	}
	return text, nil
}

// appendChildren appends to found the children of that name of each of parents, in order.
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

// repeats reports whether two children of e have the same name and it is one of names, 32 at most.
func (e *element) repeats(names []string) bool {
	var seen uint32 // bit i for names[i]
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

// marshal returns a document whose root element, xml, has the children in parts.
func marshal(asJSON bool, parts ...[]element) []byte {
	if asJSON {
		return appendJSON(nil, &element{children: slices.Concat(parts...)})
	}
	size := len("<xml></xml>")
	for _, part := range parts {
		size += sizeXML(part)
	}
	b := append(make([]byte, 0, size), "<xml>"...)
	for _, part := range parts {
		for i := range part {
			b = appendXML(b, &part[i])
		}
	}
	return append(b, "</xml>"...)
}

// Limits of a push. The platform's deepest push has six levels, its longest some hundred elements.
const (
	maxDepth    = 16
	maxElements = 1024
)

var (
	errTooDeep   = errors.New("elements are nested too deep")
	errTooMany   = errors.New("too many elements")
	errAmbiguous = errors.New("a field occurs twice")
)

// bounds counts the elements of one document.
type bounds struct{ elements int }

// enter counts an element at that depth. It returns an error if a limit is exceeded.
func (b *bounds) enter(depth int) error {
	if b.elements++; b.elements > maxElements {
		return errTooMany
	}
	if depth > maxDepth {
		return errTooDeep
	}
	return nil
}
