package storetest

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/guanzhu/guanzhu/pkg/follower"
	"github.com/guanzhu/guanzhu/pkg/wechat"
)

// suggestion is the suggestion of some follower at second n. MsgIDs of equal length sort as numbers do.
func suggestion(n int, msgID uint64, text string) follower.Suggestion {
	return follower.Suggestion{
		At: second(n), MsgID: msgID, FollowerHash: "9f86d081", Text: text,
		ExpiresAt: second(n).Add(follower.SuggestionFor),
	}
}

// keep adds s. It fails the test if s is not kept.
func keep(t *testing.T, f fixture, s follower.Suggestion) {
	t.Helper()
	if kept, err := f.store.AddSuggestion(f.ctx, s); err != nil || !kept {
		t.Fatalf("AddSuggestion = %v, error %v", kept, err)
	}
}

func wantSuggestions(t *testing.T, f fixture, month time.Time, want ...follower.Suggestion) {
	t.Helper()
	got, unreadable, err := f.store.Suggestions(f.ctx, month)
	must(t, err)
	if unreadable != 0 {
		t.Errorf("%d suggestions cannot be read", unreadable)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("suggestions (-want +got):\n%s", diff)
	}
}

func testSuggestions(t *testing.T, f fixture) {
	may, june := second(-1), second(0)
	wantSuggestions(t, f, june)

	lastOfMay, firstOfJune := suggestion(-1, 10, "五月"), suggestion(0, 11, "六月")
	later, handled := suggestion(9, 13, "later"), suggestion(9, 12, "handled")
	handled.Handled = true
	twin := later
	twin.FollowerHash, twin.Text = "another", "another writer's of the same id"
	short := suggestion(5, 14, "short-lived")
	short.ExpiresAt = second(600)
	july := suggestion(30*24*60*60, 15, "July")
	for _, s := range []follower.Suggestion{later, july, handled, short, twin, firstOfJune, lastOfMay} {
		keep(t, f, s)
	}
	// A repeated delivery changes nothing: not the text, not that it was handled.
	for _, s := range []follower.Suggestion{later, handled} {
		s.Handled, s.Text = false, "repeated"
		keep(t, f, s)
	}

	wantSuggestions(t, f, may, lastOfMay)
	wantSuggestions(t, f, june, firstOfJune, short, handled, later, twin)
	wantSuggestions(t, f, june.AddDate(0, 0, 29), firstOfJune, short, handled, later, twin)
	wantSuggestions(t, f, june.AddDate(0, 0, 30), july)

	f.clock.advance(600 * time.Second)
	wantSuggestions(t, f, june, firstOfJune, handled, later, twin)
}

// testManySuggestions lists more than the 1 MiB that DynamoDB gives at a time.
func testManySuggestions(t *testing.T, f fixture) {
	var want []follower.Suggestion
	var calls []func() error
	for n := range 300 {
		s := suggestion(n, 1, fmt.Sprint(n, strings.Repeat("关注", 4000/6)))
		s.FollowerHash = fmt.Sprint(n)
		want = append(want, s)
		calls = append(calls, func() error {
			_, err := f.store.AddSuggestion(f.ctx, s)
			return err
		})
	}
	inParallel(t, calls)
	wantSuggestions(t, f, second(0), want...)
}

