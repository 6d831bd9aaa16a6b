package autoreply_test

import (
	"testing"

	"github.com/guanzhu/guanzhu/pkg/wechat"
)

func TestMessage(t *testing.T) {
	t.Parallel()
	push := func(kind string) wechat.Push { return &wechat.Raw{Head: wechat.Head{MsgType: kind, Event: "image"}} }
	const some = "messages:\n  image: 图\n  video: {image: {media_id: m}}\n"
	for _, tt := range []struct{ name, yaml, kind, wantPart, want string }{
		{"its own", some, "image", "messages: image", "图"},
		{"no other", some, "voice", "", ""},
		{"other", some + "  other: 其余\n", "voice", "messages: other", "其余"},
		{"a kind that is new", some + "  other: 其余\n", "hologram", "messages: other", "其余"},
		{"the name other is no kind", some + "  other: 其余\n", "other", "messages: other", "其余"},
		{"a text", some + "  other: 其余\n", "text", "", ""},
		{"an event", some + "  other: 其余\n", "event", "", ""},
		{"an event of a device", some + "  other: 其余\n", "device_event", "", ""},
		{"none", "messages:\n", "image", "", ""},
	} {
		a := parse(t, required+tt.yaml)
		var want wechat.Reply
		if tt.want != "" {
			want = wechat.TextReply(tt.want)
		}
		wantReply(t, want, a.Message(push(tt.kind)))
		if got := a.ExplainMessage(push(tt.kind)); got != tt.wantPart {
			t.Errorf("%s: by %q, want %q", tt.name, got, tt.wantPart)
		}
	}
	a := parse(t, required+some)
	wantReply(t, wechat.ImageReply{MediaID: "m"}, a.Message(push("shortvideo")))
	a = parse(t, "welcome: w\ndefault: {transfer_customer_service: {}}\nsuggestion: s\n"+some)
	wantReply(t, wechat.TextReply("图"), a.Message(push("image")))
	wantReply(t, wechat.TransferReply{}, a.Message(push("voice")))
	wantReply(t, nil, a.Message(push("event")))
}
