package wechat

import (
	"bytes"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"
)

// Push is what the platform sent: a message of a follower, or an event. Its type tells which; a kind that has no type
// here is a *Raw.
type Push interface {
	// Common returns the fields that all pushes have.
	Common() *Head
}

// Head holds the fields that all pushes have.
type Head struct {
	ToUserName   string // the account's original id, gh_…
	FromUserName string // the sender's openid, 1 to 128 of 0-9A-Za-z_-; case-sensitive
	CreateTime   int64  // seconds since 1970
	MsgType      string // text, image, …, or event
	Event        string // the event's name where MsgType is event, its case as the platform writes it
	JSON         bool   `wechat:"-"` // whether the push came in the platform's JSON form; the reply then goes in it too
}

// Common makes a type that embeds Head a Push.
func (h *Head) Common() *Head { return h }

// Time is CreateTime, the order of what happened: pushes arrive late and out of order.
func (h *Head) Time() time.Time { return time.Unix(h.CreateTime, 0) }

// Kind names the push for logs: its message type, or event/ and the event's name.
func (h *Head) Kind() string {
	if h.MsgType == "event" {
		return "event/" + h.Event
	}
	return h.MsgType
}

// Raw is a push of a kind that has no type of its own.
type Raw struct {
	Head
	root element
}

// Field returns the text of the field of that name, without the blanks around its CDATA; "" if there is none. Where users
// may type in a push of an unknown kind is not known. So the text that a user typed into one field can pose as another
// field, but not as one of the Head's.
func (r *Raw) Field(name string) string {
	if e := r.root.child(name); e != nil {
		return e.text
	}
	return ""
}

// Keyed is a push that carries a key by which handlers are chosen.
type Keyed interface {
	Push
	Key() string
}

// ErrMalformed is in all errors of ParsePush and ReadEnvelope.
var ErrMalformed = errors.New("wechat: malformed push")

// ParsePush reads a push in clear: the body of a plain request, or what an Encrypt element held. What users type is
// understood even if it breaks the XML (control characters, `]]>`). In a push of a kind that has a type it can never stand
// in for another field, and in a Raw never for one of the Head's. What is not UTF-8 becomes U+FFFD, or is left out: texts
// grow by 64 bytes at most in all.
func ParsePush(body []byte) (Push, error) {
	p, err := parsePush(mend(string(body)), isJSON(body))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	return p, nil
}

func parsePush(s string, asJSON bool) (Push, error) {
	if asJSON {
		root, err := parseJSON(strings.TrimPrefix(s, "\ufeff"))
		if err != nil {
			return nil, err
		}
		return newPush(root, true)
	}
	p, err := parseOnce(s)
	if err == nil {
		return p, nil
	}
	// The platform does not escape what users type: a text may hold `]]>` and end its own CDATA section. If the result is no
	// longer well-formed, or is but says one thing twice, the texts that users type are escaped as the platform should have
	// done, and s is read again.
	escaped := escapeTyped(s)
	if escaped == s {
		return nil, err
	}
	return parseOnce(escaped)
}

func parseOnce(s string) (Push, error) {
	root, err := parseXML(s)
	if err != nil {
		return nil, err
	}
	return newPush(root, false)
}

// newPush makes the push of a document.
func newPush(root *element, asJSON bool) (Push, error) {
	head := Head{JSON: asJSON}
	if root.repeats(onceInAll) {
		return nil, errAmbiguous
	}
	decode(root, &head)
	if err := head.check(); err != nil {
		return nil, err
	}
	kind, known := kinds[head.Kind()]
	if !known {
		return &Raw{Head: head, root: *root}, nil
	}
	p := kind()
	if !asJSON && ambiguous(root, p) {
		return nil, errAmbiguous
	}
	p.Common().JSON = asJSON
	decode(root, p)
	return p, nil
}

// isJSON reports whether a body is in the platform's JSON form: the settings page offers XML alone, but the encryption
// page's examples are JSON.
func isJSON(body []byte) bool {
	body = bytes.TrimLeft(bytes.TrimPrefix(body, []byte("\ufeff")), " \t\r\n")
	return len(body) > 0 && body[0] == '{'
}

func (h *Head) check() error {
	switch {
	case !IsOpenID(h.FromUserName):
		return errors.New("FromUserName is not an openid")
	case !IsOpenID(h.ToUserName): // an original id has the same characters
		return errors.New("ToUserName is not an account's id")
	case h.CreateTime <= 0 || h.CreateTime >= 1e11: // the year 5138; in milliseconds, 1973
		return errors.New("CreateTime is not a time in seconds")
	case h.MsgType == "":
		return errors.New("no MsgType")
	case h.MsgType == "event" && h.Event == "":
		return errors.New("no Event")
	}
	return nil
}

// typed are the elements that hold what a user typed or what a scanned QR code says, 32 at most. Those in the second line
// belong to kinds without a type: cards, invoices, and conversations of a mini program.
var typed = []string{
	"Content", "Title", "Description", "Label", "Poiname", "Recognition", "ScanResult",
	"VerifyCode", "RemarkAmount", "title", "tax_no", "phone", "addr", "bank_type", "bank_no", "SessionFrom",
}

// escapeTyped escapes `]]>` in the texts that users type. The platform writes typed elements side by side, so that from
// the start of the first to the end of the last there is nothing but these texts: whatever they hold stays in one of
// them. If that cannot be, s is returned as it is.
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
	if lastTypedEnd(rest) > 0 { // at 0 is the end of the last text
		return s
	}
	return b.String() + rest
}

// firstTyped returns the first typed element of s and where its text starts, or "" and len(s).
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

// lastTypedEnd returns where the text of the last typed element ends in s, or -1.
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

// typedEnd returns where the text of a typed element ends with which s begins, and what typed element follows it, if one
// does, whose text starts at next. A text can forge an earlier end of its own: the last one is the true one. (Of two texts
// of one user the second can forge the end of the first. Then it is part of the first; both are the user's.)
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

// cutTyped returns the typed element whose name and > are the start of s, and what follows; "" if none is.
func cutTyped(s string) (name, after string) {
	for _, name := range typed {
		if after, found := strings.CutPrefix(s, name); found && strings.HasPrefix(after, ">") {
			return name, after[1:]
		}
	}
	return "", ""
}

func escapeCDATA(s string) string {
	return strings.ReplaceAll(s, cdataClose, "]]"+cdataClose+cdataOpen+">")
}

// The fields that say whose push it is, and which, stand once, at the top.
var (
	onceInAll   = []string{"ToUserName", "FromUserName", "CreateTime", "MsgType", "Event"}
	onceInKinds = []string{"EventKey", "MsgId"}
)

// ambiguous reports whether root, of which p is to be set, may hold more than the platform wrote: a text that leaves its
// element must open another of that name before the platform's own end of it. So an element that p reads and that users
// type stands once and has nothing in it. What else repeats may do so by design, in fields that are not known yet too.
func ambiguous(root *element, p Push) bool {
	read, seen := planOf(reflect.TypeOf(p).Elem()).typed(), uint32(0)
	return root.repeats(onceInKinds) || read != 0 && !root.unique(read, &seen)
}

// unique reports whether each element in e, e included, that is in which is a leaf and not in seen, and adds it.
func (e *element) unique(which uint32, seen *uint32) bool {
	if i := slices.Index(typed, e.name); i >= 0 && which&(1<<i) != 0 {
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
