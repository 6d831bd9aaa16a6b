// Package storetest is the suite that every store passes, so that the embedded store and DynamoDB behave alike.
package storetest

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/guanzhu/guanzhu/internal/answers"
	"github.com/guanzhu/guanzhu/internal/media"
	"github.com/guanzhu/guanzhu/internal/menu"
	"github.com/guanzhu/guanzhu/internal/quota"
	"github.com/guanzhu/guanzhu/internal/reconcile"
	"github.com/guanzhu/guanzhu/pkg/follower"
	"github.com/guanzhu/guanzhu/pkg/wechat"
)

// Store has the methods that a store offers to all its users, and those that the suites need besides.
type Store interface {
	follower.Store
	menu.Store
	media.Store
	quota.Store
	reconcile.Records
	reconcile.Checkpoints

	// Lookup returns the follower and its session, the zero Session if there is none, as they are stored now. It returns
	// follower.ErrNotFound if the openid does not follow, or is not an openid.
	Lookup(ctx context.Context, openid string) (follower.Follower, follower.Session, error)

	// Suggestions returns the suggestions of month's month in China time that have not expired, oldest first, and how many
	// records there cannot be read.
	Suggestions(ctx context.Context, month time.Time) (all []follower.Suggestion, unreadable int, err error)

	// MarkHandled marks the suggestion of s's time, MsgID and writer as handled, and reports whether there is one that
	// has not expired; otherwise nothing is written.
	MarkHandled(ctx context.Context, s follower.Suggestion) (found bool, err error)

	// Followers returns all followers, page by page. It stops at the first error, which comes with the zero Follower; only
	// after follower.ErrUnreadable, for a record that is not a follower's, does it go on. The reader may write meanwhile. A
	// user who follows all the time is given once, as stored when the iteration gets there; a user who follows or unfollows
	// meanwhile is given once or not at all.
	Followers(ctx context.Context) iter.Seq2[follower.Follower, error]

	AccessToken(ctx context.Context) (wechat.AccessToken, error)
	SaveAccessToken(ctx context.Context, value string, validUntil time.Time) error
	MarkForced(ctx context.Context, was, mark wechat.AccessToken) (bool, error)

	answers.Store

	// All returns all records by attribute name, numbers as float64, in any order; expired ones may be missing. Put and
	// Delete change a record, as an owner's own hand may. Each store's test adds the three.
	All(ctx context.Context) ([]Item, error)
	Put(ctx context.Context, record Item) error
	Delete(ctx context.Context, pk, sk string) error

	Close() error
}

// Item is a stored record by attribute name.
type Item = map[string]any

// Open returns an empty store, whose only clock is now. The suites close it.
type Open func(t *testing.T, now func() time.Time) Store

type testCase struct {
	name string
	test func(*testing.T, fixture)
}