// testBounds stores records as large as a push can make them.
func testBounds(t *testing.T, f fixture) {
	const size = 256 << 10
	fill := func(char string) string { return strings.Repeat(char, size/len(char)) }
	for n, tt := range []struct{ text, want string }{
		{fill("\xff"), strings.Repeat("\ufffd", follower.MaxText/3)}, // three bytes each
		{fill("关"), strings.Repeat("关", follower.MaxText/3)},
		{fill("😀"), strings.Repeat("😀", follower.MaxText/4)},
		{strings.Repeat("a", follower.MaxText), strings.Repeat("a", follower.MaxText)},
		{strings.Repeat("a", follower.MaxText+1), strings.Repeat("a", follower.MaxText)},
	} {
		s := suggestion(n, 1, tt.text)
		keep(t, f, s)
		s.Text = tt.want
		all, _, err := f.store.Suggestions(f.ctx, second(0))
		must(t, err)
		if diff := cmp.Diff(s, all[n]); diff != "" {
			t.Errorf("suggestion %d (-want +got):\n%s", n, diff)
		}
	}

	large, bounded := person(1), person(1)
	large.Profile = follower.Profile{
		UnionID: fill("u"), Language: fill("\xff"), Scene: fill("关"), QRScene: fill("q"), Remark: fill("r"), Tags: make([]int, size),
	}
	bounded.Profile = follower.Profile{
		UnionID: strings.Repeat("u", follower.MaxValue), Language: strings.Repeat("\ufffd", follower.MaxValue/3),
		Scene: strings.Repeat("关", follower.MaxValue/3), QRScene: strings.Repeat("q", follower.MaxValue),
		Remark: strings.Repeat("r", follower.MaxValue), Tags: make([]int, follower.MaxTags),
	}
	large.State, bounded.State = follower.Pending, follower.Pending
	delivers(large, session(1), true, bounded)(t, f)
	delivers(large, session(1), false, bounded)(t, f)
	large.State, bounded.State = follower.Complete, follower.Complete
	must(t, f.store.Complete(f.ctx, large))
	got, _, err := f.store.Lookup(f.ctx, openid)
	must(t, err)
	if diff := cmp.Diff(bounded, got); diff != "" {
		t.Errorf("completed (-want +got):\n%s", diff)
	}
}

// testSuggestionsOfOneDay: of more than so many of one writer and day the others are not kept, in whatever order the
// deliveries come, and a repeated delivery has the answer of the first.
func testSuggestionsOfOneDay(t *testing.T, f fixture) {
	var mu sync.Mutex
	kept := map[int]bool{}
	deliverAll := func(count int) {
		var calls []func() error
		for n := range count {
			calls = append(calls, func() error {
				was, err := f.store.AddSuggestion(f.ctx, suggestion(n, 1, "@"))
				mu.Lock()
				defer mu.Unlock()
				if before, seen := kept[n]; err == nil && seen && before != was {
					return fmt.Errorf("suggestion %d was kept: %v, then %v", n, before, was)
				}
				kept[n] = was
				return err
			})
		}
		inParallel(t, calls)
	}
	deliverAll(follower.MaxSuggestions + 10)
	deliverAll(follower.MaxSuggestions + 10)
	var want []follower.Suggestion
	for n := range follower.MaxSuggestions + 10 {
		if kept[n] {
			want = append(want, suggestion(n, 1, "@"))
		}
	}
	if len(want) != follower.MaxSuggestions {
		t.Errorf("%d are kept, want %d", len(want), follower.MaxSuggestions)
	}
	wantSuggestions(t, f, second(0), want...)

	another := suggestion(100, 1, "another writer's")
	another.FollowerHash = "another"
	nextDay := suggestion(24*60*60, 1, "of the next day in China")
	dayBefore := suggestion(-1, 1, "of the day before, and another month")
	for _, s := range []follower.Suggestion{another, nextDay, dayBefore} {
		keep(t, f, s)
	}
	wantSuggestions(t, f, second(0), append(want, another, nextDay)...)
	wantSuggestions(t, f, second(-1), dayBefore)

	items, err := f.items("suggested#2040-06-01")
	must(t, err)
	if len(items) != 2 {
		t.Fatalf("%d counts, want two writers'", len(items))
	}
	delete(items[0], "ids") // a list or a set
	until := float64(second(2 * 24 * 60 * 60).Unix())
	if diff := cmp.Diff(Item{"pk": "suggested#2040-06-01", "sk": "9f86d081", "expires_at": until}, items[0]); diff != "" {
		t.Errorf("count (-want +got):\n%s", diff)
	}
}

