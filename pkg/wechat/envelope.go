package wechat

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

var errNoPush = errors.New("neither Encrypt nor FromUserName")

// Envelope holds the outer fields of a request's body. No signature covers ToUserName, nor clear fields beside Encrypt
// (compatible mode).
type Envelope struct {
	ToUserName string // the account's original id, gh_…
	Encrypt    string // base64, as signed; empty if the push is only in clear
}

// ReadEnvelope returns the outer fields of a body, XML or JSON. Anyone can send a body, and the signature covers only
// Encrypt, so ReadEnvelope does not parse it. It searches for the fields outside the texts that users type, in time
// proportional to the length of the body.
//
// It returns an error if the body has neither an Encrypt nor the FromUserName of a push in clear, or has a field twice.
func ReadEnvelope(body []byte) (Envelope, error) {
	s, look := string(body), lookInJSON
	if !isJSON(body) {
		s, look = outsideTyped(s), lookInXML
	}
	e, err := readEnvelope(s, look)
	if err != nil {
		return Envelope{}, fmt.Errorf("%w: %w", errMalformed, err)
	}
	return e, nil
}

func readEnvelope(s string, look func(s, name string) (text string, found bool, err error)) (e Envelope, err error) {
	if e.ToUserName, _, err = look(s, "ToUserName"); err != nil {
		return e, err
	}
	var found bool
	if e.Encrypt, found, err = look(s, "Encrypt"); found || err != nil {
		return e, err
	}
	if _, found, err = look(s, "FromUserName"); !found && err == nil {
		err = errNoPush
	}
	return e, err
}

// lookInXML returns the text of the only element of that name in s. The text is base64 or an id, so it contains no markup.
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
	if strings.Contains(text, "<") || strings.Contains(text, ">") || strings.Contains(text, "&") {
		return "", false, errSyntax
	}
	return text, true, nil
}

// lookInJSON returns the text of the only member of that name in s. A quoted name followed by a colon is the name of a
// member: quotes within a text are escaped, and no colon follows a text.
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

// quotedText returns the string with which s begins, which is base64 or an id and contains no quote, and the rest of s.
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
