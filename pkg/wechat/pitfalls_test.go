package wechat

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// TestPitfalls checks for mistakes of other implementations of the protocol. The numbers are those of a list made from their
// issue trackers. TestPitfallsElsewhere has further numbers.
func TestPitfalls(t *testing.T) {
	to := wantHead("text", "")
	content := func(t *testing.T, body string) string { return parse(t, body).(*Text).Content }
	wantMalformed := func(t *testing.T, body string) {
		t.Helper()
		if p, err := ParsePush([]byte(body)); !errors.Is(err, errMalformed) {
			t.Errorf("got %v, %v", p, err)
		}
	}
	want := func(t *testing.T, want, got any) {
		t.Helper()
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	}
	for _, pitfall := range []struct {
		number  int
		asserts string
		test    func(t *testing.T)
	}{
		{1, "control characters within a text are left out, the push is understood", func(t *testing.T) {
			want(t, "ab", content(t, text("a\x02\x10\x1d\x00\x0b\x0c\ufffe\uffffb")))
		}},
		{2, "]]> and whole XML within a text stay within it", func(t *testing.T) {
			want(t, "a]]>b", content(t, text("a]]>b")))
			want(t, text("x"), content(t, text(text("x"))))
		}},
		{3, "our own ]]> and control characters do not break the reply", func(t *testing.T) {
			want(t, "a]]>b", receive(t, MarshalReply(&to, TextReply("a]]>\x02b"))).Content)
		}},
		{4, "bizmsgmenuid and numbers may be empty or no numbers", func(t *testing.T) {
			p := parse(t, strings.Replace(text("x"), "<MsgId>25000000000000001</MsgId>", "<MsgId>none</MsgId><bizmsgmenuid/><Idx/>", 1))
			want(t, wantText("x").Head, *p.Common())
			want(t, Message{Head: *p.Common()}, p.(*Text).Message)
		}},
		{5, "blanks around CDATA are cut from identifiers, not from texts", func(t *testing.T) {
			spaced := strings.NewReplacer("<![CDATA[", " \n<![CDATA[", "]]>", "]]> \n")
			want(t, "help", parse(t, spaced.Replace(event("CLICK", "<EventKey><![CDATA[help]]></EventKey>"))).(*Click).EventKey)
			want(t, " a ", content(t, text(" a ")))
		}},
		{6, "a byte order mark is read, and none is written", func(t *testing.T) {
			want(t, "a", content(t, "\ufeff\r\n "+text("a")))
			want(t, true, strings.HasPrefix(string(MarshalReply(&to, TextReply("a"))), "<xml>"))
		}},
		{7, "the declared encoding is ignored: the platform writes UTF-8", func(t *testing.T) {
			want(t, "你好", content(t, `<?xml version="1.0" encoding="GBK"?>`+text("你好")))
		}},
		{10, "a text reply is cut at a character after 2047 bytes", func(t *testing.T) {
			want(t, strings.Repeat("好", 682), receive(t, MarshalReply(&to, TextReply(strings.Repeat("好", 700)))).Content)
		}},
		{11, "the reply goes to the sender, from the account", func(t *testing.T) {
			got := receive(t, MarshalReply(&to, TextReply("a")))
			want(t, []string{to.FromUserName, to.ToUserName}, []string{got.ToUserName, got.FromUserName})
		}},
		{12, "nothing to say is the bare word success, never an empty Content", func(t *testing.T) {
			want(t, "success", string(MarshalReply(&to, nil)))
			want(t, "success", string(MarshalReply(&to, TextReply(""))))
		}},
		{13, "the plain signature does not verify an encrypted push, nor the other way round", func(t *testing.T) {
			v := vectorOf(t, "V04")
			want(t, []bool{true, false, true, false}, []bool{
				VerifySignature(v.MsgSignature, v.Token, v.Timestamp, v.Nonce, v.Encrypt),
				VerifySignature(v.Signature, v.Token, v.Timestamp, v.Nonce, v.Encrypt),
				VerifySignature(v.Signature, v.Token, v.Timestamp, v.Nonce),
				VerifySignature(v.MsgSignature, v.Token, v.Timestamp, v.Nonce),
			})
		}},
		{14, "an empty token verifies nothing", func(t *testing.T) {
			want(t, false, VerifySignature(Signature("", "1", "2"), "", "1", "2"))
		}},
		{16, "padding is to 32 bytes, a whole block if nothing is missing", func(t *testing.T) {
			c := newCipher(t, "wx1")
			for n := range 65 {
				message := strings.Repeat("a", n)
				encrypt := c.Encrypt([]byte(message))
				// Base64 of the frame (16 random bytes, 4 of length, the message, the appid), filled up to blocks of 32.
				want(t, ((20+n+3)/32*32+32+2)/3*4, len(encrypt))
				got, err := c.Decrypt(encrypt)
				want(t, error(nil), err)
				want(t, message, string(got))
			}
		}},
		{17, "a key whose last character has bits to spare is one", func(t *testing.T) {
			_, err := NewCipher("wx1", strings.Repeat("A", 40)+"B2C")
			want(t, error(nil), err)
		}},
		{18, "an appid other than ours inside is refused", func(t *testing.T) {
			_, err := newCipher(t, "wx2").Decrypt(newCipher(t, "wx1").Encrypt([]byte("a")))
			want(t, true, errors.Is(err, errDecrypt))
		}},
		{19, "blanks around Encrypt are not signed", func(t *testing.T) {
			e, err := ReadEnvelope([]byte("<xml><Encrypt> \n<![CDATA[ab+/=]]>\n </Encrypt></xml>"))
			want(t, error(nil), err)
			want(t, "ab+/=", e.Encrypt)
		}},
		{20, "a sealed reply has its time in seconds and the push's nonce; a transfer is sealed, success is not", func(t *testing.T) {
			c := newCipher(t, "wx1")
			for _, r := range []Reply{TextReply("a"), TransferReply{}, TransferAIReply{}} {
				sealed := string(c.Seal(MarshalReply(&to, r), "token", "415670741", time.UnixMilli(1795305600999)))
				want(t, true, strings.Contains(sealed, "<TimeStamp>1795305600</TimeStamp><Nonce><![CDATA[415670741]]></Nonce>"))
				e, err := ReadEnvelope([]byte(sealed))
				want(t, error(nil), err)
				inside, err := c.Decrypt(e.Encrypt)
				want(t, error(nil), err)
				want(t, string(MarshalReply(&to, r)), string(inside))
			}
			want(t, "success", string(c.Seal(MarshalReply(&to, nil), "token", "1", time.Unix(1, 0))))
		}},
		{21, "CreateTime is seconds; milliseconds are refused", func(t *testing.T) {
			want(t, "2026-11-22T00:00:00Z", parse(t, text("x")).Common().Time().UTC().Format(time.RFC3339))
			wantMalformed(t, strings.Replace(text("x"), "1795305600", "1795305600000", 1))
		}},
		{22, "MsgId keeps all its 64 bits, in XML and JSON", func(t *testing.T) {
			for _, body := range []string{
				strings.Replace(text(""), "25000000000000001", "18446744073709551615", 1),
				jsonText(`"MsgId":18446744073709551615`), jsonText(`"MsgId":"18446744073709551615"`),
			} {
				want(t, uint64(18446744073709551615), parse(t, body).(*Text).MsgID)
			}
		}},
		{26, "a DOCTYPE is refused, and no entity is expanded but XML's five", func(t *testing.T) {
			wantMalformed(t, `<!DOCTYPE xml [<!ENTITY a SYSTEM "file:///etc/passwd">]>`+strings.Replace(text("x"), "<![CDATA[x]]>", "&a;", 1))
			wantMalformed(t, strings.Replace(text("x"), "<![CDATA[x]]>", "&a;", 1))
			want(t, `<>&'"`, content(t, strings.Replace(text("x"), "<![CDATA[x]]>", "&lt;&gt;&amp;&apos;&quot;", 1)))
		}},
		{32, "event names are compared with their case, and an unknown one is no error", func(t *testing.T) {
			for _, name := range []string{"scan", "Subscribe", "never_heard_of"} {
				if p, ok := parse(t, event(name, "")).(*Raw); !ok || p.Kind() != "event/"+name {
					t.Errorf("%s is %#v", name, p)
				}
			}
		}},
		{33, "List in JSON is an object or an array", TestListIsObjectOrArray},
	} {
		t.Run(pitfall.asserts, func(t *testing.T) {
			t.Logf("pitfall %d", pitfall.number)
			pitfall.test(t)
		})
	}
}

