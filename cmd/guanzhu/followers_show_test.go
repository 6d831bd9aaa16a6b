package main

import (
	"bytes"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/guanzhu/guanzhu/internal/conversation"
	"github.com/guanzhu/guanzhu/pkg/follower"
	"github.com/guanzhu/guanzhu/pkg/wechat"
)

// TestShow: all that is stored about a follower, for one who asks for a copy.
func TestShow(t *testing.T) {
	t.Parallel()
	store := storeFollowers(t)
	stamp(t, store, sampleFollower, 7)
	talk := func(openid string) {
		t.Helper()
		err := store.ChangeConversation(t.Context(), openid, present, func(c *conversation.Conversation) error {
			question := &wechat.Text{Content: "明天呢？"}
			question.CreateTime, question.MsgID = present.Unix(), 2
			if _, err := c.Ask(conversation.Question{Text: question}, present); err != nil {
				return err
			}
			earlier := present.Add(-time.Hour).Unix()
			id := fmt.Sprintf("%d#1", earlier)
			c.Jobs[id] = &conversation.Job{State: conversation.Delivered, AskedAt: earlier, Pages: []string{"今天营业，", "到十点。"}}
			c.Turns = []conversation.Turn{{ID: id, Question: "今天营业吗", Answer: "今天营业，到十点。", At: earlier}}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	talk(sampleFollower)
	talk("oNotRecorded")
	const answers = `  "slow_answers": [
    {
      "at": "2026-11-22T11:00:00+08:00",
      "answer": "今天营业，到十点。"
    },
    {
      "at": "2026-11-22T12:00:00+08:00",
      "question": "明天呢？"
    }
  ],
  "memory": [
    {
      "at": "2026-11-22T11:00:00+08:00",
      "question": "今天营业吗",
      "answer": "今天营业，到十点。"
    }
  ]
}
`
	for openid, want := range map[string]string{
		sampleFollower: `{
  "openid": "oSAMPLEfollower0000000000001",
  "unionid": "oUnion",
  "subscribed_at": "2026-11-01T00:30:00+08:00",
  "scene": "ADD_SCENE_QR_CODE",
  "qr_scene": "spring",
  "language": "zh_CN",
  "remark": "老朋友, \"<VIP>\"",
  "tags": [
    2,
    128
  ],
  "profile": "complete",
  "own": {
    "test-stamps": 7
  },
  "session": {
    "established_at": "2026-11-01T00:30:01+08:00",
    "devices": 0
  },
` + answers,
		"oNotRecorded": "{\n  \"openid\": \"oNotRecorded\",\n" + answers,
	} {
		var out, notes bytes.Buffer
		if err := showFollower(t.Context(), store, openid, &out, &notes, "en"); err != nil || notes.Len() > 0 {
			t.Errorf("%s: error %v, %q", openid, err, &notes)
		}
		if diff := cmp.Diff(want, out.String()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", openid, diff)
		}
	}
	for _, openid := range []string{"oGone", "oNobody"} {
		var out bytes.Buffer
		if err := showFollower(t.Context(), store, openid, &out, &out, "en"); !errors.Is(err, errNoFollower) || out.Len() > 0 {
			t.Errorf("%s: error %v, %q", openid, err, &out)
		}
	}
	broken := &faulty{followerStore: store, lookups: []error{follower.ErrUnreadable}}
	if err := showFollower(t.Context(), broken, sampleFollower, &bytes.Buffer{}, &bytes.Buffer{}, "en"); err == nil {
		t.Error("an unreadable record is no error")
	}
}
