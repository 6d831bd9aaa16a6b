package webhook_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/guanzhu/guanzhu/pkg/follower"
	"github.com/guanzhu/guanzhu/pkg/wechattest"
)

// withoutID returns the message of a text without a MsgId.
func withoutID(w *fixture, at time.Time, content string) []byte {
	return []byte(strings.Replace(string(w.Pusher.Text(openid, at, 77, content)), "<MsgId>77</MsgId>", "", 1))
}

func (w *fixture) suggestions(month time.Time) (texts []string) {
	w.Helper()
	all, unreadable, err := w.Store.Suggestions(w.Context(), month)
	if err != nil || unreadable > 0 {
		w.Fatalf("%d cannot be read, error %v", unreadable, err)
	}
	for _, s := range all {
		texts = append(texts, s.Text)
	}
	return texts
}

// TestSuggestionsWithoutMsgID checks that suggestions of one second without a MsgId are told apart by their text.
func TestSuggestionsWithoutMsgID(t *testing.T) {
	t.Parallel()
	w := newFixture(t, wechattest.Plain, nil)
	for _, text := range []string{"@希望周末也开门", "@希望有停车位", "@希望周末也开门", "@希望有停车位"} { // each one is sent twice
		if message := string(withoutID(w, now, text)); strings.Contains(message, "MsgId") {
			t.Fatal(message)
		}
		if got := w.says(withoutID(w, now, text)); got != suggestionReply {
			t.Errorf("answered %q", got)
		}
	}
	w.says(withoutID(w, now.Add(time.Second), "@希望周末也开门"))
	got := map[string]int{}
	for _, text := range w.suggestions(now) {
		got[text]++
	}
	if diff := cmp.Diff(map[string]int{"@希望周末也开门": 2, "@希望有停车位": 1}, got); diff != "" {
		t.Errorf("suggestions (-want +got):\n%s", diff)
	}
	all, _, err := w.Store.Suggestions(t.Context(), now)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range all {
		if s.MsgID == 0 || strings.Contains(s.Key(), "希望") {
			t.Errorf("key %s", s.Key())
		}
		if found, err := w.Store.MarkHandled(t.Context(), s); err != nil || !found {
			t.Errorf("%s cannot be marked as handled: %v", s.Key(), err)
		}
	}
}

// TestSuggestionsOfOneDay checks that 20 suggestions are kept for each follower and each day in China. Further ones get
// another answer.
func TestSuggestionsOfOneDay(t *testing.T) {
	t.Parallel()
	w := newFixture(t, wechattest.Plain, nil)
	const kept = 20
	for range 2 { // each push is delivered twice
		for n := range kept + 3 {
			got := w.says(w.Pusher.Text(openid, now, int64(n+1), fmt.Sprint("@", n)))
			if refused := got != suggestionReply; refused != (n >= kept) || !strings.Contains(got, "建议") {
				t.Errorf("suggestion %d was answered %q", n, got)
			}
		}
	}
	if got := len(w.suggestions(now)); got != kept {
		t.Errorf("%d are kept", got)
	}
	for _, message := range [][]byte{
		w.Pusher.Text(openid+"x", now, 1, "@another follower"), w.Pusher.Text(openid, now.Add(-24*time.Hour), 100, "@yesterday"),
	} {
		if got := w.says(message); got != suggestionReply {
			t.Errorf("answered %q", got)
		}
	}
	if got := strings.Count(w.Logs.String(), `"Suggestions":1`); got != 2*kept+2 {
		t.Errorf("the log counts %d suggestions", got)
	}
}

// authorization returns an event about openid. Its sender is the platform's push service.
func authorization(w *fixture, event, openid string, at time.Time) []byte {
	message := string(w.Pusher.Click("oPUSHservice-0000000000000001", at, "k"))
	message = strings.Replace(message, "CLICK", event, 1)
	return []byte(strings.Replace(message, "</xml>", "<OpenID><![CDATA["+openid+"]]></OpenID><RevokeInfo>205</RevokeInfo></xml>", 1))
}

// TestAccountClosed checks that closing a WeChat account counts as an unfollow.
func TestAccountClosed(t *testing.T) {
	t.Parallel()
	w := newFixture(t, wechattest.Plain, nil)
	w.Platform.Follow(openid, profile)
	w.says(w.Pusher.Subscribe(openid, now, ""))
	stays := w.records()
	for _, event := range [][]byte{
		authorization(w, "user_authorization_cancellation", openid, now.Add(-time.Second)), // from before the follow
		authorization(w, "user_authorization_cancellation", "", now.Add(time.Minute)),      // without an openid
		authorization(w, "user_authorization_cancellation", "#account", now.Add(time.Minute)),
		authorization(w, "user_authorization_revoke", "", now.Add(time.Minute)),
	} {
		if got := w.says(event); got != "success" {
			t.Errorf("answered %q", got)
		}
		if diff := cmp.Diff(stays, w.records()); diff != "" {
			t.Errorf("records (-want +got):\n%s", diff)
		}
	}
	for range 2 {
		w.says(authorization(w, "user_authorization_cancellation", openid, now.Add(time.Second)))
		want := []string{fmt.Sprintf(`{"pk":%q,"sk":"follower","event_time":%d,"expires_at":%d}`,
			openid, now.Add(time.Second).Unix(), now.Add(30*24*time.Hour).Unix())}
		if diff := cmp.Diff(want, w.records()); diff != "" {
			t.Errorf("records (-want +got):\n%s", diff)
		}
		w.says(w.Pusher.Subscribe(openid, now, "")) // late
	}
}

// TestAuthorizationRevoked checks that a revocation signs out the devices that were signed in by then, and only these.
func TestAuthorizationRevoked(t *testing.T) {
	t.Parallel()
	w := newFixture(t, wechattest.Plain, nil)
	w.Platform.Follow(openid, profile)
	w.says(w.Pusher.Subscribe(openid, now, ""))
	w.says(w.Pusher.Text(openid, now, 5, "登录"))
	for device, at := range map[string]time.Time{"before": now, "then": now.Add(time.Minute), "later": now.Add(time.Minute + time.Second)} {
		if err := w.Store.ChangeSession(t.Context(), openid, func(s *follower.Session) error {
			s.SignIn(device, at)
			return nil
		}); err != nil {
			t.Fatal(err)
		}
	}
	f, before, err := w.Store.Lookup(t.Context(), openid)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if got := w.says(authorization(w, "user_authorization_revoke", openid, now.Add(time.Minute))); got != "success" {
			t.Errorf("answered %q", got)
		}
		after, session, err := w.Store.Lookup(t.Context(), openid)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(f, after); diff != "" {
			t.Errorf("follower (-want +got):\n%s", diff)
		}
		want := before
		want.Devices = map[string]time.Time{"later": before.Devices["later"]}
		if diff := cmp.Diff(want, session); diff != "" {
			t.Errorf("session (-want +got):\n%s", diff)
		}
	}
	if got := w.says(authorization(w, "user_authorization_revoke", "oNOBODY", now)); got != "success" {
		t.Errorf("of nobody: answered %q", got)
	}
}
