package wechattest_test

import (
	"bytes"
	"crypto/sha1"
	"encoding/hex"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/guanzhu/guanzhu/pkg/wechat"
	"github.com/guanzhu/guanzhu/pkg/wechattest"
)

var (
	account = wechattest.Account{
		AppID:          appID,
		Token:          "token",
		EncodingAESKey: strings.Repeat("a", 43),
		ID:             "gh_demo00000001",
	}
	created = time.Unix(1795305600, 0)
)

// signature is a second implementation, so that a mistake in the first one is found.
func signature(parts ...string) string {
	slices.Sort(parts)
	sum := sha1.Sum([]byte(strings.Join(parts, "")))
	return hex.EncodeToString(sum[:])
}

func TestMessages(t *testing.T) {
	t.Parallel()
	event := func(event string) map[string]string {
		return map[string]string{"MsgType": "event", "Event": event}
	}
	with := func(m map[string]string, pairs ...string) map[string]string {
		for pair := range slices.Chunk(pairs, 2) {
			m[pair[0]] = pair[1]
		}
		return m
	}
	const ticket = "gQH_a_sample_ticket"
	tests := []struct {
		name string
		got  []byte
		want map[string]string
	}{
		{"subscribe", account.Subscribe(openid, created, ""), with(event("subscribe"), "EventKey", "")},
		{"subscribe by QR code", account.Subscribe(openid, created, "qrscene_poster"),
			with(event("subscribe"), "EventKey", "qrscene_poster", "Ticket", ticket)},
		{"unsubscribe", account.Unsubscribe(openid, created), with(event("unsubscribe"), "EventKey", "")},
		{"scan", account.Scan(openid, created, "poster"),
			with(event("SCAN"), "EventKey", "poster", "Ticket", ticket)},
		{"click", account.Click(openid, created, "HELP"), with(event("CLICK"), "EventKey", "HELP")},
		{"view", account.View(openid, created, "https://example.com/?a=1&b=2"),
			with(event("VIEW"), "EventKey", "https://example.com/?a=1&b=2", "MenuId", "400000001")},
		{"text", account.Text(openid, created, 25000000000000001, "<你好> &"),
			map[string]string{"MsgType": "text", "Content": "<你好> &", "MsgId": "25000000000000001"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			want := with(test.want, "ToUserName", account.ID, "FromUserName", openid, "CreateTime", "1795305600")
			if diff := cmp.Diff(want, fields(t, test.got)); diff != "" {
				t.Errorf("fields (-want +got):\n%s", diff)
			}
		})
	}
}

// fields returns the elements below the root of a message.
func fields(t *testing.T, message []byte) map[string]string {
	t.Helper()
	var root struct {
		XMLName xml.Name `xml:"xml"`
		Fields  []struct {
			XMLName xml.Name
			Text    string `xml:",chardata"`
		} `xml:",any"`
	}
	if err := xml.Unmarshal(message, &root); err != nil {
		t.Fatalf("%s: %v", message, err)
	}
	all := map[string]string{}
	for _, f := range root.Fields {
		all[f.XMLName.Local] = f.Text
	}
	return all
}

func TestTextIsNotEscaped(t *testing.T) {
	t.Parallel()
	const content = "a\x02b ]]> c"
	if got := account.Text(openid, created, 1, content); !bytes.Contains(got, []byte("<![CDATA["+content+"]]>")) {
		t.Errorf("message %q, want %q in it as it is", got, content)
	}
}

func TestCheck(t *testing.T) {
	t.Parallel()
	r, err := account.Check(t.Context(), "https://example.com/login/wechat?x=1", created)
	if err != nil {
		t.Fatal(err)
	}
	query := r.URL.Query()
	want := signature(account.Token, "1795305600", query.Get("nonce"))
	if r.Method != "GET" || query.Get("signature") != want || query.Get("timestamp") != "1795305600" ||
		len(query.Get("echostr")) != 19 || query.Get("nonce") == "" || query.Get("x") != "1" {
		t.Errorf("%s %s, want a signed GET with an echostr", r.Method, r.URL)
	}
}

