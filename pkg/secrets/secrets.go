// Package secrets reads what the account shares with the platform alone, the token, the app secret and the
// EncodingAESKey, and its own link key. They come from one SecureString of AWS Systems Manager or, locally, as JSON, and are read again
// when the owner may have changed them, so that a rotation needs no deployment.
//
// No value of a secret is in any error, log line or formatted text of this package.
package secrets

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"regexp"
	"slices"
	"strings"
)

// Secrets are the account's secrets. Two of them are compared with ==.
//
// The previous ones are optional and stay valid while the owner changes the platform's settings. Without an
// EncodingAESKey the account is in plain mode.
// https://developers.weixin.qq.com/doc/service/guide/dev/push/
type Secrets struct {
	Token                  string // signs pushes, never empty
	AppSecret              string // of the API, never empty
	EncodingAESKey         string // 43 characters, or empty: plain mode
	PreviousToken          string
	PreviousEncodingAESKey string
	LinkKey                string // see Keeper.LinkKey; empty in secrets from before there was one
}

const hidden = "secrets [hidden]"

// String keeps the values out of logs and errors.
func (Secrets) String() string { return hidden }

// GoString keeps the values out of what %#v prints.
func (Secrets) GoString() string { return hidden }

// LogValue keeps the values out of structured logs.
func (Secrets) LogValue() slog.Value { return slog.StringValue(hidden) }

// MarshalJSON fails: what contains secrets is not written as JSON by accident, for example by a log.
func (Secrets) MarshalJSON() ([]byte, error) {
	return nil, errors.New("secrets are not written as JSON")
}

// Parse reads secrets from JSON of this form, the last three members being optional:
//
//	{"token": "…", "app_secret": "…", "encoding_aes_key": "…", "link_key": "…",
//		"previous": {"token": "…", "encoding_aes_key": "…"}}
//
// Its error names every problem found, each on one line, without any part of data. Unknown and repeated members are
// refused, also those that differ only by case: a mistyped encoding_aes_key would mean plain mode. So are an empty token,
// whose signatures anybody could forge, and an empty app_secret; an empty optional value counts as left out.
func Parse(data []byte) (Secrets, error) {
	var r reader
	top := r.object("", data, "token", "app_secret", "encoding_aes_key", "link_key", "previous")
	if top == nil {
		return Secrets{}, errors.Join(r.problems...)
	}
	s := Secrets{
		Token:          r.secret("token", top["token"]),
		AppSecret:      r.secret("app_secret", top["app_secret"]),
		EncodingAESKey: r.key("encoding_aes_key", top["encoding_aes_key"]),
		LinkKey:        r.secret("link_key", top["link_key"]),
	}
	for _, name := range []string{"token", "app_secret"} {
		if value := string(top[name]); value == "" || value == `""` {
			r.problem("%s is missing: add it", name)
		}
	}
	if top["previous"] != nil {
		previous := r.object("previous.", top["previous"], "token", "encoding_aes_key")
		s.PreviousToken = r.secret("previous.token", previous["token"])
		s.PreviousEncodingAESKey = r.key("previous.encoding_aes_key", previous["encoding_aes_key"])
	}
	if len(r.problems) > 0 {
		return Secrets{}, errors.Join(r.problems...)
	}
	return s, nil
}

// A reader reads parts of the JSON and goes on after a problem, so that the owner sees all of them at once.
type reader struct {
	problems []error
}

func (r *reader) problem(format string, args ...any) {
	r.problems = append(r.problems, fmt.Errorf("secrets: "+format, args...))
}

// object returns the members of the JSON object data, whose full names begin with path, or nil if it is none.
//
// It stands in for json.Unmarshal, which takes members of another case and repeated ones, and whose errors quote.
func (r *reader) object(path string, data []byte, known ...string) map[string]json.RawMessage {
	members, order, err := decodeObject(data)
	if err != nil {
		what := cmp.Or(strings.TrimSuffix(path, "."), "the whole")
		r.problem("%s must be one JSON object {…} and nothing else: check its quotes, commas and braces", what)
		return nil
	}
	for i, name := range order {
		switch {
		case !slices.Contains(known, name):
			// The name is not told: it may be a value in the wrong place.
			r.problem("the name of %smember %d is unknown: check its spelling, known are %s",
				path, i+1, strings.Join(known, ", "))
		case slices.Contains(order[:i], name):
			r.problem("%s%s is there twice: keep one of them", path, name)
		}
	}
	return members
}

// decodeObject returns the members of the JSON object data and their names in order, the repeated ones included.
func decodeObject(data []byte) (members map[string]json.RawMessage, order []string, err error) {
	errNoObject := errors.New("no JSON object")
	dec := json.NewDecoder(bytes.NewReader(data))
	if open, err := dec.Token(); err != nil || open != json.Delim('{') {
		return nil, nil, errNoObject
	}
	members = make(map[string]json.RawMessage)
	for dec.More() {
		name, err := dec.Token()
		if err != nil {
			return nil, nil, err
		}
		var value json.RawMessage
		if err := dec.Decode(&value); err != nil {
			return nil, nil, err
		}
		members[name.(string)] = value // what begins a member is a string, or an error
		order = append(order, name.(string))
	}
	if _, err := dec.Token(); err != nil { // the closing brace
		return nil, nil, err
	}
	if _, err := dec.Token(); err != io.EOF {
		return nil, nil, errNoObject
	}
	return members, order, nil
}

// secret reads one value, or nothing if it is not there.
func (r *reader) secret(name string, value json.RawMessage) string {
	if value == nil {
		return ""
	}
	var s string
	switch err := json.Unmarshal(value, &s); {
	case err != nil || value[0] != '"': // null is no error
		r.problem("%s must be a text in quotes", name)
	case strings.ContainsFunc(s, func(c rune) bool { return c <= ' ' || c > '~' }):
		r.problem("%s contains white space or a character beyond ASCII: copy it again", name)
	default:
		return s
	}
	return ""
}

// An EncodingAESKey is the base64 of 32 bytes without the = at its end. Of 43 characters, all of them decode to that
// much; but the last one usually has bits to spare, so that a strict decoder would refuse it.
var encodingAESKey = regexp.MustCompile(`^[A-Za-z0-9]{43}$`)

// key reads one EncodingAESKey, or nothing if it is not there.
func (r *reader) key(name string, value json.RawMessage) string {
	key := r.secret(name, value)
	if key != "" && !encodingAESKey.MatchString(key) {
		r.problem("%s must be the EncodingAESKey of the platform's settings, 43 letters and digits, and has %d "+
			"characters: copy it again", name, len(key))
	}
	return key
}
