package wechat

import (
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func vectorOf(t testing.TB, id string) vector {
	t.Helper()
	for _, v := range vectors(t) {
		if v.ID == id {
			return v
		}
	}
	t.Fatalf("no vector %s", id)
	return vector{}
}

// open opens a safe push or reply: it reads the envelope, verifies the signature and decrypts the message.
func open(t testing.TB, c *Cipher, v vector, body string) string {
	t.Helper()
	e, err := ReadEnvelope([]byte(body))
	if err != nil {
		t.Fatal(err)
	}
	if !VerifySignature(v.MsgSignature, v.Token, v.Timestamp, v.Nonce, e.Encrypt) {
		t.Fatal("msg_signature does not verify")
	}
	message, err := c.Decrypt(e.Encrypt)
	if err != nil {
		t.Fatal(err)
	}
	return string(message)
}

// TestOfficialPushes opens and parses the platform's own examples of a safe push, in JSON and XML.
func TestOfficialPushes(t *testing.T) {
	demo := func(createTime int64, json bool) *DebugDemo {
		return &DebugDemo{DebugStr: "hello world", Head: Head{ToUserName: "gh_97417a04a28d", MsgType: "event", Event: "debug_demo",
			FromUserName: "o9AgO5Kd5ggOC-bXrbNODIiE3bGY", CreateTime: createTime, JSON: json}}
	}
	text := func(createTime int64, msgID uint64) *Text {
		return &Text{Content: "abcdteT", Message: Message{MsgID: msgID, Head: Head{ToUserName: "gh_10f6c3c3ac5a", MsgType: "text",
			FromUserName: "oyORnuP8q7ou2gfYjqLzSIWZf0rs", CreateTime: createTime}}}
	}
	for _, tt := range []struct {
		id, format string
		want       Push
	}{
		{"V02", `{"ToUserName":"gh_97417a04a28d","Encrypt":"%s"}`, demo(1714112445, true)},
		{"V04", "<xml><ToUserName><![CDATA[gh_97417a04a28d]]></ToUserName>\n<Encrypt><![CDATA[%s]]></Encrypt></xml>", demo(1715943329, false)},
		{"V06", "<xml><ToUserName><![CDATA[gh_10f6c3c3ac5a]]></ToUserName><FromUserName>oForged</FromUserName><Encrypt><![CDATA[%s]]></Encrypt></xml>",
			text(1409735668, 6054768590064713728)},
		{"V07", "<xml><ToUserName>gh_10f6c3c3ac5a</ToUserName><Encrypt>%s</Encrypt></xml>", text(1410349438, 6057404712141979648)},
	} {
		t.Run(tt.id, func(t *testing.T) {
			v := vectorOf(t, tt.id)
			c, err := NewCipher(v.AppID, v.AESKey)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, parse(t, open(t, c, v, fmt.Sprintf(tt.format, v.Encrypt)))); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// TestOfficialReplies opens the platform's own examples of a sealed reply, in JSON and XML, and seals the same replies.
func TestOfficialReplies(t *testing.T) {
	for _, tt := range []struct{ id, format string }{
		{"V03", `{"Encrypt":"%s","MsgSignature":"%s","TimeStamp":%s,"Nonce":"%s"}`},
		{"V05", "<xml><Encrypt><![CDATA[%s]]></Encrypt><MsgSignature><![CDATA[%s]]></MsgSignature><TimeStamp>%s</TimeStamp><Nonce><![CDATA[%s]]></Nonce></xml>"},
	} {
		t.Run(tt.id, func(t *testing.T) {
			v := vectorOf(t, tt.id)
			c, err := NewCipher(v.AppID, v.AESKey)
			if err != nil {
				t.Fatal(err)
			}
			official := fmt.Sprintf(tt.format, v.Encrypt, v.MsgSignature, v.Timestamp, v.Nonce)
			if diff := cmp.Diff(v.Plaintext, open(t, c, v, official)); diff != "" {
				t.Errorf("inside the example (-want +got):\n%s", diff)
			}

			seconds, err := strconv.ParseInt(v.Timestamp, 10, 64)
			if err != nil {
				t.Fatal(err)
			}
			sealed := string(c.Seal([]byte(v.Plaintext), v.Token, v.Nonce, time.Unix(seconds, 0)))
			e, err := ReadEnvelope([]byte(sealed))
			if err != nil {
				t.Fatal(err)
			}
			v.MsgSignature = Signature(v.Token, v.Timestamp, v.Nonce, e.Encrypt)
			if diff := cmp.Diff(v.Plaintext, open(t, c, v, sealed)); diff != "" {
				t.Errorf("inside ours (-want +got):\n%s", diff)
			}
			// Only the 16 random bytes and the values derived from them differ.
			if diff := cmp.Diff(fmt.Sprintf(tt.format, e.Encrypt, v.MsgSignature, v.Timestamp, v.Nonce), sealed); diff != "" {
				t.Errorf("envelope (-want +got):\n%s", diff)
			}
			if len(e.Encrypt) != len(v.Encrypt) || strings.Contains(sealed, v.Plaintext) {
				t.Errorf("sealed as %q", sealed)
			}
		})
	}
}
