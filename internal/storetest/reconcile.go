package storetest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/guanzhu/guanzhu/internal/reconcile"
	"github.com/guanzhu/guanzhu/pkg/follower"
)

// reconcileTests are the tests of reconcile's reads and changes.
var reconcileTests = []testCase{
	{"changes", testChanges},
	{"find", testFind},
	{"parts", testParts},
	{"pending", testPending},
	{"lease", testLease},
	{"concurrent leases", testConcurrentLeases},
	{"changes and pushes", testChangesAndPushes},
}

// stored makes a follower with a session, both of second n.
func stored(t *testing.T, ctx context.Context, s Store, id string, n int, state follower.ProfileState) follower.Follower {
	t.Helper()
	f := person(n)
	f.OpenID, f.State = id, state
	if state == follower.Pending {
		f.PendingSince = second(n)
	}
	_, _, err := s.Follow(ctx, f, session(n))
	must(t, err)
	return f
}

func apply(t *testing.T, ctx context.Context, s Store, want bool, c reconcile.Change) {
	t.Helper()
	got, err := s.Apply(ctx, []reconcile.Change{c})
	must(t, err)
	if diff := cmp.Diff([]bool{want}, got); diff != "" {
		t.Errorf("Apply of %+v (-want +got):\n%s", c, diff)
	}
}

func testChanges(t *testing.T, f fixture) {
	ctx, s := f.ctx, f.store
	add := func(n int) reconcile.Change {
		f := person(n)
		f.UnionID, f.CheckedAt = "oUnion", second(50)
		return reconcile.Change{Kind: reconcile.Add, Follower: f, At: second(50)}
	}
	check := func(n int) reconcile.Change {
		c := add(n)
		c.Kind, c.Follower.CheckedAt, c.Follower.Remark = reconcile.Check, second(60), "老朋友"
		return c
	}
	remove := func(n, at int) reconcile.Change {
		return reconcile.Change{Kind: reconcile.Remove, Follower: person(n), At: second(at)}
	}
	want := func(f follower.Follower, se follower.Session) {
		t.Helper()
		got, gotSession, err := s.Lookup(ctx, openid)
		if f.OpenID == "" {
			if !errors.Is(err, follower.ErrNotFound) {
				t.Errorf("Lookup: %+v, error %v, want no follower", got, err)
			}
			return
		}
		must(t, err)
		if diff := cmp.Diff(f, got); diff != "" {
			t.Errorf("follower (-want +got):\n%s", diff)
		}
		if diff := cmp.Diff(se, gotSession); diff != "" {
			t.Errorf("session (-want +got):\n%s", diff)
		}
	}
	at10 := follower.Session{EstablishedAt: second(50), EventTime: second(10)}

	apply(t, ctx, s, false, check(10)) // nobody is made by a check or a removal
	apply(t, ctx, s, false, remove(10, 11))
	want(follower.Follower{}, follower.Session{})
	apply(t, ctx, s, true, add(10))
	want(add(10).Follower, at10)
	apply(t, ctx, s, false, add(10)) // again
	apply(t, ctx, s, false, check(9))
	apply(t, ctx, s, false, check(11))
	want(add(10).Follower, at10)
	apply(t, ctx, s, true, check(10))
	apply(t, ctx, s, true, check(10))
	want(check(10).Follower, at10)
	apply(t, ctx, s, false, remove(9, 70))
	want(check(10).Follower, at10)
	apply(t, ctx, s, true, remove(10, 70))
	apply(t, ctx, s, false, check(10))
	apply(t, ctx, s, false, remove(10, 80))
	want(follower.Follower{}, follower.Session{})
	items, err := f.items(openid)
	must(t, err)
	n := func(s int) float64 { return float64(second(s).Unix()) }
	tombstone := []Item{{"pk": openid, "sk": "follower", "event_time": n(70), "expires_at": n(70) + follower.TombstoneFor.Seconds()}}
	if diff := cmp.Diff(tombstone, items); diff != "" {
		t.Errorf("after the removal (-want +got):\n%s", diff)
	}
	apply(t, ctx, s, false, add(70)) // a list from before the unfollow
	want(follower.Follower{}, follower.Session{})
	apply(t, ctx, s, true, add(71)) // follows again
	apply(t, ctx, s, true, remove(71, 71))
	apply(t, ctx, s, false, check(71)) // the tombstone has the same time
	want(follower.Follower{}, follower.Session{})
}

