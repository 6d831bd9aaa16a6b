package wechat

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strings"
)

var errJSON = errors.New("not well-formed JSON")

// parseJSON reads a push in the platform's JSON form, one flat or nested object, into the same elements as its XML form.
// Numbers keep all their digits, strings are cleaned as in XML, and a name that stands twice in one object is refused.
// Blanks around a name are cut: a sample on the platform's page has " OpenID".
func parseJSON(s string) (*element, error) {
	root, err := readJSON(s)
	if errors.Is(err, errJSON) {
		// What users type may stand raw in a string, which JSON allows for no control character.
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

func readJSON(s string) (*element, error) {
	d := json.NewDecoder(strings.NewReader(s))
	d.UseNumber()
	if open, err := d.Token(); err != nil || open != json.Delim('{') {
		return nil, errJSON
	}
	r := jsonReader{decoder: d}
	root := new(element)
	if err := r.object(root, 1); err != nil {
		return nil, err
	}
	if _, err := d.Token(); err != io.EOF {
		return nil, errJSON
	}
	return root, nil
}

type jsonReader struct {
	decoder *json.Decoder
	bounds  bounds
}

// object reads the members of an object, of which the brace has been read, as children of e.
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
		name := strings.TrimSpace(token.(string)) // what begins a member is a string, or an error
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

// value appends the value that begins with token to e's children, an array as several.
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

// appendJSON appends e's children as a JSON object; several of one name are an array. Characters stand unescaped, as the
// platform wants them, but for those that JSON itself demands.
func appendJSON(b []byte, e *element) []byte {
	b = append(b, '{')
	for i := 0; i < len(e.children); i++ {
		child := &e.children[i]
		if i > 0 {
			b = append(b, ',')
		}
		b = appendJSONString(b, child.name)
		b = append(b, ':')
		run := 1
		for i+run < len(e.children) && e.children[i+run].name == child.name {
			run++
		}
		if run == 1 && child.name != "item" { // the articles of a news reply are a list even where it is one
			b = appendJSONValue(b, child)
			continue
		}
		b = append(b, '[')
		for j := range run {
			if j > 0 {
				b = append(b, ',')
			}
			b = appendJSONValue(b, &e.children[i+j])
		}
		b = append(b, ']')
		i += run - 1
	}
	return append(b, '}')
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
	_ = encoder.Encode(s) // a string and a Buffer: no error
	return append(b, bytes.TrimSuffix(out.Bytes(), []byte("\n"))...)
}
