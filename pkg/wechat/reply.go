package wechat

import (
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// Success is the body that acknowledges a push without a message to the user. It is sent in clear in every mode.
const Success = "success"

// Limits of passive replies.
const (
	// MaxText is the maximum length of a text in bytes of UTF-8. The platform documents no limit. If a text is longer, users
	// see 该公众号提供的服务出现故障 instead of the reply.
	MaxText = 2047
	// MaxArticles is the maximum number of articles in a news reply to an event. In a reply to a message it is 1; the platform
	// drops the others silently.
	MaxArticles = 8
)

// Reply is a passive reply, sent in the response to a push. It is one of the types in this file. A nil Reply says nothing,
// and neither does one that lacks a required field: the platform would show the user an error instead.
//
// https://developers.weixin.qq.com/doc/subscription/guide/product/message/Passive_user_reply_message.html
type Reply interface {
	// elements returns MsgType and the elements of the type, or nothing if a required field is missing.
	elements(to *Head) []element
}

// TextReply is a reply of type text. A line feed breaks the line; <a href="…">…</a> is a link. Control characters are removed.
//
// A text longer than MaxText bytes is cut at a character. If that would cut a link, the text ends before the link, because
// half a link would show its tag. So a text that consists of one long link says nothing.
type TextReply string

// ImageReply is a reply of type image.
type ImageReply struct {
	// MediaID is required: temporary material (valid for three days) or permanent material of the account, or material
	// received within three days. It must not be a GIF.
	MediaID string
}

// VoiceReply is a reply of type voice.
type VoiceReply struct {
	MediaID string // required, as in ImageReply
}

// VideoReply is a reply of type video.
type VideoReply struct {
	MediaID     string // required, as in ImageReply; the video must have passed the platform's review
	Title       string // may be empty
	Description string // may be empty
}

// MusicReply is a reply of type music: a link to audio that WeChat plays.
type MusicReply struct {
	Title        string // may be empty
	Description  string // may be empty
	MusicURL     string // of the audio
	HQMusicURL   string // of the audio in higher quality, preferred on Wi-Fi
	ThumbMediaID string // required: the thumbnail, material as in ImageReply
}

// NewsReply is a reply of type news. The platform shows one article in reply to a message and up to MaxArticles in reply to an
// event. Further articles are left out, so that ArticleCount is right.
type NewsReply []Article

// Article is one article of a NewsReply.
type Article struct {
	Title       string // required
	Description string // below the title; may be empty
	PicURL      string // JPG or PNG; 360×200 pixels for the first article, 200×200 for the others
	URL         string // required: the page that a tap opens
}

// TransferReply passes the message to the human customer-service desk. The account needs the customer-service feature. In
// reply to an event, it says nothing.
//
// https://developers.weixin.qq.com/doc/subscription/guide/product/kf/forwarding.html
type TransferReply struct {
	// KfAccount is the agent's full account, name@account, or empty for any agent who is online. The platform assigns the user
	// to this agent even if the agent is away, and notifies nobody.
	KfAccount string
}

// TransferAIReply passes the message to the platform's own AI reply (转接AI回复). In reply to an event, it says nothing.
//
// The AI reply must be switched on in the platform's console and must have learned the account's articles. The platform
// offers it to more and more accounts. What the user sees otherwise is not documented.
//
// https://developers.weixin.qq.com/doc/subscription/guide/product/message/Passive_user_reply_message.html
type TransferAIReply struct{}

func (t TextReply) elements(*Head) []element {
	text := CutText(sendable(string(t)), MaxText)
	if text == "" {
		return nil
	}
	return []element{{name: "MsgType", text: "text"}, {name: "Content", text: text}}
}

func (r ImageReply) elements(*Head) []element { return media("image", "Image", r.MediaID) }

func (r VoiceReply) elements(*Head) []element { return media("voice", "Voice", r.MediaID) }

func (r VideoReply) elements(*Head) []element {
	return media("video", "Video", r.MediaID, field("Title", r.Title), field("Description", r.Description))
}

// media returns the elements of a reply that shows material. MediaId is within the element of the type: the platform rejects
// the flat form.
func media(msgType, name, mediaID string, more ...element) []element {
	if mediaID == "" {
		return nil
	}
	children := append([]element{field("MediaId", mediaID)}, more...)
	return []element{{name: "MsgType", text: msgType}, {name: name, children: children}}
}

func (r MusicReply) elements(*Head) []element {
	if r.ThumbMediaID == "" {
		return nil
	}
	return []element{{name: "MsgType", text: "music"}, {name: "Music", children: []element{
		field("Title", r.Title), field("Description", r.Description), field("MusicUrl", r.MusicURL),
		field("HQMusicUrl", r.HQMusicURL), field("ThumbMediaId", r.ThumbMediaID),
	}}}
}

func (r NewsReply) elements(to *Head) []element {
	limit := MaxArticles
	if to.MsgType != "event" {
		limit = 1
	}
	articles := r[:min(len(r), limit)]
	if len(articles) == 0 {
		return nil
	}
	items := make([]element, 0, len(articles))
	for _, a := range articles {
		if a.Title == "" || a.URL == "" {
			return nil
		}
		items = append(items, element{name: "item", children: []element{
			field("Title", a.Title), field("Description", a.Description), field("PicUrl", a.PicURL), field("Url", a.URL),
		}})
	}
	return []element{
		{name: "MsgType", text: "news"},
		{name: "ArticleCount", text: strconv.Itoa(len(items)), number: true},
		{name: "Articles", children: items},
	}
}

func (r TransferReply) elements(to *Head) []element {
	if to.MsgType == "event" {
		return nil
	}
	transfer := []element{{name: "MsgType", text: "transfer_customer_service"}}
	if r.KfAccount != "" {
		transfer = append(transfer, element{name: "TransInfo", children: []element{field("KfAccount", r.KfAccount)}})
	}
	return transfer
}

func (TransferAIReply) elements(to *Head) []element {
	if to.MsgType == "event" {
		return nil
	}
	return []element{{name: "MsgType", text: "transfer_biz_ai_ivr"}}
}

func field(name, text string) element { return element{name: name, text: sendable(text)} }

// sendable returns s as the platform can read it: as UTF-8, without control characters.
func sendable(s string) string { return clean(mend(s)) }

// MarshalReply returns the reply r to the push with the Head to, in the form of the push (XML or JSON), or Success if r says
// nothing. Its CreateTime is that of the push, so that repeated deliveries of a push get the same bytes.
func MarshalReply(to *Head, r Reply) []byte {
	if r == nil {
		return []byte(Success)
	}
	elements := r.elements(to)
	if len(elements) == 0 {
		return []byte(Success)
	}
	head := [...]element{
		{name: "ToUserName", text: to.FromUserName},
		{name: "FromUserName", text: to.ToUserName},
		{name: "CreateTime", text: strconv.FormatInt(to.CreateTime, 10), number: true},
	}
	return marshal(to.JSON, head[:], elements)
}

// Seal encrypts and signs reply, as the platform requires in reply to an encrypted push. nonce is that of the push's query;
// now becomes the TimeStamp, in seconds. The envelope of a JSON reply is JSON. Seal returns Success unchanged.
//
// https://developers.weixin.qq.com/doc/subscription/guide/dev/push/encryption.html
func (c *Cipher) Seal(reply []byte, token, nonce string, now time.Time) []byte {
	if string(reply) == Success {
		return reply
	}
	encrypt := c.Encrypt(reply)
	timestamp := strconv.FormatInt(now.Unix(), 10)
	envelope := [...]element{
		{name: "Encrypt", text: encrypt},
		{name: "MsgSignature", text: Signature(token, timestamp, nonce, encrypt)},
		{name: "TimeStamp", text: timestamp, number: true},
		{name: "Nonce", text: nonce},
	}
	return marshal(isJSON(reply), envelope[:])
}

// CutText returns the longest prefix of s that has at most size bytes and ends at a character and outside a link.
func CutText(s string, size int) string {
	if len(s) <= size {
		return s
	}
	end := size
	for end > 0 && !utf8.RuneStart(s[end]) {
		end--
	}
	// Links are not nested: only the last one that starts before end can reach beyond it.
	for start := strings.LastIndexByte(s[:end], '<'); start >= 0; start = strings.LastIndexByte(s[:start], '<') {
		if length := linkLength(s[start:]); start+length > end {
			return s[:start]
		} else if length > 0 {
			break
		}
	}
	return s[:end]
}

// linkLength returns the length of the link with which s begins: to its </a>, or to the end of its tag if it has no </a>. It
// returns 0 if s does not begin with a link.
func linkLength(s string) int {
	const begin, end = "<a", "</a>"
	if len(s) <= len(begin) || !strings.EqualFold(s[:len(begin)], begin) || !strings.ContainsRune(" \t\r\n", rune(s[len(begin)])) {
		return 0
	}
	tag := strings.IndexAny(s[1:], "<>") + 1
	if s[tag] != '>' { // also if there is neither, when s[tag] is the < at the beginning
		return 0
	}
	for i := tag + 1; i+len(end) <= len(s); i++ {
		if strings.EqualFold(s[i:i+len(end)], end) {
			return i + len(end)
		}
	}
	return tag + 1
}