// Run runs the suite. Each of its tests opens a store of its own. The suite's time is in 2040, because a server that
// deletes expired records by its own clock, as DynamoDB Local does, must not delete those that have yet to expire by the
// suite's.
func Run(t *testing.T, open Open) {
	tests := []testCase{
		{"lookup of one unknown", testUnknown},
		{"layout", testLayout},
		{"complete", testComplete},
		{"model", testModel},
		{"concurrent pushes", testConcurrentPushes},
		{"suggestions", testSuggestions},
		{"suggestions beyond one page", testManySuggestions},
		{"suggestions of one day", testSuggestionsOfOneDay},
		{"bounds", testBounds},
		{"unreadable records", testUnreadable},
		{"no openid", testNoOpenID},
		{"session lost", testSessionLost},
		{"suggestion texts", testSuggestionTexts},
		{"handled suggestions", testHandled},
		{"followers", testFollowers},
		{"followers that change between pages", testFollowersChange},
		{"followers, canceled between pages", testFollowersCanceled},
		{"access token", testAccessToken},
		{"concurrent marks", testConcurrentMarks},
		{"follower from before", testFromBefore},
		{"session layout", testSessionLayout},
		{"change refused", testChangeRefused},
		{"one ticket, many devices", testOneTicketManyDevices},
		{"many changes", testManyChanges},
		{"enter during unfollow", testEnterDuringUnfollow},
		{"own data layout", testOwnLayout},
		{"own data, many updates", testManyUpdates},
		{"own data, updates during unfollow", testUpdatesDuringUnfollow},
		{"canceled context", testCanceled},
		{"menu", testMenu},
		{"media", testMedia},
		{"conversation", testConversation},
		{"conversation, turns", testConversationTurns},
		{"conversation of a follower who has unfollowed", testConversationUnfollowed},
		{"conversation of a follower who has followed again", testConversationFollowedAgain},
		{"conversation that begins before its follow", testConversationBeforeFollow},
		{"concurrent changes of a conversation", testConversationChanges},
		{"conversation of no openid", testConversationNoOpenID},
		{"questions of one day", testQuestionsOfOneDay},
		{"questions of all followers", testQuestionsOfAll},
	}
	for _, v := range visits {
		tests = append(tests, testCase{"visit/" + v.name, v.test})
	}
	for _, s := range stories {
		tests = append(tests, testCase{"story/" + s.name, s.test})
	}
	for _, s := range ownStories {
		tests = append(tests, testCase{"own data/" + s.name, s.test})
	}
	for _, tt := range reconcileTests {
		tests = append(tests, testCase{"reconcile/" + tt.name, tt.test})
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			c := &clock{now: second(0)}
			store := open(t, c.Now)
			defer func() { must(t, store.Close()) }()
			tt.test(t, fixture{ctx, store, c})
		})
	}
}

// fixture is an empty store and the clock it goes by.
type fixture struct {
	ctx   context.Context
	store Store
	clock *clock
}

// items returns the stored records under pk in the order of sk.
func (f fixture) items(pk string) ([]Item, error) {
	all, err := f.store.All(f.ctx)
	items := slices.DeleteFunc(all, func(i Item) bool { return i["pk"] != pk })
	slices.SortFunc(items, func(a, b Item) int { return strings.Compare(fmt.Sprint(a["sk"]), fmt.Sprint(b["sk"])) })
	return items, err
}

type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// openid is the one follower of most tests.
const openid = "oFollower-0000000000000000001"

// second is the suite's time n seconds after its beginning, 16:00 on May 31 UTC, 00:00 on June 1 in China.
func second(n int) time.Time {
	return time.Date(2040, time.May, 31, 16, 0, n, 0, time.UTC)
}

func testUnknown(t *testing.T, f fixture) {
	if _, _, err := f.store.Lookup(f.ctx, openid); !errors.Is(err, follower.ErrNotFound) {
		t.Errorf("Lookup: error %v, want ErrNotFound", err)
	}
}

// testNoOpenID uses values that are not openids as openids. The name of another partition must not lead there.
func testNoOpenID(t *testing.T, f fixture) {
	keep(t, f, suggestion(1, 1, "@"))
	must(t, f.store.SaveAccessToken(f.ctx, "TOKEN", second(7200)))
	for _, name := range []string{"", "suggestions#2040-06", "suggested#2040-06-01", "#account", "o o", "关注", strings.Repeat("o", 129)} {
		before, err := f.items(name)
		must(t, err)
		if _, _, err := f.store.Lookup(f.ctx, name); !errors.Is(err, follower.ErrNotFound) {
			t.Errorf("Lookup of %q: error %v, want ErrNotFound", name, err)
		}
		change := func(*follower.Session) error { return nil }
		if err := f.store.ChangeSession(f.ctx, name, change); !errors.Is(err, follower.ErrNotFound) {
			t.Errorf("ChangeSession of %q: error %v, want ErrNotFound", name, err)
		}
		if _, err := points.Load(f.ctx, f.service(), name); err != nil {
			t.Errorf("own data of %q: error %v", name, err)
		}
		if _, err := points.Update(f.ctx, f.service(), says(name, 1), again(1)); !errors.Is(err, follower.ErrOpenID) {
			t.Errorf("update of own data of %q: error %v, want ErrOpenID", name, err)
		}
		fo := person(1)
		fo.OpenID = name
		if _, _, err := f.store.Follow(f.ctx, fo, session(1)); !errors.Is(err, follower.ErrOpenID) {
			t.Errorf("Follow of %q: error %v, want ErrOpenID", name, err)
		}
		if _, err := f.store.AddTicket(f.ctx, ticket(1), fo, session(1)); !errors.Is(err, follower.ErrOpenID) {
			t.Errorf("AddTicket of %q: error %v, want ErrOpenID", name, err)
		}
		if err := f.store.Unfollow(f.ctx, name, second(1), second(2)); !errors.Is(err, follower.ErrOpenID) {
			t.Errorf("Unfollow of %q: error %v, want ErrOpenID", name, err)
		}
		after, err := f.items(name)
		must(t, err)
		if diff := cmp.Diff(before, after); diff != "" {
			t.Errorf("items of %q (-before +after):\n%s", name, diff)
		}
	}
}

