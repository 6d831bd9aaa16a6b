package storetest

import (
	"fmt"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/guanzhu/guanzhu/internal/quota"
)

// counted is a follower's question at second n.
func counted(n int, follower string, perFollower, perAccount int) quota.Question {
	return quota.Question{
		At: second(n), ID: fmt.Sprint(n), FollowerHash: follower, PerFollower: perFollower, PerAccount: perAccount,
	}
}

func count(t *testing.T, f fixture, name string, q quota.Question, want bool) {
	t.Helper()
	if allowed, err := f.store.CountQuestion(f.ctx, q); err != nil || allowed != want {
		t.Errorf("%s: CountQuestion = %v, error %v; want %v", name, allowed, err, want)
	}
}

func testQuestionsOfOneDay(t *testing.T, f fixture) {
	count(t, f, "the first", counted(0, "aa", 2, 100), true)
	count(t, f, "the second", counted(1, "aa", 2, 100), true)
	count(t, f, "the third", counted(2, "aa", 2, 100), false)
	count(t, f, "the first again", counted(0, "aa", 2, 100), true)
	count(t, f, "the third again", counted(2, "aa", 2, 100), false)
	count(t, f, "another follower", counted(2, "bb", 2, 100), true)
	count(t, f, "the day before", counted(-1, "aa", 2, 100), true)
	count(t, f, "the next day", counted(24*60*60, "aa", 2, 100), true)
	count(t, f, "a higher limit", counted(3, "aa", 3, 100), true)
	count(t, f, "a lower limit", counted(4, "aa", 1, 100), false)
	count(t, f, "the second after a lower limit", counted(1, "aa", 1, 100), true)

	// No follower can be told from a record, and each goes a day after its own.
	items, err := f.items("asked#2040-06-01")
	must(t, err)
	for _, item := range items[1:] {
		delete(item, "ids") // a list or a set
	}
	until := float64(second(2 * 24 * 60 * 60).Unix())
	want := []Item{
		{"pk": "asked#2040-06-01", "sk": "#all", "count": 4.0, "expires_at": until},
		{"pk": "asked#2040-06-01", "sk": "aa", "expires_at": until},
		{"pk": "asked#2040-06-01", "sk": "bb", "expires_at": until},
	}
	if diff := cmp.Diff(want, items); diff != "" {
		t.Errorf("records (-want +got):\n%s", diff)
	}
}

// testQuestionsOfAll: concurrent questions of many followers pass no limit, and a refused one counts for nobody.
func testQuestionsOfAll(t *testing.T, f fixture) {
	var allowed atomic.Int64
	var calls []func() error
	for n := range 20 {
		calls = append(calls, func() error {
			ok, err := f.store.CountQuestion(f.ctx, counted(n, fmt.Sprintf("f%d", n%5), 3, 10))
			if ok {
				allowed.Add(1)
			}
			return err
		})
	}
	inParallel(t, calls)
	if got := allowed.Load(); got != 10 {
		t.Errorf("%d questions are allowed, want 10", got)
	}
	count(t, f, "beyond the account's limit", counted(50, "new", 3, 10), false)
	count(t, f, "with a higher one", counted(50, "new", 1, 11), true)
}
