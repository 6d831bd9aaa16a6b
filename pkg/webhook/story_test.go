package webhook_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/guanzhu/guanzhu/internal/telemetry"
	"github.com/guanzhu/guanzhu/pkg/follower"
	"github.com/guanzhu/guanzhu/pkg/webhook"
	"github.com/guanzhu/guanzhu/pkg/wechat"
	"github.com/guanzhu/guanzhu/pkg/wechattest"
)

// profile is the platform's profile of the tests' follower.
var profile = wechattest.User{UnionID: "uUNIONID", Language: "zh_CN", SubscribedAt: now, Remark: "a friend", Tags: []int{2, 101},
	SubscribeScene: "ADD_SCENE_QR_CODE", QRSceneStr: "spring"}

func TestFromFollowToUnfollow(t *testing.T) {
	inAllModes(t, func(t *testing.T, mode wechattest.Mode) {
		w := newFixture(t, mode, nil)
		w.Platform.Follow(openid, profile)
		at := now.Add(-3 * time.Hour)

		// A follow gets the welcome, and stores a follower and a session.
		if got := w.says(w.Pusher.Subscribe(openid, at, "qrscene_spring")); got != text(t, w.Account.Welcome()) {
			t.Errorf("the welcome is %q", got)
		}
		wantFollower := follower.Follower{OpenID: openid, State: follower.Complete, EventTime: at, Profile: follower.Profile{
			UnionID: "uUNIONID", Language: "zh_CN", SubscribedAt: now, Remark: "a friend", Tags: []int{2, 101},
			Scene: "ADD_SCENE_QR_CODE", QRScene: "spring"}}
		wantSession := follower.Session{EstablishedAt: now, EventTime: at}
		f, s, err := w.Store.Lookup(t.Context(), openid)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(wantFollower, f); diff != "" {
			t.Errorf("follower (-want +got):\n%s", diff)
		}
		if diff := cmp.Diff(wantSession, s); diff != "" {
			t.Errorf("session (-want +got):\n%s", diff)
		}

		// A repeated delivery changes no record.
		before := w.records()
		w.says(w.Pusher.Subscribe(openid, at, "qrscene_spring"))
		if diff := cmp.Diff(before, w.records()); diff != "" {
			t.Errorf("after a second delivery (-want +got):\n%s", diff)
		}

		// The follower gets replies, and only suggestions are stored.
		pushes := []struct {
			name    string
			message []byte
			want    string
		}{
			{"text", w.Pusher.Text(openid, at.Add(time.Minute), 1, "今天几点开门?"), defaultReply},
			{"keyword", w.Pusher.Text(openid, at.Add(time.Minute), 2, "你好"), text(t, w.Account.Answer("你好"))},
			{"text with control characters", w.Pusher.Text(openid, at.Add(time.Minute), 3, "a\x02\x1d\x00b"), defaultReply},
			{"text with ]]>", []byte(strings.Replace(string(w.Pusher.Text(openid, at.Add(time.Minute), 4, "MARK")), "MARK", "a]]>b</Content>", 1)), defaultReply},
			{"empty text", w.Pusher.Text(openid, at.Add(time.Minute), 5, ""), defaultReply},
			{"click", w.Pusher.Click(openid, at.Add(time.Minute), "about"), click(t, w, "about")},
			{"click with a key unknown", w.Pusher.Click(openid, at.Add(time.Minute), "gone"), "success"},
			{"view", w.Pusher.View(openid, at.Add(time.Minute), "https://example.com/?a=1&b=2"), "success"},
			{"scan", w.Pusher.Scan(openid, at.Add(time.Minute), "spring"), "success"},
			{"event unknown", renamed(w.Pusher.Click(openid, at.Add(time.Minute), "k"), "CLICK", "brand_new_event"), "success"},
			{"message unknown", renamed(w.Pusher.Text(openid, at.Add(time.Minute), 6, "x"), "[text]", "[hologram]"), "success"},
		}
		for _, tt := range pushes {
			if got := w.says(tt.message); got != tt.want {
				t.Errorf("%s: answered %q, want %q", tt.name, got, tt.want)
			}
		}
		if diff := cmp.Diff(before, w.records()); diff != "" {
			t.Errorf("stored by talking (-want +got):\n%s", diff)
		}
		for i, text := range []string{"@希望周末也开门", "@希望周末也开门", "＠全角", "@", " @下雨天想要外卖", "\u3000@下雨天想要外卖",
			"\u00a0＠下雨天想要外卖", "\r\n@下雨天想要外卖 \n"} {
			id := int64(10 + max(i, 1)) // the second is a repeated delivery of the first
			if got := w.says(w.Pusher.Text(openid, at.Add(2*time.Minute), id, text)); got != suggestionReply {
				t.Errorf("%s: answered %q", text, got)
			}
		}
		suggestions, _, err := w.Store.Suggestions(t.Context(), at)
		if err != nil {
			t.Fatal(err)
		}
		var texts []string
		for _, s := range suggestions {
			texts = append(texts, s.Text)
		}
		if diff := cmp.Diff([]string{"@希望周末也开门", "＠全角", "@", "@下雨天想要外卖", "@下雨天想要外卖",
			"＠下雨天想要外卖", "@下雨天想要外卖 \n"}, texts); diff != "" {
			t.Errorf("suggestions (-want +got):\n%s", diff)
		}

		// An unfollow deletes what is personal, and a late follow does not bring it back.
		for range 2 {
			if got := w.says(w.Pusher.Unsubscribe(openid, at.Add(time.Hour))); got != "success" {
				t.Errorf("unfollow answered %q", got)
			}
		}
		w.says(w.Pusher.Subscribe(openid, at, "qrscene_spring"))
		w.says(w.Pusher.Subscribe(openid, at.Add(time.Hour), ""))
		if _, _, err := w.Store.Lookup(t.Context(), openid); !errors.Is(err, follower.ErrNotFound) {
			t.Errorf("after the unfollow: %v", err)
		}
		for _, record := range w.records() {
			if strings.Contains(record, openid) && record != fmt.Sprintf(
				`{"pk":%q,"sk":"follower","event_time":%d,"expires_at":%d}`, openid, at.Add(time.Hour).Unix(), now.Add(follower.TombstoneFor).Unix()) {
				t.Errorf("after the unfollow the store has %s", record)
			}
		}

		// A new follow begins a new session.
		w.says(w.Pusher.Subscribe(openid, at.Add(2*time.Hour), ""))
		if _, s, err := w.Store.Lookup(t.Context(), openid); err != nil || !s.EventTime.Equal(at.Add(2*time.Hour)) {
			t.Errorf("after following again: session %v, %v", s, err)
		}
	})
}