// testUnreadable has records where they do not belong, as other programs and earlier versions may have left them.
func testUnreadable(t *testing.T, f fixture) {
	const month = "suggestions#2040-06"
	n := func(s int) float64 { return float64(second(s).Unix()) }
	follows(1)(t, f)
	keep(t, f, suggestion(1, 1, "@"))
	for _, record := range []Item{
		{"pk": month, "sk": "follower", "event_time": n(1), "expires_at": n(1000)},               // a tombstone
		{"pk": month, "sk": "session", "event_time": n(1), "established_at": n(1)},               //
		{"pk": month, "sk": "2222092830#x#hash", "at": n(1), "text": "@", "expires_at": n(1000)}, // no MsgId
		{"pk": month, "sk": "2222092831#1", "at": n(1), "text": "@", "expires_at": n(1000)},      // no writer
		{"pk": month, "sk": "2222092831#1#hash", "at": n(1), "expires_at": n(1000)},              // no text
		{"pk": month, "sk": "2222092832#1#hash", "at": n(1), "text": 7.0, "expires_at": n(1000)}, //
		{"pk": month, "sk": "x", "expires_at": n(0)},                                             // expired
		{"pk": "suggestions#2040-05", "sk": "follower", "openid": "suggestions#2040-05", "event_time": n(1), "profile": "pending"},
		{"pk": "oBroken", "sk": "follower", "openid": "oBroken", "profile": "pending"}, // without its time
		{"pk": "oBroken", "sk": "session"},
		{"pk": "oStrange", "sk": "follower", "openid": "oStrange", "event_time": n(1), "tags": "none"}, // no list
	} {
		must(t, f.store.Put(f.ctx, record))
	}

	got, unreadable, err := f.store.Suggestions(f.ctx, second(0))
	must(t, err)
	if diff := cmp.Diff([]follower.Suggestion{suggestion(1, 1, "@")}, got); diff != "" || unreadable != 6 {
		t.Errorf("%d cannot be read, want 6; suggestions (-want +got):\n%s", unreadable, diff)
	}

	skipped := 0
	var all []follower.Follower
	for fo, err := range f.store.Followers(f.ctx) {
		if errors.Is(err, follower.ErrUnreadable) {
			skipped++
			continue
		}
		must(t, err)
		all = append(all, fo)
	}
	if diff := cmp.Diff([]follower.Follower{person(1)}, all); diff != "" || skipped != 3 {
		t.Errorf("%d cannot be read, want 3; followers (-want +got):\n%s", skipped, diff)
	}

	found, err := f.store.Find(f.ctx, []string{person(1).OpenID, "oStrange"})
	must(t, err)
	if diff := cmp.Diff([]follower.Follower{person(1)}, found); diff != "" {
		t.Errorf("Find (-want +got):\n%s", diff)
	}
	part, _, err := f.store.Unchecked(f.ctx, second(1000), "")
	must(t, err)
	if slices.ContainsFunc(part, func(fo follower.Follower) bool { return fo.OpenID == "oStrange" }) {
		t.Error("Unchecked gives a record that cannot be read")
	}

	// A follower's broken record counts as absent, and the next write replaces it.
	if _, _, err := f.store.Lookup(f.ctx, "oBroken"); !errors.Is(err, follower.ErrNotFound) {
		t.Errorf("Lookup: error %v, want ErrNotFound", err)
	}
	mended := person(1)
	mended.OpenID = "oBroken"
	delivers(mended, session(1), true, mended)(t, f)
}

