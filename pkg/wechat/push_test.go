package wechat

import (
	"encoding/xml"
	"errors"
	"io"
	"reflect"
	"slices"
	"strings"
	"testing"
	"unicode"
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
			&Click{MenuEvent{Head: wantHead("event", "CLICK"), EventKey: "help"}}},
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
		{"click", event("CLICK", "<EventKey>help</EventKey>"), &Click{MenuEvent{Head: wantHead("event", "CLICK"), EventKey: "help"}}},
		{"view", event("VIEW", "<EventKey>https://example.com/?a=1&amp;b=2</EventKey><MenuId>MENUID</MenuId>"),
			&View{MenuEvent: MenuEvent{Head: wantHead("event", "VIEW"), EventKey: "https://example.com/?a=1&b=2"}, MenuID: "MENUID"}},
		{"unknown event", event("scan", ""), &Raw{Head: wantHead("event", "scan")}},
		{"unknown event, a field of its own twice", event("brand_new", "<Id>1</Id><Id>2</Id>"), &Raw{Head: wantHead("event", "brand_new")}},
		{"unknown event, what users type twice", event("new_list_event", "<Items><item><Title>a</Title></item><item><Title>b</Title></item></Items>"),
			&Raw{Head: wantHead("event", "new_list_event")}},
		{"unknown event, what users type twice in CDATA", event("new_list_event", "<Title><![CDATA[a]]></Title><Title><![CDATA[b]]></Title>"),
			&Raw{Head: wantHead("event", "new_list_event")}},
		{"unknown event, a key twice", event("new_list_event", "<EventKey>a</EventKey><EventKey>b</EventKey><MsgId>1</MsgId><MsgId>2</MsgId>"),
			&Raw{Head: wantHead("event", "new_list_event")}},
		{"unknown message that names another sender", strings.Replace(text("a]]></Content><FromUserName>oVictim</FromUserName><Content><![CDATA[b"), "[text]", "[hologram]", 1),
			&Raw{Head: wantHead("hologram", "")}},
		{"known event, an unknown list of what users type", event("PUBLISHJOBFINISH",
			"<PublishEventInfo><publish_id>1</publish_id><New><item><Title>a</Title></item><item><Title>b</Title></item></New></PublishEventInfo>"),
			&PublishJobFinish{Head: wantHead("event", "PUBLISHJOBFINISH"), PublishID: 1}},
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
		{"two senders, unknown event", event("brand_new", "<FromUserName>oOther</FromUserName>")},
		{"two texts", strings.Replace(text("x"), "<Content>", "<Content>y</Content><Content>", 1)},
		{"two keys", event("CLICK", "<EventKey>a</EventKey><EventKey>b</EventKey>")},
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
			if !errors.Is(err, errMalformed) {
				t.Errorf("got %v, %v", p, err)
			}
		})
	}
}

func TestRawField(t *testing.T) {
	p, err := ParsePush([]byte(event("hologram", "<debug_str> <![CDATA[ hello]]>\n</debug_str>")))
	if err != nil {
		t.Fatal(err)
	}
	raw := p.(*Raw)
	if got := []string{raw.Kind(), raw.Field("debug_str"), raw.Field("other")}; !cmp.Equal(got, []string{"event/hologram", " hello", ""}) {
		t.Errorf("got %q", got)
	}
}

func TestRawDecode(t *testing.T) {
	type media struct {
		Title   string `wechat:"title,verbatim"`
		Verdict string `wechat:"verdict"`
	}
	type fields struct {
		Head    Head    `wechat:"-"`
		Version int     `wechat:"version"`
		Prob    float64 `wechat:"result>prob"`
		TraceID uint64  `wechat:"traceId,trace_id"`
		Result  media   `wechat:"result"`
		Details []media `wechat:"details>item"`
		Codes   []int64 `wechat:"code"`
		Missing []media
	}
	const xmlBody = "<version>2</version><trace_id>18446744073709551615</trace_id>" +
		"<result><verdict> <![CDATA[ pass ]]> </verdict><prob>0.5</prob></result>" +
		"<details><item><title> <![CDATA[ a ]]> </title></item><item><verdict>risky</verdict></item></details>" +
		"<code>7</code><code>none</code>"
	const jsonBody = `"version":"2","trace_id":18446744073709551615,"result":{"verdict":" pass ","prob":0.5},` +
		`"details":{"item":[{"title":" a "},{"verdict":"risky"}]},"code":[7,"none"]`
	want := fields{Version: 2, Prob: 0.5, TraceID: 1<<64 - 1, Result: media{Verdict: "pass"},
		Details: []media{{Title: " a "}, {Verdict: "risky"}}, Codes: []int64{7, 0}}
	for _, body := range []string{
		event("hologram", xmlBody),
		`{` + jsonHead + `,"MsgType":"event","Event":"hologram",` + jsonBody + `}`,
	} {
		got := fields{Codes: []int64{1, 2, 3}}
		parse(t, body).(*Raw).Decode(&got)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", body, diff)
		}
	}
}