func TestRequest(t *testing.T) {
	t.Parallel()
	message := account.Text(openid, created, 1, "hello")
	tests := []struct {
		name       string
		mode       wechattest.Mode
		wantQuery  []string
		wantFields []string
	}{
		{"plain", wechattest.Plain, []string{"nonce", "openid", "signature", "timestamp"},
			[]string{"Content", "CreateTime", "FromUserName", "MsgId", "MsgType", "ToUserName"}},
		{"compatible", wechattest.Compatible,
			[]string{"encrypt_type", "msg_signature", "nonce", "openid", "signature", "timestamp"},
			[]string{"Content", "CreateTime", "Encrypt", "FromUserName", "MsgId", "MsgType", "ToUserName"}},
		{"safe", wechattest.Safe,
			[]string{"encrypt_type", "msg_signature", "nonce", "openid", "signature", "timestamp"},
			[]string{"Encrypt", "ToUserName"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			now := created.Add(3 * time.Second)
			r, err := account.Request(t.Context(), "https://example.com/login/wechat", test.mode, message, now)
			if err != nil {
				t.Fatal(err)
			}
			body, err := io.ReadAll(r.Body)
			if err != nil {
				t.Fatal(err)
			}
			if r.Method != "POST" || r.URL.Path != "/login/wechat" || r.ContentLength != int64(len(body)) {
				t.Errorf("%s %s of %d bytes, want a POST of %d bytes", r.Method, r.URL.Path, r.ContentLength, len(body))
			}
			query, got := r.URL.Query(), fields(t, body)
			if diff := cmp.Diff(test.wantQuery, names(query)); diff != "" {
				t.Errorf("query (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(test.wantFields, names(got)); diff != "" {
				t.Errorf("fields (-want +got):\n%s", diff)
			}
			if got["ToUserName"] != account.ID || query.Get("openid") != openid {
				t.Errorf("to %s from %s, want %s and %s", got["ToUserName"], query.Get("openid"), account.ID, openid)
			}
			const timestamp = "1795305603"
			if want := signature(account.Token, timestamp, query.Get("nonce")); query.Get("signature") != want {
				t.Errorf("signature %s, want %s", query.Get("signature"), want)
			}
			if test.mode == wechattest.Plain {
				return
			}
			want := signature(account.Token, timestamp, query.Get("nonce"), got["Encrypt"])
			if query.Get("msg_signature") != want || query.Get("encrypt_type") != "aes" {
				t.Errorf("msg_signature %s, want %s", query.Get("msg_signature"), want)
			}
			inner, err := testCipher(t).Decrypt(got["Encrypt"])
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(message), string(inner)); diff != "" {
				t.Errorf("encrypted message (-want +got):\n%s", diff)
			}
		})
	}
}

// TestRequestInJSON: a message in the platform's JSON form is sent in it.
func TestRequestInJSON(t *testing.T) {
	t.Parallel()
	message := fmt.Sprintf(`{"ToUserName":%q,"FromUserName":%q,"CreateTime":1795305600,"MsgType":"text","Content":"<hello>","MsgId":23456789012345678}`,
		account.ID, openid)
	for mode, want := range map[wechattest.Mode][]string{
		wechattest.Plain:      {"Content", "CreateTime", "FromUserName", "MsgId", "MsgType", "ToUserName"},
		wechattest.Compatible: {"Content", "CreateTime", "Encrypt", "FromUserName", "MsgId", "MsgType", "ToUserName"},
		wechattest.Safe:       {"Encrypt", "ToUserName"},
	} {
		r, err := account.Request(t.Context(), "https://example.com/login/wechat", mode, []byte(message), created)
		if err != nil {
			t.Fatal(err)
		}
		var got map[string]json.RawMessage
		if err := json.NewDecoder(r.Body).Decode(&got); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, names(got)); diff != "" {
			t.Errorf("mode %v: fields (-want +got):\n%s", mode, diff)
		}
		if r.Header.Get("Content-Type") != "application/json" || r.URL.Query().Get("openid") != openid ||
			string(got["ToUserName"]) != `"`+account.ID+`"` || mode != wechattest.Safe && string(got["MsgId"]) != "23456789012345678" {
			t.Errorf("mode %v: %s of %s, from %q", mode, r.Header.Get("Content-Type"), got, r.URL.Query().Get("openid"))
		}
		if mode == wechattest.Plain {
			continue
		}
		if inner, err := testCipher(t).Decrypt(strings.Trim(string(got["Encrypt"]), `"`)); string(inner) != message {
			t.Errorf("mode %v: encrypted %s, error %v", mode, inner, err)
		}
	}
}

