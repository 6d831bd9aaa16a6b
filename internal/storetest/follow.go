package storetest

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/guanzhu/guanzhu/pkg/follower"
)

// person is the follower as recorded by the follow at second n. The remark names the follow.
func person(n int) follower.Follower {
	return follower.Follower{
		OpenID:    openid,
		Profile:   follower.Profile{Remark: fmt.Sprint("followed at ", n), SubscribedAt: second(n)},
		State:     follower.Complete,
		EventTime: second(n),
	}
}

// session is the one that begins with the follow at second n.
func session(n int) follower.Session {
	return follower.Session{EstablishedAt: second(n).Add(time.Hour), EventTime: second(n)}
}

// story is a sequence of pushes and the state it ends in. Events carry the second of their CreateTime.
type story struct {
	name  string
	steps []step
	end   end
}

type step func(*testing.T, fixture)

// end is the second of the event whose record is stored at a story's end.
type end struct{ followed, unfollowed int }

// follows delivers the follow at second n, which must be stored.
func follows(n int) step { return delivers(person(n), session(n), true, person(n)) }

// repeats delivers the follow at second n, whose record is stored already. The repeated delivery has another profile, as if
// fetched again, and must change nothing.
func repeats(n int) step {
	again, later := person(n), session(n)
	again.Remark = "repeated"
	later.EstablishedAt = later.EstablishedAt.Add(time.Minute)
	return delivers(again, later, false, person(n))
}

// isLate delivers the follow at second n after an unfollow that wins over it.
func isLate(n int) step { return delivers(person(n), session(n), false, follower.Follower{}) }

// isOlder delivers the follow at second n after the follow at second newer.
func isOlder(n, newer int) step { return delivers(person(n), session(n), false, person(newer)) }

func delivers(f follower.Follower, s follower.Session, wantApplied bool, want follower.Follower) step {
	return func(t *testing.T, fix fixture) {
		t.Helper()
		stored, applied, err := fix.store.Follow(fix.ctx, f, s)
		must(t, err)
		if applied != wantApplied {
			t.Errorf("%s: applied = %v, want %v", f.Remark, applied, wantApplied)
		}
		if diff := cmp.Diff(want, stored); diff != "" {
			t.Errorf("%s: stored (-want +got):\n%s", f.Remark, diff)
		}
	}
}

func unfollows(n int) step {
	return func(t *testing.T, f fixture) {
		t.Helper()
		must(t, f.store.Unfollow(f.ctx, openid, second(n), second(n).Add(follower.TombstoneFor)))
	}
}

// unfollowsBriefly leaves a tombstone that has expired at the end of the step.
func unfollowsBriefly(n int) step {
	return func(t *testing.T, f fixture) {
		t.Helper()
		must(t, f.store.Unfollow(f.ctx, openid, second(n), f.clock.Now().Add(time.Second)))
		f.clock.advance(time.Second)
	}
}

// waits lets the time pass until the tombstone of second n has n's expiry plus d.
func waits(n int, d time.Duration) step {
	return func(_ *testing.T, f fixture) {
		f.clock.advance(second(n).Add(follower.TombstoneFor + d).Sub(f.clock.Now()))
	}
}

var stories = []story{
	{"follow", []step{follows(1)}, end{followed: 1}},
	{"repeated follow", []step{follows(1), repeats(1), repeats(1)}, end{followed: 1}},
	{"follow again", []step{follows(1), follows(3)}, end{followed: 3}},
	{"follows out of order", []step{follows(3), isOlder(1, 3)}, end{followed: 3}},
	{"follow, unfollow", []step{follows(1), unfollows(2)}, end{unfollowed: 2}},
	{"unfollow first, follow late", []step{unfollows(2), isLate(1)}, end{unfollowed: 2}},
	{"follow repeated after unfollow", []step{follows(1), unfollows(2), isLate(1)}, end{unfollowed: 2}},
	{"follow, unfollow of the same second", []step{follows(1), unfollows(1)}, end{unfollowed: 1}},
	{"unfollow, follow of the same second", []step{unfollows(1), isLate(1)}, end{unfollowed: 1}},
	{"unfollow repeated", []step{follows(1), unfollows(2), unfollows(2)}, end{unfollowed: 2}},
	{"unfollow of one unknown", []step{unfollows(2)}, end{unfollowed: 2}},
	{"unfollows out of order", []step{unfollows(4), unfollows(2), isLate(3)}, end{unfollowed: 4}},
	{"unfollow again", []step{unfollows(2), unfollows(4), isLate(3)}, end{unfollowed: 4}},
	{"return", []step{follows(1), unfollows(2), follows(3)}, end{followed: 3}},
	{"return, unfollow repeated", []step{follows(1), unfollows(2), follows(3), unfollows(2)}, end{followed: 3}},
	{"unfollow late", []step{follows(3), unfollows(2), repeats(3)}, end{followed: 3}},
	{"tombstone lasts to its last second",
		[]step{unfollows(2), waits(2, -time.Second), isLate(1)}, end{unfollowed: 2}},
	{"expired tombstone, older follow", []step{unfollows(2), waits(2, 0), follows(1)}, end{followed: 1}},
	{"expired tombstone, older unfollow", []step{unfollowsBriefly(4), unfollows(2)}, end{unfollowed: 2}},
	{"expired tombstone, no follower", []step{unfollows(2), waits(2, 0)}, end{}},
}

