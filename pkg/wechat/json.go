package wechat

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strings"
)

var errJSON = errors.New("not well-formed JSON")

// parseJSON parses a push in the platform's JSON form, an object that may be nested, into the same elements as its XML form.
// Numbers keep all their digits and strings are cleaned as in XML. A name that occurs twice in one object is an error. Blanks
// around a name are cut: a sample on the platform's page has " OpenID".
func parseJSON(s string) (element, error) {
	root, err := readJSON(s)
	if errors.Is(err, errJSON) {
		// A string may contain raw control characters that a user typed. JSON does not allow them.
		stripped := strings.Map(func(r rune) rune {
			if r < ' ' {
				return -1
			}
			return r
		}, s)
		if stripped != s {
			return readJSON(stripped)
		}
	}
	return root, err
}

func readJSON(s string) (root element, err error) {
	d := json.NewDecoder(strings.NewReader(s))
	d.UseNumber()
	if open, err := d.Token(); err != nil || open != json.Delim('{') {
		return root, errJSON
	}
	r := jsonReader{decoder: d}
	if err := r.object(&root, 1); err != nil {
		return root, err
	}
	if _, err := d.Token(); err != io.EOF {
		return root, errJSON
	}
	return root, nil
}

type jsonReader struct {
	decoder *json.Decoder
	bounds  bounds
}

// object reads the members of an object, after its opening brace, as children of e.
func (r *jsonReader) object(e *element, depth int) error {
	if err := r.bounds.enter(depth); err != nil {
		return err
	}
	names := make(map[string]bool)
	for r.decoder.More() {
		token, err := r.decoder.Token()
		if err != nil {
			return errJSON
		}
		name := strings.TrimSpace(token.(string)) // the decoder accepts nothing else here
		if names[name] {
			return errAmbiguous
		}
		names[name] = true
		if token, err = r.decoder.Token(); err != nil {
			return errJSON
		}
		if err := r.value(e, name, token, depth+1); err != nil {
			return err
		}
	}
	if _, err := r.decoder.Token(); err != nil { // the closing brace
		return errJSON
	}
	return nil
}

// value appends the value that begins with token to e's children, an array as several children.
func (r *jsonReader) value(e *element, name string, token json.Token, depth int) error {
	if err := r.bounds.enter(depth); err != nil {
		return err
	}
	child := element{name: name}
	switch token := token.(type) {
	case string:
		child.text = clean(token)
	case json.Number:
		child.text = token.String()
	case bool:
		child.text = "false"
		if token {
			child.text = "true"
		}
	case json.Delim:
		if token == '[' {
			return r.array(e, name, depth+1)
		}
		if err := r.object(&child, depth+1); err != nil {
			return err
		}
	}
	e.children = append(e.children, child)
	return nil
}

func (r *jsonReader) array(e *element, name string, depth int) error {
	for r.decoder.More() {
		token, err := r.decoder.Token()
		if err != nil {
			return errJSON
		}
		if err := r.value(e, name, token, depth); err != nil {
			return err
		}
	}
	if _, err := r.decoder.Token(); err != nil { // the closing bracket
		return errJSON
	}
	return nil
}

// appendJSON appends e's children as a JSON object. Several of one name become an array. Characters are escaped only if JSON
// requires it, because the platform shows escapes as they are.
func appendJSON(b []byte, e *element) []byte {
	b = append(b, '{')
	for rest := e.children; len(rest) > 0; {
		if len(rest) < len(e.children) {
			b = append(b, ',')
		}
		n := 1
		for n < len(rest) && rest[n].name == rest[0].name {
			n++
		}
		b = appendJSONString(b, rest[0].name)
		b = append(b, ':')
		if n == 1 && rest[0].name != "item" { // the articles of a news reply are an array even if there is one
			b = appendJSONValue(b, &rest[0])
		} else {
			b = appendJSONArray(b, rest[:n])
		}
		rest = rest[n:]
	}
	return append(b, '}')
}

func appendJSONArray(b []byte, es []element) []byte {
	b = append(b, '[')
	for i := range es {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendJSONValue(b, &es[i])
	}
	return append(b, ']')
}

func appendJSONValue(b []byte, e *element) []byte {
	switch {
	case e.children != nil:
		return appendJSON(b, e)
	case e.number:
		return append(b, e.text...)
	}
	return appendJSONString(b, e.text)
}

func appendJSONString(b []byte, s string) []byte {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	_ = encoder.Encode(s) // encoding a string into a Buffer cannot fail
	return append(b, bytes.TrimSuffix(out.Bytes(), []byte("\n"))...)
}