func click(t *testing.T, w *fixture, key string) string {
	t.Helper()
	reply, ok := w.Account.Click(key)
	if !ok {
		t.Fatalf("account.yaml has no click %q", key)
	}
	return text(t, reply)
}

func text(t *testing.T, r wechat.Reply) string {
	t.Helper()
	text, ok := r.(wechat.TextReply)
	if !ok {
		t.Fatalf("account.yaml has a %T where this test expects a text", r)
	}
	return string(text)
}

func renamed(message []byte, from, to string) []byte {
	return []byte(strings.ReplaceAll(string(message), from, to))
}

func TestWarmFollowIsOnePlatformCall(t *testing.T) {
	w := newFixture(t, wechattest.Safe, nil)
	w.Platform.Follow(openid, profile)
	w.Platform.Follow(openid+"2", profile)
	w.says(w.Pusher.Subscribe(openid, now, ""))
	total := func() int {
		return w.Platform.Calls(userInfo) + w.Platform.Calls("/cgi-bin/stable_token") + w.Platform.Calls("/cgi-bin/token")
	}
	before := total()
	w.says(w.Pusher.Subscribe(openid+"2", now, ""))
	if got := total() - before; got != 1 {
		t.Errorf("a warm follow made %d calls, want 1", got)
	}
	before = total()
	w.says(w.textOf("hello"))
	w.says(w.Pusher.Unsubscribe(openid, now.Add(time.Second)))
	if got := total() - before; got != 0 {
		t.Errorf("a text and an unfollow made %d calls, want none", got)
	}
}

func TestProfileThatCannotBeHad(t *testing.T) {
	tests := []struct {
		name  string
		fault func(w *fixture)
		want  follower.ProfileState
	}{
		{"no permission", func(w *fixture) { w.Platform.Fail(userInfo, 48001, 1) }, follower.Unavailable},
		{"quota used up", func(w *fixture) { w.Platform.Fail(userInfo, 45009, 1) }, follower.Pending},
		{"address not allowed", func(w *fixture) { w.Platform.Fail("/cgi-bin/stable_token", 40164, 1) }, follower.Pending},
		{"HTML", func(w *fixture) { w.Platform.FailHTML(userInfo, 1) }, follower.Pending},
		{"busy once", func(w *fixture) { w.Platform.Fail(userInfo, -1, 1) }, follower.Complete},
		{"token revoked", func(w *fixture) { w.Platform.Fail(userInfo, 42001, 1) }, follower.Complete},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newFixture(t, wechattest.Plain, nil)
			w.Platform.Follow(openid, profile)
			tt.fault(w)
			if got := w.says(w.Pusher.Subscribe(openid, now, "qrscene_spring")); got != text(t, w.Account.Welcome()) {
				t.Errorf("answered %q", got)
			}
			f, s, err := w.Store.Lookup(t.Context(), openid)
			if err != nil {
				t.Fatal(err)
			}
			if f.State != tt.want || f.QRScene != "spring" || !s.EventTime.Equal(now) {
				t.Errorf("state %s, scene %s, session of %v", f.State, f.QRScene, s.EventTime)
			}
			if f.State == follower.Pending {
				// The platform answers the next delivery, and the session does not change.
				w.says(w.Pusher.Subscribe(openid, now, "qrscene_spring"))
				again, session, err := w.Store.Lookup(t.Context(), openid)
				if err != nil || again.State != follower.Complete || again.UnionID != profile.UnionID {
					t.Errorf("after a second delivery: %+v, %v", again, err)
				}
				if diff := cmp.Diff(s, session); diff != "" {
					t.Errorf("session (-first +second):\n%s", diff)
				}
			}
		})
	}
}

