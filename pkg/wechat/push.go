package wechat

import (
	"errors"
	"fmt"
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
	FromUserName string // the sender's openid, opaque, case-sensitive; at most 128 bytes of printable ASCII here
	CreateTime   int64  // seconds since 1970
	MsgType      string // text, image, …, or event
	Event        string // the event's name where MsgType is event, its case as the platform writes it
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

// Text is a text message
// (https://developers.weixin.qq.com/doc/subscription/guide/product/message/Receiving_standard_messages.html).
type Text struct {
	Head
	Content      string `wechat:"verbatim"`     // as typed, control characters left out; may be empty
	MsgID        uint64 `wechat:"MsgId"`        // 64 bits; the same in repeated deliveries
	BizMsgMenuID string `wechat:"bizmsgmenuid"` // id of the tapped item of a msgmenu, whose caption is then Content
}

// Subscribe is a follow
// (https://developers.weixin.qq.com/doc/subscription/guide/product/message/Receiving_event_pushes.html).
type Subscribe struct {
	Head
	EventKey string // empty, or qrscene_ and the scene of the QR code that was scanned
	Ticket   string // of the QR code, only with one
}

// Scene is the scene of the QR code that led to the follow, "" where it was none.
func (s *Subscribe) Scene() string {
	scene, found := strings.CutPrefix(s.EventKey, "qrscene_")
	if !found {
		return ""
	}
	return scene
}

// Unsubscribe is an unfollow. The platform's terms demand that the user's data be deleted.
type Unsubscribe struct {
	Head
}

// Scan is a follower's scan of one of the account's parametric QR codes (event SCAN).
type Scan struct {
	Head
	EventKey string // the scene
	Ticket   string
}

// Click is a tap on a menu button of type click (event CLICK).
type Click struct {
	Head
	EventKey string // the button's key
}

// View is a tap on a menu button of type view, which opens its page by itself (event VIEW). It cannot be replied to.
type View struct {
	Head
	EventKey string // the page's URL
	MenuID   string `wechat:"MenuId"` // of the conditional menu
}

// kinds is the table of all pushes that have a type: message types by their name, events as event/ and theirs. To add a
// kind, add its struct above and its line here.
var kinds = map[string]func() Push{
	"text":              func() Push { return new(Text) },
	"event/subscribe":   func() Push { return new(Subscribe) },
	"event/unsubscribe": func() Push { return new(Unsubscribe) },
	"event/SCAN":        func() Push { return new(Scan) },
	"event/CLICK":       func() Push { return new(Click) },
	"event/VIEW":        func() Push { return new(View) },
}

// ErrMalformed is what the errors of ParsePush and ReadEnvelope are.
var ErrMalformed = errors.New("wechat: malformed push")

// ParsePush reads a push in clear: the body of a plain request, or what an Encrypt element held. What users type is
// understood even where it breaks the XML (control characters, `]]>`), and can never stand in for another field.
func ParsePush(body []byte) (Push, error) {
	root, err := readDocument(string(body))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	var head Head
	decode(root, &head)
	if err := head.check(); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	kind, known := kinds[head.Kind()]
	if !known {
		return &Raw{Head: head, root: root}, nil
	}
	p := kind()
	decode(root, p)
	return p, nil
}

func (h *Head) check() error {
	switch {
	case !isID(h.FromUserName):
		return errors.New("FromUserName is not an openid")
	case !isID(h.ToUserName):
		return errors.New("ToUserName is not an account's id")
	case h.CreateTime <= 0:
		return errors.New("CreateTime is not a time")
	case h.MsgType == "":
		return errors.New("MsgType is missing")
	case h.MsgType == "event" && h.Event == "":
		return errors.New("Event is missing")
	}
	return nil
}

// isID reports whether s can be an openid or an account's id. They are opaque, but become keys of a table.
func isID(s string) bool {
	for i := range len(s) {
		if s[i] <= ' ' || s[i] > '~' {
			return false
		}
	}
	return s != "" && len(s) <= 128
}

// Envelope is the outside of a request's body. Encrypt is "" where the push is in clear only; where it stands beside
// clear fields (compatible mode), those are covered by no signature.
type Envelope struct {
	ToUserName string
	Encrypt    string // base64, as signed
}

// ReadEnvelope reads the outside of a body.
func ReadEnvelope(body []byte) (Envelope, error) {
	var e Envelope
	root, err := readDocument(string(body))
	if err != nil {
		return e, fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	decode(root, &e)
	return e, nil
}

// readDocument parses s. The platform does not escape what users type: a text may hold `]]>` and end its own CDATA
// section. Where the result is no longer well-formed, or is but speaks twice for one field, the texts that users type
// are escaped as the platform should have done, and s is read again.
func readDocument(s string) (*element, error) {
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
var typed = []string{"Content", "Label", "Poiname", "Title", "Description", "Recognition", "ScanResult"}

// escapeTyped escapes `]]>` in the text of each typed element, which ends at the last closing tag of its name: a text
// can forge an earlier one.
func escapeTyped(s string) string {
	for _, name := range typed {
		start, end := "<"+name+">"+cdataOpen, cdataClose+"</"+name+">"
		i, j := strings.Index(s, start), strings.LastIndex(s, end)
		if i += len(start); i < len(start) || j < i {
			continue
		}
		s = s[:i] + escapeCDATA(s[i:j]) + s[j:]
	}
	return s
}

func escapeCDATA(s string) string {
	return strings.ReplaceAll(s, cdataClose, "]]"+cdataClose+cdataOpen+">")
}

var errAmbiguous = errors.New("a field stands twice")

// ambiguous reports whether a field of the push stands twice, or a typed one has elements in it.
func ambiguous(root *element) error {
	for i, e := range root.children {
		for _, earlier := range root.children[:i] {
			if earlier.name == e.name {
				return errAmbiguous
			}
		}
		if len(e.children) > 0 {
			for _, name := range typed {
				if e.name == name {
					return errAmbiguous
				}
			}
		}
	}
	return nil
}

// Keyed is a push that carries a key by which handlers are chosen.
type Keyed interface {
	Push
	Key() string
}

// Key is the scene of the QR code, as Scene.
func (s *Subscribe) Key() string { return s.Scene() }

// Key is the scene of the QR code.
func (s *Scan) Key() string { return s.EventKey }

// Key is the button's key.
func (c *Click) Key() string { return c.EventKey }

// Key is the page's URL.
func (v *View) Key() string { return v.EventKey }
