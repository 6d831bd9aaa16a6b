package wechat

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Push is a message of a follower or an event. It is a pointer to the type of its kind, such as *Text, or a *Raw if the kind
// has no type.
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
	Event        string // the event's name if MsgType is event, in the platform's case
	JSON         bool   `wechat:"-"` // whether the push is in the platform's JSON form; the reply is then in JSON too
}

// Common returns h. It makes a type that embeds Head a Push.
func (h *Head) Common() *Head { return h }

// Time returns CreateTime, by which pushes are ordered: they may arrive late and out of order.
func (h *Head) Time() time.Time { return time.Unix(h.CreateTime, 0) }

// Kind returns the name of the push's kind: its message type, or event/ and the event's name.
func (h *Head) Kind() string {
	if h.MsgType == "event" {
		return "event/" + h.Event
	}
	return h.MsgType
}

// Raw is a push of a kind that has no type of its own. A user's text in one of its fields can forge any other field, except
// those of the Head: which fields hold what users type is not known.
type Raw struct {
	Head
	root element
}

// Field returns the text of the top-level field of that name, the last one if it is repeated, or "" if there is none. Blanks
// around CDATA are cut, blanks in it are kept. For nested and repeated fields, see [Raw.Decode].
func (r *Raw) Field(name string) string {
	if e := r.root.child(name); e != nil {
		return e.text
	}
	return ""
}

// Keyed is a push with a key by which handlers can be chosen: a menu button's key or a QR code's scene.
type Keyed interface {
	Push
	Key() string
}

// errMalformed is wrapped by all errors of ParsePush and ReadEnvelope.
var errMalformed = errors.New("wechat: malformed push")

// ParsePush parses a push in clear, XML or JSON: the body of a plain request, or what [Cipher.Decrypt] returned.
//
// It understands what users type even if that breaks the XML (control characters, `]]>`). A user's text cannot forge another
// field of a typed push, nor a field of the Head in a [Raw]. Bytes that are not UTF-8 become U+FFFD or are removed; texts grow
// by at most 64 bytes in all.
//
// ParsePush returns an error if the body is malformed, has more than 1024 elements or 16 levels, or lacks a valid
// FromUserName, ToUserName, CreateTime, MsgType or, in an event, Event. The error does not contain parts of the body.
func ParsePush(body []byte) (Push, error) {
	p, err := parsePush(mend(string(body)), isJSON(body))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errMalformed, err)
	}
	return p, nil
}

func parsePush(s string, asJSON bool) (Push, error) {
	if asJSON {
		root, err := parseJSON(strings.TrimPrefix(s, "\ufeff"))
		if err != nil {
			return nil, err
		}
		return newPush(&root, true)
	}
	p, err := parsePushXML(s)
	if err == nil {
		return p, nil
	}
	// The platform does not escape what users type: a text that contains `]]>` ends its own CDATA section. If the result is
	// malformed or ambiguous, escape these texts as the platform should have done, and parse again.
	escaped := escapeTyped(s)
	if escaped == s {
		return nil, err
	}
	return parsePushXML(escaped)
}

func parsePushXML(s string) (Push, error) {
	root, err := parseXML(s)
	if err != nil {
		return nil, err
	}
	return newPush(&root, false)
}

// newPush returns the push in a document.
func newPush(root *element, asJSON bool) (Push, error) {
	head, err := readHead(root)
	if err != nil {
		return nil, err
	}
	head.JSON = asJSON
	kind, known := kinds[head.Kind()]
	if !known {
		return &Raw{Head: head, root: *root}, nil
	}
	p := kind()
	if !asJSON && ambiguous(root, p) {
		return nil, errAmbiguous
	}
	*p.Common() = head
	decodeOwn(root, p)
	return p, nil
}

// isJSON reports whether a body is in the platform's JSON form. The settings page offers only XML, but the examples on the
// encryption page are JSON.
func isJSON(body []byte) bool {
	for _, c := range bytes.TrimPrefix(body, []byte("\ufeff")) {
		switch c {
		case ' ', '\t', '\r', '\n':
		default:
			return c == '{'
		}
	}
	return false
}

// readHead returns the Head in a document. Its fields identify a push and its sender, so they occur once, at the top level.
func readHead(root *element) (h Head, err error) {
	var createTime string
	for _, field := range []struct {
		name string
		text *string
	}{
		{"ToUserName", &h.ToUserName}, {"FromUserName", &h.FromUserName}, {"CreateTime", &createTime},
		{"MsgType", &h.MsgType}, {"Event", &h.Event},
	} {
		if *field.text, err = root.only(field.name); err != nil {
			return h, err
		}
	}
	h.CreateTime, _ = strconv.ParseInt(createTime, 10, 64) // after an error, check refuses it
	return h, h.check()
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
		return errors.New("MsgType is missing")
	case h.MsgType == "event" && h.Event == "":
		return errors.New("Event is missing")
	}
	return nil
}
