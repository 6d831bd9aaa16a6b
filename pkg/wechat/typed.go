package wechat

import (
	"math/bits"
	"reflect"
	"slices"
	"strings"
)

// The platform does not escape what users type. A text can therefore contain `]]>`, leave its CDATA section and its element,
// and forge others. The functions in this file find these texts and keep them in their elements.

// typed are the elements that hold what a user typed or what a scanned QR code says, 32 at most. Those in the second line
// belong to kinds without a type: cards, invoices, and conversations of a mini program.
var typed = []string{
	"Content", "Title", "Description", "Label", "Poiname", "Recognition", "ScanResult",
	"VerifyCode", "RemarkAmount", "title", "tax_no", "phone", "addr", "bank_type", "bank_no", "SessionFrom",
}

// onceInKinds are fields that identify a push of a kind. They occur once, at the top level.
var onceInKinds = []string{"EventKey", "MsgId"}

// ambiguous reports whether root may contain elements that a user forged and that p would read.
//
// A text that leaves its element must open another of the same name before the platform closes its own. So a typed element
// that p reads may occur only once and without children. Other elements may be repeated by design, even ones that are not
// known yet.
func ambiguous(root *element, p Push) bool {
	read, seen := planOf(reflect.TypeOf(p).Elem()).typed(), uint32(0)
	return root.repeats(onceInKinds) || read != 0 && !root.unique(read, &seen)
}

// unique reports whether each typed element in e, including e, that is in which has no children and is not in seen. It adds
// those elements to seen. Bit i of both sets stands for typed[i].
func (e *element) unique(which uint32, seen *uint32) bool {
	for rest := which; rest != 0; rest &= rest - 1 { // without its lowest bit
		i := bits.TrailingZeros32(rest)
		if e.name != typed[i] {
			continue
		}
		if len(e.children) > 0 || *seen&(1<<i) != 0 {
			return false
		}
		*seen |= 1 << i
	}
	for i := range e.children {
		if !e.children[i].unique(which, seen) {
			return false
		}
	}
	return true
}

// escapeTyped escapes `]]>` in the texts of typed elements. The platform writes these elements side by side, so there is
// nothing else between the start of the first text and the end of the last. Whatever the texts contain stays in one of them.
// If the elements are not side by side, escapeTyped returns s.
func escapeTyped(s string) string {
	name, start := firstTyped(s)
	var b strings.Builder
	rest := s
	for name != "" {
		b.WriteString(rest[:start])
		rest = rest[start:]
		var end int
		if end, name, start = typedEnd(rest, name); end < 0 {
			return s
		}
		b.WriteString(escapeCDATA(rest[:end]))
		rest, start = rest[end:], start-end
	}
	if lastTypedEnd(rest) > 0 { // 0 is the end of the last text
		return s
	}
	return b.String() + rest
}

// outsideTyped returns s without the part from the start of the first typed text to the end of the last.
func outsideTyped(s string) string {
	name, start := firstTyped(s)
	if name == "" {
		return s
	}
	end := lastTypedEnd(s[start:])
	if end < 0 {
		return s[:start]
	}
	return s[:start] + s[start+end:]
}

// firstTyped returns the name of the first typed element of s and the start of its text, or "" and len(s).
func firstTyped(s string) (name string, start int) {
	for start < len(s) {
		i := strings.Index(s[start:], cdataOpen)
		if i < 0 {
			break
		}
		before := s[start : start+i]
		start += i + len(cdataOpen)
		if before, found := strings.CutSuffix(before, ">"); found {
			if name := before[strings.LastIndexByte(before, '<')+1:]; slices.Contains(typed, name) {
				return name, start
			}
		}
	}
	return "", len(s)
}

// lastTypedEnd returns the end of the text of the last typed element of s, or -1.
func lastTypedEnd(s string) int {
	const end = cdataClose + "</"
	i := strings.LastIndex(s, end)
	for i >= 0 {
		if name, _ := cutTyped(s[i+len(end):]); name != "" {
			break
		}
		i = strings.LastIndex(s[:i], end)
	}
	return i
}

// typedEnd returns the end of the text with which s begins, the text of the typed element name, or -1. If another typed
// element follows directly, it returns that element's name and the start of its text.
//
// A text can forge an earlier end of itself; the last one is the true one. If a user sends two texts, the second can forge
// the end of the first. It then becomes part of the first, which the same user typed.
func typedEnd(s, name string) (end int, following string, next int) {
	closing := cdataClose + "</" + name + ">"
	end = strings.LastIndex(s, closing)
	for i := end; i >= 0; i = strings.LastIndex(s[:i], closing) {
		after := trimBlanks(s[i+len(closing):])
		if tag, found := strings.CutPrefix(after, "<"); found {
			following, text := cutTyped(tag)
			if text, found = strings.CutPrefix(text, cdataOpen); found && following != name {
				return i, following, len(s) - len(text)
			}
		}
	}
	return end, "", 0
}

// cutTyped returns the name of the typed element whose name and > begin s, and the rest of s. It returns "" if s begins with
// no such name.
func cutTyped(s string) (name, after string) {
	for _, name := range typed {
		if after, found := strings.CutPrefix(s, name); found && strings.HasPrefix(after, ">") {
			return name, after[1:]
		}
	}
	return "", ""
}
