package storetest

import (
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/guanzhu/guanzhu/internal/conversation"
	"github.com/guanzhu/guanzhu/pkg/follower"
	"github.com/guanzhu/guanzhu/pkg/wechat"
)

// question is a text of openid at second n.
func question(n int, msgID uint64) *wechat.Text {
	return &wechat.Text{
		Message: wechat.Message{
			Head:  wechat.Head{ToUserName: "gh_1", FromUserName: openid, CreateTime: second(n).Unix(), MsgType: "text"},
			MsgID: msgID,
		},
		Content: "问",
	}
}

func ask(f fixture, n int, msgID uint64) error {
	return f.store.ChangeConversation(f.ctx, openid, second(n), func(c *conversation.Conversation) error {
		_, err := c.Ask(conversation.Question{Text: question(n, msgID), Site: "https://example.com", Sorry: "抱歉"}, f.clock.Now())
		return err
	})
}

func jobs(t *testing.T, f fixture) int {
	t.Helper()
	c, err := f.store.Conversation(f.ctx, openid)
	must(t, err)
	return len(c.Jobs)
}

// testConversationTurns: the turns that a model gets again are kept like the rest, and end with it.
func testConversationTurns(t *testing.T, f fixture) {
	must(t, ask(f, 0, 1))
	turn := conversation.Turn{ID: "a", Question: "问", Answer: "答"}
	must(t, f.store.ChangeConversation(f.ctx, openid, second(0), func(c *conversation.Conversation) error {
		c.Remember(turn, 5, second(60))
		return nil
	}))
	turn.At = second(60).Unix()
	c, err := f.store.Conversation(f.ctx, openid)
	must(t, err)
	if diff := cmp.Diff([]conversation.Turn{turn}, c.Turns); diff != "" || len(c.Jobs) != 1 {
		t.Errorf("%d jobs, turns (-want +got):\n%s", len(c.Jobs), diff)
	}
	f.clock.advance(60*time.Second + conversation.For - time.Second)
	if c, err = f.store.Conversation(f.ctx, openid); err != nil || len(c.Turns) != 1 {
		t.Errorf("before its end: turns %v, error %v", c.Turns, err)
	}
	f.clock.advance(time.Second)
	if c, err = f.store.Conversation(f.ctx, openid); err != nil || len(c.Turns) != 0 {
		t.Errorf("after its end: turns %v, error %v", c.Turns, err)
	}
}

func testConversation(t *testing.T, f fixture) {
	if n := jobs(t, f); n != 0 {
		t.Errorf("%d jobs in an empty store", n)
	}
	const msgID = 18446744073709551615
	must(t, ask(f, 0, msgID))
	must(t, ask(f, 0, msgID)) // a repeated delivery
	id := conversation.ID(question(0, msgID))
	items, err := f.items(openid)
	must(t, err)
	if len(items) != 1 {
		t.Fatalf("%d items", len(items))
	}
	delete(items[0], "version")
	at := float64(second(0).Unix())
	want := Item{
		"pk": openid, "sk": "conversation", "expires_at": at + 48*3600,
		"jobs": map[string]any{id: map[string]any{
			"state": "waiting", "asked_at": at, "sorry": "抱歉",
			"push": map[string]any{"to": "gh_1", "text": "问", "msg_id": float64(msgID), "at": at, "site": "https://example.com"},
		}},
	}
	if diff := cmp.Diff(want, items[0]); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	c, err := f.store.Conversation(f.ctx, openid)
	must(t, err)
	if diff := cmp.Diff(question(0, msgID), c.Jobs[id].Push.Received(openid)); diff != "" {
		t.Errorf("the push (-want +got):\n%s", diff)
	}

	refusal := errors.New("refused")
	err = f.store.ChangeConversation(f.ctx, openid, second(0), func(c *conversation.Conversation) error {
		c.Jobs = nil
		return refusal
	})
	if !errors.Is(err, refusal) || jobs(t, f) != 1 {
		t.Errorf("a refused change: error %v, %d jobs", err, jobs(t, f))
	}

	f.clock.advance(conversation.For)
	if n := jobs(t, f); n != 0 {
		t.Errorf("%d jobs of an expired conversation", n)
	}
	must(t, ask(f, 60, 1))
	if n := jobs(t, f); n != 1 {
		t.Errorf("%d jobs after the old ones have expired, want 1", n)
	}
}

