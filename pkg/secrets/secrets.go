// Package secrets holds the account's secrets: the token, the app secret and the EncodingAESKey, which it shares with the
// platform, the link key, which only the account knows, and the key of a language model's API. Parse and Document read and
// write them as JSON.
//
// No error, log line or formatted text of this package contains the value of a secret.
package secrets

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"slices"
	"strings"

	"github.com/guanzhu/guanzhu/internal/bilingual"
	"github.com/guanzhu/guanzhu/pkg/wechat"
)

// Secrets are the account's secrets. Two values may be compared with ==.
//
// A previous token or key stays valid while the owner changes the platform's settings. Without an EncodingAESKey the
// account is in plain mode.
// https://developers.weixin.qq.com/doc/service/guide/dev/push/
type Secrets struct {
	Token                  string // signs pushes; never empty
	AppSecret              string // for the platform's API; never empty
	EncodingAESKey         string // 43 characters; empty in plain mode
	PreviousToken          string // empty unless a rotation is in progress
	PreviousEncodingAESKey string // empty unless a rotation is in progress

	// LinkKey is the key from which the keys of personal links and of openid hashes are derived. It does not change when
	// the app secret is replaced. Secrets that an early version wrote have none; see LinkKeyOrAppSecret.
	LinkKey string

	AIKey string // of the language model's API, for ai in account.yaml; may be empty
}

// LinkKeyOrAppSecret returns the link key or, if there is none, the app secret, which takes its place.
func (s Secrets) LinkKeyOrAppSecret() string { return cmp.Or(s.LinkKey, s.AppSecret) }

const hidden = "secrets [hidden]"

// String keeps the values out of logs and errors.
func (Secrets) String() string { return hidden }

// GoString keeps the values out of the output of %#v.
func (Secrets) GoString() string { return hidden }

// LogValue keeps the values out of structured logs.
func (Secrets) LogValue() slog.Value { return slog.StringValue(hidden) }

// MarshalJSON returns an error, so that no log writes secrets as JSON by accident. Use Document instead.
func (Secrets) MarshalJSON() ([]byte, error) {
	return nil, errors.New("secrets are not written as JSON")
}

// Parse reads secrets from JSON of this form. The last four members are optional:
//
//	{"token": "…", "app_secret": "…", "encoding_aes_key": "…", "link_key": "…", "ai_key": "…",
//		"previous": {"token": "…", "encoding_aes_key": "…"}}
//
// Parse refuses unknown and repeated members, and names in another case: a mistyped encoding_aes_key would mean plain
// mode. It refuses an empty token, because anyone could forge its signatures, and an empty app_secret. An empty optional
// value counts as absent. The error has one line for each problem, in Chinese too, and contains no part of data.
func Parse(data []byte) (Secrets, error) {
	var r reader
	top := r.object("", data, "token", "app_secret", "encoding_aes_key", "link_key", "ai_key", "previous")
	if top == nil {
		return Secrets{}, errors.Join(r.problems...)
	}
	s := Secrets{
		Token:          r.secret("token", top["token"]),
		AppSecret:      r.secret("app_secret", top["app_secret"]),
		EncodingAESKey: r.key("encoding_aes_key", top["encoding_aes_key"]),
		LinkKey:        r.secret("link_key", top["link_key"]),
		AIKey:          r.secret("ai_key", top["ai_key"]),
	}
	for _, name := range []string{"token", "app_secret"} {
		if value := string(top[name]); value == "" || value == `""` {
			r.problem("缺少 %s：请加上", "%s is missing: add it", name)
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

// A reader reads the members of the JSON. It continues after a problem, so that the owner sees all problems at once.
type reader struct {
	problems []error
}

func (r *reader) problem(zh, en string, args ...any) {
	r.problems = append(r.problems, bilingual.Format("密钥："+zh, "secrets: "+en, args...))
}

// object returns the members of the JSON object data, or nil if data is not an object. The full names of the members
// begin with path.
//
// json.Unmarshal would accept repeated members and names in another case, and its errors quote the input.
func (r *reader) object(path string, data []byte, known ...string) map[string]json.RawMessage {
	members, order, err := decodeObject(data)
	if err != nil {
		zh, en := "", "the value"
		if path != "" {
			en = strings.TrimSuffix(path, ".")
			zh = en + " "
		}
		r.problem(zh+"应为一个 JSON 对象 {…}，不能有别的内容：检查引号、逗号和花括号，它们都要是半角的",
			en+" must be one JSON object {…} and nothing else: check its quotes, commas and braces")
		return nil
	}
	for i, name := range order {
		switch {
		case !slices.Contains(known, name):
			// The error does not contain the name: it may be a value in the wrong place.
			r.problem("%s第 %d 项的名称不认识：检查拼写，可以用的有 "+strings.Join(known, "、"),
				"the name of %smember %d is unknown: check its spelling; the known names are "+strings.Join(known, ", "),
				path, i+1)
		case slices.Contains(order[:i], name):
			r.problem("%s%s 写了两次：删掉一个", "%s%s appears twice: remove one", path, name)
		}
	}
	return members
}

// decodeObject returns the members of the JSON object data, and their names in order, including repeated names.
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
		members[name.(string)] = value // the decoder accepts only strings as names
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

// secret returns one value, or "" if it is absent or wrong.
func (r *reader) secret(name string, value json.RawMessage) string {
	if value == nil {
		return ""
	}
	var s string
	switch err := json.Unmarshal(value, &s); {
	case err != nil || value[0] != '"': // Unmarshal accepts null
		r.problem("%s 应为引号里的文字", "%s must be a string in quotes", name)
	case strings.ContainsFunc(s, func(c rune) bool { return c <= ' ' || c > '~' }):
		r.problem("%s 里有空白或 ASCII 以外的字符：重新复制", "%s contains white space or a character that is not ASCII: copy it again", name)
	default:
		return s
	}
	return ""
}

// key returns one EncodingAESKey, or "" if it is absent.
func (r *reader) key(name string, value json.RawMessage) string {
	key := r.secret(name, value)
	if key != "" && !wechat.IsEncodingAESKey(key) {
		r.problem("%s 应为微信后台的 EncodingAESKey，43 位字母和数字，这个有 %d 个字符：重新复制",
			"%s must be the EncodingAESKey of the platform's settings, 43 letters and digits, but has %d "+
				"characters: copy it again", name, len(key))
	}
	return key
}

// Document returns s as the JSON that Parse reads. It returns Parse's error if Parse would refuse the result. Write the
// result nowhere but into the parameter.
func Document(s Secrets) ([]byte, error) {
	type previous struct {
		Token          string `json:"token,omitempty"`
		EncodingAESKey string `json:"encoding_aes_key,omitempty"`
	}
	document, err := json.Marshal(struct {
		Token          string   `json:"token"`
		AppSecret      string   `json:"app_secret"`
		EncodingAESKey string   `json:"encoding_aes_key,omitempty"`
		LinkKey        string   `json:"link_key,omitempty"`
		AIKey          string   `json:"ai_key,omitempty"`
		Previous       previous `json:"previous,omitzero"`
	}{s.Token, s.AppSecret, s.EncodingAESKey, s.LinkKey, s.AIKey, previous{s.PreviousToken, s.PreviousEncodingAESKey}})
	if err != nil {
		return nil, err
	}
	if _, err := Parse(document); err != nil {
		return nil, err
	}
	return document, nil
}
