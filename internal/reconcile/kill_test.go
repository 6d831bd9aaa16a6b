package reconcile_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/guanzhu/guanzhu/internal/reconcile"
	"github.com/guanzhu/guanzhu/pkg/follower"
	"github.com/guanzhu/guanzhu/pkg/wechattest"
)

var errKilled = errors.New("killed")

// death ends a process at its nth call of a kind, before the call is made or after. From then on no call is made.
type death struct {
	kind  string
	nth   int
	after bool

	mu    sync.Mutex
	calls map[string]int
	dead  bool
	// pages and fetched count what the platform was asked for.
	asked *asked
}

func (d *death) String() string {
	when := "before"
	if d.after {
		when = "after"
	}
	return fmt.Sprintf("%s call %d of %s", when, d.nth, d.kind)
}

// asked counts, over all processes, how often each page and each user was asked for.
type asked struct {
	mu      sync.Mutex
	pages   map[string]int
	users   map[string]int
	batches int
}

// step makes a call.
func (d *death) step(kind string, do func() error) error {
	d.mu.Lock()
	if d.dead {
		d.mu.Unlock()
		return errKilled
	}
	d.calls[kind]++
	dies := kind == d.kind && d.calls[kind] == d.nth
	if dies {
		d.dead = true
	}
	d.mu.Unlock()
	if dies && !d.after {
		return errKilled
	}
	if err := do(); err != nil {
		return err
	}
	if dies {
		return errKilled
	}
	return nil
}

// mortal is all that a reconciler uses, in a process that dies.
type mortal struct {
	*death
	platform    reconcile.Platform
	records     reconcile.Records
	checkpoints reconcile.Checkpoints
}

func (m mortal) Openids(ctx context.Context, after string) (openids []string, next string, total int, err error) {
	err = m.step("user/get", func() (err error) {
		m.asked.mu.Lock()
		m.asked.pages[after]++
		m.asked.mu.Unlock()
		openids, next, total, err = m.platform.Openids(ctx, after)
		return err
	})
	return openids, next, total, err
}

func (m mortal) Profiles(ctx context.Context, openids []string) (profiles map[string]follower.Profile, gone []string, err error) {
	err = m.step("batchget", func() (err error) {
		m.asked.mu.Lock()
		m.asked.batches++
		for _, openid := range openids {
			m.asked.users[openid]++
		}
		m.asked.mu.Unlock()
		profiles, gone, err = m.platform.Profiles(ctx, openids)
		return err
	})
	return profiles, gone, err
}

func (m mortal) Quota(ctx context.Context, path string) (daily, left int, err error) {
	err = m.step("quota", func() (err error) {
		daily, left, err = m.platform.Quota(ctx, path)
		return err
	})
	return daily, left, err
}

func (m mortal) KeepToken(ctx context.Context, until time.Time) (validUntil time.Time, err error) {
	err = m.step("token", func() (err error) {
		validUntil, err = m.platform.KeepToken(ctx, until)
		return err
	})
	return validUntil, err
}

func (m mortal) Find(ctx context.Context, openids []string) (found []follower.Follower, err error) {
	err = m.step("find", func() (err error) {
		found, err = m.records.Find(ctx, openids)
		return err
	})
	return found, err
}

func (m mortal) Unchecked(ctx context.Context, before time.Time, cursor string) (part []follower.Follower, next string, err error) {
	err = m.step("unchecked", func() (err error) {
		part, next, err = m.records.Unchecked(ctx, before, cursor)
		return err
	})
	return part, next, err
}

func (m mortal) Pending(ctx context.Context, cursor string) (part []follower.Follower, next string, err error) {
	err = m.step("pending", func() (err error) {
		part, next, err = m.records.Pending(ctx, cursor)
		return err
	})
	return part, next, err
}

func (m mortal) Apply(ctx context.Context, changes []reconcile.Change) (applied []bool, err error) {
	err = m.step("apply", func() (err error) {
		applied, err = m.records.Apply(ctx, changes)
		return err
	})
	return applied, err
}

func (m mortal) Acquire(ctx context.Context, holder string, now, until time.Time) (saved []byte, acquired bool, err error) {
	err = m.step("acquire", func() (err error) {
		saved, acquired, err = m.checkpoints.Acquire(ctx, holder, now, until)
		return err
	})
	return saved, acquired, err
}

func (m mortal) Save(ctx context.Context, holder string, until time.Time, checkpoint []byte) (held bool, err error) {
	err = m.step("save", func() (err error) {
		held, err = m.checkpoints.Save(ctx, holder, until, checkpoint)
		return err
	})
	return held, err
}

func (m mortal) Checkpoint(ctx context.Context) ([]byte, time.Time, error) {
	return m.checkpoints.Checkpoint(ctx)
}

// dies runs in a process that dies as d says.
func (w *fixture) dies(d *death, action string) {
	d.calls = map[string]int{}
	w.change = func(c *reconcile.Config) {
		m := mortal{d, c.Platform, c.Records, c.Checkpoints}
		c.Platform, c.Records, c.Checkpoints = m, m, m
		alive := c.Sleep
		c.Sleep = func(ctx context.Context, pause time.Duration) error {
			return d.step("sleep", func() error { return alive(ctx, pause) })
		}
	}
	_, err := w.reconciler().Run(w.ctx(), action)
	if d.dead != errors.Is(err, errKilled) {
		w.t.Errorf("%v: error %v", d, err)
	}
}

