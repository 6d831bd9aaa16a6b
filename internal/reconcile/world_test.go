package reconcile_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http/httptest"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/guanzhu/guanzhu/internal/boltstore"
	"github.com/guanzhu/guanzhu/internal/menu"
	"github.com/guanzhu/guanzhu/internal/reconcile"
	"github.com/guanzhu/guanzhu/internal/telemetry"
	"github.com/guanzhu/guanzhu/pkg/follower"
	"github.com/guanzhu/guanzhu/pkg/wechatapi"
	"github.com/guanzhu/guanzhu/pkg/wechattest"
)

const (
	appID     = "wx0123456789abcdef"
	appSecret = "0123456789abcdef0123456789abcdef"

	stableToken = "/cgi-bin/stable_token"
	userInfo    = "/cgi-bin/user/info"
)

// world is an account, its table, and the platform.
type world struct {
	t        *testing.T
	platform *wechattest.Platform
	url      string
	store    *boltstore.Store
	log      bytes.Buffer

	mu  sync.Mutex
	now time.Time

	// change alters what a new Reconciler is made with.
	change func(*reconcile.Config)
}

func newWorld(t *testing.T, c wechattest.Config) *world {
	w := &world{t: t, now: time.Date(2026, 11, 26, 6, 0, 0, 0, time.UTC)} // 14:00 in China
	c.AppID, c.AppSecret, c.Now = appID, appSecret, w.clock
	w.platform = wechattest.New(c)
	server := httptest.NewServer(w.platform)
	t.Cleanup(server.Close)
	w.url = server.URL
	store, err := boltstore.Open(filepath.Join(t.TempDir(), "store.db"), w.clock)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	w.store = store
	return w
}

func (w *world) clock() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.now
}

func (w *world) advance(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now = w.now.Add(d)
}

type secret struct{}

func (secret) AppSecret() string           { return appSecret }
func (secret) Reload(context.Context) bool { return false }

// api is a client of a new process.
func (w *world) api() *wechatapi.Client {
	api, err := wechatapi.New(wechatapi.Config{AppID: appID, BaseURL: w.url, Secrets: secret{}, Tokens: w.store, Now: w.clock})
	if err != nil {
		w.t.Fatal(err)
	}
	return api
}

// reconciler is one of a new process.
func (w *world) reconciler() *reconcile.Reconciler {
	c := reconcile.Config{
		Platform: w.api(), Records: w.store, Checkpoints: w.store,
		Concurrency: 4, Hash: telemetry.Hasher(appSecret), Now: w.clock,
		Log: slog.New(slog.NewJSONHandler(&w.log, nil)),
		Sleep: func(_ context.Context, d time.Duration) error {
			w.advance(d)
			return nil
		},
	}
	if w.change != nil {
		w.change(&c)
	}
	return reconcile.New(c)
}

func (w *world) ctx() context.Context {
	ctx, cancel := context.WithTimeout(w.t.Context(), 10*time.Minute)
	w.t.Cleanup(cancel)
	return ctx
}

// run runs to the end and fails the test at an error.
func (w *world) run(action string) reconcile.Summary {
	w.t.Helper()
	s, err := w.reconciler().Run(w.ctx(), action)
	if err != nil {
		w.t.Fatal(err)
	}
	return s
}

func openid(n int) string { return fmt.Sprintf("oFOLLOWER_%018d", n) }

// follows makes a follower on the platform alone, since n seconds before now.
func (w *world) follows(n int) {
	w.platform.Follow(openid(n), wechattest.User{
		UnionID: "u" + openid(n), Language: "zh_CN", SubscribedAt: w.clock().Add(-time.Duration(n+100) * time.Second),
	})
}

// stores makes a follower in the table alone.
func (w *world) stores(n int, state follower.ProfileState) follower.Follower {
	w.t.Helper()
	at := w.clock().Add(-time.Duration(n+100) * time.Second)
	f := follower.Follower{OpenID: openid(n), State: state, EventTime: at, Profile: follower.Profile{SubscribedAt: at}}
	if state == follower.Pending {
		f.PendingSince = at
	} else {
		f.UnionID, f.Language = "u"+openid(n), "zh_CN"
	}
	if _, _, err := w.store.Follow(w.ctx(), f, follower.Session{EstablishedAt: at, EventTime: at}); err != nil {
		w.t.Fatal(err)
	}
	return f
}

// lookup returns who is stored; the zero Follower for one who does not follow.
func (w *world) lookup(n int) (follower.Follower, follower.Session) {
	w.t.Helper()
	f, s, err := w.store.Lookup(w.ctx(), openid(n))
	if err != nil && !errors.Is(err, follower.ErrNotFound) {
		w.t.Fatal(err)
	}
	return f, s
}

// wantFollowers fails the test unless those, and nobody else, are stored with profile and session.
func (w *world) wantFollowers(from, to int) {
	w.t.Helper()
	count := 0
	for f, err := range w.store.Followers(w.ctx()) {
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

func (w *world) wantCalls(path string, most int) {
	w.t.Helper()
	if got := w.platform.Calls(path); got > most {
		w.t.Errorf("%d calls of %s, want %d at most", got, path, most)
	}
}

// liveMenu is a menu of the account as the owner's file has it.
var liveMenu = menu.Menu{Buttons: []menu.Button{{Type: "click", Name: "关于", Key: "about"}}}

// withMenu has the reconciler look after liveMenu.
func (w *world) withMenu(repair bool) *menu.Publisher {
	publisher := &menu.Publisher{API: w.api(), Store: w.store, Now: w.clock}
	w.change = func(c *reconcile.Config) {
		c.RepairMenu = repair
		c.Menu = func(ctx context.Context, action string) (menu.Summary, error) {
			return publisher.Run(ctx, action, liveMenu)
		}
	}
	return publisher
}
