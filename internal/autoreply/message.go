package autoreply

import (
	"strings"

	"github.com/guanzhu/guanzhu/pkg/wechat"
)

// Other is the name below messages of all kinds of messages without an entry.
const Other = "other"

// Message returns the reply to a message that is no text, such as a picture. A kind that is not below messages gets that of
// other or, if the default hands over to the human desk or to the platform's AI, the default: they take pictures as well.
// Without these, and for an event, it returns nil.
func (a *Account) Message(p wechat.Push) wechat.Reply {
	_, reply := a.message(p)
	return reply
}

// ExplainMessage names the part of the file that has the reply of Message, such as "messages: image", or returns "".
func (a *Account) ExplainMessage(p wechat.Push) string {
	part, _ := a.message(p)
	return part
}

func (a *Account) message(p wechat.Push) (part string, r wechat.Reply) {
	kind := p.Common().MsgType
	if kind == "text" || strings.Contains(kind, "event") {
		return "", nil
	}
	if kind == "shortvideo" {
		kind = "video"
	}
	for _, name := range []string{kind, Other} {
		if reply, ok := a.data.Messages[name]; ok {
			return "messages: " + name, reply
		}
	}
	if HandsOver(a.data.Default) {
		return "default", a.data.Default
	}
	return "", nil
}

// HandsOver reports whether r leaves the answer to the human desk or to the platform's AI.
func HandsOver(r wechat.Reply) bool {
	switch r.(type) {
	case wechat.TransferReply, wechat.TransferAIReply:
		return true
	}
	return false
}
