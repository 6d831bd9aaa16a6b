package wechat

import "strings"

// Message holds the fields that all messages of a follower have. Events do not have them.
//
// See https://developers.weixin.qq.com/doc/subscription/guide/product/message/Receiving_standard_messages.html
type Message struct {
	Head
	MsgID     uint64 `wechat:"MsgId"`     // 64 bits; the same in repeated deliveries
	MsgDataID string `wechat:"MsgDataId"` // the article from which the message was sent; empty if there was none
	Idx       int64  // the position of that article, from 1; 0 if there was none
}

// MessageID is MsgID, for code that takes messages of any type.
func (m *Message) MessageID() uint64 { return m.MsgID }

// Text is a text message. It can be replied to.
//
// See https://developers.weixin.qq.com/doc/subscription/guide/product/message/Receiving_standard_messages.html
type Text struct {
	Message
	// as typed, without control characters; may be empty; for a sticker 【收到不支持的消息类型，暂无法显示】 or [Unsupported Message]
	Content      string `wechat:"Content,verbatim"`
	BizMsgMenuID string `wechat:"bizmsgmenuid,verbatim"` // id of the tapped item of a msgmenu; Content is then its caption
}

// Trimmed returns Content without leading and trailing white space, as [strings.TrimSpace] defines it. Some clients send
// such white space. Compare texts in this form.
func (t *Text) Trimmed() string { return strings.TrimSpace(t.Content) }

// Image is a picture. It can be replied to.
//
// See https://developers.weixin.qq.com/doc/subscription/guide/product/message/Receiving_standard_messages.html
type Image struct {
	Message
	PicURL  string `wechat:"PicUrl"`  // address of the picture at the platform
	MediaID string `wechat:"MediaId"` // temporary material, valid for three days
}

// Voice is a voice message. It can be replied to.
//
// See https://developers.weixin.qq.com/doc/subscription/guide/product/message/Receiving_standard_messages.html
type Voice struct {
	Message
	MediaID     string `wechat:"MediaId"` // temporary material, valid for three days
	Format      string // amr or speex; other values occur
	MediaID16K  string `wechat:"MediaId16K"`           // the same at 16 kHz
	Recognition string `wechat:"Recognition,verbatim"` // speech to text; empty since the platform switched it off in 2023
}

// Video is a video. It can be replied to.
//
// See https://developers.weixin.qq.com/doc/subscription/guide/product/message/Receiving_standard_messages.html
type Video struct {
	Message
	MediaID      string `wechat:"MediaId"`      // temporary material, valid for three days
	ThumbMediaID string `wechat:"ThumbMediaId"` // its thumbnail, valid for three days
}

// ShortVideo is a video recorded in the conversation. It can be replied to.
//
// See https://developers.weixin.qq.com/doc/subscription/guide/product/message/Receiving_standard_messages.html
type ShortVideo struct {
	Message
	MediaID      string `wechat:"MediaId"`      // temporary material, valid for three days
	ThumbMediaID string `wechat:"ThumbMediaId"` // its thumbnail, valid for three days
}

// Location is a place that the follower sent, or chose in a LocationSelect. It can be replied to.
//
// See https://developers.weixin.qq.com/doc/subscription/guide/product/message/Receiving_standard_messages.html
type Location struct {
	Message
	Latitude  float64 `wechat:"Location_X"` // degrees, north positive
	Longitude float64 `wechat:"Location_Y"` // degrees, east positive
	Scale     int64   // zoom level of the map
	Label     string  `wechat:"Label,verbatim"` // the place in words
}

// Link is a shared page. It can be replied to.
//
// See https://developers.weixin.qq.com/doc/subscription/guide/product/message/Receiving_standard_messages.html
type Link struct {
	Message
	Title       string `wechat:"Title,verbatim"`       // of the page
	Description string `wechat:"Description,verbatim"` // of the page
	URL         string `wechat:"Url"`                  // of the page; chosen by the sender, do not trust it
}

// File is a file. The platform does not document it; the fields are those that public clients of the protocol read. No
// reply to it is documented.
type File struct {
	Message
	Title       string `wechat:"Title,verbatim"`       // the file's name
	Description string `wechat:"Description,verbatim"` // may be empty
	FileKey     string // the platform's name of the file
	FileMD5     string `wechat:"FileMd5"`      // 32 hexadecimal digits
	Size        int64  `wechat:"FileTotalLen"` // bytes
}