// testConversationUnfollowed: an unfollow deletes the conversation, and no text from before brings one back.
func testConversationUnfollowed(t *testing.T, f fixture) {
	follow := func(n int) {
		t.Helper()
		if _, _, err := f.store.Follow(f.ctx, person(n), session(n)); err != nil {
			t.Fatal(err)
		}
	}
	follow(1)
	must(t, ask(f, 1, 1)) // of the second of the follow
	must(t, f.store.Unfollow(f.ctx, openid, second(3), second(3).Add(follower.TombstoneFor)))
	items, err := f.items(openid)
	must(t, err)
	if len(items) != 1 || items[0]["sk"] != "follower" {
		t.Errorf("items after an unfollow: %v", items)
	}
	for _, n := range []int{2, 3} {
		if err := ask(f, n, 2); !errors.Is(err, follower.ErrNotFound) || jobs(t, f) != 0 {
			t.Errorf("a text of second %d after an unfollow of second 3: error %v, %d jobs", n, err, jobs(t, f))
		}
	}
	follow(5)
	if err := ask(f, 4, 3); !errors.Is(err, follower.ErrNotFound) {
		t.Errorf("a text from before the follow: error %v", err)
	}
	must(t, ask(f, 5, 4))
}

// testConversationFollowedAgain: what is from before a follow is forgotten, whether or not the unfollow arrives.
func testConversationFollowedAgain(t *testing.T, f fixture) {
	follow := func(n int) {
		t.Helper()
		if _, _, err := f.store.Follow(f.ctx, person(n), session(n)); err != nil {
			t.Fatal(err)
		}
	}
	ids := func() (ids []string) {
		t.Helper()
		c, err := f.store.Conversation(f.ctx, openid)
		must(t, err)
		for _, turn := range c.Turns {
			ids = append(ids, turn.ID)
		}
		for id := range c.Jobs {
			ids = append(ids, id)
		}
		return ids
	}
	remember := func(n int, msgID uint64) {
		t.Helper()
		must(t, ask(f, n, msgID))
		must(t, f.store.ChangeConversation(f.ctx, openid, second(n), func(c *conversation.Conversation) error {
			c.Remember(conversation.Turn{ID: conversation.ID(question(n, msgID)), Question: "问", Answer: "答"}, 5, second(n))
			return nil
		}))
	}
	follow(1)
	remember(2, 1)
	follow(5) // the unfollow of second 3 is late
	if got := ids(); got != nil {
		t.Errorf("after the next follow the conversation has %q", got)
	}
	remember(5, 2)
	latest := conversation.ID(question(5, 2))
	must(t, f.store.Unfollow(f.ctx, openid, second(3), second(3).Add(follower.TombstoneFor)))
	if err := ask(f, 2, 1); !errors.Is(err, follower.ErrNotFound) { // a late delivery of the old question
		t.Errorf("the old question again: error %v", err)
	}
	if diff := cmp.Diff([]string{latest, latest}, ids()); diff != "" {
		t.Errorf("the conversation (-want +got):\n%s", diff)
	}
	items, err := f.items(openid)
	must(t, err)
	for _, item := range items {
		if jobs, ok := item["jobs"].(map[string]any); ok && len(jobs) != 1 {
			t.Errorf("stored: %v", jobs)
		}
	}
}

// testConversationBeforeFollow: a question that overtakes its follow stays, and so does one of a follower of whom only a
// later message is known.
func testConversationBeforeFollow(t *testing.T, f fixture) {
	must(t, ask(f, 2, 1))
	begun := follower.Follower{OpenID: openid, State: follower.Pending, EventTime: second(3), PendingSince: second(3)}
	added, err := f.store.AddTicket(f.ctx, follower.Ticket{Hash: "hash", Until: second(600)}, begun, session(3))
	must(t, err)
	if n := jobs(t, f); n != 1 || !added {
		t.Errorf("%d jobs after a later message, want 1; link: %v", n, added)
	}
	must(t, f.store.Unfollow(f.ctx, openid, second(4), second(4).Add(follower.TombstoneFor)))
	must(t, ask(f, 6, 2))
	follow := person(5)
	follow.SubscribedAt = second(60) // by another clock
	if _, _, err := f.store.Follow(f.ctx, follow, session(5)); err != nil {
		t.Fatal(err)
	}
	if n := jobs(t, f); n != 1 {
		t.Errorf("%d jobs after the follow, want 1", n)
	}
}

// testConversationChanges: of changes at the same time, none is lost.
func testConversationChanges(t *testing.T, f fixture) {
	const n = 8
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() {
			if err := ask(f, i, uint64(i)); err != nil {
				t.Errorf("ask: %v", err)
			}
		})
	}
	all.Wait()
	if got := jobs(t, f); got != n {
		t.Errorf("%d jobs, want %d", got, n)
	}
}

func testConversationNoOpenID(t *testing.T, f fixture) {
	for _, name := range []string{"", "#account", "o o"} {
		_, err := f.store.Conversation(f.ctx, name)
		if !errors.Is(err, follower.ErrOpenID) {
			t.Errorf("Conversation of %q: error %v", name, err)
		}
		err = f.store.ChangeConversation(f.ctx, name, time.Time{}, func(*conversation.Conversation) error { return nil })
		if !errors.Is(err, follower.ErrOpenID) {
			t.Errorf("ChangeConversation of %q: error %v", name, err)
		}
	}
}
