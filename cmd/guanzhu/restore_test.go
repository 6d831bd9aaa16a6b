package main

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/guanzhu/guanzhu/pkg/boltstore"
	"github.com/guanzhu/guanzhu/pkg/follower"
)

func TestRestore(t *testing.T) {
	t.Parallel()
	was, is := storeFollowers(t), openStore(t)
	// Since then one has unfollowed, and one has followed again.
	unfollowed := present.Add(time.Hour)
	if err := is.Unfollow(t.Context(), "oLinkOnly", unfollowed, unfollowed.Add(follower.TombstoneFor)); err != nil {
		t.Fatal(err)
	}
	again := follower.Follower{OpenID: "oPersonal", State: follower.Complete, EventTime: unfollowed}
	follow(t, is, again)

	for _, wantBack := range []int{2, 0} { // the second time there is nothing to do
		all, back, err := restoreFollowers(t.Context(), was, is, present)
		if err != nil {
			t.Fatal(err)
		}
		if all != 4 || back != wantBack {
			t.Errorf("%d followers, %d put back, want 4 and %d", all, back, wantBack)
		}
		n, err := restoreSuggestions(t.Context(), was, is, present)
		if err != nil || n != 1 {
			t.Errorf("%d suggestions, %v", n, err)
		}
	}

	got := map[string]follower.Follower{}
	for f, err := range is.Followers(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		got[f.OpenID] = f
	}
	want := map[string]follower.Follower{}
	for f, err := range was.Followers(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		want[f.OpenID] = f
	}
	delete(want, "oLinkOnly")
	want["oPersonal"] = again
	if diff := cmp.Diff(want, got, cmpopts.EquateEmpty(), cmpopts.EquateApproxTime(time.Second)); diff != "" {
		t.Errorf("followers (-want +got):\n%s", diff)
	}
	_, session, err := is.Lookup(t.Context(), sampleFollower)
	if err != nil || !session.EventTime.Equal(full.EventTime) {
		t.Errorf("the session is %v, %v", session, err)
	}
	kept, err := is.Suggestions(t.Context(), present)
	if err != nil || len(kept) != 1 || kept[0].Text != "@text" {
		t.Errorf("suggestions: %v, %v", kept, err)
	}
}

// TestRestoreOfLongAgo is about times whose unfollows the present table has forgotten.
func TestRestoreOfLongAgo(t *testing.T) {
	t.Parallel()
	for ago, refused := range map[time.Duration]bool{
		time.Hour: false, follower.TombstoneFor - time.Second: false, follower.TombstoneFor: true, 35 * 24 * time.Hour: true,
	} {
		if err := notTooEarly(present.Add(-ago), present); (err != nil) != refused {
			t.Errorf("%v ago: %v", ago, err)
		}
	}
}

// TestRestoreIntoWhatFails ends with the table's error.
func TestRestoreIntoWhatFails(t *testing.T) {
	t.Parallel()
	_, _, err := restoreFollowers(t.Context(), storeFollowers(t), fullStore{openStore(t)}, present)
	if !errors.Is(err, errFull) {
		t.Errorf("error %v, want %v", err, errFull)
	}
}

var errFull = errors.New("the table is full")

type fullStore struct{ *boltstore.Store }

func (fullStore) Follow(context.Context, follower.Follower, follower.Session) (follower.Follower, bool, error) {
	return follower.Follower{}, false, errFull
}
