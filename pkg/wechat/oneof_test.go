package wechat_test

import (
	"testing"

	"github.com/guanzhu/guanzhu/pkg/wechat"
)

func TestOneOf(t *testing.T) {
	t.Parallel()
	replies := wechat.OneOf{wechat.TextReply("one"), wechat.TextReply("two"), wechat.ImageReply{MediaID: "three"}}
	chosen := map[wechat.Reply]int{}
	for second := range int64(3000) {
		head := wechat.Head{FromUserName: "oFollower", ToUserName: "gh_1", CreateTime: 1795000000 + second, MsgType: "text"}
		reply := replies.Choose(&head)
		chosen[reply]++
		again := head
		if got := replies.Choose(&again); got != reply {
			t.Fatalf("the same push gets %v and %v", reply, got)
		}
		if got, want := string(wechat.MarshalReply(&head, replies)), string(wechat.MarshalReply(&head, reply)); got != want {
			t.Fatalf("sent is %s, want %s", got, want)
		}
	}
	for _, reply := range replies {
		if chosen[reply] < 800 {
			t.Errorf("%v was chosen %d times of 3000", reply, chosen[reply])
		}
	}
}

// TestNoReply: what has no reply in it, and a file that has no media_id yet, says nothing.
func TestNoReply(t *testing.T) {
	t.Parallel()
	head := &wechat.Head{FromUserName: "oFollower", ToUserName: "gh_1", MsgType: "text"}
	for _, reply := range []wechat.Reply{wechat.OneOf{}, wechat.OneOf{nil}, wechat.ReplyWithFile("a.jpg"), wechat.FileReply{}} {
		if got := string(wechat.MarshalReply(head, reply)); got != wechat.Success {
			t.Errorf("%#v: %s", reply, got)
		}
	}
}

func TestFile(t *testing.T) {
	t.Parallel()
	tests := []struct {
		reply wechat.FileReply
		want  wechat.Reply
	}{
		{wechat.ReplyWithFile("a.jpg"), wechat.ImageReply{MediaID: "id"}},
		{wechat.ReplyWithFile("a.MP3"), wechat.VoiceReply{MediaID: "id"}},
		{wechat.ReplyWithFile("a.mp4"), wechat.VideoReply{MediaID: "id"}},
		{wechat.FileReply{File: "a.mp4", Reply: wechat.VideoReply{Title: "t", Description: "d"}},
			wechat.VideoReply{MediaID: "id", Title: "t", Description: "d"}},
		{wechat.FileReply{File: "a.jpg", Reply: wechat.MusicReply{Title: "t"}}, wechat.MusicReply{Title: "t", ThumbMediaID: "id"}},
		{wechat.FileReply{File: "a.jpg", Reply: wechat.TextReply("t")}, nil},
	}
	for _, tt := range tests {
		if got := tt.reply.With("id"); got != tt.want {
			t.Errorf("%#v: %#v, want %#v", tt.reply, got, tt.want)
		}
	}
}
