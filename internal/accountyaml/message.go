package accountyaml

import (
	"slices"
	"strings"

	"github.com/goccy/go-yaml/ast"

	"github.com/guanzhu/guanzhu/pkg/wechat"
)

// other is the name of all kinds of messages without an entry in the file.
const other = "other"

// messageKinds are the names below messages, the platform's MsgType. A video includes the short video of old clients.
var messageKinds = []string{"image", "voice", "video", "location", "link", "file", other}

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
	for _, name := range []string{kind, other} {
		if reply, ok := a.messages[name]; ok {
			return "messages: " + name, reply
		}
	}
	if handsOver(a.fallback) {
		return "default", a.fallback
	}
	return "", nil
}

// handsOver reports whether r leaves the answer to the human desk or to the platform's AI.
func handsOver(r wechat.Reply) bool {
	switch r.(type) {
	case wechat.TransferReply, wechat.TransferAIReply:
		return true
	}
	return false
}

// readMessages reads the replies to messages that are no texts. None, all of them commented out, is fine.
func (f *file) readMessages(n ast.Node) map[string]wechat.Reply {
	if _, ok := n.(*ast.NullNode); ok {
		return nil
	}
	messages := make(map[string]wechat.Reply)
	entries, _ := f.entries(n, asIs("messages"), slices.Clone(messageKinds)...)
	for _, e := range entries {
		messages[e.key] = f.reply(e.value, asIs(e.key), toMessage)
	}
	return messages
}
