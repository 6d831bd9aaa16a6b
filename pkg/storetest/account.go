package storetest

import (
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/guanzhu/guanzhu/pkg/follower"
	"github.com/guanzhu/guanzhu/pkg/wechat"
)

// suggestion is what some follower sent at second n. MsgIDs of equal length sort as numbers do.
func suggestion(n int, msgID uint64, text string) follower.Suggestion {
	return follower.Suggestion{
		At: second(n), MsgID: msgID, FollowerHash: "9f86d081", Text: text,
		ExpiresAt: second(n).Add(follower.SuggestionFor),
	}
}

func wantSuggestions(t *testing.T, f fixture, month time.Time, want ...follower.Suggestion) {
	t.Helper()
	got, err := f.store.Suggestions(f.ctx, month)
	must(t, err)
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
		must(t, f.store.AddSuggestion(f.ctx, s))
	}
	// A repeated delivery changes nothing: not the text, not that it was handled.
	for _, s := range []follower.Suggestion{later, handled} {
		s.Handled, s.Text = false, "repeated"
		must(t, f.store.AddSuggestion(f.ctx, s))
	}

	wantSuggestions(t, f, may, lastOfMay)
	wantSuggestions(t, f, june, firstOfJune, short, handled, later, twin)
	wantSuggestions(t, f, june.AddDate(0, 0, 29), firstOfJune, short, handled, later, twin)
	wantSuggestions(t, f, june.AddDate(0, 0, 30), july)

	f.clock.advance(600 * time.Second)
	wantSuggestions(t, f, june, firstOfJune, handled, later, twin)
}

// testLargeSuggestions lists more than the 1 MiB that DynamoDB gives at a time.
func testLargeSuggestions(t *testing.T, f fixture) {
	var want []follower.Suggestion
	for n := range 7 {
		s := suggestion(n, 1, fmt.Sprint(n, strings.Repeat("关注", 200<<10/6)))
		must(t, f.store.AddSuggestion(f.ctx, s))
		want = append(want, s)
	}
	wantSuggestions(t, f, second(0), want...)
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
		must(t, f.store.AddSuggestion(f.ctx, s))
		want = append(want, s)
	}
	// What is not UTF-8 does not keep the rest from being stored.
	must(t, f.store.AddSuggestion(f.ctx, suggestion(50, 1, "cut \xe5\x85")))
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

// plain lets cmp print what AccessToken.String hides.
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
	for round := range 2 { // from the absent mark, then from one that stands
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
