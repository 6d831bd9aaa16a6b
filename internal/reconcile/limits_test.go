package reconcile_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/guanzhu/guanzhu/internal/menu"
	"github.com/guanzhu/guanzhu/internal/reconcile"
	"github.com/guanzhu/guanzhu/internal/world"
	"github.com/guanzhu/guanzhu/pkg/follower"
	"github.com/guanzhu/guanzhu/pkg/wechattest"
)

func TestUnknownAction(t *testing.T) {
	t.Parallel()
	w := newFixture(t, wechattest.Config{})
	if _, err := w.reconciler().Run(w.ctx(), "delete"); err == nil || !strings.Contains(err.Error(), `{"action":"full"}`) {
		t.Errorf("error %v", err)
	}
	if s := w.run("status"); s.Result != reconcile.Done || s.Pass != nil {
		t.Errorf("before the first run: %+v", s)
	}
}

// TestListQuotaUsedUp has fewer calls of user/get a day than the list takes.
func TestListQuotaUsedUp(t *testing.T) {
	t.Parallel()
	w := newFixture(t, wechattest.Config{PageSize: 100})
	const n = 450
	for i := range n {
		w.follows(i)
	}
	w.stores(n, follower.Complete) // unfollowed
	w.Platform.SetQuota(reconcile.ListPath, 3)

	s := w.run("")
	if s.Result != reconcile.Waiting || s.Errcode != 45009 || s.AskAgain != "2026-11-27T00:00:00+08:00" || s.Added != 300 || s.Removed != 1 {
		t.Errorf("the first day: %+v", s)
	}
	if s.Pass.Half != "list" || s.Pass.Listed != 300 || *s.Pass.ListLeft != 0 {
		t.Errorf("the first day's pass: %+v", s.Pass)
	}
	calls := w.Platform.Calls(reconcile.ListPath) + w.Platform.Calls(reconcile.FetchPath)
	w.Clock.Advance(time.Hour)
	if s := w.run(""); s.Result != reconcile.Waiting {
		t.Errorf("an hour later: %+v", s)
	}
	if got := w.Platform.Calls(reconcile.ListPath) + w.Platform.Calls(reconcile.FetchPath); got != calls {
		t.Errorf("%d calls while it waits", got-calls)
	}
	w.Clock.Advance(9 * time.Hour) // 00:00 in China
	if s := w.run(""); s.Result != reconcile.Done || s.Added != 150 || s.Pass.Ended == "" {
		t.Errorf("the second day: %+v", s)
	}
	w.wantFollowers(0, n)
	w.wantCalls(reconcile.ListPath, 6)
}

// TestQuotaOfPushes leaves a tenth of the profile calls to pushes, and believes a 45009 that the numbers did not announce.
func TestQuotaOfPushes(t *testing.T) {
	t.Parallel()
	w := newFixture(t, wechattest.Config{})
	for i := range 1500 {
		w.follows(i)
	}
	w.Platform.SetQuota(userInfo, 10)
	if s := w.run(""); s.Result != reconcile.Waiting || s.Errcode != 45009 || s.Added != 900 || s.Pass.Days != 2 {
		t.Errorf("the first day: %+v, pass %+v", s, s.Pass)
	}
	w.wantCalls(reconcile.FetchPath, 9)
	w.Clock.Advance(10 * time.Hour)
	w.Platform.Fail(reconcile.FetchPath, 45009, 1)
	if s := w.run(""); s.Result != reconcile.Waiting || s.Errcode != 45009 || s.Pass.EstimatedEnd < s.AskAgain {
		t.Errorf("the second day: %+v", s)
	}
	w.Clock.Advance(24 * time.Hour)
	if s := w.run(""); s.Result != reconcile.Done {
		t.Errorf("the third day: %+v", s)
	}
	w.wantFollowers(0, 1500)
}

func TestPlan(t *testing.T) {
	t.Parallel()
	w := newFixture(t, wechattest.Config{})
	w.change = func(c *reconcile.Config) { c.Platform = tenMillion{c.Platform} }
	s := w.run("")
	if s.Pass == nil || s.Pass.Total != 10_000_000 || s.Pass.Days != 2 || s.Pass.EstimatedEnd < "2026-11-27" {
		t.Errorf("pass %+v", s.Pass)
	}
}

