package reconcile_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/guanzhu/guanzhu/internal/reconcile"
	"github.com/guanzhu/guanzhu/pkg/follower"
	"github.com/guanzhu/guanzhu/pkg/wechattest"
)

func TestFollowersFromBefore(t *testing.T) {
	t.Parallel()
	w := newFixture(t, wechattest.Config{PageSize: 1000})
	const n = 2500
	for i := range n {
		w.follows(i)
	}
	s := w.run("")
	if s.Result != reconcile.Done || s.Added != n || s.Pass.Ended == "" || s.Pass.Total != n || s.Pass.Listed != n {
		t.Errorf("summary %+v, pass %+v", s, s.Pass)
	}
	w.wantFollowers(0, n)
	w.wantCalls(reconcile.FetchPath, n/100)
	w.wantCalls(reconcile.ListPath, 4)

	// Nothing is due until the next day in China begins.
	w.Clock.Advance(9 * time.Hour)
	before := w.Platform.Calls(reconcile.ListPath)
	w.run("")
	w.wantCalls(reconcile.ListPath, before)
	w.Clock.Advance(time.Hour)
	if s := w.run(""); s.Added != 0 || s.Removed != 0 || s.Changed != 0 || s.Pass.Fetched != n {
		t.Errorf("the next day: %+v, pass %+v", s, s.Pass)
	}
	w.run("full")
	w.wantCalls(reconcile.ListPath, before+8)
	w.wantCalls(reconcile.FetchPath, 3*n/100+3)
	if log := w.Logs.String(); strings.Contains(log, "oFOLLOWER") {
		t.Errorf("the log holds an openid: %s", log)
	}
}

func TestWhatPushesMissed(t *testing.T) {
	t.Parallel()
	w := newFixture(t, wechattest.Config{})
	for i := range 300 {
		w.stores(i, follower.Complete)
		w.follows(i)
	}
	for i := range 50 { // unfollows that never came
		w.Platform.Unfollow(openid(i))
	}
	w.follows(300) // a follow that never came
	pending := w.stores(301, follower.Pending)
	w.follows(301)
	// Unfollowed and followed again, without a push of either.
	w.Platform.Follow(openid(299), wechattest.User{UnionID: "u" + openid(299), Language: "zh_CN", SubscribedAt: w.Clock.Now().Add(-10 * time.Second)})
	// A remark that the owner has made.
	w.Platform.Follow(openid(298), wechattest.User{
		UnionID: "u" + openid(298), Language: "zh_CN", Remark: "老朋友", Tags: []int{2}, SubscribedAt: w.Clock.Now().Add(-398 * time.Second),
	})
	asked := w.Clock.Now().Truncate(time.Second)

	s := w.run("")
	want := reconcile.Counts{Added: 2, Removed: 50, Completed: 1, Changed: 1}
	if diff := cmp.Diff(want, s.Counts); diff != "" {
		t.Errorf("counts (-want +got):\n%s", diff)
	}
	w.wantFollowers(50, 302)
	if f, _ := w.lookup(301); f.State != follower.Complete || !f.EventTime.Equal(pending.EventTime) || !f.CheckedAt.Equal(asked) {
		t.Errorf("the pending one: %+v", f)
	}
	if f, s := w.lookup(299); !f.EventTime.Equal(asked.Add(-10*time.Second)) || !s.EstablishedAt.Equal(asked) {
		t.Errorf("the one who followed again: %+v, session %+v", f, s)
	}
	if f, _ := w.lookup(298); f.Remark != "老朋友" || len(f.Tags) != 1 {
		t.Errorf("the remark: %+v", f)
	}
}

// TestFollowBesideARemoval lets the push of a follow arrive that came while the platform still said that the user is gone.
func TestFollowBesideARemoval(t *testing.T) {
	t.Parallel()
	w := newFixture(t, wechattest.Config{})
	w.stores(1, follower.Complete)
	follows := w.Clock.Now().Truncate(time.Second).Add(-5 * time.Second)
	if s := w.run(""); s.Removed != 1 {
		t.Fatalf("summary %+v", s)
	}
	f := follower.Follower{OpenID: openid(1), State: follower.Complete, EventTime: follows}
	if _, _, err := w.Store.Follow(w.ctx(), f, follower.Session{EstablishedAt: follows, EventTime: follows}); err != nil {
		t.Fatal(err)
	}
	if f, s := w.lookup(1); !f.EventTime.Equal(follows) || !s.EventTime.Equal(follows) {
		t.Errorf("the follow is lost: %+v, session %+v", f, s)
	}
}

func TestPendingProfileWithoutPass(t *testing.T) {
	t.Parallel()
	w := newFixture(t, wechattest.Config{})
	w.run("")
	w.stores(1, follower.Pending)
	w.stores(2, follower.Pending) // unfollowed meanwhile
	w.follows(1)
	before := w.Platform.Calls(reconcile.ListPath)
	if s := w.run(""); s.Completed != 1 || s.Removed != 1 {
		t.Errorf("summary %+v", s)
	}
	w.wantFollowers(1, 2)
	w.wantCalls(reconcile.ListPath, before)
}
