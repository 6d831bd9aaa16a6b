package wechat

import (
	"bytes"
	"encoding/xml"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

// received is a reply as the receiver's XML parser reads it.
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

// TestTextEndsOutsideALink cuts texts at every position within a link.
func TestTextEndsOutsideALink(t *testing.T) {
	to := wantHead("text", "")
	say := func(text string) string {
		reply := MarshalReply(&to, TextReply(text))
		if string(reply) == Success {
			return ""
		}
		return receive(t, reply).Content
	}
	for _, link := range []string{
		`<a href="https://example.com/?a=1">打开</a>`, "<A\nhref='https://example.com/'>x</A>", `<a href="https://example.com/?a>b">x</a>`,
		`<a href="weixin://bizmsgmenu?msgmenucontent=%E4%B8%8B&msgmenuid=1">下一页</a>`, `<a data-miniprogram-appid="wx1" href="">x</a>`,
	} {
		for before := MaxText - len(link) - 1; before <= MaxText+1; before++ {
			start := strings.Repeat("a", before)
			want := start[:min(before, MaxText)]
			if before+len(link) <= MaxText {
				want = (start + link + "bbb")[:MaxText]
			}
			if got := say(start + link + "bbb"); got != want {
				t.Errorf("%d bytes before %s: %d bytes, ends in %q", before, link, len(got), got[max(0, len(got)-40):])
			}
		}
	}
	long := strings.Repeat("好", 700)
	cut := func(s string) string { return cutAtCharacter(s, MaxText) }
	for _, tt := range []struct{ name, text, want string }{
		{"a link in words", "a<a href='x'>" + long + "</a>", "a"},
		{"only a link", "<a href='x'>" + long + "</a>", ""},
		{"a link that fits, then text", "<a href='x'>b</a>" + long, cut("<a href='x'>b</a>" + long)},
		{"a link that never ends", "a<a href='x'>" + long, cut("a<a href='x'>" + long)},
		{"in the tag of a link that never ends", long[:2040] + "<a href='x'>", long[:2040]},
		{"signs that are no links", "1 < 2, <a 3, <abbr> " + long, cut("1 < 2, <a 3, <abbr> " + long)},
		{"the end of no link", long[:2040] + "a</a>b" + long, long[:2040] + "a</a>b"},
	} {
		if got := say(tt.text); got != tt.want {
			t.Errorf("%s: %d bytes, want %d; starts with %.30q", tt.name, len(got), len(tt.want), got)
		}
	}
}

// TestCutTextOfNoCharacters: a text that is not UTF-8 may have no beginning of a character.
func TestCutTextOfNoCharacters(t *testing.T) {
	if got := CutText(strings.Repeat("\x80", 10), 5); got != "" {
		t.Errorf("CutText = %q, want nothing", got)
	}
}

func cutAtCharacter(s string, n int) string {
	for !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}

// TestReplies checks each type of reply, to a message and to an event, in both forms, after the common start.
func TestReplies(t *testing.T) {
	const (
		xmlStart = `<xml><ToUserName><![CDATA[oDEMO-openid_0001]]></ToUserName><FromUserName><![CDATA[gh_demo00000001]]></FromUserName>` +
			`<CreateTime>1795305600</CreateTime><MsgType><![CDATA[`
		jsonStart = `{"ToUserName":"oDEMO-openid_0001","FromUserName":"gh_demo00000001","CreateTime":1795305600,"MsgType":"`
		success   = "success"
	)
	articles := make(NewsReply, 9)
	for i := range articles {
		articles[i] = Article{Title: string(rune('a' + i)), URL: "https://example.com/?a=1&b=2"}
	}
	const itemA, itemB = `<item><Title><![CDATA[a]]></Title><Description><![CDATA[]]></Description><PicUrl><![CDATA[]]></PicUrl>` +
		`<Url><![CDATA[https://example.com/?a=1&b=2]]></Url></item>`,
		`<item><Title><![CDATA[b]]></Title><Description><![CDATA[]]></Description><PicUrl><![CDATA[]]></PicUrl>` +
			`<Url><![CDATA[https://example.com/?a=1&b=2]]></Url></item>`
	message, event := wantHead("text", ""), wantHead("event", "CLICK")
	tests := []struct {
		name              string
		to                Head
		reply             Reply
		wantXML, wantJSON string // after the start; or success
	}{
		{"text", message, TextReply("a ]]> & <b> \u2028"),
			`text]]></MsgType><Content><![CDATA[a ]]]]><![CDATA[> & <b> ` + "\u2028" + `]]></Content></xml>`, `text","Content":"a ]]> & <b> \u2028"}`},
		{"image", message, ImageReply{"M1"},
			`image]]></MsgType><Image><MediaId><![CDATA[M1]]></MediaId></Image></xml>`, `image","Image":{"MediaId":"M1"}}`},
		{"voice", event, VoiceReply{"M1"},
			`voice]]></MsgType><Voice><MediaId><![CDATA[M1]]></MediaId></Voice></xml>`, `voice","Voice":{"MediaId":"M1"}}`},
		{"video", message, VideoReply{"M1", "T", "D"},
			`video]]></MsgType><Video><MediaId><![CDATA[M1]]></MediaId><Title><![CDATA[T]]></Title><Description><![CDATA[D]]></Description></Video></xml>`,
			`video","Video":{"MediaId":"M1","Title":"T","Description":"D"}}`},
		{"music", event, MusicReply{"T", "D", "https://example.com/m", "https://example.com/h", "M1"},
			`music]]></MsgType><Music><Title><![CDATA[T]]></Title><Description><![CDATA[D]]></Description>` +
				`<MusicUrl><![CDATA[https://example.com/m]]></MusicUrl><HQMusicUrl><![CDATA[https://example.com/h]]></HQMusicUrl>` +
				`<ThumbMediaId><![CDATA[M1]]></ThumbMediaId></Music></xml>`,
			`music","Music":{"Title":"T","Description":"D","MusicUrl":"https://example.com/m","HQMusicUrl":"https://example.com/h","ThumbMediaId":"M1"}}`},
		{"news to a message is one article", message, articles[:2],
			`news]]></MsgType><ArticleCount>1</ArticleCount><Articles>` + itemA + `</Articles></xml>`,
			`news","ArticleCount":1,"Articles":{"item":[{"Title":"a","Description":"","PicUrl":"","Url":"https://example.com/?a=1&b=2"}]}}`},
		{"news to an event", event, articles[:2],
			`news]]></MsgType><ArticleCount>2</ArticleCount><Articles>` + itemA + itemB + `</Articles></xml>`,
			`news","ArticleCount":2,"Articles":{"item":[{"Title":"a","Description":"","PicUrl":"","Url":"https://example.com/?a=1&b=2"},` +
				`{"Title":"b","Description":"","PicUrl":"","Url":"https://example.com/?a=1&b=2"}]}}`},
		{"transfer", message, TransferReply{}, `transfer_customer_service]]></MsgType></xml>`, `transfer_customer_service"}`},
		{"transfer to one", message, TransferReply{"agent1@sample"},
			`transfer_customer_service]]></MsgType><TransInfo><KfAccount><![CDATA[agent1@sample]]></KfAccount></TransInfo></xml>`,
			`transfer_customer_service","TransInfo":{"KfAccount":"agent1@sample"}}`},
		{"transfer to the AI", message, TransferAIReply{}, `transfer_biz_ai_ivr]]></MsgType></xml>`, `transfer_biz_ai_ivr"}`},
		{"control characters", message, VideoReply{"M1", "a\x00b", "\xff"},
			`video]]></MsgType><Video><MediaId><![CDATA[M1]]></MediaId><Title><![CDATA[ab]]></Title><Description><![CDATA[` + "\ufffd" + `]]></Description></Video></xml>`,
			`video","Video":{"MediaId":"M1","Title":"ab","Description":"` + "\ufffd" + `"}}`},

		{"nothing", message, nil, success, success},
		{"text without content", message, TextReply(""), success, success},
		{"image without material", message, ImageReply{}, success, success},
		{"voice without material", message, VoiceReply{}, success, success},
		{"video without material", message, VideoReply{Title: "T"}, success, success},
		{"music without a picture", message, MusicReply{Title: "T", MusicURL: "https://example.com/m"}, success, success},
		{"news without articles", event, NewsReply{}, success, success},
		{"article without a title", event, NewsReply{{URL: "https://example.com/"}}, success, success},
		{"article without an address", event, NewsReply{{Title: "a"}}, success, success},
		{"transfer of an event", event, TransferReply{}, success, success},
		{"transfer of an event to the AI", event, TransferAIReply{}, success, success},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			inXML, inJSON := xmlStart+tt.wantXML, jsonStart+tt.wantJSON
			if tt.wantXML == success {
				inXML, inJSON = success, success
			}
			if diff := cmp.Diff(inXML, string(MarshalReply(&tt.to, tt.reply))); diff != "" {
				t.Errorf("XML (-want +got):\n%s", diff)
			}
			tt.to.JSON = true
			if diff := cmp.Diff(inJSON, string(MarshalReply(&tt.to, tt.reply))); diff != "" {
				t.Errorf("JSON (-want +got):\n%s", diff)
			}
		})
	}
}

