package storetest

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/guanzhu/guanzhu/pkg/follower"
	"github.com/guanzhu/guanzhu/pkg/wechat"
)

func testHandled(t *testing.T, f fixture) {
	may, june := suggestion(-1, 10, "五月"), suggestion(0, 10, "六月")
	twin := june
	twin.FollowerHash = "another"
	short := suggestion(5, 14, "short-lived")
	short.ExpiresAt = second(600)
	for _, s := range []follower.Suggestion{may, june, twin, short} {
		keep(t, f, s)
	}
	mark := func(name string, s follower.Suggestion, want bool) {
		t.Helper()
		if found, err := f.store.MarkHandled(f.ctx, s); err != nil || found != want {
			t.Errorf("%s: MarkHandled = %v, error %v; want %v", name, found, err, want)
		}
	}

	mark("of June", follower.Suggestion{At: june.At, MsgID: june.MsgID, FollowerHash: june.FollowerHash}, true)
	june.Handled = true
	wantSuggestions(t, f, may.At, may)
	wantSuggestions(t, f, june.At, june, twin, short)
	mark("of May", may, true)
	mark("again", may, true)
	keep(t, f, suggestion(-1, 10, "delivered again"))
	may.Handled = true
	wantSuggestions(t, f, may.At, may)

	other := june
	other.MsgID++
	mark("another MsgId", other, false)
	other = june
	other.FollowerHash = "nobody"
	mark("another writer", other, false)
	mark("another time", suggestion(1, 10, ""), false)
	mark("another month", suggestion(-2, 10, ""), false)
	f.clock.advance(600 * time.Second)
	mark("expired", short, false)
	f.clock.advance(-600 * time.Second)
	wantSuggestions(t, f, may.At, may)
	wantSuggestions(t, f, june.At, june, twin, short)
	for pk, want := range map[string]int{"suggestions#2040-05": 1, "suggestions#2040-06": 3} {
		items, err := f.items(pk)
		must(t, err)
		if len(items) != want {
			t.Errorf("%d items of %s, want %d", len(items), pk, want)
		}
	}
}

var byOpenID = cmpopts.SortSlices(func(a, b follower.Follower) bool { return a.OpenID < b.OpenID })

// followers reads all of them; each is called after each one.
func followers(t *testing.T, f fixture, each func()) []follower.Follower {
	t.Helper()
	var all []follower.Follower
	for fo, err := range f.store.Followers(f.ctx) {
		must(t, err)
		all = append(all, fo)
		each()
	}
	return all
}

func wantFollowers(t *testing.T, f fixture, want []follower.Follower) {
	t.Helper()
	if diff := cmp.Diff(want, followers(t, f, func() {}), byOpenID); diff != "" {
		t.Errorf("followers (-want +got):\n%s", diff)
	}
}

func testFollowers(t *testing.T, f fixture) {
	wantFollowers(t, f, nil)

	complete := person(1)
	complete.Profile = follower.Profile{
		UnionID: "oUnion", Language: "zh_CN", Scene: "ADD_SCENE_QR_CODE", QRScene: "98765",
		Remark: "老朋友", Tags: []int{2, 128}, SubscribedAt: second(1),
	}
	pending := follower.Follower{OpenID: "oPending", State: follower.Pending, EventTime: second(1), PendingSince: second(2)}
	unavailable := follower.Follower{OpenID: "oUnavailable", State: follower.Unavailable, EventTime: second(1)}
	gone := follower.Follower{OpenID: "oGone", State: follower.Complete, EventTime: second(1)}
	longGone := follower.Follower{OpenID: "oLongGone", State: follower.Complete, EventTime: second(1)}
	for _, fo := range []follower.Follower{complete, pending, unavailable, gone, longGone} {
		_, _, err := f.store.Follow(f.ctx, fo, session(1))
		must(t, err)
	}
	must(t, f.store.Unfollow(f.ctx, gone.OpenID, second(2), second(2).Add(follower.TombstoneFor)))
	must(t, f.store.Unfollow(f.ctx, longGone.OpenID, second(2), second(60)))
	f.clock.advance(time.Minute)
	keep(t, f, suggestion(3, 1, "@text"))
	must(t, f.store.SaveAccessToken(f.ctx, "TOKEN", second(7200)))
	_, err := f.store.MarkForced(f.ctx, wechat.AccessToken{}, wechat.AccessToken{ForcedAt: second(3)})
	must(t, err)
	want := []follower.Follower{complete, pending, unavailable}
	wantFollowers(t, f, want)

	all := f.store.Followers(f.ctx)
	for round := range 2 { // an iteration that was stopped begins again
		for fo, err := range all {
			must(t, err)
			if !cmp.Equal(fo, complete) && !cmp.Equal(fo, pending) && !cmp.Equal(fo, unavailable) {
				t.Errorf("round %d: %v is no follower", round, fo)
			}
			break
		}
	}
	wantFollowers(t, f, want)
}