type profilerFunc func(context.Context, string) (follower.Profile, error)

func (f profilerFunc) Profile(ctx context.Context, openid string) (follower.Profile, error) {
	return f(ctx, openid)
}

// TestSlowPlatform has a platform that never answers, and a request with little time left. The follower is stored as
// pending, and the reply is in time.
func TestSlowPlatform(t *testing.T) {
	var left time.Duration
	w := newFixture(t, wechattest.Plain, func(w *fixture) {
		w.Service.Profiler = profilerFunc(func(ctx context.Context, _ string) (follower.Profile, error) {
			deadline, ok := ctx.Deadline()
			if !ok {
				t.Error("the fetch has no deadline")
			}
			left = time.Until(deadline)
			<-ctx.Done()
			return follower.Profile{}, ctx.Err()
		})
	})
	r := w.Request(w.Pusher.Subscribe(openid, now, ""))
	r = r.WithContext(webhook.WithArrival(r.Context(), time.Now().Add(-3400*time.Millisecond)))
	if response := w.serve(r); response.StatusCode != http.StatusOK {
		t.Fatalf("status %d", response.StatusCode)
	}
	if left > 100*time.Millisecond {
		t.Errorf("the fetch had %v of the 100 ms that leave a second for the store", left)
	}
	if f, _, err := w.Store.Lookup(t.Context(), openid); err != nil || f.State != follower.Pending || !f.PendingSince.Equal(now) {
		t.Errorf("stored %+v, %v", f, err)
	}
}

// TestStoreAway has a store that does not answer. The push is answered with 500, in time for the platform to send it again.
func TestStoreAway(t *testing.T) {
	away := func(ctx context.Context, _ *wechat.Unsubscribe) (wechat.Reply, error) {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	w := newFixture(t, wechattest.Plain, func(w *fixture) {
		w.router = webhook.NewRouter()
		webhook.On(w.router, away)
	})
	r := w.Request(w.Pusher.Unsubscribe(openid, now))
	r = r.WithContext(webhook.WithArrival(r.Context(), time.Now().Add(-budget)))
	if response := w.serve(r); response.StatusCode != http.StatusInternalServerError {
		t.Errorf("status %d, want 500", response.StatusCode)
	}
}

func TestHandlerThatPanics(t *testing.T) {
	w := newFixture(t, wechattest.Plain, func(w *fixture) {
		w.router = webhook.NewRouter()
		webhook.On(w.router, func(_ context.Context, p *wechat.Text) (wechat.Reply, error) { panic(p.Content) })
	})
	if status, _ := w.push(w.textOf("unspeakable")); status != http.StatusInternalServerError {
		t.Errorf("status %d, want 500", status)
	}
	for _, want := range []string{"handler panicked", "story_test.go"} {
		if !strings.Contains(w.Logs.String(), want) {
			t.Errorf("the log lacks %q: %s", want, w.Logs)
		}
	}
	if strings.Contains(w.Logs.String(), "unspeakable") {
		t.Error("the log holds what the user wrote")
	}
	if status, _ := w.push(w.Pusher.View(openid, now, "https://example.com/")); status != http.StatusOK {
		t.Errorf("the next push: status %d", status)
	}
}

// TestLogTellsNoSecrets searches the log of a mix of requests for secrets.
func TestLogTellsNoSecrets(t *testing.T) {
	w := newFixture(t, wechattest.Compatible, nil)
	w.Platform.Follow(openid, profile)
	w.Platform.Fail(userInfo, 40164, 1)
	w.says(w.Pusher.Subscribe(openid, now, "qrscene_spring"))
	w.says(w.textOf("@a secret suggestion"))
	w.says(renamed(w.textOf("x"), "[text]", "[odd 种类 of message\n"+strings.Repeat("y", 100)+"]"))
	w.says(w.Pusher.Unsubscribe(openid, now))
	for _, r := range hostile(w) {
		w.serve(r.request)
	}
	log := w.Logs.String()
	for _, secret := range []string{openid, token, appSecret, aesKey, "suggestion", "种类", profile.UnionID, "access_token"} {
		if strings.Contains(log, secret) {
			t.Errorf("the log holds %q", secret)
		}
	}
	hash := telemetry.Hasher(appSecret)(openid)
	if got := strings.Count(log, hash); got < 4 {
		t.Errorf("the follower's hash is in %d lines, want 4 at least:\n%s", got, log)
	}
	for _, want := range []string{`"kind":"event/subscribe"`, `"outcome":"replied"`, `"outcome":"unknown"`, `"outcome":"refused"`, "40164"} {
		if !strings.Contains(log, want) {
			t.Errorf("the log lacks %s", want)
		}
	}
}