func testCipher(t *testing.T) *wechat.Cipher {
	t.Helper()
	c, err := wechat.NewCipher(account.AppID, account.EncodingAESKey)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func names[V any, M ~map[string]V](m M) []string {
	var all []string
	for name := range m {
		all = append(all, name)
	}
	slices.Sort(all)
	return all
}

func TestRequestIsMadeOfWhatUsersType(t *testing.T) {
	t.Parallel()
	content := "\x02<FromUserName><![CDATA[oFORGED]]></FromUserName>]]>"
	message := account.Text(openid, created, 1, content)
	r, err := account.Request(t.Context(), "https://example.com", wechattest.Plain, message, created)
	if err != nil {
		t.Fatal(err)
	}
	if got := r.URL.Query().Get("openid"); got != openid {
		t.Errorf("openid %s, want %s", got, openid)
	}
}

func TestRequestRefuses(t *testing.T) {
	t.Parallel()
	message := account.Text(openid, created, 1, "hello")
	keyless := account
	keyless.EncodingAESKey = ""
	if _, err := keyless.Request(t.Context(), "https://example.com", wechattest.Safe, message, created); err == nil {
		t.Error("no error without a key, want one")
	}
	if _, err := account.Request(t.Context(), "https://example.com", wechattest.Compatible, nil, created); err == nil {
		t.Error("no error without a message, want one")
	}
	if _, err := account.Request(t.Context(), "https://example.com:x", wechattest.Plain, message, created); err == nil {
		t.Error("no error without a URL, want one")
	}
}

const textReply = `<xml><ToUserName><![CDATA[o]]></ToUserName><FromUserName><![CDATA[gh]]></FromUserName>` +
	`<CreateTime>1</CreateTime><MsgType><![CDATA[text]]></MsgType><Content><![CDATA[hi]]></Content></xml>`

// seal returns an encrypted reply.
func seal(t *testing.T, token, timestamp, nonce string) string {
	t.Helper()
	encrypt := testCipher(t).Encrypt([]byte(textReply))
	return fmt.Sprintf("<xml><Encrypt><![CDATA[%s]]></Encrypt><MsgSignature><![CDATA[%s]]></MsgSignature>"+
		"<TimeStamp>%s</TimeStamp><Nonce><![CDATA[%s]]></Nonce></xml>",
		encrypt, signature(token, timestamp, nonce, encrypt), timestamp, nonce)
}

func TestOpenReply(t *testing.T) {
	t.Parallel()
	const jsonReply = `{"MsgType":"text","Content":"hello"}`
	sealed := string(testCipher(t).Seal([]byte(jsonReply), account.Token, "42", created))
	tests := []struct {
		name    string
		body    string
		want    string
		wantErr string
	}{
		{name: "success", body: "success", want: "success"},
		{name: "nothing", body: "", want: ""},
		{name: "in clear", body: textReply, want: textReply},
		{name: "encrypted", body: seal(t, account.Token, "1795305600", "42"), want: textReply},
		{name: "in clear, in JSON", body: `{"MsgType":"text"}`, want: `{"MsgType":"text"}`},
		{name: "encrypted, in JSON", body: sealed, want: jsonReply},
		{name: "another token", body: seal(t, "other", "1795305600", "42"), wantErr: "MsgSignature"},
		{name: "milliseconds", body: seal(t, account.Token, "1795305600000", "42"), wantErr: "TimeStamp"},
		{name: "no nonce", body: seal(t, account.Token, "1795305600", ""), wantErr: "Nonce"},
		{name: "JSON string", body: `"success"`, wantErr: "neither"},
		{name: "success and a line's end", body: "success\n", wantErr: "neither"},
		{name: "page of HTML", body: "<html></html>", wantErr: "neither"},
		{name: "broken XML", body: textReply[:100], wantErr: "neither"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := account.OpenReply([]byte(test.body))
			if test.wantErr != "" {
				if err == nil || !strings.Contains(err.Error(), test.wantErr) {
					t.Errorf("error %v, want one about %s", err, test.wantErr)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, string(got)); diff != "" {
				t.Errorf("reply (-want +got):\n%s", diff)
			}
		})
	}
}

// The worked example of an encrypted reply in
// https://developers.weixin.qq.com/doc/oplatform/Third-party_Platforms/2.0/api/Before_Develop/message_push.html.
func TestOpenReplyOfThePlatformsOwnExample(t *testing.T) {
	t.Parallel()
	a := wechattest.Account{
		AppID: "wx134c8103faa5a59e", Token: "AAAAA", EncodingAESKey: strings.Repeat("A", 43),
	}
	got, err := a.OpenReply([]byte(`<xml><Encrypt><![CDATA[` +
		`hE8R6mGXHkJJjU72KxzKUd1GEkKJaEZq7vRL8XgK3o+00k8JGq6+pZJUIlTSyhsX+bxIBQ72g3GyvDdIZcr6+3HAZbSvPT9t/o11MI7d6W` +
		`ELwqrGd7jMnV0zv3Zc9Nq7]]></Encrypt><MsgSignature><![CDATA[03e0812039325c2712ef5f0f980fd14c70d6e307]]>` +
		`</MsgSignature><TimeStamp>1713424427</TimeStamp><Nonce><![CDATA[415670741]]></Nonce></xml>`))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff("<xml><demo_resp>[CDATA[good luck]]</demo_resp></xml>", string(got)); diff != "" {
		t.Errorf("reply (-want +got):\n%s", diff)
	}
}
