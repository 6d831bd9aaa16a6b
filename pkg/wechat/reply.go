package wechat

import (
	"strconv"
	"time"
	"unicode/utf8"
)

// Success is the body that acknowledges a push and says nothing to the user. It goes out in clear in every mode.
const Success = "success"

// MaxText is the longest text of a passive reply in bytes of UTF-8. The platform documents no limit; above this one its
// users see 该公众号提供的服务出现故障 instead of the reply.
const MaxText = 2047

// Reply is a passive reply: the answer to a push within the push's own request. A nil Reply says nothing.
type Reply interface {
	// appendReply appends MsgType and the elements of the type, or nothing where the reply says nothing.
	appendReply(b []byte) []byte
}

// TextReply is a reply of type text. Control characters are left out, and it is cut after MaxText bytes, at a character.
// Line feeds break lines; <a href="…"> makes a link.
type TextReply string

func (t TextReply) appendReply(b []byte) []byte {
	text := cut(clean(string(t)), MaxText)
	if text == "" {
		return b // the platform calls a reply without text a fault
	}
	b = appendElement(b, "MsgType", "text")
	return appendElement(b, "Content", text)
}

// MarshalReply returns the XML of the reply r to the push with the head to, or Success where r says nothing
// (https://developers.weixin.qq.com/doc/subscription/guide/product/message/Passive_user_reply_message.html).
// Its CreateTime is the push's own, so that a push delivered again gets the same bytes again.
func MarshalReply(to *Head, r Reply) []byte {
	if r == nil {
		return []byte(Success)
	}
	b := make([]byte, 0, 512)
	b = append(b, "<xml>"...)
	b = appendElement(b, "ToUserName", to.FromUserName)
	b = appendElement(b, "FromUserName", to.ToUserName)
	b = append(b, "<CreateTime>"...)
	b = strconv.AppendInt(b, to.CreateTime, 10)
	b = append(b, "</CreateTime>"...)
	head := len(b)
	if b = r.appendReply(b); len(b) == head {
		return []byte(Success)
	}
	return append(b, "</xml>"...)
}

// Seal encrypts a reply and signs it as the platform demands of a reply to an encrypted push: TimeStamp is now in
// seconds, nonce that of the push's query. Success is not sealed.
func (c *Cipher) Seal(reply []byte, token, nonce string, now time.Time) []byte {
	if string(reply) == Success {
		return reply
	}
	encrypt := c.Encrypt(reply)
	timestamp := strconv.FormatInt(now.Unix(), 10)
	b := make([]byte, 0, len(encrypt)+256)
	b = append(b, "<xml>"...)
	b = appendElement(b, "Encrypt", encrypt)
	b = appendElement(b, "MsgSignature", Signature(token, timestamp, nonce, encrypt))
	b = append(b, "<TimeStamp>"+timestamp+"</TimeStamp>"...)
	b = appendElement(b, "Nonce", nonce)
	return append(b, "</xml>"...)
}

// appendElement appends <name><![CDATA[text]]></name>; no text can leave its CDATA section.
func appendElement(b []byte, name, text string) []byte {
	b = append(b, '<')
	b = append(b, name...)
	b = append(b, '>')
	b = append(b, cdataOpen...)
	b = append(b, escapeCDATA(text)...)
	b = append(b, cdataClose...)
	b = append(b, "</"...)
	b = append(b, name...)
	return append(b, '>')
}

// cut returns the longest start of s of at most n bytes that ends at a character.
func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}
