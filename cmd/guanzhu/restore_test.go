package main

import (
	"bytes"
	"context"
	"errors"
	"iter"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/guanzhu/guanzhu/internal/boltstore"
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
		done, err := restoreFollowers(t.Context(), was, is, present)
		if err != nil {
			t.Fatal(err)
		}
		if err := done.addSuggestions(t.Context(), was, is, present); err != nil {
			t.Fatal(err)
		}
		if want := (restoration{followers: 4, back: wantBack, suggestions: 1}); done != want {
			t.Errorf("done %+v, want %+v", done, want)
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
	kept, _, err := is.Suggestions(t.Context(), present)
	if err != nil || len(kept) != 1 || kept[0].Text != "@text" {
		t.Errorf("suggestions: %v, %v", kept, err)
	}
}

// TestRestoreOwn puts back own data of the same follow, and only if there is none.
func TestRestoreOwn(t *testing.T) {
	t.Parallel()
	was, is := openStore(t), openStore(t)
	since := map[string]time.Time{"oLost": present, "oOwnLost": present, "oBusy": present, "oBack": present.Add(time.Hour)}
	for openid, now := range since {
		before := follower.Follower{OpenID: openid, State: follower.Complete, EventTime: present}
		follow(t, was, before)
		stamp(t, was, openid, 7)
		if openid != "oLost" {
			before.EventTime = now
			follow(t, is, before)
		}
	}
	stamp(t, is, "oBusy", 9)
	for _, want := range []restoration{{followers: 4, back: 1, own: 2}, {followers: 4}} { // the second time nothing is missing
		done, err := restoreFollowers(t.Context(), was, is, present)
		if err != nil || done != want {
			t.Errorf("done %+v, error %v; want %+v", done, err, want)
		}
	}
	for openid, want := range map[string]int{"oLost": 7, "oOwnLost": 7, "oBusy": 9, "oBack": 0} {
		if got, err := stamps.Load(t.Context(), &follower.Service{Store: is}, openid); err != nil || got != want {
			t.Errorf("%s: %d stamps, error %v; want %d", openid, got, err, want)
		}
	}
}

// TestRestoreOfLongAgo is about times whose unfollows the present table has forgotten.
func TestRestoreOfLongAgo(t *testing.T) {
	t.Parallel()
	for ago, refused := range map[time.Duration]bool{
		time.Hour: false, follower.TombstoneFor - time.Second: false, follower.TombstoneFor: true, 35 * 24 * time.Hour: true,
	} {
		if err := notTooEarly(present.Add(-ago), present, "en"); (err != nil) != refused {
			t.Errorf("%v ago: %v", ago, err)
		}
	}
}

// brokenStore is a store in which two records more cannot be read.
type brokenStore struct{ *boltstore.Store }

func (s brokenStore) Followers(ctx context.Context) iter.Seq2[follower.Follower, error] {
	return func(yield func(follower.Follower, error) bool) {
		if yield(follower.Follower{}, follower.ErrUnreadable) {
			s.Store.Followers(ctx)(yield)
		}
	}
}

func (s brokenStore) Suggestions(ctx context.Context, month time.Time) ([]follower.Suggestion, int, error) {
	all, _, err := s.Store.Suggestions(ctx, month)
	if len(all) > 0 {
		return all, 1, err
	}
	return all, 0, err
}

// TestRestoreOfUnreadableRecords restores the others, and says how many it left out.
func TestRestoreOfUnreadableRecords(t *testing.T) {
	t.Parallel()
	was, is := brokenStore{storeFollowers(t)}, openStore(t)
	for n := range follower.MaxSuggestions { // on another day of the same writer
		suggest(t, was.Store, present.Add(-48*time.Hour), uint64(n), "@")
		suggest(t, is, present.Add(-48*time.Hour), uint64(n+1), "@")
	}
	done, err := restoreFollowers(t.Context(), was, is, present)
	if err == nil {
		err = done.addSuggestions(t.Context(), was, is, present)
	}
	want := restoration{followers: 4, back: 4, suggestions: follower.MaxSuggestions, beyond: 1, unreadable: 2}
	if err != nil || done != want {
		t.Errorf("done %+v, error %v; want %+v", done, err, want)
	}
	var out, notes bytes.Buffer
	done.tell(&out, &notes, "en")
	if got := out.String(); !strings.Contains(got, "Of 4 followers, 4 were put back") {
		t.Errorf("told %q", got)
	}
	if diff := cmp.Diff("Suggestions left out because their writer has 20 on that day: 1.\n"+
		"Records left out because they cannot be read: 2. This program did not write them.\n", notes.String()); diff != "" {
		t.Errorf("notes (-want +got):\n%s", diff)
	}
}

// TestRestoreIntoWhatFails ends with the table's error.
func TestRestoreIntoWhatFails(t *testing.T) {
	t.Parallel()
	_, err := restoreFollowers(t.Context(), storeFollowers(t), fullStore{openStore(t)}, present)
	if !errors.Is(err, errFull) {
		t.Errorf("error %v, want %v", err, errFull)
	}
}

var errFull = errors.New("the table is full")

type fullStore struct{ *boltstore.Store }

func (fullStore) Follow(context.Context, follower.Follower, follower.Session) (follower.Follower, bool, error) {
	return follower.Follower{}, false, errFull
}