// testChangesAndPushes: a push arrives between the read of a follower and a removal or check.
func testChangesAndPushes(t *testing.T, f fixture) {
	ctx, s := f.ctx, f.store
	read := stored(t, ctx, s, openid, 10, follower.Complete)
	again := person(20)
	_, applied, err := s.Follow(ctx, again, session(20))
	if err != nil || !applied {
		t.Fatalf("the push: %v, %v", applied, err)
	}
	apply(t, ctx, s, false, reconcile.Change{Kind: reconcile.Remove, Follower: read, At: second(30)})
	apply(t, ctx, s, false, reconcile.Change{Kind: reconcile.Check, Follower: read})
	apply(t, ctx, s, false, reconcile.Change{Kind: reconcile.Add, Follower: read, At: second(30)})
	got, gotSession, err := s.Lookup(ctx, openid)
	must(t, err)
	if !cmp.Equal(got, again) || !cmp.Equal(gotSession, session(20)) {
		t.Errorf("stored %+v with %+v, want the push's", got, gotSession)
	}
	must(t, s.Unfollow(ctx, openid, second(40), second(40).Add(follower.TombstoneFor)))
	apply(t, ctx, s, false, reconcile.Change{Kind: reconcile.Check, Follower: again})
	apply(t, ctx, s, false, reconcile.Change{Kind: reconcile.Remove, Follower: again, At: second(50)})
	apply(t, ctx, s, false, reconcile.Change{Kind: reconcile.Add, Follower: again, At: second(50)})

	// A profile that a push completes stays checked, and one that is unavailable is not pending.
	waits := stored(t, ctx, s, "oWaits", 10, follower.Pending)
	waits.State, waits.CheckedAt = follower.Unavailable, second(60)
	apply(t, ctx, s, true, reconcile.Change{Kind: reconcile.Check, Follower: waits})
	got, _, err = s.Lookup(ctx, "oWaits")
	must(t, err)
	waits.PendingSince = time.Time{}
	if diff := cmp.Diff(waits, got); diff != "" {
		t.Errorf("unavailable (-want +got):\n%s", diff)
	}
}

func testFind(t *testing.T, f fixture) {
	ctx, s := f.ctx, f.store
	var all []string
	var calls []func() error
	want := map[string]follower.Follower{}
	for n := range 250 { // more than one BatchGetItem takes
		f := person(1)
		f.OpenID = fmt.Sprintf("oFollower-%03d", n)
		all = append(all, f.OpenID)
		switch n % 3 {
		case 0: // unknown
			continue
		case 1:
			want[f.OpenID] = f
		}
		calls = append(calls, func() error {
			_, _, err := s.Follow(ctx, f, session(1))
			if err == nil && n%3 == 2 {
				err = s.Unfollow(ctx, f.OpenID, second(2), second(2).Add(follower.TombstoneFor))
			}
			return err
		})
	}
	inParallel(t, calls)
	found, err := s.Find(ctx, all)
	must(t, err)
	got := map[string]follower.Follower{}
	for _, f := range found {
		got[f.OpenID] = f
	}
	if diff := cmp.Diff(want, got); diff != "" || len(found) != len(got) {
		t.Errorf("%d found (-want +got):\n%s", len(found), diff)
	}
	if found, err := s.Find(ctx, nil); len(found) != 0 || err != nil {
		t.Errorf("none asked for: %v, %v", found, err)
	}
}

// testParts reads the table part by part, with a change between two of them.
func testParts(t *testing.T, f fixture) {
	ctx, s := f.ctx, f.store
	const n = 2500 // more than a part
	pass := second(100)
	for begin := 0; begin < n; begin += 100 {
		var changes []reconcile.Change
		for i := begin; i < begin+100; i++ {
			f := person(1)
			f.OpenID = fmt.Sprintf("oFollower-%04d", i)
			switch i % 4 {
			case 1:
				f.CheckedAt = pass.Add(-time.Second)
			case 2:
				f.CheckedAt = pass
			case 3:
				f.CheckedAt = pass.Add(time.Second)
			}
			changes = append(changes, reconcile.Change{Kind: reconcile.Add, Follower: f, At: second(1)})
		}
		_, err := s.Apply(ctx, changes)
		must(t, err)
	}
	must(t, s.Unfollow(ctx, "oFollower-0000", second(2), second(2).Add(follower.TombstoneFor)))
	_, err := s.AddSuggestion(ctx, suggestion(3, 1, "@text"))
	must(t, err)
	must(t, s.SaveAccessToken(ctx, "TOKEN", second(7200)))

	seen := map[string]int{}
	parts := 0
	for cursor := ""; ; {
		part, next, err := s.Unchecked(ctx, pass, cursor)
		must(t, err)
		parts++
		if len(part) > 2000 {
			t.Errorf("a part of %d", len(part))
		}
		for _, f := range part {
			seen[f.OpenID]++
			if f.EventTime.IsZero() || !f.CheckedAt.Before(pass) {
				t.Errorf("given: %+v", f)
			}
		}
		if next == "" {
			break
		}
		// A cursor is text that survives a checkpoint.
		encoded, err := json.Marshal(next)
		must(t, err)
		must(t, json.Unmarshal(encoded, &cursor))
	}
	if len(seen) != n/2-1 || parts < 2 {
		t.Errorf("%d followers in %d parts, want %d", len(seen), parts, n/2-1)
	}
	for id, times := range seen {
		if times != 1 {
			t.Errorf("%s was given %d times", id, times)
		}
	}
}

