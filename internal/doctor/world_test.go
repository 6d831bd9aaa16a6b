package doctor_test

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	owner "github.com/guanzhu/guanzhu/account"
	"github.com/guanzhu/guanzhu/internal/accountyaml"
	"github.com/guanzhu/guanzhu/internal/boltstore"
	"github.com/guanzhu/guanzhu/internal/doctor"
	"github.com/guanzhu/guanzhu/internal/menu"
	"github.com/guanzhu/guanzhu/pkg/follower"
	"github.com/guanzhu/guanzhu/pkg/secrets"
	"github.com/guanzhu/guanzhu/pkg/web"
	"github.com/guanzhu/guanzhu/pkg/webhook"
	"github.com/guanzhu/guanzhu/pkg/wechatapi"
	"github.com/guanzhu/guanzhu/pkg/wechattest"
)

const (
	appID     = "wx0123456789abcdef"
	token     = "tokenOfTheTests"
	appSecret = "0123456789abcdef0123456789abcdef"
	aesKey    = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"
	otherKey  = "GFEDCBA9876543210zyxwvutsrqponmlkjihgfedcba"

	accountFile = `
welcome: w
default: d
suggestion: s
clicks: {help: 帮助}
menu:
  button:
    - {name: 帮助, type: click, key: help}
`
	liveMenu = `{"button":[{"type":"click","name":"帮助","key":"help"}]}`
)

// world is a healthy account: the real endpoint and pages over HTTP, the simulated platform, and what the doctor is told.
// A test spoils something of it before examine.
type world struct {
	*testing.T
	platform *wechattest.Platform
	config   wechattest.Config
	server   secrets.Secrets // what the endpoint has
	site     web.Config
	front    func(http.Handler) http.Handler // what stands in front of endpoint and pages
	begun    time.Time                       // where all clocks stand
	ahead    time.Duration                   // how far the doctor's clock is ahead of all others
	passed   atomic.Int64                    // nanoseconds that the clock was moved on
	record   menu.Record

	apiURL string // other than the simulated platform's
	script func(*wechattest.Platform)

	url      string // of the endpoint, other than the real one
	endpoint doctor.Endpoint
	pages    doctor.Pages
	examined doctor.Platform
	apiOver  bool // the doctor's time for the API is over
	ended    bool // … for the endpoint and the pages
}

func newWorld(t *testing.T) *world {
	s := secrets.Secrets{Token: token, AppSecret: appSecret}
	w := &world{T: t, begun: time.Now().Truncate(time.Second), server: s, front: func(h http.Handler) http.Handler { return h }}
	w.config = wechattest.Config{AppID: appID, AppSecret: appSecret}
	w.endpoint = doctor.Endpoint{AppID: appID, Secrets: s}
	w.pages = doctor.Pages{AppID: appID, Mode: "oauth"}
	w.examined = doctor.Platform{Pages: "oauth", RepairsMenu: true}
	a := w.account()
	wanted, err := a.Menu("")
	if err != nil {
		t.Fatal(err)
	}
	w.examined.Menu = wanted
	w.record.Hash = wanted.Hash()
	w.site = web.Config{AppID: appID}
	return w
}

func (w *world) account() *accountyaml.Account {
	a, err := accountyaml.Parse("account.yaml", []byte(accountFile))
	if err != nil {
		w.Fatal(err)
	}
	return a
}

// keyed makes the account one in safe mode.
func (w *world) keyed() {
	w.server.EncodingAESKey, w.endpoint.Secrets.EncodingAESKey = aesKey, aesKey
}

func (w *world) now() time.Time { return w.begun.Add(time.Duration(w.passed.Load())) }

func (w *world) doctorsNow() time.Time { return w.now().Add(w.ahead) }

// fixed are secrets that do not change.
type fixed struct{ of secrets.Secrets }

func (f fixed) Current() secrets.Secrets    { return f.of }
func (f fixed) AppSecret() string           { return f.of.AppSecret }
func (f fixed) LinkKey() string             { return f.of.AppSecret }
func (f fixed) Reload(context.Context) bool { return false }