func (s story) test(t *testing.T, f fixture) {
	for _, step := range s.steps {
		step(t, f)
	}
	check(t, f, s.end)
}

// check holds everything that is stored of the follower against the end of its story.
func check(t *testing.T, f fixture, want end) {
	t.Helper()
	got, gotSession, err := f.store.Lookup(f.ctx, openid)
	if want.followed > 0 {
		must(t, err)
		if diff := cmp.Diff(person(want.followed), got); diff != "" {
			t.Errorf("follower (-want +got):\n%s", diff)
		}
		if diff := cmp.Diff(session(want.followed), gotSession); diff != "" {
			t.Errorf("session (-want +got):\n%s", diff)
		}
		return
	}
	if !errors.Is(err, follower.ErrNotFound) {
		t.Errorf("Lookup: error %v, want ErrNotFound", err)
	}
	if diff := cmp.Diff(follower.Follower{}, got); diff != "" {
		t.Errorf("follower though not found (-want +got):\n%s", diff)
	}
	if want.unfollowed == 0 {
		return
	}
	items, err := f.items(openid)
	must(t, err)
	tombstone := []Item{{
		"pk": openid, "sk": "follower", "event_time": float64(second(want.unfollowed).Unix()),
		"expires_at": float64(second(want.unfollowed).Add(follower.TombstoneFor).Unix()),
	}}
	if diff := cmp.Diff(tombstone, items); diff != "" {
		t.Errorf("left after the unfollow (-want +got):\n%s", diff)
	}
}

func testComplete(t *testing.T, f fixture) {
	pending := person(1)
	pending.State, pending.PendingSince = follower.Pending, second(2)
	pending.Tags, pending.QRScene = []int{1}, "qr"
	lookup := func(want follower.Follower) {
		t.Helper()
		got, gotSession, err := f.store.Lookup(f.ctx, openid)
		must(t, err)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("follower (-want +got):\n%s", diff)
		}
		if diff := cmp.Diff(session(1), gotSession); diff != "" {
			t.Errorf("session (-want +got):\n%s", diff)
		}
	}
	fetched := person(1)
	fetched.Profile = follower.Profile{UnionID: "oUnion", Tags: []int{2, 3}, SubscribedAt: second(1)}

	must(t, f.store.Complete(f.ctx, fetched))
	if items, err := f.items(openid); err != nil || len(items) != 0 {
		t.Fatalf("after Complete of one unknown: %d items, error %v", len(items), err)
	}

	_, _, err := f.store.Follow(f.ctx, pending, session(1))
	must(t, err)
	lookup(pending)

	otherTime := fetched
	otherTime.EventTime = second(2)
	must(t, f.store.Complete(f.ctx, otherTime))
	lookup(pending)

	stillPending := fetched
	stillPending.Profile = follower.Profile{
		UnionID: "u", Language: "en", Scene: "s", QRScene: "q", Remark: "r", Tags: []int{9}, SubscribedAt: second(3),
	}
	stillPending.State, stillPending.PendingSince = follower.Pending, second(50)
	must(t, f.store.Complete(f.ctx, stillPending))
	stillPending.PendingSince = pending.PendingSince
	lookup(stillPending)

	must(t, f.store.Complete(f.ctx, fetched))
	lookup(fetched)
	items, err := f.items(openid)
	must(t, err)
	if diff := cmp.Diff(Item{
		"pk": openid, "sk": "follower", "openid": openid, "unionid": "oUnion", "tags": []any{2.0, 3.0},
		"subscribed_at": float64(second(1).Unix()), "event_time": float64(second(1).Unix()), "profile": "complete",
	}, items[0]); diff != "" {
		t.Errorf("completed item (-want +got):\n%s", diff)
	}

	unavailable := person(1)
	unavailable.State = follower.Unavailable
	must(t, f.store.Complete(f.ctx, unavailable))
	lookup(fetched)

	unfollows(1)(t, f)
	must(t, f.store.Complete(f.ctx, fetched))
	check(t, f, end{unfollowed: 1})
}

// testConcurrentPushes delivers a follower's pushes as the platform may: each several times, in any order, in parallel.
func testConcurrentPushes(t *testing.T, f fixture) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	for last := 5; last <= 6; last++ { // the odd seconds' events are follows, the even ones' unfollows
		var pushes []func() error
		for n := 1; n <= last; n++ {
			push := func() error {
				_, _, err := f.store.Follow(f.ctx, person(n), session(n))
				return err
			}
			if n%2 == 0 {
				push = func() error {
					return f.store.Unfollow(f.ctx, openid, second(n), second(n).Add(follower.TombstoneFor))
				}
			}
			pushes = append(pushes, push, push, push, push)
		}
		random.Shuffle(len(pushes), func(i, j int) { pushes[i], pushes[j] = pushes[j], pushes[i] })
		inParallel(t, pushes)
		if last%2 == 1 {
			check(t, f, end{followed: last})
		} else {
			check(t, f, end{unfollowed: last})
		}
	}
}

// inParallel makes the calls from eight goroutines at once.
func inParallel(t *testing.T, calls []func() error) {
	t.Helper()
	queue := make(chan func() error, len(calls))
	for _, call := range calls {
		queue <- call
	}
	close(queue)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for call := range queue {
				if err := call(); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
}
