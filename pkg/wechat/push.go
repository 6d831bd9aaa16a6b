package wechat

import (
	"bytes"
	"errors"
	"fmt"
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
	root *element
}

// Field returns the text of the field of that name, "" where there is none.
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

// ErrMalformed is what the errors of ParsePush and ReadEnvelope are.
var ErrMalformed = errors.New("wechat: malformed push")

// ParsePush reads a push in clear: the body of a plain request, or what an Encrypt element held. What users type is
// understood even where it breaks the XML (control characters, `]]>`), and can never stand in for another field.
func ParsePush(body []byte) (Push, error) {
	root, err := readDocument(body)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	head := Head{JSON: isJSON(body)}
	decode(root, &head)
	if err := head.check(); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	kind, known := kinds[head.Kind()]
	if !known {
		return &Raw{Head: head, root: root}, nil
	}
	p := kind()
	p.Common().JSON = head.JSON
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

// Envelope is the outside of a request's body. Encrypt is "" where the push is in clear only; where it stands beside
// clear fields (compatible mode), those are covered by no signature.
type Envelope struct {
	ToUserName string // the account's original id, gh_…; covered by no signature
	Encrypt    string // base64, as signed
}

// ReadEnvelope reads the outside of a body.
func ReadEnvelope(body []byte) (Envelope, error) {
	var e Envelope
	root, err := readDocument(body)
	if err != nil {
		return e, fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	decode(root, &e)
	return e, nil
}

// readDocument parses body, in XML or JSON.
func readDocument(body []byte) (*element, error) {
	if isJSON(body) {
		return parseJSON(strings.TrimPrefix(string(body), "\ufeff"))
	}
	return readXML(string(body))
}

// readXML parses s. The platform does not escape what users type: a text may hold `]]>` and end its own CDATA section.
// Where the result is no longer well-formed, or is but speaks twice for one field, the texts that users type are escaped
// as the platform should have done, and s is read again.
func readXML(s string) (*element, error) {
	root, err := parseXML(s)
	if err == nil {
		err = ambiguous(root)
	}
	if err == nil {
		return root, nil
	}
	escaped := escapeTyped(s)
	if escaped == s {
		return nil, err
	}
	if root, err = parseXML(escaped); err != nil {
		return nil, err
	}
	return root, ambiguous(root)
}

// typed are the elements that hold what a user typed, or had a QR code say.
var typed = []string{
	"Content", "Title", "Description", "Label", "Poiname", "Recognition", "ScanResult", "SessionFrom",
	"VerifyCode", "RemarkAmount", "title", "tax_no", "phone", "addr", "bank_type", "bank_no",
}

// escapeTyped escapes `]]>` in the texts that users type. The platform writes typed elements side by side, so that from
// the start of the first to the end of the last there is nothing but these texts: whatever they hold stays in one of
// them. Where that cannot be, s is returned as it is.
func escapeTyped(s string) string {
	name, start := "", len(s)
	for _, candidate := range typed {
		open := "<" + candidate + ">" + cdataOpen
		if i := strings.Index(s, open); i >= 0 && i+len(open) <= start {
			name, start = candidate, i+len(open)
		}
	}
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
	for _, name := range typed {
		if strings.LastIndex(rest, cdataClose+"</"+name+">") > 0 { // at 0 is the end of the last text
			return s
		}
	}
	return b.String() + rest
}

// typedEnd returns where the text of a typed element ends with which s begins, and what typed element follows it, if one
// does, whose text starts at next. A text can forge an earlier end of its own: the last one is the true one. (Of two texts
// of one user the second can forge the end of the first. Then it is part of the first; both are the user's.)
func typedEnd(s, name string) (end int, following string, next int) {
	closing := cdataClose + "</" + name + ">"
	end = strings.LastIndex(s, closing)
	for i := end; i >= 0; i = strings.LastIndex(s[:i], closing) {
		after := strings.TrimLeft(s[i+len(closing):], " \t\r\n")
		for _, following := range typed {
			if open := "<" + following + ">" + cdataOpen; following != name && strings.HasPrefix(after, open) {
				return i, following, len(s) - len(after) + len(open)
			}
		}
	}
	return end, "", 0
}

func escapeCDATA(s string) string {
	return strings.ReplaceAll(s, cdataClose, "]]"+cdataClose+cdataOpen+">")
}

// once are the fields that say whose push it is and which: they stand once, at the top.
var once = []string{"ToUserName", "FromUserName", "CreateTime", "MsgType", "Event", "EventKey", "MsgId", "Encrypt"}

// ambiguous reports whether s may hold more than the platform wrote: a text that leaves its element must open another of
// that name before the platform's own end of it. So a typed element stands once and has nothing in it. What else repeats
// may do so by design, in kinds that are not known yet too.
func ambiguous(root *element) error {
	var seen uint32 // bit i: typed[i]
	for i := range root.children {
		e := &root.children[i]
		if root.child(e.name) != e && slices.Contains(once, e.name) || !e.unique(&seen) {
			return errAmbiguous
		}
	}
	return nil
}

// unique reports whether each typed element in e, e included, is a leaf and not in seen, and adds it.
func (e *element) unique(seen *uint32) bool {
	if i := slices.Index(typed, e.name); i >= 0 {
		if len(e.children) > 0 || *seen&(1<<i) != 0 {
			return false
		}
		*seen |= 1 << i
	}
	for i := range e.children {
		if !e.children[i].unique(seen) {
			return false
		}
	}
	return true
}
