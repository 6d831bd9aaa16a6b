package wechat

import (
	"encoding/xml"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

// received is a reply as an XML parser on the other side reads it.
type received struct {
	XMLName      xml.Name `xml:"xml"`
	ToUserName   string
	FromUserName string
	CreateTime   int64
	MsgType      string
	Content      string
}

func receive(t testing.TB, reply []byte) received {
	t.Helper()
	var r received
	if err := xml.Unmarshal(reply, &r); err != nil {
		t.Fatalf("%v in %q", err, reply)
	}
	r.XMLName = xml.Name{}
	return r
}

func TestMarshalReply(t *testing.T) {
	to := wantHead("text", "")
	tests := []struct{ name, text, want string }{
		{"plain", "你好", "你好"},
		{"line feeds and links", "a\n<a href=\"https://example.com/?a=1&b=2\">b</a>", "a\n<a href=\"https://example.com/?a=1&b=2\">b</a>"},
		{"end of CDATA", "a]]>b]]]]>>", "a]]>b]]]]>>"},
		{"a forged element", "]]></Content><MsgType>image</MsgType><Content><![CDATA[", "]]></Content><MsgType>image</MsgType><Content><![CDATA["},
		{"control characters", "a\x00\x08b\ufffe", "ab"},
		{"not UTF-8", "a\xff", "a\ufffd"},
		{"2047 bytes", strings.Repeat("a", 2047), strings.Repeat("a", 2047)},
		{"2048 bytes", strings.Repeat("a", 2048), strings.Repeat("a", 2047)},
		{"cut at a character", strings.Repeat("好", 683), strings.Repeat("好", 682)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := receive(t, MarshalReply(&to, TextReply(tt.text)))
			want := received{ToUserName: to.FromUserName, FromUserName: to.ToUserName, CreateTime: to.CreateTime,
				MsgType: "text", Content: tt.want}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
	for _, r := range []Reply{nil, TextReply(""), TextReply("\x00\x01")} {
		if got := string(MarshalReply(&to, r)); got != "success" {
			t.Errorf("%q says nothing, but gives %q", r, got)
		}
	}
}

func TestSeal(t *testing.T) {
	c := newCipher(t, "wx1")
	to := wantHead("text", "")
	reply := MarshalReply(&to, TextReply("你好"))
	var got struct {
		Encrypt, MsgSignature, TimeStamp, Nonce string
	}
	if err := xml.Unmarshal(c.Seal(reply, "token", "415670741", time.Unix(1795305600, 999)), &got); err != nil {
		t.Fatal(err)
	}
	if got.TimeStamp != "1795305600" || got.Nonce != "415670741" {
		t.Errorf("TimeStamp %s, Nonce %s", got.TimeStamp, got.Nonce)
	}
	if !VerifySignature(got.MsgSignature, "token", got.TimeStamp, got.Nonce, got.Encrypt) {
		t.Error("MsgSignature does not verify")
	}
	if inner, err := c.Decrypt(got.Encrypt); err != nil || !cmp.Equal(reply, inner) {
		t.Errorf("inside is %q, %v", inner, err)
	}
	if got := string(c.Seal([]byte(Success), "token", "1", time.Now())); got != "success" {
		t.Errorf("success is sealed: %q", got)
	}
}

func FuzzTextReply(f *testing.F) {
	for _, seed := range []string{"", "a", "]]>", "]]]]>>", "a\x00\xff\ufffe\r\n", strings.Repeat("好", 700)} {
		f.Add(seed)
	}
	to := wantHead("text", "")
	f.Fuzz(func(t *testing.T, text string) {
		reply := MarshalReply(&to, TextReply(text))
		if string(reply) == Success {
			return
		}
		got := receive(t, reply)
		if len(got.Content) > MaxText || got.Content == "" || !utf8.ValidString(got.Content) {
			t.Errorf("%d bytes: %q", len(got.Content), got.Content)
		}
		if got.MsgType != "text" || got.ToUserName != to.FromUserName {
			t.Errorf("the text left its element: %q", reply)
		}
	})
}