// testLayout pins the attributes, which owners and other programs read: each name, its type and the attributes that are left out.
func testLayout(t *testing.T, f fixture) {
	full := follower.Follower{
		OpenID: openid,
		Profile: follower.Profile{
			UnionID: "oUnion", Language: "zh_CN", Scene: "ADD_SCENE_QR_CODE", QRScene: "98765",
			Remark: "老朋友", Tags: []int{2, 128}, SubscribedAt: second(9),
		},
		State:     follower.Complete,
		EventTime: second(10).Add(999 * time.Millisecond),
	}
	pending := follower.Follower{
		OpenID: "oPending", State: follower.Pending, EventTime: second(11), PendingSince: second(12),
	}
	unavailable := follower.Follower{
		OpenID: "oUnavailable", State: follower.Unavailable, EventTime: second(13),
		Profile: follower.Profile{Tags: []int{}},
	}
	for _, fo := range []follower.Follower{full, pending, unavailable} {
		session := follower.Session{EstablishedAt: second(20), EventTime: fo.EventTime}
		stored, applied, err := f.store.Follow(f.ctx, fo, session)
		if err != nil || !applied {
			t.Fatalf("Follow = applied %v, error %v", applied, err)
		}
		fo.EventTime = fo.EventTime.Truncate(time.Second)
		session.EventTime = fo.EventTime
		if len(fo.Tags) == 0 {
			fo.Tags = nil
		}
		if diff := cmp.Diff(fo, stored); diff != "" {
			t.Errorf("stored by Follow (-want +got):\n%s", diff)
		}
		got, gotSession, err := f.store.Lookup(f.ctx, fo.OpenID)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(fo, got); diff != "" {
			t.Errorf("Lookup, follower (-want +got):\n%s", diff)
		}
		if diff := cmp.Diff(session, gotSession); diff != "" {
			t.Errorf("Lookup, session (-want +got):\n%s", diff)
		}
	}
	must(t, f.store.Unfollow(f.ctx, "oGone", second(14), second(15)))
	keep(t, f, follower.Suggestion{
		At: second(30), MsgID: 6054768590064713728, FollowerHash: "9f86d081", Text: "@菜单 更多", ExpiresAt: second(40),
	})
	must(t, f.store.SaveAccessToken(f.ctx, "TOKEN", second(7200)))
	if ok, err := f.store.MarkForced(f.ctx, wechat.AccessToken{},
		wechat.AccessToken{ForcedAt: second(50), ForcedCount: 3}); !ok || err != nil {
		t.Fatalf("MarkForced = %v, %v", ok, err)
	}

	n := func(s int) float64 { return float64(second(s).Unix()) }
	session := func(pk string, event int) Item {
		return Item{"pk": pk, "sk": "session", "established_at": n(20), "event_time": n(event)}
	}
	want := map[string][]Item{
		openid: {{
			"pk": openid, "sk": "follower", "openid": openid, "unionid": "oUnion", "subscribed_at": n(9),
			"event_time": n(10), "scene": "ADD_SCENE_QR_CODE", "qr_scene": "98765", "language": "zh_CN",
			"remark": "老朋友", "tags": []any{2.0, 128.0}, "profile": "complete",
		}, session(openid, 10)},
		"oPending": {{
			"pk": "oPending", "sk": "follower", "openid": "oPending", "event_time": n(11),
			"profile": "pending", "pending_since": n(12),
		}, session("oPending", 11)},
		"oUnavailable": {{
			"pk": "oUnavailable", "sk": "follower", "openid": "oUnavailable", "event_time": n(13),
			"profile": "unavailable",
		}, session("oUnavailable", 13)},
		"oGone": {{"pk": "oGone", "sk": "follower", "event_time": n(14), "expires_at": n(15)}},
		"suggestions#2040-06": {{
			"pk": "suggestions#2040-06", "sk": "2222092830#6054768590064713728#9f86d081", "text": "@菜单 更多",
			"at": n(30), "handled": false, "expires_at": n(40),
		}},
		"#account": {{
			"pk": "#account", "sk": "access-token", "token": "TOKEN", "valid_until": n(7200),
			"forced_at": n(50), "forced_count": 3.0,
		}},
	}
	for pk, items := range want {
		if wechat.IsOpenID(pk) == strings.Contains(pk, "#") {
			t.Errorf("an openid might name the partition %s", pk)
		}
		got, err := f.items(pk)
		must(t, err)
		if diff := cmp.Diff(items, got); diff != "" {
			t.Errorf("items of %s (-want +got):\n%s", pk, diff)
		}
	}
}