// tenMillion says that there are ten million followers, and gives a day's quota that is almost used up.
type tenMillion struct{ reconcile.Platform }

func (p tenMillion) Openids(ctx context.Context, after string) ([]string, string, int, error) {
	return []string{openid(1)}, openid(1), 10_000_000, nil
}

func (p tenMillion) Quota(_ context.Context, path string) (daily, left int, err error) {
	if path == reconcile.ListPath {
		return 500, 1, nil
	}
	return 5_000_000, 5_000_000, nil
}

// TestPendingWaitsForItsQuota has no call left for a profile, and no pass that is due.
func TestPendingWaitsForItsQuota(t *testing.T) {
	t.Parallel()
	w := newFixture(t, wechattest.Config{})
	w.run("")
	w.stores(1, follower.Pending)
	w.follows(1)
	w.Platform.SetQuota(userInfo, 0)
	if s := w.run(""); s.Result != reconcile.Waiting || s.Errcode != 45009 {
		t.Errorf("%+v", s)
	}
	w.Platform.SetQuota(userInfo, 100)
	w.Clock.Advance(10 * time.Hour)
	if s := w.run(""); s.Completed != 1 {
		t.Errorf("the next day: %+v", s)
	}
}

func TestNoPermission(t *testing.T) {
	t.Parallel()
	w := newFixture(t, wechattest.Config{Kind: wechattest.PersonalAccount})
	w.stores(1, follower.Complete)
	for range 3 {
		if s := w.run(""); s.Result != reconcile.Waiting || s.Errcode != 48001 || s.AskAgain != "2026-11-27T14:00:00+08:00" || s.Pass != nil {
			t.Errorf("%+v, pass %+v", s, s.Pass)
		}
	}
	w.wantCalls(reconcile.ListPath, 1)
	w.wantCalls(reconcile.FetchPath, 0)
	w.Clock.Advance(24 * time.Hour)
	w.run("")
	w.wantCalls(reconcile.ListPath, 2)
	if f, _ := w.lookup(1); f.OpenID == "" {
		t.Error("the follower is gone")
	}
}

func TestBusyPlatform(t *testing.T) {
	t.Parallel()
	w := newFixture(t, wechattest.Config{})
	for i := range 10 {
		w.follows(i)
	}
	w.Platform.Fail(reconcile.ListPath, -1, 6) // the client asks three times for each attempt
	w.Platform.FailHTML(reconcile.FetchPath, 1)
	w.Platform.Fail(reconcile.FetchPath, 45011, 1)
	begun := w.Clock.Now()
	if s := w.run(""); s.Result != reconcile.Done || s.Added != 10 {
		t.Errorf("%+v", s)
	}
	if waited := w.Clock.Now().Sub(begun); waited < time.Minute {
		t.Errorf("waited %v, want more than a minute after 45011", waited)
	}
	w.Platform.Fail(reconcile.ListPath, 40164, 1)
	if _, err := w.reconciler().Run(w.ctx(), "full"); err == nil || !strings.Contains(err.Error(), "40164") {
		t.Errorf("error %v", err)
	}
	w.Platform.Fail(reconcile.ListPath, -1, 100)
	if _, err := w.reconciler().Run(w.ctx(), ""); err == nil || !strings.Contains(err.Error(), "after 5 attempts") {
		t.Errorf("error %v", err)
	}
	w.Platform.Fail(reconcile.ListPath, 0, 0)
}

