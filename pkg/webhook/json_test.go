package webhook_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/guanzhu/guanzhu/internal/world"
	"github.com/guanzhu/guanzhu/pkg/wechat"
	"github.com/guanzhu/guanzhu/pkg/wechattest"
)

// inJSON returns the message of a text in the platform's JSON form.
func inJSON(at time.Time, content string) string {
	return fmt.Sprintf(`{"ToUserName":%q,"FromUserName":%q,"CreateTime":%d,"MsgType":"text","Content":%q,"MsgId":"1"}`,
		accountID, openid, at.Unix(), content)
}

// TestContentType checks that a push in XML gets a reply in XML, and a push in JSON one in JSON.
func TestContentType(t *testing.T) {
	inAllModes(t, func(t *testing.T, mode wechattest.Mode) {
		w := newFixture(t, mode, nil)
		type answer struct{ ContentType, Content string }
		for _, tt := range []struct {
			name    string
			request *http.Request
			want    answer
		}{
			{"XML", w.Request(w.textOf("hello")), answer{"text/xml; charset=utf-8", defaultReply}},
			{"XML, nothing said", w.Request(w.Pusher.Click(openid, now, "gone")), answer{"text/plain; charset=utf-8", "success"}},
			{"JSON", w.signed(inJSON(now, "hello")), answer{"application/json", defaultReply}},
			{"JSON, nothing said", w.signed(strings.Replace(inJSON(now, "x"), `"text"`, `"hologram"`, 1)), answer{"text/plain; charset=utf-8", "success"}},
			{"JSON in JSON", w.sealedInJSON(inJSON(now, "hello")), answer{"application/json", defaultReply}},
		} {
			response := w.serve(tt.request)
			got := answer{response.Header.Get("Content-Type"), contentOf(w, read(t, response))}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("%s (-want +got):\n%s", tt.name, diff)
			}
		}
	})
}

// sealedInJSON is signed with an envelope in JSON.
func (w *fixture) sealedInJSON(body string) *http.Request {
	w.Helper()
	if w.Mode == wechattest.Plain {
		return w.signed(body)
	}
	cipher, err := wechat.NewCipher(appID, aesKey)
	if err != nil {
		w.Fatal(err)
	}
	encrypt, timestamp := cipher.Encrypt([]byte(body)), strconv.FormatInt(now.Unix(), 10)
	q := url.Values{"timestamp": {timestamp}, "nonce": {"1"}, "msg_signature": {wechat.Signature(token, timestamp, "1", encrypt)}}
	return httptest.NewRequest(http.MethodPost, world.EndpointURL+"?"+q.Encode(),
		strings.NewReader(fmt.Sprintf(`{"ToUserName":%q,"Encrypt":%q}`, accountID, encrypt)))
}

// contentOf returns the text of a reply in either form, sealed or in clear.
func contentOf(w *fixture, body string) string {
	w.Helper()
	if !strings.HasPrefix(body, "{") {
		opened, err := w.Pusher.OpenReply([]byte(body))
		if err != nil {
			w.Fatal(err)
		}
		_, text, found := strings.Cut(string(opened), "<Content><![CDATA[")
		if !found {
			return string(opened)
		}
		text, _, _ = strings.Cut(text, "]]>")
		return text
	}
	var reply struct{ Content, Encrypt, MsgSignature string }
	if err := json.Unmarshal([]byte(body), &reply); err != nil {
		w.Fatalf("%v in %q", err, body)
	}
	if reply.Encrypt == "" {
		return reply.Content
	}
	cipher, err := wechat.NewCipher(appID, aesKey)
	if err != nil {
		w.Fatal(err)
	}
	opened, err := cipher.Decrypt(reply.Encrypt)
	if err != nil {
		w.Fatal(err)
	}
	if err := json.Unmarshal(opened, &reply); err != nil {
		w.Fatalf("%v in %q", err, opened)
	}
	return reply.Content
}
