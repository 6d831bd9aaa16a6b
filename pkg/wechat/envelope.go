package wechat

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

var errNoPush = errors.New("neither Encrypt nor FromUserName")

// Envelope is the outside of a request's body. Encrypt is "" if the push is in clear only; if it stands beside clear fields
// (compatible mode), those are covered by no signature.
type Envelope struct {
	ToUserName string // the account's original id, gh_…; covered by no signature
	Encrypt    string // base64, as signed
}

// ReadEnvelope reads the outside of a body, XML or JSON. It does not parse the body: anyone can send one, and the signature
// is over Encrypt alone. It only looks for its fields outside the texts that users type, in time proportional to the
// body. A body that has neither an Encrypt nor the FromUserName of a push in clear, or two of one, is ErrMalformed.
func ReadEnvelope(body []byte) (Envelope, error) {
	s, look := string(body), lookInJSON
	if !isJSON(body) {
		s, look = outsideTyped(s), lookInXML
	}
	var e Envelope
	var err error
	found := false
	if e.ToUserName, _, err = look(s, "ToUserName"); err == nil {
		e.Encrypt, found, err = look(s, "Encrypt")
	}
	if err == nil && !found {
		if _, found, err = look(s, "FromUserName"); !found && err == nil {
			err = errNoPush
		}
	}
	if err != nil {
		return Envelope{}, fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	return e, nil
}

// outsideTyped returns s without what stands from the start of the first text that users type to the end of the last.
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

// lookInXML returns the text of the one element of that name in s. The text is base64 or an id: it holds no markup.
func lookInXML(s, name string) (text string, found bool, err error) {
	open := "<" + name + ">"
	_, rest, found := strings.Cut(s, open)
	if !found {
		return "", strings.Contains(s, "<"+name+"/>"), nil
	}
	text, rest, found = strings.Cut(rest, "</"+name+">")
	if !found {
		return "", false, errSyntax
	}
	if strings.Contains(rest, open) {
		return "", false, errAmbiguous
	}
	text = strings.TrimSpace(text)
	if data, isCDATA := strings.CutPrefix(text, cdataOpen); isCDATA {
		text = strings.TrimSpace(strings.TrimSuffix(data, cdataClose))
	}
	if strings.ContainsAny(text, "<>&") {
		return "", false, errSyntax
	}
	return text, true, nil
}

// lookInJSON returns the text of the one member of that name in s. The name in quotes with a colon behind it is a member's:
// the quotes in a text are escaped, and no colon follows a text.
func lookInJSON(s, name string) (text string, found bool, err error) {
	quoted := `"` + name + `"`
	for {
		_, after, more := strings.Cut(s, quoted)
		if !more {
			return text, found, nil
		}
		s = trimBlanks(after)
		value, isMember := strings.CutPrefix(s, ":")
		if !isMember {
			continue
		}
		if found {
			return "", false, errAmbiguous
		}
		if text, s, err = quotedText(trimBlanks(value)); err != nil {
			return "", false, err
		}
		found = true
	}
}

// quotedText reads the string with which s begins, base64 or an id, in which no quote stands.
func quotedText(s string) (text, rest string, err error) {
	s, found := strings.CutPrefix(s, `"`)
	if !found {
		return "", "", errJSON
	}
	text, rest, found = strings.Cut(s, `"`)
	if !found {
		return "", "", errJSON
	}
	if strings.Contains(text, `\`) { // many encoders escape the / of base64
		if err := json.Unmarshal([]byte(`"`+text+`"`), &text); err != nil {
			return "", "", errJSON
		}
	}
	return strings.TrimSpace(text), rest, nil
}