func TestRawDecodePanics(t *testing.T) {
	raw := parse(t, event("hologram", "")).(*Raw)
	for name, v := range map[string]any{
		"a struct": struct{}{}, "a pointer to a text": new(string), "nil": nil,
		"a boolean field": &struct{ OK bool }{}, "a list of lists": &struct{ A [][]string }{},
	} {
		t.Run(name, func(t *testing.T) {
			defer func() {
				if recover() == nil {
					t.Error("no panic")
				}
			}()
			raw.Decode(v)
		})
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
		{"compatible, Encrypt before a text that brings its own", strings.Replace(text("a]]></Content><Encrypt>no</Encrypt><Content><![CDATA["), "<xml>", "<xml><Encrypt>ab</Encrypt>", 1),
			Envelope{"gh_demo00000001", "ab"}},
		{"compatible, a text that opens what it does not close", strings.Replace(text("<Encrypt>"), "</xml>", "<Encrypt>ab</Encrypt></xml>", 1),
			Envelope{"gh_demo00000001", "ab"}},
		{"clear", text("x"), Envelope{"gh_demo00000001", ""}},
		{"clear, Encrypt empty", strings.Replace(text("x"), "</xml>", "<Encrypt/></xml>", 1), Envelope{"gh_demo00000001", ""}},
		{"clear, a text that brings an Encrypt", text("a]]></Content><Encrypt>no</Encrypt><Content><![CDATA["), Envelope{"gh_demo00000001", ""}},
		{"JSON, safe", ` {"ToUserName":"gh_1", "Encrypt" : "ab+\/\u003d" }`, Envelope{"gh_1", "ab+/="}},
		{"JSON, compatible", jsonText(`"Content":"\"Encrypt\":\"no\",\"Encrypt","Encrypt":"ab"`), Envelope{"gh_demo00000001", "ab"}},
		{"JSON, clear", jsonText(`"Content":"a"`), Envelope{"gh_demo00000001", ""}},
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

func TestReadEnvelopeRefuses(t *testing.T) {
	for _, body := range []string{
		"", " \n", "success", "<xml></xml>", "{}", "{", "<xml><ToUserName>gh_1</ToUserName></xml>", `{"ToUserName":"gh_1"}`,
		"<xml><Encrypt>ab", "<xml><Encrypt>a<b/></Encrypt></xml>", "<xml><Encrypt>a&amp;b</Encrypt></xml>",
		"<xml><Encrypt>ab</Encrypt><Encrypt>ab</Encrypt></xml>", `{"Encrypt":"ab","Encrypt":"ab"}`,
		`{"Encrypt":1}`, `{"Encrypt":"ab`, `{"Encrypt":"\x"}`, `{"Encrypt":["ab"]}`,
		"<xml><ToUserName>gh_1</ToUserName><ToUserName>gh_2</ToUserName><Encrypt>ab</Encrypt></xml>",
	} {
		if e, err := ReadEnvelope([]byte(body)); !errors.Is(err, errMalformed) {
			t.Errorf("%q: got %+v, %v", body, e, err)
		}
	}
}

// TestBrokenBytesHardlyGrow parses pushes of 250 KiB that are not UTF-8. With one U+FFFD for each byte they would triple.
func TestBrokenBytesHardlyGrow(t *testing.T) {
	for _, unit := range []string{"\xff", "a\xff", "\xff\xffa", "\xe5\xa5", "a\xe5\xa5"} {
		broken := strings.Repeat(unit, 250<<10/len(unit))
		for _, body := range []string{text(broken), jsonText(`"Content":"` + broken + `"`)} {
			content := parse(t, body).(*Text).Content
			if len(content) > len(broken)+64 || !utf8.ValidString(content) || !strings.Contains(content, "\ufffd") {
				t.Errorf("%d bytes of %q became %d", len(broken), unit, len(content))
			}
			if got, want := strings.Count(content, "a"), strings.Count(broken, "a"); got != want {
				t.Errorf("%q: %d of %d characters are left", unit, got, want)
			}
		}
	}
}

// TestIDsThatOccur parses pushes with the senders and accounts of the platform's pages. Not all of these are openids of
// followers; all must be accepted.
func TestIDsThatOccur(t *testing.T) {
	for _, from := range []string{"oR5Gjjl_eiZoUpGozMo7dbBJ362A", "mphelper", "fromUser", "FromUser", "o_-", "wx_service-1"} {
		for _, to := range []string{"gh_680bdefc8c5d", "toUser", "my-account_1", "wx0123456789abcdef"} {
			body := strings.NewReplacer("oDEMO-openid_0001", from, "gh_demo00000001", to).Replace(event("kf_create_session",
				"<KfAccount><![CDATA[kf2001@my-account]]></KfAccount>"))
			p := parse(t, body).(*KfCreateSession)
			if got := []string{p.FromUserName, p.ToUserName, p.KfAccount}; !cmp.Equal(got, []string{from, to, "kf2001@my-account"}) {
				t.Errorf("got %q", got)
			}
		}
	}
}

// FuzzReadEnvelope lets a user type anything in compatible mode. The platform's Encrypt must be found, wherever it is.
func FuzzReadEnvelope(f *testing.F) {
	for _, seed := range []string{"", "<Encrypt>no</Encrypt>", "]]></Content><Encrypt>no</Encrypt><Content><![CDATA[", "<![CDATA[", `"Encrypt":"no"`, "\\\""} {
		f.Add(seed)
	}
	const encrypt = "<Encrypt><![CDATA[ab+/=]]></Encrypt>"
	want := Envelope{"gh_demo00000001", "ab+/="}
	f.Fuzz(func(t *testing.T, typed string) {
		clear, quoted := text(typed), string(appendJSONString(nil, typed))
		for _, body := range []string{
			strings.TrimSuffix(clear, "</xml>") + encrypt + "</xml>",
			"<xml>" + encrypt + strings.TrimPrefix(clear, "<xml>"),
			jsonText(`"Content":` + quoted + `,"Encrypt":"ab+\/="`),
			`{"Encrypt":"ab+/=",` + jsonText(`"Content":` + quoted)[1:],
		} {
			got, err := ReadEnvelope([]byte(body))
			if diff := cmp.Diff(want, got); err != nil || diff != "" {
				t.Errorf("%v in %q (-want +got):\n%s", err, body, diff)
			}
		}
	})
}

// FuzzParsePush checks ParsePush's promises for any bytes, and compares the parser with encoding/xml.
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
		f.Add(marshal(false, root.children))
		f.Add(marshal(true, root.children))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		if p, err := ParsePush(body); err == nil {
			if p.Common().FromUserName == "" || p.Common().CreateTime <= 0 {
				t.Errorf("a push without a sender or a time: %+v", p)
			}
			if text, ok := p.(*Text); ok && !utf8.ValidString(text.Content) {
				t.Errorf("a text that is not UTF-8: %q", text.Content)
			}
		} else if !errors.Is(err, errMalformed) {
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
			t.Fatalf("encoding/xml accepts it, parseXML returns %v", err)
		}
		if diff := cmp.Diff(want, &got, cmp.AllowUnexported(element{}), cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("(-encoding/xml +ours):\n%s", diff)
		}
	})
}

