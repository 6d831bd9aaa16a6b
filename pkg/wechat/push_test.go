package wechat

import (
	"encoding/xml"
	"errors"
	"io"
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

const head = `<ToUserName><![CDATA[gh_demo00000001]]></ToUserName><FromUserName><![CDATA[oDEMO-openid_0001]]></FromUserName><CreateTime>1795305600</CreateTime>`

func event(name, rest string) string {
	return `<xml>` + head + `<MsgType><![CDATA[event]]></MsgType><Event><![CDATA[` + name + `]]></Event>` + rest + `</xml>`
}

func text(content string) string {
	return `<xml>` + head + `<MsgType><![CDATA[text]]></MsgType><Content><![CDATA[` + content + `]]></Content><MsgId>25000000000000001</MsgId></xml>`
}

func wantHead(msgType, event string) Head {
	return Head{ToUserName: "gh_demo00000001", FromUserName: "oDEMO-openid_0001", CreateTime: 1795305600,
		MsgType: msgType, Event: event}
}

func wantText(content string) *Text {
	return &Text{Message: Message{Head: wantHead("text", ""), MsgID: 25000000000000001}, Content: content}
}

func TestParsePush(t *testing.T) {
	tests := []struct {
		name string
		body string
		want Push
	}{
		{"text", text("hello"), wantText("hello")},
		{"empty text", text(""), wantText("")},
		{"text keeps its blanks", text(" a\n b "), wantText(" a\n b ")},
		{"text without CDATA", strings.Replace(text("x"), "<![CDATA[x]]>", "a &lt;b&gt; &amp; &#20320;&#x597d;", 1), wantText("a <b> & 你好")},
		{"text of four-byte characters", text("👨‍👩‍👧 𠮷"), wantText("👨‍👩‍👧 𠮷")},
		{"text with control characters", text("a\x02b\x1dc\x00d\x0be\ufffef"), wantText("abcdef")},
		{"text that is not UTF-8", text("a\xffb"), wantText("a\ufffdb")},
		{"text with line ends of all kinds", text("a\r\nb\rc\nd"), wantText("a\nb\nc\nd")},
		{"text with ]]>", text("a]]>b"), wantText("a]]>b")},
		{"text that is a push", text(text("x")), wantText(text("x"))},
		{"text that names another sender", text("a]]></Content><FromUserName>oVictim</FromUserName><Content><![CDATA[b"),
			wantText("a]]></Content><FromUserName>oVictim</FromUserName><Content><![CDATA[b")},
		{"text that ends the push", text("a]]></Content></xml><xml><Content><![CDATA[b"),
			wantText("a]]></Content></xml><xml><Content><![CDATA[b")},
		{"text with elements in it", text("a]]><b>c</b><![CDATA[d"), wantText("a]]><b>c</b><![CDATA[d")},
		{"text in two sections", text("a]]><![CDATA[b"), wantText("ab")},
		{"blanks around CDATA", strings.NewReplacer("<![CDATA[", "\n <![CDATA[", "]]>", "]]> \n").Replace(event("CLICK", "<EventKey><![CDATA[help]]></EventKey>")),
			&Click{Head: wantHead("event", "CLICK"), EventKey: "help"}},
		{"byte order mark, declaration, comment", "\ufeff<?xml version=\"1.0\" encoding=\"GBK\"?>\n<!-- a > b -->" + text("你好"), wantText("你好")},
		{"64 bits", strings.Replace(text(""), "25000000000000001", "18446744073709551615", 1),
			&Text{Message: Message{Head: wantHead("text", ""), MsgID: 18446744073709551615}}},
		{"MsgId empty", strings.Replace(text(""), "25000000000000001", "", 1), &Text{Message: Message{Head: wantHead("text", "")}}},
		{"tap in a msgmenu", strings.Replace(text("yes"), "</xml>", "<bizmsgmenuid>101</bizmsgmenuid></xml>", 1),
			&Text{Message: Message{Head: wantHead("text", ""), MsgID: 25000000000000001}, Content: "yes", BizMsgMenuID: "101"}},
		{"follow", event("subscribe", "<EventKey><![CDATA[]]></EventKey>"), &Subscribe{Head: wantHead("event", "subscribe")}},
		{"follow by QR code", event("subscribe", "<EventKey><![CDATA[qrscene_spring]]></EventKey><Ticket><![CDATA[TICKET]]></Ticket>"),
			&Subscribe{Head: wantHead("event", "subscribe"), EventKey: "qrscene_spring", Ticket: "TICKET"}},
		{"unfollow", event("unsubscribe", "<EventKey/>"), &Unsubscribe{Head: wantHead("event", "unsubscribe")}},
		{"scan", event("SCAN", "<EventKey>4711</EventKey><Ticket>T</Ticket>"),
			&Scan{Head: wantHead("event", "SCAN"), EventKey: "4711", Ticket: "T"}},
		{"click", event("CLICK", "<EventKey>help</EventKey>"), &Click{Head: wantHead("event", "CLICK"), EventKey: "help"}},
		{"view", event("VIEW", "<EventKey>https://example.com/?a=1&amp;b=2</EventKey><MenuId>MENUID</MenuId>"),
			&View{Head: wantHead("event", "VIEW"), EventKey: "https://example.com/?a=1&b=2", MenuID: "MENUID"}},
		{"unknown event", event("scan", ""), &Raw{Head: wantHead("event", "scan")}},
		{"unknown event, a field of its own twice", event("brand_new", "<Id>1</Id><Id>2</Id>"), &Raw{Head: wantHead("event", "brand_new")}},
		{"unknown message", strings.Replace(text(""), "[text]", "[hologram]", 1), &Raw{Head: wantHead("hologram", "")}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := ParsePush([]byte(tt.body))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got, cmpopts.IgnoreUnexported(Raw{})); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestParsePushRefuses(t *testing.T) {
	without := func(element string) string {
		i, j := strings.Index(head, "<"+element+">"), strings.Index(head, "</"+element+">")
		return `<xml>` + head[:i] + head[j+len(element)+3:] + `<MsgType>text</MsgType></xml>`
	}
	tests := []struct{ name, body string }{
		{"nothing", ""},
		{"blanks", " \n"},
		{"no XML", "success"},
		{"cut in the text", text("hello")[:250]},
		{"cut before the end", strings.TrimSuffix(text("hello"), "</xml>")},
		{"tags crossed", "<xml><a><b></a></b></xml>"},
		{"DOCTYPE", `<!DOCTYPE xml [<!ENTITY a "b">]>` + text("&a;")},
		{"external entity", `<!DOCTYPE xml SYSTEM "file:///etc/passwd">` + text("x")},
		{"entity unknown", strings.Replace(text("x"), "<![CDATA[x]]>", "&lol;", 1)},
		{"reference beyond Unicode", strings.Replace(text("x"), "<![CDATA[x]]>", "&#x110000;", 1)},
		{"deep", strings.Repeat("<xml>", 100000)},
		{"many", "<xml>" + strings.Repeat("<a/>", 60000) + "</xml>"},
		{"two senders", strings.Replace(text("x"), "<Content>", "<FromUserName>oOther</FromUserName><Content>", 1)},
		{"no sender", without("FromUserName")},
		{"no account", without("ToUserName")},
		{"no time", without("CreateTime")},
		{"time not a number", strings.Replace(text("x"), "1795305600", "soon", 1)},
		{"time negative", strings.Replace(text("x"), "1795305600", "-1", 1)},
		{"sender of 129 bytes", strings.Replace(text("x"), "oDEMO-openid_0001", strings.Repeat("o", 129), 1)},
		{"sender with a blank", strings.Replace(text("x"), "oDEMO-openid_0001", "o DEMO", 1)},
		{"no type", "<xml>" + head + "</xml>"},
		{"event without a name", event("", "")},
		{"unquoted attribute", "<xml a=b>" + head + "<MsgType>text</MsgType></xml>"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p, err := ParsePush([]byte(tt.body))
			if !errors.Is(err, ErrMalformed) {
				t.Errorf("got %v, %v", p, err)
			}
		})
	}
}

func TestRawField(t *testing.T) {
	p, err := ParsePush([]byte(event("hologram", "<debug_str><![CDATA[hello]]></debug_str>")))
	if err != nil {
		t.Fatal(err)
	}
	raw := p.(*Raw)
	if got := []string{raw.Kind(), raw.Field("debug_str"), raw.Field("other")}; !cmp.Equal(got, []string{"event/hologram", "hello", ""}) {
		t.Errorf("got %q", got)
	}
}

func TestScene(t *testing.T) {
	for key, want := range map[string]string{"": "", "qrscene_spring": "spring", "qrscene_4711": "4711", "last_trade_no_1": ""} {
		if got := (&Subscribe{EventKey: key}).Scene(); got != want {
			t.Errorf("%q: got %q, want %q", key, got, want)
		}
	}
}

func TestReadEnvelope(t *testing.T) {
	tests := []struct {
		name, body string
		want       Envelope
	}{
		{"safe", "<xml><ToUserName><![CDATA[gh_1]]></ToUserName><Encrypt><![CDATA[ab+/=]]></Encrypt></xml>", Envelope{"gh_1", "ab+/="}},
		{"blanks around", "<xml><ToUserName>gh_1</ToUserName><Encrypt>\n<![CDATA[ab+/=]]>\n</Encrypt></xml>", Envelope{"gh_1", "ab+/="}},
		{"compatible, text with ]]>", strings.Replace(text("a]]>b"), "</xml>", "<Encrypt>ab</Encrypt></xml>", 1), Envelope{"gh_demo00000001", "ab"}},
		{"text that brings an Encrypt of its own", strings.Replace(text("a]]></Content><Encrypt>no</Encrypt><Content><![CDATA["), "</xml>", "<Encrypt>ab</Encrypt></xml>", 1),
			Envelope{"gh_demo00000001", "ab"}},
		{"clear", text("x"), Envelope{"gh_demo00000001", ""}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := ReadEnvelope([]byte(tt.body))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// FuzzParsePush holds ParsePush to its promises on any bytes, and the parser beneath it to encoding/xml.
func FuzzParsePush(f *testing.F) {
	for _, seed := range []string{
		text("hello"), text("a]]>b"), text("a\x02\r\n\xff"), text(text("x")), event("subscribe", "<EventKey/>"),
		`<?xml version="1.0"?><!-- c --><a:xml b="c" d='e>'><x/>&#65;&amp;<![CDATA[d]]> <x>1</x></a:xml>`,
		"<!DOCTYPE a><a/>", "\ufeff<a>\r&#13;&#55357;</a>trailing", "before<a></a>", "<a:b></a:b>", "<:a></:a>",
	} {
		f.Add([]byte(seed))
	}
	for _, all := range samples(f) {
		for _, sample := range all {
			f.Add([]byte(sample))
			f.Add([]byte(asJSON(f, sample)))
		}
	}
	for _, kind := range documented {
		root := document(kind, 0, func(path string, _ reflect.Type) string { return path })
		f.Add(root.marshal(false))
		f.Add(root.marshal(true))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		if p, err := ParsePush(body); err == nil {
			if p.Common().FromUserName == "" || p.Common().CreateTime <= 0 {
				t.Errorf("a push without a sender or a time: %+v", p)
			}
			if text, ok := p.(*Text); ok && !utf8.ValidString(text.Content) {
				t.Errorf("a text that is not UTF-8: %q", text.Content)
			}
		} else if !errors.Is(err, ErrMalformed) {
			t.Error(err)
		}

		want, err := referenceParse(string(body))
		if err != nil {
			return
		}
		got, err := parseXML(string(body))
		if errors.Is(err, errDoctype) || errors.Is(err, errComment) || errors.Is(err, errTooDeep) || errors.Is(err, errTooMany) {
			return
		}
		if err != nil {
			t.Fatalf("encoding/xml accepts what gives %v", err)
		}
		if diff := cmp.Diff(want, got, cmp.AllowUnexported(element{}), cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("(-encoding/xml +ours):\n%s", diff)
		}
	})
}

// referenceParse reads a document with one root by encoding/xml.
func referenceParse(s string) (*element, error) {
	d := xml.NewDecoder(strings.NewReader(s))
	document := &element{}
	open := []*element{document}
	for {
		token, err := d.Token()
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, err
		}
		top := open[len(open)-1]
		switch token := token.(type) {
		case xml.StartElement:
			open = append(open, &element{name: token.Name.Local})
		case xml.EndElement:
			parent := open[len(open)-2]
			parent.children = append(parent.children, *top)
			open = open[:len(open)-1]
		case xml.CharData:
			top.text += string(token)
		}
	}
	if len(document.children) != 1 {
		return nil, errors.New("not one root")
	}
	return &document.children[0], nil
}
