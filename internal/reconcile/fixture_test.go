package reconcile_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/guanzhu/guanzhu/internal/menu"
	"github.com/guanzhu/guanzhu/internal/reconcile"
	"github.com/guanzhu/guanzhu/internal/telemetry"
	"github.com/guanzhu/guanzhu/internal/world"
	"github.com/guanzhu/guanzhu/pkg/follower"
	"github.com/guanzhu/guanzhu/pkg/wechattest"
)

const (
	appSecret = world.AppSecret

	stableToken = "/cgi-bin/stable_token"
	userInfo    = "/cgi-bin/user/info"
)

// fixture is an account, its table, and the platform.
type fixture struct {
	t *testing.T
	*world.World

	// change alters what a new Reconciler is made with.
	change func(*reconcile.Config)
}

func newFixture(t *testing.T, c wechattest.Config) *fixture {
	begun := time.Date(2026, 11, 26, 6, 0, 0, 0, time.UTC) // 14:00 in China
	return &fixture{t: t, World: world.New(t, world.Options{Platform: c, Begun: begun})}
}

// reconciler is one of a new process.
func (w *fixture) reconciler() *reconcile.Reconciler {
	c := reconcile.Config{
		Platform: w.Client(w.APIURL), Records: w.Store, Checkpoints: w.Store,
		Concurrency: 4, Hash: telemetry.Hasher(appSecret), Now: w.Clock.Now,
		Log: w.Logs.Logger(),
		Sleep: func(_ context.Context, d time.Duration) error {
			w.Clock.Advance(d)
			return nil
		},
	}
	if w.change != nil {
		w.change(&c)
	}
	return reconcile.New(c)
}

func (w *fixture) ctx() context.Context {
	ctx, cancel := context.WithTimeout(w.t.Context(), 10*time.Minute)
	w.t.Cleanup(cancel)
	return ctx
}

// run runs to the end and fails the test at an error.
func (w *fixture) run(action string) reconcile.Summary {
	w.t.Helper()
	s, err := w.reconciler().Run(w.ctx(), action)
	if err != nil {
		w.t.Fatal(err)
	}
	return s
}

func openid(n int) string { return fmt.Sprintf("oFOLLOWER_%018d", n) }

// follows makes a follower on the platform alone, since n seconds before now.
func (w *fixture) follows(n int) {
	w.Platform.Follow(openid(n), wechattest.User{
		UnionID: "u" + openid(n), Language: "zh_CN", SubscribedAt: w.Clock.Now().Add(-time.Duration(n+100) * time.Second),
	})
}

// stores makes a follower in the table alone.
func (w *fixture) stores(n int, state follower.ProfileState) follower.Follower {
	w.t.Helper()
	at := w.Clock.Now().Add(-time.Duration(n+100) * time.Second)
	f := follower.Follower{OpenID: openid(n), State: state, EventTime: at, Profile: follower.Profile{SubscribedAt: at}}
	if state == follower.Pending {
		f.PendingSince = at
	} else {
		f.UnionID, f.Language = "u"+openid(n), "zh_CN"
	}
	if _, _, err := w.Store.Follow(w.ctx(), f, follower.Session{EstablishedAt: at, EventTime: at}); err != nil {
		w.t.Fatal(err)
	}
	return f
}

// lookup returns who is stored; the zero Follower for one who does not follow.
func (w *fixture) lookup(n int) (follower.Follower, follower.Session) {
	w.t.Helper()
	f, s, err := w.Store.Lookup(w.ctx(), openid(n))
	if err != nil && !errors.Is(err, follower.ErrNotFound) {
		w.t.Fatal(err)
	}
	return f, s
}

// wantFollowers fails the test unless those, and nobody else, are stored with profile and session.
func (w *fixture) wantFollowers(from, to int) {
	w.t.Helper()
	count := 0
	for f, err := range w.Store.Followers(w.ctx()) {
		if err != nil {
			w.t.Fatal(err)
		}
		count++
		if f.State != follower.Complete || f.UnionID != "u"+f.OpenID {
			w.t.Errorf("%s is stored without its profile: %+v", f.OpenID, f)
		}
	}
	if count != to-from {
		w.t.Errorf("%d followers are stored, want %d", count, to-from)
	}
	for n := from; n < to; n++ {
		if f, s := w.lookup(n); f.OpenID == "" || !s.EventTime.Equal(f.EventTime) || s.EstablishedAt.IsZero() {
			w.t.Fatalf("%s: stored %+v with session %+v", openid(n), f, s)
		}
	}
}

func (w *fixture) wantCalls(path string, most int) {
	w.t.Helper()
	if got := w.Platform.Calls(path); got > most {
		w.t.Errorf("%d calls of %s, want %d at most", got, path, most)
	}
}

// liveMenu is a menu of the account as the owner's file has it.
var liveMenu = menu.Menu{Buttons: []menu.Button{{Type: "click", Name: "关于", Key: "about"}}}

// withMenu has the reconciler look after liveMenu.
func (w *fixture) withMenu(repair bool) *menu.Publisher {
	publisher := &menu.Publisher{API: w.Client(w.APIURL), Store: w.Store, Now: w.Clock.Now}
	w.change = func(c *reconcile.Config) {
		c.RepairMenu = repair
		c.Menu, c.WantedMenu = publisher, liveMenu
	}
	return publisher
}