func testSuggestionTexts(t *testing.T, f fixture) {
	var want []follower.Suggestion
	for n, text := range []string{
		"@",
		"@建议 <b>&amp;</b> ]]> \"quoted\" \\ back\n\tindented\r\n",
		"emoji 👨‍👩‍👧 combining e\u0301 right-to-left שלום 𠮷 \u2028\u2029\ufffd\ufeff",
		"control \x01\x1b[31m\x7f\u0085",
	} {
		s := suggestion(n, 1, text)
		keep(t, f, s)
		want = append(want, s)
	}
	// What is not UTF-8 does not keep the rest from being stored.
	keep(t, f, suggestion(50, 1, "cut \xe5\x85"))
	want = append(want, suggestion(50, 1, "cut \ufffd\ufffd"))
	wantSuggestions(t, f, second(0), want...)
}

func wantToken(t *testing.T, f fixture, want wechat.AccessToken) {
	t.Helper()
	got, err := f.store.AccessToken(f.ctx)
	must(t, err)
	if got != want && cmp.Diff(plain(want), plain(got)) != "" {
		t.Errorf("access token (-want +got):\n%s", cmp.Diff(plain(want), plain(got)))
	}
}

// plain lets cmp print the token that AccessToken.String hides.
func plain(t wechat.AccessToken) any {
	type fields wechat.AccessToken
	return fields(t)
}

func testAccessToken(t *testing.T, f fixture) {
	mark := func(was, mark wechat.AccessToken, want bool) {
		t.Helper()
		if got, err := f.store.MarkForced(f.ctx, was, mark); err != nil || got != want {
			t.Errorf("MarkForced = %v, error %v; want %v", got, err, want)
		}
	}
	none := wechat.AccessToken{}
	wantToken(t, f, none)

	// The first mark may come before the first token.
	first := wechat.AccessToken{ForcedAt: second(10).Add(time.Millisecond), ForcedCount: 1}
	mark(none, first, true)
	first.ForcedAt = second(10)
	wantToken(t, f, first)

	must(t, f.store.SaveAccessToken(f.ctx, "ONE", second(7200).Add(time.Millisecond)))
	wantToken(t, f, wechat.AccessToken{
		Value: "ONE", ValidUntil: second(7200), ForcedAt: first.ForcedAt, ForcedCount: 1,
	})

	second2 := wechat.AccessToken{Value: "not written by a mark", ForcedAt: second(60), ForcedCount: 2}
	mark(none, second2, false)
	mark(wechat.AccessToken{ForcedAt: second(9)}, second2, false)
	mark(first, second2, true)
	mark(first, second2, false)
	wantToken(t, f, wechat.AccessToken{
		Value: "ONE", ValidUntil: second(7200), ForcedAt: second(60), ForcedCount: 2,
	})

	long := strings.Repeat("T", 512)
	must(t, f.store.SaveAccessToken(f.ctx, long, second(9000)))
	wantToken(t, f, wechat.AccessToken{
		Value: long, ValidUntil: second(9000), ForcedAt: second(60), ForcedCount: 2,
	})
}

func testConcurrentMarks(t *testing.T, f fixture) {
	must(t, f.store.SaveAccessToken(f.ctx, "TOKEN", second(7200)))
	was, err := f.store.AccessToken(f.ctx)
	must(t, err)
	for round := range 2 { // from no mark, then from a stored one
		var winners, winner atomic.Int64
		var calls []func() error
		for i := range 8 {
			n := 1 + 100*round + i
			calls = append(calls, func() error {
				ok, err := f.store.MarkForced(f.ctx, was, wechat.AccessToken{ForcedAt: second(n), ForcedCount: n})
				if ok {
					winners.Add(1)
					winner.Store(int64(n))
				}
				return err
			})
		}
		inParallel(t, calls)
		if winners.Load() != 1 {
			t.Fatalf("round %d: %d callers won, want 1", round, winners.Load())
		}
		n := int(winner.Load())
		wantToken(t, f, wechat.AccessToken{
			Value: "TOKEN", ValidUntil: second(7200), ForcedAt: second(n), ForcedCount: n,
		})
		was.ForcedAt = second(n)
	}
}
