package wechattest_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/guanzhu/guanzhu/internal/errcode"
	"github.com/guanzhu/guanzhu/internal/world"
	"github.com/guanzhu/guanzhu/pkg/wechattest"
)

// The client's calls, and what the platform makes of them.
func TestCustomMessages(t *testing.T) {
	w := world.New(t, world.Options{})
	ctx := t.Context()
	send := func(text string) int { return errcode.Of(w.API.SendText(ctx, world.OpenID, text, true)) }
	typing := func() int { return errcode.Of(w.API.Typing(ctx, world.OpenID)) }
	check := func(what string, got, want int) {
		t.Helper()
		if got != want {
			t.Errorf("%s: errcode %d, want %d", what, got, want)
		}
	}
	check("to an unknown openid", send("a"), 40003)
	w.Platform.Follow(world.OpenID, wechattest.User{})
	check("before the follower has written", send("a"), 45015)
	check("typing before the follower has written", typing(), 45080)

	w.Platform.Wrote(world.OpenID, w.Clock.Now())
	check("typing", typing(), 0)
	check("typing again", typing(), 45081)
	check("too long", send(strings.Repeat("a", 2049)), 45002)
	for range 5 {
		check("a message", send("<好>"), 0)
	}
	check("the sixth message", send("a"), 45047)
	w.Platform.Wrote(world.OpenID, w.Clock.Now())
	if err := w.API.SendText(ctx, world.OpenID, "b", false); err != nil {
		t.Error(err)
	}
	w.Clock.Advance(48*time.Hour + time.Second)
	check("two days later", send("a"), 45015)

	for _, line := range w.Logs.Lines(t) {
		if code := line["errcode"]; code != nil && code != "40003" && code != "45002" {
			t.Errorf("the log has a refusal that is no fault: %v", line)
		}
	}

	got := w.Platform.CustomMessages()
	want := wechattest.CustomMessage{OpenID: world.OpenID, Text: "<好>", ByAI: true}
	if len(got) != 6 {
		t.Fatalf("%d messages, want 6", len(got))
	}
	if diff := cmp.Diff(want, got[4]); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	want = wechattest.CustomMessage{OpenID: world.OpenID, Text: "b"}
	if diff := cmp.Diff(want, got[5]); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestCustomMessagesOfPersonalAccount(t *testing.T) {
	w := world.New(t, world.Options{Platform: wechattest.Config{Kind: wechattest.PersonalAccount, EveryoneFollows: true}})
	if code := errcode.Of(w.API.SendText(t.Context(), world.OpenID, "a", false)); code != errcode.NoPermission {
		t.Errorf("errcode %d", code)
	}
}
