package wechat_test

import (
	"fmt"
	"os"
	"time"

	"github.com/guanzhu/guanzhu/pkg/wechat"
)

// A push in clear, as the platform sends it in plain mode, is parsed into a value of the type of its kind.
func ExampleParsePush() {
	for _, body := range []string{
		`<xml><ToUserName><![CDATA[gh_0123456789ab]]></ToUserName><FromUserName><![CDATA[oSAMPLE]]></FromUserName>
		<CreateTime>1795305660</CreateTime><MsgType><![CDATA[text]]></MsgType>
		<Content><![CDATA[hello]]></Content><MsgId>25000000000000001</MsgId></xml>`,

		`<xml><ToUserName><![CDATA[gh_0123456789ab]]></ToUserName><FromUserName><![CDATA[oSAMPLE]]></FromUserName>
		<CreateTime>1795305600</CreateTime><MsgType><![CDATA[event]]></MsgType><Event><![CDATA[subscribe]]></Event>
		<EventKey><![CDATA[qrscene_spring]]></EventKey><Ticket><![CDATA[gQSAMPLE]]></Ticket></xml>`,

		`{"ToUserName":"gh_0123456789ab","FromUserName":"oSAMPLE","CreateTime":1795305720,
		"MsgType":"event","Event":"hologram","Colour":"blue"}`,
	} {
		push, err := wechat.ParsePush([]byte(body))
		if err != nil {
			fmt.Println(err)
			continue
		}
		switch p := push.(type) {
		case *wechat.Text:
			fmt.Println("text", p.MsgID, p.Content)
		case *wechat.Subscribe:
			fmt.Println("follow by the code", p.Scene(), "at", p.Time().UTC())
		case *wechat.Raw:
			fmt.Println("unknown:", p.Kind(), p.Field("Colour"))
		}
	}
	// Output:
	// text 25000000000000001 hello
	// follow by the code spring at 2026-11-22 00:00:00 +0000 UTC
	// unknown: event/hologram blue
}

// describe reads two kinds that have no type, one with Field and one with Decode.
func describe(p *wechat.Raw) string {
	switch p.Kind() {
	case "event/user_get_card":
		return "took card " + p.Field("CardId")
	case "event/ShakearoundUserShake":
		var shake struct {
			Beacons []struct {
				Minor    int
				Distance float64 // metres
			} `wechat:"AroundBeacons>AroundBeacon"`
		}
		p.Decode(&shake)
		return fmt.Sprint("near beacons ", shake.Beacons)
	}
	return "unknown"
}

// A push of a kind that has no type is a Raw. Its fields are read by their names.
func ExampleRaw() {
	for _, name := range []string{"user_get_card", "shakearoundusershake"} {
		sample, err := os.ReadFile("../../events/" + name + ".xml")
		if err != nil {
			fmt.Println(err)
			return
		}
		push, err := wechat.ParsePush(sample)
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(describe(push.(*wechat.Raw)))
	}
	// Output:
	// took card pSAMPLEcard000000000000000001
	// near beacons [{2 166.816} {3 15.013}]
}

// In safe mode, the signature covers only the encrypted message. Do not trust the other fields. The values are from the
// platform's own example.
func ExampleCipher_Decrypt() {
	const (
		token, timestamp, nonce = "AAAAA", "1714112445", "415670741"
		msgSignature            = "046e02f8204d34f8ba5fa3b1db94908f3df2e9b3" // this, timestamp and nonce are from the query
		body                    = `{"ToUserName":"gh_97417a04a28d","Encrypt":"` +
			`+qdx1OKCy+5JPCBFWw70tm0fJGb2Jmeia4FCB7kao+/Q5c/ohsOzQHi8khUOb05JCpj0JB4RvQMkUyus8TPxLKJGQqcvZqzD` +
			`pVzazhZv6JsXUnnR8XGT740XgXZUXQ7vJVnAG+tE8NUd4yFyjPy7GgiaviNrlCTj+l5kdfMuFUPpRSrfMZuMcp3Fn2Pede2I` +
			`uQrKEYwKSqFIZoNqJ4M8EajAsjLY2km32IIjdf8YL/P50F7mStwntrA2cPDrM1kb6mOcfBgRtWygb3VIYnSeOBrebufAlr7F` +
			`9mFUPAJGj04="}`
	)
	cipher, err := wechat.NewCipher("wxba5fad812f8e6fb9", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")
	if err != nil {
		fmt.Println(err)
		return
	}

	envelope, err := wechat.ReadEnvelope([]byte(body))
	if err != nil || !wechat.VerifySignature(msgSignature, token, timestamp, nonce, envelope.Encrypt) {
		fmt.Println("refused")
		return
	}
	clear, err := cipher.Decrypt(envelope.Encrypt)
	if err != nil {
		fmt.Println("refused")
		return
	}
	push, err := wechat.ParsePush(clear)
	if err != nil {
		fmt.Println("refused")
		return
	}
	fmt.Println(push.Common().Kind(), push.(*wechat.DebugDemo).DebugStr)
	// Output: event/debug_demo hello world
}

// The reply to a push is sent in the response to its request. A reply that says nothing is the word success.
func ExampleMarshalReply() {
	to := &wechat.Head{ToUserName: "gh_0123456789ab", FromUserName: "oSAMPLE", CreateTime: 1795305660, MsgType: "text"}

	fmt.Printf("%s\n", wechat.MarshalReply(to, wechat.TextReply("你好")))
	fmt.Printf("%s\n", wechat.MarshalReply(to, nil))
	// Output:
	// <xml><ToUserName><![CDATA[oSAMPLE]]></ToUserName><FromUserName><![CDATA[gh_0123456789ab]]></FromUserName><CreateTime>1795305660</CreateTime><MsgType><![CDATA[text]]></MsgType><Content><![CDATA[你好]]></Content></xml>
	// success
}

// In safe mode, the reply is sealed with the nonce of the push's query.
func ExampleCipher_Seal() {
	cipher, err := wechat.NewCipher("wx0123456789abcdef", "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG")
	if err != nil {
		fmt.Println(err)
		return
	}
	to := &wechat.Head{ToUserName: "gh_0123456789ab", FromUserName: "oSAMPLE", CreateTime: 1795305660, MsgType: "text"}
	reply := wechat.MarshalReply(to, wechat.ImageReply{MediaID: "SAMPLEmedia"})
	now := time.Unix(1795305661, 0)

	sealed := cipher.Seal(reply, "guanzhuSampleToken", "486452656", now)

	// The platform opens it like this:
	envelope, err := wechat.ReadEnvelope(sealed)
	if err != nil {
		fmt.Println(err)
		return
	}
	clear, err := cipher.Decrypt(envelope.Encrypt)
	fmt.Println(string(clear) == string(reply), err)
	// Output: true <nil>
}