func testCanceled(t *testing.T, f fixture) {
	ctx, cancel := context.WithCancel(f.ctx)
	cancel()
	calls := map[string]func() error{
		"Follow": func() error {
			_, _, err := f.store.Follow(ctx, person(1), session(1))
			return err
		},
		"Complete": func() error { return f.store.Complete(ctx, person(1)) },
		"Unfollow": func() error { return f.store.Unfollow(ctx, openid, second(1), second(2)) },
		"AddSuggestion": func() error {
			_, err := f.store.AddSuggestion(ctx, suggestion(1, 1, "text"))
			return err
		},
		"Lookup": func() error {
			_, _, err := f.store.Lookup(ctx, openid)
			return err
		},
		"ChangeSession": func() error {
			return f.store.ChangeSession(ctx, openid, func(*follower.Session) error { return nil })
		},
		"AddTicket": func() error {
			w, s := writer(1)
			_, err := f.store.AddTicket(ctx, ticket(1), w, s)
			return err
		},
		"Own": func() error {
			_, err := f.store.Own(ctx, openid)
			return err
		},
		"ChangeOwn": func() error {
			_, err := points.Update(ctx, f.service(), says(openid, 1), again(1))
			return err
		},
		"Suggestions": func() error {
			_, _, err := f.store.Suggestions(ctx, second(1))
			return err
		},
		"MarkHandled": func() error {
			_, err := f.store.MarkHandled(ctx, suggestion(1, 1, ""))
			return err
		},
		"Followers": func() error {
			for _, err := range f.store.Followers(ctx) {
				return err
			}
			return nil
		},
		"AccessToken": func() error {
			_, err := f.store.AccessToken(ctx)
			return err
		},
		"SaveAccessToken": func() error { return f.store.SaveAccessToken(ctx, "TOKEN", second(1)) },
		"MarkForced": func() error {
			_, err := f.store.MarkForced(ctx, wechat.AccessToken{}, wechat.AccessToken{ForcedAt: second(1)})
			return err
		},
	}
	for name, call := range calls {
		if err := call(); !errors.Is(err, context.Canceled) {
			t.Errorf("%s: error %v, want context.Canceled", name, err)
		}
	}
	for _, pk := range []string{openid, "suggestions#2040-06", "suggested#2040-06-01", "#account"} {
		items, err := f.items(pk)
		must(t, err)
		if len(items) != 0 {
			t.Errorf("%d items of %s were written", len(items), pk)
		}
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