// TestPitfallsElsewhere checks that the tests for the pitfalls of other packages exist.
func TestPitfallsElsewhere(t *testing.T) {
	for _, pitfall := range []struct {
		number                 int
		asserts, folder, named string
	}{
		{8, "a push delivered again changes nothing and gets the same answer", "pkg/webhook", "TestFromFollowToUnfollow"},
		{9, "the reply goes out in time, whatever the platform's API does", "pkg/webhook", "TestSlowPlatform"},
		{13, "in safe mode the plain signature admits nothing", "pkg/webhook", "TestHostileRequestsAreRefused"},
		{14, "in safe mode a push in clear is refused", "pkg/webhook", "TestHostileRequestsAreRefused"},
		{15, "the mode is configured: without a key the clear fields are read", "pkg/webhook", "TestPlainReadsTheClearFields"},
		{23, "a token that another instance replaced is taken from the store", "pkg/wechatapi", "TestRefusedTokenIsReplacedByTheStores"},
		{24, "a refused token is fetched again once, not in a loop", "pkg/wechatapi", "TestForcedInVain"},
		{25, "the refusal of an address names the address", "pkg/wechatapi", "TestRefusal"},
		{28, "query parameters repeated, or as arrays, are refused without a fault", "pkg/webhook", "TestHostileRequestsAreRefused"},
		{30, "an old timestamp is refused", "pkg/webhook", "TestHostileRequestsAreRefused"},
		{31, "the menu's JSON goes out unescaped", "pkg/wechatapi", "TestRetryHasTheBody"},
		{34, "an unfollow delivered again leaves what the first left", "internal/boltstore", "TestStore"},
	} {
		files, err := filepath.Glob("../../" + pitfall.folder + "/*_test.go")
		if err != nil {
			t.Fatal(err)
		}
		found := false
		for _, file := range files {
			source, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			found = found || strings.Contains(string(source), "func "+pitfall.named+"(")
		}
		if !found {
			t.Errorf("pitfall %d, %s: %s has no %s", pitfall.number, pitfall.asserts, pitfall.folder, pitfall.named)
		}
	}
}