func testPending(t *testing.T, f fixture) {
	ctx, s := f.ctx, f.store
	want := map[string]bool{}
	var calls []func() error
	for n := range 600 { // more than a part
		f := follower.Follower{OpenID: fmt.Sprintf("oPending-%03d", n), State: follower.Pending, EventTime: second(n % 7), PendingSince: second(n % 7)}
		want[f.OpenID] = true
		calls = append(calls, func() error {
			_, _, err := s.Follow(ctx, f, session(n%7))
			return err
		})
	}
	inParallel(t, calls)
	stored(t, ctx, s, "oComplete", 1, follower.Complete)
	gone := stored(t, ctx, s, "oGone", 1, follower.Pending)
	must(t, s.Unfollow(ctx, gone.OpenID, second(2), second(2).Add(follower.TombstoneFor)))
	done := stored(t, ctx, s, "oDone", 1, follower.Pending)
	done.State = follower.Complete
	apply(t, ctx, s, true, reconcile.Change{Kind: reconcile.Check, Follower: done})

	got := map[string]bool{}
	for cursor := ""; ; {
		part, next, err := s.Pending(ctx, cursor)
		must(t, err)
		for _, f := range part {
			if got[f.OpenID] || f.State != follower.Pending || f.EventTime.IsZero() {
				t.Errorf("given: %+v", f)
			}
			got[f.OpenID] = true
		}
		if cursor = next; next == "" {
			break
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("pending (-want +got):\n%s", diff)
	}
}

func testLease(t *testing.T, f fixture) {
	ctx, s := f.ctx, f.store
	wantCheckpoint := func(want string, wantUntil time.Time) {
		t.Helper()
		got, until, err := s.Checkpoint(ctx)
		must(t, err)
		if string(got) != want || !until.Equal(wantUntil) {
			t.Errorf("checkpoint %q until %v, want %q until %v", got, until, want, wantUntil)
		}
	}
	acquire := func(holder string, now int, want bool, wantCheckpoint string) {
		t.Helper()
		got, acquired, err := s.Acquire(ctx, holder, second(now), second(now+15))
		must(t, err)
		if acquired != want || string(got) != wantCheckpoint {
			t.Errorf("Acquire at %d = %q, %v, want %q, %v", now, got, acquired, wantCheckpoint, want)
		}
	}
	save := func(holder string, until int, checkpoint string, want bool) {
		t.Helper()
		held, err := s.Save(ctx, holder, second(until), []byte(checkpoint))
		must(t, err)
		if held != want {
			t.Errorf("Save = %v, want %v", held, want)
		}
	}
	wantCheckpoint("", time.Time{})
	save("nobody", 1, "{}", false)
	acquire("one", 0, true, "")
	acquire("one", 1, true, "") // its answer was lost
	acquire("two", 2, false, "")
	save("two", 20, "theirs", false)
	save("one", 20, `{"list":"关注"}`, true)
	wantCheckpoint(`{"list":"关注"}`, second(20))
	acquire("two", 19, false, "")
	acquire("two", 20, true, `{"list":"关注"}`)
	save("one", 40, "late", false)
	save("two", 21, "", true) // given back, with nothing
	wantCheckpoint("", second(21))
	acquire("one", 21, true, "")
	save("one", 40, "last", true)

	items, err := f.items("#account")
	must(t, err)
	want := []Item{{"pk": "#account", "sk": "reconcile", "holder": "one", "lease_until": float64(second(40).Unix()), "checkpoint": "last"}}
	if diff := cmp.Diff(want, items); diff != "" {
		t.Errorf("items (-want +got):\n%s", diff)
	}
}

func testConcurrentLeases(t *testing.T, f fixture) {
	ctx, s := f.ctx, f.store
	for round := range 3 {
		var holders atomic.Int64
		var calls []func() error
		for n := range 8 {
			calls = append(calls, func() error {
				now := second(100 * round)
				_, acquired, err := s.Acquire(ctx, fmt.Sprint(round, n), now, now.Add(15*time.Second))
				if acquired {
					holders.Add(1)
				}
				return err
			})
		}
		inParallel(t, calls)
		if holders.Load() != 1 {
			t.Errorf("round %d: %d holders", round, holders.Load())
		}
	}
}
