package wechat

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const jsonHead = `"ToUserName":"gh_demo00000001","FromUserName":"oDEMO-openid_0001","CreateTime":1795305600`

func jsonText(members string) string { return `{` + jsonHead + `,"MsgType":"text",` + members + `}` }

func TestParsePushJSON(t *testing.T) {
	inJSON := func(content string, msgID uint64) *Text {
		want := wantText(content)
		want.MsgID, want.JSON = msgID, true
		return want
	}
	tests := []struct {
		name, body string
		want       Push
	}{
		{"text", jsonText(`"Content":"hello","MsgId":25000000000000001`), inJSON("hello", 25000000000000001)},
		{"64 bits, number", jsonText(`"MsgId":18446744073709551615`), inJSON("", 1<<64-1)},
		{"64 bits, string", jsonText(`"MsgId":"18446744073709551615"`), inJSON("", 1<<64-1)},
		{"byte order mark and blanks", "\ufeff \n" + jsonText(`"Content":"a"`) + "\n", inJSON("a", 0)},
		{"escapes", jsonText(`"Content":"\"\\\/\u4f60\ud83d\ude03\r\n"`), inJSON("\"\\/你😃\n", 0)},
		{"half a surrogate pair", jsonText(`"Content":"a\ud83d"`), inJSON("a\ufffd", 0)},
		{"control characters, escaped", jsonText(`"Content":"a\u0000\u0002b"`), inJSON("ab", 0)},
		{"control characters, raw", jsonText("\"Content\":\"a\x02\x1db\""), inJSON("ab", 0)},
		{"not UTF-8", jsonText("\"Content\":\"a\xff\""), inJSON("a\ufffd", 0)},
		{"text that is a push", jsonText(`"Content":"\",\"FromUserName\":\"oVictim"`), inJSON(`","FromUserName":"oVictim`, 0)},
		{"null", jsonText(`"Content":null,"MsgId":null`), inJSON("", 0)},
		{"true and false", jsonText(`"Content":true,"bizmsgmenuid":false`), func() Push {
			want := inJSON("true", 0)
			want.BizMsgMenuID = "false"
			return want
		}()},
		{"structures in the place of texts", jsonText(`"Content":{"a":"b"},"MsgId":[1]`), inJSON("", 1)},
		{"unknown kind", `{` + jsonHead + `,"MsgType":"hologram"}`, func() Push {
			head := wantHead("hologram", "")
			head.JSON = true
			return &Raw{Head: head}
		}()},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, parse(t, tt.body), ignoreForm[1]); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if !parse(t, tt.body).Common().JSON {
				t.Error("Head.JSON is not set")
			}
		})
	}
}

func TestParsePushJSONRefuses(t *testing.T) {
	good := jsonText(`"Content":"a"`)
	tests := []struct{ name, body string }{
		{"a brace", "{"},
		{"empty", "{}"},
		{"cut", good[:len(good)-1]},
		{"cut in a string", good[:len(good)-3]},
		{"two objects", good + good},
		{"text behind", good + "x"},
		{"an array", "[" + good + "]"},
		{"a string", `"` + good + `"`},
		{"no sender", strings.Replace(good, "oDEMO-openid_0001", "", 1)},
		{"two senders", strings.Replace(good, `"Content"`, `"FromUserName":"oOther","Content"`, 1)},
		{"two senders, one with a blank", strings.Replace(good, `"Content"`, `" FromUserName":"oOther","Content"`, 1)},
		{"a list of senders", strings.Replace(good, `"oDEMO-openid_0001"`, `["oDEMO-openid_0001","oOther"]`, 1)},
		{"two of a name, one an empty list", jsonText(`"Content":[],"Content":"a"`)},
		{"two senders, one escaped", strings.Replace(good, `"Content"`, `"\u0046romUserName":"oOther","Content"`, 1)},
		{"deep", strings.Repeat(`{"a":`, 100000) + "1" + strings.Repeat("}", 100000)},
		{"deep arrays", `{"a":` + strings.Repeat("[", 100000) + strings.Repeat("]", 100000) + "}"},
		{"many", jsonText(`"a":[` + strings.Repeat("1,", 60000) + `1]`)},
		{"unquoted name", "{a:1}"},
		{"single quotes", strings.ReplaceAll(good, `"`, "'")},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if p, err := ParsePush([]byte(tt.body)); !errors.Is(err, errMalformed) {
				t.Errorf("got %v, %v", p, err)
			}
		})
	}
}

// FuzzJSON compares parseJSON with encoding/json. If encoding/json accepts an object without duplicate names, parseJSON
// accepts it within its limits, and reads the same strings and numbers.
func FuzzJSON(f *testing.F) {
	for _, all := range samples(f) {
		f.Add(asJSON(f, all[0]))
	}
	for _, v := range vectors(f) {
		f.Add(v.Plaintext)
	}
	for _, seed := range []string{`{"a":[1,[2,{"b":null}],-0.5e+9],"c":"\ud83d\u0000\u2028"}`, `{"a":{}}`, `{"":""}`, "{}", `{"a":[]}`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got, err := parseJSON(s)
		if errors.Is(err, errTooDeep) || errors.Is(err, errTooMany) || errors.Is(err, errAmbiguous) {
			return
		}
		d := json.NewDecoder(strings.NewReader(s))
		d.UseNumber()
		var object map[string]any
		if !json.Valid([]byte(s)) || d.Decode(&object) != nil || object == nil {
			return
		}
		if err != nil {
			t.Fatalf("encoding/json accepts it, parseJSON returns %v", err)
		}
		if diff := cmp.Diff(strip(object), values(&got)); diff != "" {
			t.Errorf("(-encoding/json +ours):\n%s", diff)
		}
	})
}

// strip returns the texts of an object by their paths, as values does.
func strip(object map[string]any) map[string][]string {
	all := make(map[string][]string)
	var add func(path string, value any)
	add = func(path string, value any) {
		switch value := value.(type) {
		case string:
			all[path] = append(all[path], clean(value))
		case json.Number:
			all[path] = append(all[path], value.String())
		case bool:
			all[path] = append(all[path], map[bool]string{true: "true", false: "false"}[value])
		case nil:
			all[path] = append(all[path], "")
		case []any:
			for _, v := range value {
				add(path, v)
			}
		case map[string]any:
			all[path] = append(all[path], "")
			for name, v := range value {
				add(path+"\x00"+strings.TrimSpace(name), v)
			}
		}
	}
	add("", object)
	return all
}

func values(root *element) map[string][]string {
	all := make(map[string][]string)
	var add func(path string, e *element)
	add = func(path string, e *element) {
		all[path] = append(all[path], e.text)
		for i := range e.children {
			add(path+"\x00"+e.children[i].name, &e.children[i])
		}
	}
	add("", root)
	return all
}
