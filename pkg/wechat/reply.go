package wechat

import (
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// Success is the body that acknowledges a push and says nothing to the user. It goes out in clear in every mode.
const Success = "success"

// Limits of passive replies.
const (
	// MaxText is the longest text in bytes of UTF-8. The platform documents no limit; above this one its users see
	// 该公众号提供的服务出现故障 instead of the reply.
	MaxText = 2047
	// MaxArticles is how many articles a news reply may have; to a message (text, image, voice, video, location) it
	// is 1, and the platform drops what is above without a word.
	MaxArticles = 8
)

// Reply is a passive reply: the answer to a push within the push's own request, of one of the types here
// (https://developers.weixin.qq.com/doc/subscription/guide/product/message/Passive_user_reply_message.html).
// A nil Reply says nothing. The user sees a fault instead of a reply that lacks what its type requires, so such a reply
// is not sent.
type Reply interface {
	// elements are MsgType and what the type has beside it, or nothing where a required field is missing.
	elements(to *Head) []element
}

// TextReply is a reply of type text. Line feeds break lines; <a href="…">…</a> makes a link. Control characters are left
// out. A text of more than MaxText bytes is cut at a character. If that would cut a link, in its tags or in its words, the
// text ends before the link: half a link would show its tag or misname its page. So a text that is one long link says
// nothing.
type TextReply string

// ImageReply is a reply of type image.
type ImageReply struct {
	// MediaID is required: a temporary (three days) or permanent material of the account, or one received within three
	// days; no GIF.
	MediaID string
}

// VoiceReply is a reply of type voice.
type VoiceReply struct {
	MediaID string // required, as ImageReply's
}

// VideoReply is a reply of type video.
type VideoReply struct {
	MediaID     string // required, as ImageReply's; the video must have passed the platform's review
	Title       string // may be empty
	Description string // may be empty
}

// MusicReply is a reply of type music: a link to a sound that the client plays.
type MusicReply struct {
	Title        string // may be empty
	Description  string // may be empty
	MusicURL     string // of the sound
	HQMusicURL   string // of the sound in better quality, which is preferred on Wi-Fi
	ThumbMediaID string // required: its picture, a material as ImageReply's
}

// NewsReply is a reply of type news. The platform shows one article in reply to a message of the user and up to
// MaxArticles in other cases (a follow, a menu click); what is above is left out here, so that ArticleCount is true.
type NewsReply []Article

// Article is one of a NewsReply.
type Article struct {
	Title       string // required
	Description string // the text below the title; may be empty
	PicURL      string // JPG or PNG; 360×200 for the first, 200×200 for the others
	URL         string // required: what a tap opens
}

// TransferReply hands the message that it replies to over to the human customer-service desk
// (https://developers.weixin.qq.com/doc/subscription/guide/product/kf/forwarding.html). It is for messages, not for
// events, to which it says nothing; the account needs the customer-service feature.
type TransferReply struct {
	// KfAccount is the agent's full account, name@account; empty for any who is online. The platform binds the user to
	// this agent even while the agent is away, and tells nobody.
	KfAccount string
}

// TransferAIReply hands the message that it replies to over to the platform's own AI reply (转接AI回复,
// https://developers.weixin.qq.com/doc/subscription/guide/product/message/Passive_user_reply_message.html). It is for
// messages, not for events, to which it says nothing. The AI reply must be switched on in the platform's console and must
// have learned the account's articles; the platform opens it to accounts step by step. What the user sees otherwise is not
// documented.
type TransferAIReply struct{}

func (t TextReply) elements(*Head) []element {
	text := cutText(sendable(string(t)))
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

// media are the elements of a reply that shows a material. MediaId stands inside the type's own element: the platform
// calls the flat form a fault.
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

// sendable is s as the platform can read it: UTF-8, without control characters.
func sendable(s string) string { return clean(mend(s)) }

// MarshalReply returns the reply r to the push with the head to, in the push's own form (XML or JSON), or Success where r
// says nothing. Its CreateTime is the push's own, so that a push delivered again gets the same bytes again.
func MarshalReply(to *Head, r Reply) []byte {
	if r == nil {
		return []byte(Success)
	}
	elements := r.elements(to)
	if len(elements) == 0 {
		return []byte(Success)
	}
	root := element{name: "xml", children: append([]element{
		{name: "ToUserName", text: to.FromUserName},
		{name: "FromUserName", text: to.ToUserName},
		{name: "CreateTime", text: strconv.FormatInt(to.CreateTime, 10), number: true},
	}, elements...)}
	return root.marshal(to.JSON)
}

func (e *element) marshal(asJSON bool) []byte {
	b := make([]byte, 0, 512)
	if asJSON {
		return appendJSON(b, e)
	}
	return appendXML(b, e)
}

// Seal encrypts a reply and signs it as the platform demands of a reply to an encrypted push: TimeStamp is now in
// seconds, nonce that of the push's query. A reply in JSON gets an envelope in JSON; Success is not sealed.
func (c *Cipher) Seal(reply []byte, token, nonce string, now time.Time) []byte {
	if string(reply) == Success {
		return reply
	}
	encrypt := c.Encrypt(reply)
	timestamp := strconv.FormatInt(now.Unix(), 10)
	envelope := element{name: "xml", children: []element{
		{name: "Encrypt", text: encrypt},
		{name: "MsgSignature", text: Signature(token, timestamp, nonce, encrypt)},
		{name: "TimeStamp", text: timestamp, number: true},
		{name: "Nonce", text: nonce},
	}}
	return envelope.marshal(isJSON(reply))
}

// appendXML appends <name>…</name>, its text in a CDATA section that no text can leave.
func appendXML(b []byte, e *element) []byte {
	b = append(b, '<')
	b = append(b, e.name...)
	b = append(b, '>')
	switch {
	case e.children != nil:
		for i := range e.children {
			b = appendXML(b, &e.children[i])
		}
	case e.number:
		b = append(b, e.text...)
	default:
		b = append(b, cdataOpen...)
		b = append(b, escapeCDATA(e.text)...)
		b = append(b, cdataClose...)
	}
	b = append(b, "</"...)
	b = append(b, e.name...)
	return append(b, '>')
}

// cutText returns the longest start of s of at most MaxText bytes that ends at a character and outside a link.
func cutText(s string) string {
	if len(s) <= MaxText {
		return s
	}
	end := MaxText
	for !utf8.RuneStart(s[end]) {
		end--
	}
	// A link does not hold another: only the last one that starts before the end can reach beyond it.
	for start := strings.LastIndexByte(s[:end], '<'); start >= 0; start = strings.LastIndexByte(s[:start], '<') {
		if length := linkLength(s[start:]); start+length > end {
			return s[:start]
		} else if length > 0 {
			break
		}
	}
	return s[:end]
}

// linkLength returns the length of the link with which s begins, from <a to </a>, or of its first tag if it has no end; 0
// if s begins with no link.
func linkLength(s string) int {
	if len(s) < 3 || s[1] != 'a' && s[1] != 'A' || trimBlanks(s[2:3]) != "" {
		return 0
	}
	tag := 1 + strings.IndexAny(s[1:], "<>")
	if s[tag] != '>' {
		return 0
	}
	for i := tag; ; i += 2 {
		next := strings.Index(s[i:], "</")
		if next < 0 {
			return tag + 1
		}
		if i += next; len(s) >= i+len("</a>") && strings.EqualFold(s[i:i+len("</a>")], "</a>") {
			return i + len("</a>")
		}
	}
}
