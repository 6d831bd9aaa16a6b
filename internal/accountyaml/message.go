package accountyaml

import (
	"slices"

	"github.com/goccy/go-yaml/ast"

	"github.com/guanzhu/guanzhu/internal/autoreply"
	"github.com/guanzhu/guanzhu/pkg/wechat"
)

// messageKinds are the names below messages, the platform's MsgType. A video includes the short video of old clients.
var messageKinds = []string{"image", "voice", "video", "location", "link", "file", autoreply.Other}

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