// everyKindOfStep are deaths at each kind of call, early, in the middle and late.
func everyKindOfStep() []*death {
	var all []*death
	for _, after := range []bool{false, true} {
		for _, kind := range []string{"token", "acquire", "pending", "quota", "user/get", "find", "batchget", "apply", "save", "unchecked"} {
			for _, nth := range []int{1, 2, 4} {
				all = append(all, &death{kind: kind, nth: nth, after: after})
			}
		}
	}
	return all
}

// TestKilledOnce kills a run at each kind of step. The next one ends the pass.
func TestKilledOnce(t *testing.T) {
	t.Parallel()
	for _, d := range everyKindOfStep() {
		t.Run(d.String(), func(t *testing.T) {
			t.Parallel()
			page, n, gone := 150, 600, 300
			if d.kind == "unchecked" { // called again only after 1000 followers
				page, n, gone = 700, 2000, 1200
			}
			w := newFixture(t, wechattest.Config{PageSize: page})
			for i := range n {
				w.follows(i)
			}
			for begin := n; begin < n+gone; begin += 100 { // of whom the platform knows nothing any more
				var changes []reconcile.Change
				for i := begin; i < begin+100; i++ {
					at := w.Clock.Now().Add(-time.Hour)
					changes = append(changes, reconcile.Change{Kind: reconcile.Add, At: at,
						Follower: follower.Follower{OpenID: openid(i), State: follower.Complete, EventTime: at}})
				}
				if _, err := w.Store.Apply(w.ctx(), changes); err != nil {
					t.Fatal(err)
				}
			}
			w.stores(n+gone, follower.Pending)
			w.follows(n + gone)

			all := &asked{pages: map[string]int{}, users: map[string]int{}}
			d.asked = all
			w.dies(d, "")
			if d.dead {
				w.Clock.Advance(time.Second)
				w.change = nil
				holds := d.calls["acquire"] > 0 && (d.kind != "acquire" || d.after) && d.kind != "token"
				if s := w.run(""); holds && s.Result != reconcile.Running {
					t.Errorf("a second later another run began: %+v", s)
				}
				w.Clock.Advance(15 * time.Second)
				w.dies(&death{asked: all}, "")
			}
			w.change = nil
			if s := w.run("status"); s.Result != reconcile.Done || s.Pass == nil || s.Pass.Ended == "" {
				t.Errorf("in the end %+v, pass %+v", s, s.Pass)
			}
			if f, _ := w.lookup(n + gone); f.State != follower.Complete {
				t.Errorf("the pending one: %+v", f)
			}
			w.Platform.Unfollow(openid(n + gone))
			if err := w.Store.Unfollow(w.ctx(), openid(n+gone), w.Clock.Now(), w.Clock.Now().Add(time.Hour)); err != nil {
				t.Fatal(err)
			}
			w.wantFollowers(0, n)
			for page, times := range all.pages {
				if times > 2 {
					t.Errorf("the page after %q was fetched %d times", page, times)
				}
			}
			twice := 0
			for _, times := range all.users {
				if times > 2 {
					t.Errorf("a user was fetched %d times", times)
				}
				if times > 1 {
					twice++
				}
			}
			if most := 4 * 100; twice > most {
				t.Errorf("%d users were fetched twice, want %d at most: those in flight", twice, most)
			}
		})
	}
}

// TestFiveThousandFollowersFromBefore has a platform that takes 50 ms a call, and processes that die again and again.
func TestFiveThousandFollowersFromBefore(t *testing.T) {
	t.Parallel()
	const n = 5000
	w := newFixture(t, wechattest.Config{PageSize: 1000})
	for i := range n {
		w.follows(i)
	}
	w.Platform.Delay(reconcile.ListPath, 50*time.Millisecond)
	w.Platform.Delay(reconcile.FetchPath, 50*time.Millisecond)
	all := &asked{pages: map[string]int{}, users: map[string]int{}}
	for _, d := range []*death{
		{kind: "acquire", nth: 1, after: true}, {kind: "user/get", nth: 1, after: true}, {kind: "save", nth: 3, after: true},
		{kind: "apply", nth: 5}, {kind: "find", nth: 2}, {kind: "batchget", nth: 6, after: true}, {kind: "save", nth: 1},
	} {
		d.asked = all
		w.dies(d, "")
		if !d.dead {
			t.Errorf("%v: not dead", d)
		}
		w.Clock.Advance(15 * time.Second)
	}
	w.dies(&death{asked: all}, "")
	w.change = nil
	w.wantFollowers(0, n)
	if s := w.run("status"); s.Result != reconcile.Done || s.Pass.Ended == "" {
		t.Errorf("in the end %+v, pass %+v", s, s.Pass)
	}
	if most := n * 3 / 2 / 100; all.batches > most {
		t.Errorf("%d calls of batchget, want %d at most", all.batches, most)
	}
	for page, times := range all.pages {
		if times > 2 {
			t.Errorf("the page after %q was fetched %d times", page, times)
		}
	}
	t.Logf("%d calls of batchget, pages %v", all.batches, all.pages)
}