// many is more than one page of each store's.
const many = 300

// crowd stores many followers, each with a session, and returns them by openid.
func crowd(t *testing.T, f fixture) map[string]follower.Follower {
	t.Helper()
	stored := map[string]follower.Follower{}
	var calls []func() error
	for n := range many {
		fo := person(1)
		fo.OpenID = fmt.Sprintf("oFollower-%03d", n)
		stored[fo.OpenID] = fo
		calls = append(calls, func() error {
			_, _, err := f.store.Follow(f.ctx, fo, session(1))
			return err
		})
	}
	inParallel(t, calls)
	return stored
}

func testFollowersChange(t *testing.T, f fixture) {
	before := crowd(t, f)
	after := map[string]follower.Follower{}
	change := func() {
		var calls []func() error
		for n := range many {
			fo := before[fmt.Sprintf("oFollower-%03d", n)]
			switch n % 6 {
			case 0:
				calls = append(calls, func() error {
					return f.store.Unfollow(f.ctx, fo.OpenID, second(2), second(2).Add(follower.TombstoneFor))
				})
				continue
			case 1:
				fo.Remark, fo.EventTime = "follows again", second(2)
			case 2:
				after[fo.OpenID] = fo
				fo.OpenID += "-new"
			}
			after[fo.OpenID] = fo
			if n%6 <= 2 {
				calls = append(calls, func() error {
					_, _, err := f.store.Follow(f.ctx, fo, session(2))
					return err
				})
			}
		}
		inParallel(t, calls)
	}

	given := map[string]int{}
	seenChanged := 0
	for _, fo := range followers(t, f, func() {
		if len(after) == 0 {
			change()
		}
	}) {
		given[fo.OpenID]++
		asBefore, asAfter := cmp.Equal(fo, before[fo.OpenID]), cmp.Equal(fo, after[fo.OpenID])
		if !asBefore && !asAfter {
			t.Errorf("given neither as before nor as after the change: %v", fo)
		}
		if !asBefore {
			seenChanged++
		}
	}
	if seenChanged == 0 {
		t.Errorf("no change was seen: were all %d of one page?", many)
	}
	for openid, times := range given {
		if times != 1 {
			t.Errorf("%s was given %d times", openid, times)
		}
	}
	var want []follower.Follower
	for openid, fo := range after {
		if _, stood := before[openid]; stood && given[openid] != 1 {
			t.Errorf("%s, who follows all the time, was given %d times", openid, given[openid])
		}
		want = append(want, fo)
	}
	wantFollowers(t, f, want)
}

func testFollowersCanceled(t *testing.T, f fixture) {
	crowd(t, f)
	ctx, cancel := context.WithCancel(f.ctx)
	defer cancel()
	given := 0
	var last error
	for fo, err := range f.store.Followers(ctx) {
		if last != nil {
			t.Fatal("the iteration goes on after an error")
		}
		if last = err; err == nil {
			given++
		} else if !cmp.Equal(fo, follower.Follower{}) {
			t.Errorf("a follower comes with the error: %v", fo)
		}
		cancel()
	}
	if !errors.Is(last, context.Canceled) || given == 0 || given == many {
		t.Errorf("%d given, then error %v, want the context's after a page", given, last)
	}
}