// TestNewsCountsItsArticles checks how many of nine articles are shown in reply to each kind.
func TestNewsCountsItsArticles(t *testing.T) {
	nine := slices.Repeat(NewsReply{{Title: "a", URL: "https://example.com/"}}, 9)
	for _, kind := range Kinds() {
		msgType, event, _ := strings.Cut(kind, "/")
		want := 1
		if msgType == "event" {
			want = MaxArticles
		}
		to := wantHead(msgType, event)
		var got struct {
			ArticleCount int
			Items        []struct{} `xml:"Articles>item"`
		}
		if err := xml.Unmarshal(MarshalReply(&to, nine), &got); err != nil {
			t.Fatal(err)
		}
		if got.ArticleCount != want || len(got.Items) != want {
			t.Errorf("%s: ArticleCount %d and %d articles, want %d", kind, got.ArticleCount, len(got.Items), want)
		}
	}
}

// TestReplyIsTheSameEachTime checks that repeated deliveries of a push get the same bytes.
func TestReplyIsTheSameEachTime(t *testing.T) {
	to := wantHead("text", "")
	if first, again := MarshalReply(&to, TextReply("a")), MarshalReply(&to, TextReply("a")); !bytes.Equal(first, again) {
		t.Errorf("%s, then %s", first, again)
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
	for _, seed := range []string{"", "a", "]]>", "]]]]>>", "a\x00\xff\ufffe\r\n", strings.Repeat("好", 700), strings.Repeat("好", 680) + "<a href='x'>y</a>"} {
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
		if !strings.HasPrefix(sendable(text), got.Content) {
			t.Errorf("%q is not the start of %q", got.Content, text)
		}
		if got.MsgType != "text" || got.ToUserName != to.FromUserName {
			t.Errorf("the text left its element: %q", reply)
		}
	})
}