func serve(t *testing.T, h http.Handler) string {
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	return server.URL
}

// start starts everything and completes what the doctor is told.
func (w *world) start() {
	w.platform = wechattest.New(w.config)
	w.platform.As("oFOLLOWER")
	w.platform.Follow("oFOLLOWER", wechattest.User{})
	w.platform.SetMenu(liveMenu)
	if w.script != nil {
		w.script(w.platform)
	}
	api := serve(w.T, w.platform)
	store, err := boltstore.Open(filepath.Join(w.TempDir(), "db"), w.now)
	if err != nil {
		w.Fatal(err)
	}
	w.Cleanup(func() { store.Close() })
	if w.apiURL != "" {
		api = w.apiURL
	}
	client, err := wechatapi.New(wechatapi.Config{AppID: appID, BaseURL: api, Secrets: fixed{w.server}, Tokens: store})
	if err != nil {
		w.Fatal(err)
	}
	quiet := slog.New(slog.DiscardHandler)
	hash := func(string) string { return "" }
	service := &follower.Service{Store: store, Profiler: client, Hash: hash, Now: w.now, LinkKey: fixed{w.server}.LinkKey}

	mux := http.NewServeMux()
	site := serve(w.T, http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		rw.Header().Set("Date", w.now().UTC().Format(http.TimeFormat))
		w.front(mux).ServeHTTP(rw, r)
	}))
	hook, err := webhook.New(webhook.Config{AppID: appID, Secrets: fixed{w.server}, Router: owner.Routes(service, w.account()),
		Hash: hash, Now: w.now, Log: quiet})
	if err != nil {
		w.Fatal(err)
	}
	mux.Handle(webhook.Path, hook)
	w.site.Store, w.site.Exchanger, w.site.Secrets = store, client, fixed{w.server}
	w.site.Hash, w.site.Now, w.site.Log = hash, w.now, quiet
	w.site.OpenURL = serve(w.T, w.platform.Open())
	if w.site.PublicURL == "" {
		w.site.PublicURL = site
	}
	web, err := web.New(w.site)
	if err != nil {
		w.Fatal(err)
	}
	mux.Handle("/", web)

	w.endpoint.URL, w.endpoint.Now = site+webhook.Path, w.doctorsNow
	if w.url != "" {
		w.endpoint.URL = w.url
	}
	w.pages.Endpoint = w.endpoint.URL
	if w.pages.URL == "" {
		w.pages.URL = site
	}
	w.examined.API, w.examined.Now = client, w.doctorsNow
	w.examined.Record = func(context.Context) (menu.Record, error) { return w.record, nil }
}

// examine runs every examination.
func (w *world) examine() []doctor.Finding {
	w.start()
	over, cancel := context.WithDeadline(w.Context(), time.Now())
	defer cancel()
	outside, api := w.Context(), w.Context()
	if w.ended {
		outside = over
	}
	if w.apiOver {
		api = over
	}
	findings := w.endpoint.Examine(outside)
	findings = append(findings, w.pages.Examine(outside, findings)...)
	return append(findings, w.examined.Examine(api)...)
}

// wantSafe fails the test if a finding holds a secret, is not filled in, or does not say what to do.
func wantSafe(t *testing.T, findings []doctor.Finding) {
	t.Helper()
	for _, f := range findings {
		for _, text := range []string{f.What.ZH, f.What.EN, f.Do.ZH, f.Do.EN} {
			for _, secret := range []string{token, appSecret, aesKey, otherKey, "access_token=", "signature="} {
				if strings.Contains(text, secret) {
					t.Errorf("%s tells %s: %s", f.Check, secret, text)
				}
			}
			if strings.ContainsAny(text, "{}") {
				t.Errorf("%s is not filled in: %s", f.Check, text)
			}
		}
		advises := f.Do.ZH != "" && f.Do.EN != ""
		if f.Name.ZH == "" || f.Name.EN == "" || f.What.ZH == "" || f.What.EN == "" ||
			(f.Status == doctor.Warning || f.Status == doctor.Failure) && !advises {
			t.Errorf("incomplete: %+v", f)
		}
	}
}