// TestStopsBeforeTheDeadline gives a run less time than it needs.
func TestStopsBeforeTheDeadline(t *testing.T) {
	t.Parallel()
	w := newFixture(t, wechattest.Config{PageSize: 100})
	for i := range 500 {
		w.follows(i)
	}
	w.change = func(c *reconcile.Config) { c.Platform = slowList{c.Platform, w.Clock} }
	ctx, cancel := context.WithTimeout(w.ctx(), 20*time.Second+10*time.Second)
	defer cancel()
	begun := w.Clock.Now()
	s, err := w.reconciler().Run(ctx, "")
	if err != nil || s.Result != reconcile.Continues || s.Added == 0 || s.Added == 500 {
		t.Errorf("%+v, error %v", s, err)
	}
	if took := w.Clock.Now().Sub(begun); took > 10*time.Second {
		t.Errorf("it ended after %v", took)
	}
	w.change = nil
	if status := w.run("status"); status.Result != reconcile.Continues || status.Pass.Cursor == "" || status.Pass.Fraction() == 0 {
		t.Errorf("status %+v, pass %+v", status, status.Pass)
	}
	if s := w.run(""); s.Result != reconcile.Done { // the lease was given back
		t.Errorf("the next run: %+v", s)
	}
	w.wantFollowers(0, 500)
	w.wantCalls(reconcile.ListPath, 6)
	w.wantCalls(reconcile.FetchPath, 5)
}

// slowList takes four seconds for each page of the list.
type slowList struct {
	reconcile.Platform
	clock *world.Clock
}

func (p slowList) Openids(ctx context.Context, after string) ([]string, string, int, error) {
	p.clock.Advance(4 * time.Second)
	return p.Platform.Openids(ctx, after)
}

func TestTwoRunsAtTheSameTime(t *testing.T) {
	t.Parallel()
	w := newFixture(t, wechattest.Config{})
	for i := range 10 {
		w.follows(i)
	}
	release := w.Platform.Hold(reconcile.FetchPath)
	first := make(chan reconcile.Summary)
	go func() {
		s, err := w.reconciler().Run(w.ctx(), "")
		if err != nil {
			t.Error(err)
		}
		first <- s
	}()
	w.waitForFetches(1)
	if s := w.run("full"); s.Result != reconcile.Running {
		t.Errorf("the second run: %+v", s)
	}
	if s := w.run("status"); s.Result != reconcile.Running {
		t.Errorf("status: %+v", s)
	}
	// The first is taken for dead, and finds that out.
	w.Clock.Advance(16 * time.Second)
	second := make(chan reconcile.Summary)
	go func() {
		s, err := w.reconciler().Run(w.ctx(), "")
		if err != nil {
			t.Error(err)
		}
		second <- s
	}()
	w.waitForFetches(2)
	release()
	a, b := <-first, <-second
	if a.Result != reconcile.Running || b.Result != reconcile.Done || a.Added+b.Added != 10 {
		t.Errorf("first %+v, second %+v", a, b)
	}
	w.wantFollowers(0, 10)
}

// waitForFetches waits until so many calls of batchget have arrived.
func (w *fixture) waitForFetches(n int) {
	w.t.Helper()
	for ctx := w.ctx(); w.Platform.Calls(reconcile.FetchPath) < n; time.Sleep(time.Millisecond) {
		if ctx.Err() != nil {
			w.t.Fatalf("%d calls of batchget, want %d", w.Platform.Calls(reconcile.FetchPath), n)
		}
	}
}

// TestPushesMeetThePass lets pushes arrive while users are being fetched: they win.
func TestPushesMeetThePass(t *testing.T) {
	t.Parallel()
	w := newFixture(t, wechattest.Config{})
	w.follows(1)                                // listed, then an unfollow comes
	w.follows(2)                                // listed, then its follow comes
	refollows := w.stores(3, follower.Complete) // found gone, then a follow comes
	w.change = func(c *reconcile.Config) {
		c.Records = pushed{c.Records, func() {
			w.Clock.Advance(time.Second)
			at := w.Clock.Now()
			if err := w.Store.Unfollow(w.ctx(), openid(1), at, at.Add(follower.TombstoneFor)); err != nil {
				t.Error(err)
			}
			for _, n := range []int{2, 3} {
				f := follower.Follower{OpenID: openid(n), State: follower.Complete, EventTime: at, Profile: follower.Profile{Scene: "push"}}
				if _, _, err := w.Store.Follow(w.ctx(), f, follower.Session{EstablishedAt: at, EventTime: at}); err != nil {
					t.Error(err)
				}
			}
		}}
	}
	if s := w.run(""); s.Added != 0 || s.Removed != 0 {
		t.Errorf("%+v", s)
	}
	if f, _ := w.lookup(1); f.OpenID != "" {
		t.Errorf("who unfollowed is stored: %+v", f)
	}
	for _, n := range []int{2, 3} {
		if f, s := w.lookup(n); f.Scene != "push" || !s.EventTime.Equal(f.EventTime) || f.EventTime.Equal(refollows.EventTime) {
			t.Errorf("who followed: %+v, session %+v", f, s)
		}
	}
}

