package accountyaml_test

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

func TestMessagesRefused(t *testing.T) {
	t.Parallel()
	refused(t, required+"messages:\n  picture: a\n", `:5: "picture" is unknown in messages: use image, voice, video, location, link, file, other`)
	refused(t, required+"messages:\n  text: a\n", `:5: "text" is unknown in messages`)
	refused(t, required+"messages: [a]\n", `:4: messages must be made of lines "image: …", "voice: …"`)
	refused(t, required+"messages:\n  image:\n  voice: {ai: {base_url: 'https://example.com/v1', model: m}}\n  link: \"{nickname}\"\n",
		":5: image is empty: write its text|:6: ai answers a text|:7: link has {nickname}, which is no placeholder")
	refused(t, required+"messages:\n  image: {news: [{title: a, url: 'https://example.com/'}, {title: b, url: 'https://example.com/'}]}\n",
		":5: news in reply to a message has exactly one article")
	parse(t, required+"messages:\n  image: {transfer_customer_service: {}}\n  voice: {random: [a, {image: {file: a.jpg}}]}\n")
}