// referenceParse parses a document with one root with encoding/xml.
func referenceParse(s string) (*element, error) {
	type opened struct {
		element
		pieces []piece
	}
	d := xml.NewDecoder(strings.NewReader(s))
	open := []*opened{{}}
	for {
		start := d.InputOffset()
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
			open = append(open, &opened{element: element{name: token.Name.Local}})
		case xml.EndElement:
			top.text = joined(top.pieces)
			parent := open[len(open)-2]
			parent.children = append(parent.children, top.element)
			open = open[:len(open)-1]
		case xml.CharData:
			top.pieces = append(top.pieces, piece{string(token), strings.HasPrefix(s[start:], cdataOpen)})
		}
	}
	if len(open[0].children) != 1 {
		return nil, errors.New("not one root")
	}
	return &open[0].children[0], nil
}

// piece is a part of an element's text.
type piece struct {
	text    string
	isCDATA bool
}

// joined returns the text of the pieces without the blanks outside CDATA at its ends.
func joined(pieces []piece) string {
	counts := func(p piece) bool { return p.isCDATA || strings.TrimSpace(p.text) != "" }
	first := slices.IndexFunc(pieces, counts)
	if first < 0 {
		return ""
	}
	pieces = pieces[first:]
	for !counts(pieces[len(pieces)-1]) {
		pieces = pieces[:len(pieces)-1]
	}
	if p := &pieces[0]; !p.isCDATA {
		p.text = strings.TrimLeftFunc(p.text, unicode.IsSpace)
	}
	if p := &pieces[len(pieces)-1]; !p.isCDATA {
		p.text = strings.TrimRightFunc(p.text, unicode.IsSpace)
	}
	text := ""
	for _, p := range pieces {
		text += p.text
	}
	return text
}
