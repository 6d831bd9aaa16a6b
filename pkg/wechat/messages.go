package wechat

import "strings"

// Message holds the fields that all messages of a follower have, events not.
//
// See https://developers.weixin.qq.com/doc/subscription/guide/product/message/Receiving_standard_messages.html
type Message struct {
	Head
	MsgID     uint64 `wechat:"MsgId"`     // 64 bits; the same in repeated deliveries
	MsgDataID string `wechat:"MsgDataId"` // the article that the message was sent from, if it was
	Idx       int64  // which article of it, from 1; 0 where the message was not sent from one
}

// Text is a text message. It can be replied to.
//
// See https://developers.weixin.qq.com/doc/subscription/guide/product/message/Receiving_standard_messages.html
type Text struct {
	Message
	Content      string `wechat:"Content,verbatim"`      // as typed, control characters left out; may be empty
	BizMsgMenuID string `wechat:"bizmsgmenuid,verbatim"` // id of the tapped item of a msgmenu, whose caption is then Content
}

// Trimmed is Content without the white space around it (Unicode's, as strings.TrimSpace has it), which some clients
// send. Texts are compared by it.
func (t *Text) Trimmed() string { return strings.TrimSpace(t.Content) }

// Image is a picture, or a sticker. It can be replied to.
//
// See https://developers.weixin.qq.com/doc/subscription/guide/product/message/Receiving_standard_messages.html
type Image struct {
	Message
	PicURL  string `wechat:"PicUrl"`  // where the platform keeps the picture
	MediaID string `wechat:"MediaId"` // temporary material, good for three days
}

// Voice is a voice message. It can be replied to.
//
// See https://developers.weixin.qq.com/doc/subscription/guide/product/message/Receiving_standard_messages.html
type Voice struct {
	Message
	MediaID     string `wechat:"MediaId"` // temporary material, good for three days
	Format      string // amr or speex; the set is open
	MediaID16K  string `wechat:"MediaId16K"`           // the same at 16 kHz
	Recognition string `wechat:"Recognition,verbatim"` // speech to text; empty since the platform switched it off in 2023
}

// Video is a video. It can be replied to.
//
// See https://developers.weixin.qq.com/doc/subscription/guide/product/message/Receiving_standard_messages.html
type Video struct {
	Message
	MediaID      string `wechat:"MediaId"`      // temporary material, good for three days
	ThumbMediaID string `wechat:"ThumbMediaId"` // its still picture, good for three days
}

// ShortVideo is a video taken within the conversation. It can be replied to.
//
// See https://developers.weixin.qq.com/doc/subscription/guide/product/message/Receiving_standard_messages.html
type ShortVideo struct {
	Message
	MediaID      string `wechat:"MediaId"`      // temporary material, good for three days
	ThumbMediaID string `wechat:"ThumbMediaId"` // its still picture, good for three days
}

// Location is a place that the follower sent, or chose in a LocationSelect. It can be replied to.
//
// See https://developers.weixin.qq.com/doc/subscription/guide/product/message/Receiving_standard_messages.html
type Location struct {
	Message
	Latitude  float64 `wechat:"Location_X"` // degrees, north positive
	Longitude float64 `wechat:"Location_Y"` // degrees, east positive
	Scale     int64   // zoom of the map
	Label     string  `wechat:"Label,verbatim"` // the place in words
}

// Link is a shared page. It can be replied to.
//
// See https://developers.weixin.qq.com/doc/subscription/guide/product/message/Receiving_standard_messages.html
type Link struct {
	Message
	Title       string `wechat:"Title,verbatim"`       // of the page
	Description string `wechat:"Description,verbatim"` // of the page
	URL         string `wechat:"Url"`                  // of the page: the sender's choice, not to be trusted
}

// File is a file. The platform does not document it; the fields are those that public clients of the protocol read. No
// reply to it is documented.
type File struct {
	Message
	Title       string `wechat:"Title,verbatim"`       // the file's name
	Description string `wechat:"Description,verbatim"` // may be empty
	FileKey     string // what the platform calls the file
	FileMD5     string `wechat:"FileMd5"`      // 32 hexadecimal digits
	Size        int64  `wechat:"FileTotalLen"` // bytes
}