// pushed lets pushes come before each change, once.
type pushed struct {
	reconcile.Records
	push func()
}

func (p pushed) Apply(ctx context.Context, changes []reconcile.Change) ([]bool, error) {
	p.push()
	return p.Records.Apply(ctx, changes)
}

func TestTokenIsRenewedBeforeAPushNeedsIt(t *testing.T) {
	t.Parallel()
	for name, begin := range map[string]time.Duration{
		"the platform has another one": 2*time.Hour - 4*time.Minute,
		"it has none yet":              2*time.Hour - 6*time.Minute,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newFixture(t, wechattest.Config{})
			w.follows(1)
			w.run("")
			first := w.Platform.Calls(stableToken)
			begun := w.Clock.Now()
			w.Clock.Advance(begin)
			w.run("")
			if waited := w.Clock.Now().Sub(begun) - begin; waited > 2*time.Minute {
				t.Errorf("it waited %v", waited)
			}
			if w.Platform.Calls(stableToken) == first {
				t.Error("the token was not renewed")
			}
			fetches := w.Platform.Calls(stableToken)
			w.Clock.Advance(5 * time.Minute)
			if _, err := w.Client(w.APIURL).Profile(w.ctx(), openid(1)); err != nil { // a cold webhook
				t.Error(err)
			}
			w.wantCalls(stableToken, fetches)
		})
	}
}

func TestMenuDrift(t *testing.T) {
	t.Parallel()
	for name, repair := range map[string]bool{"repair": true, "tell": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newFixture(t, wechattest.Config{})
			publisher := w.withMenu(repair)
			if s := w.run(""); s.Menu.Result != menu.Different || s.Menu.Drift {
				t.Errorf("a menu that was never published: %+v", s.Menu)
			}
			w.wantCalls("/cgi-bin/menu/create", 0)
			if _, err := publisher.Publish(w.ctx(), liveMenu); err != nil {
				t.Fatal(err)
			}
			if s := w.run(""); s.Menu.Result != menu.Unchanged {
				t.Errorf("the published menu: %+v", s.Menu)
			}
			w.Platform.SetMenu(`{"button":[{"type":"click","name":"别的","key":"other"}]}`)
			s := w.run("")
			want := map[bool]string{true: menu.Published, false: menu.Different}[repair]
			if s.Menu.Result != want || !s.Menu.Drift {
				t.Errorf("after the drift: %+v, want %s", s.Menu, want)
			}
			w.wantCalls("/cgi-bin/menu/create", map[bool]int{true: 2, false: 1}[repair])
		})
	}
}

// TestStrangerInTheTable has an openid that the platform does not know as the account's: it refuses the whole batch.
func TestStrangerInTheTable(t *testing.T) {
	t.Parallel()
	w := newFixture(t, wechattest.Config{})
	for i := range 30 {
		w.stores(i, follower.Pending)
		w.follows(i)
	}
	w.change = func(c *reconcile.Config) { c.Platform = refuses{c.Platform, openid(7)} }
	if s := w.run(""); s.Completed != 29 {
		t.Errorf("%+v", s)
	}
	if f, _ := w.lookup(7); f.State != follower.Unavailable || f.CheckedAt.IsZero() {
		t.Errorf("the stranger: %+v", f)
	}
}

type refuses struct {
	reconcile.Platform
	openid string
}

type refusal int

func (refusal) Error() string  { return "refused" }
func (r refusal) Errcode() int { return int(r) }

func (p refuses) Profiles(ctx context.Context, openids []string) (map[string]follower.Profile, []string, error) {
	for _, openid := range openids {
		if openid == p.openid {
			return nil, nil, refusal(40003)
		}
	}
	return p.Platform.Profiles(ctx, openids)
}
