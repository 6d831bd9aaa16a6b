package doctor_test

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/guanzhu/guanzhu/internal/accountyaml"
	"github.com/guanzhu/guanzhu/internal/doctor"
	"github.com/guanzhu/guanzhu/internal/media"
	"github.com/guanzhu/guanzhu/internal/menu"
	"github.com/guanzhu/guanzhu/internal/world"
	"github.com/guanzhu/guanzhu/pkg/secrets"
	"github.com/guanzhu/guanzhu/pkg/web"
	"github.com/guanzhu/guanzhu/pkg/webhook"
	"github.com/guanzhu/guanzhu/pkg/wechattest"
)

const (
	appID     = world.AppID
	token     = world.Token
	appSecret = world.AppSecret
	aesKey    = world.EncodingAESKey
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

// fixture is a healthy account: the real endpoint and pages over HTTP, the simulated platform, and what the doctor is
// told. A test spoils something of it before examine.
type fixture struct {
	*testing.T
	*world.World // once it is started
	options      world.Options
	server       secrets.Secrets // those of the endpoint
	site         web.Config
	front        func(http.Handler) http.Handler // a layer in front of endpoint and pages
	ahead        time.Duration                   // how far the doctor's clock is ahead of all others
	record       menu.Record

	apiURL string // other than the simulated platform's
	script func(*wechattest.Platform)

	url      string // of the endpoint, other than the real one
	endpoint doctor.Endpoint
	pages    doctor.Pages
	examined doctor.Platform
	apiOver  bool // the doctor's time for the API is over
	ended    bool // … for the endpoint and the pages
}

func newFixture(t *testing.T) *fixture {
	s := secrets.Secrets{Token: token, AppSecret: appSecret}
	w := &fixture{T: t, server: s, front: func(h http.Handler) http.Handler { return h }}
	w.options = world.Options{Account: accountFile, Begun: time.Now().Truncate(time.Second)}
	w.endpoint = doctor.Endpoint{AppID: appID, Secrets: s}
	w.pages = doctor.Pages{AppID: appID, Mode: "oauth"}
	w.examined = doctor.Platform{Pages: "oauth", RepairsMenu: true}
	a, err := accountyaml.Parse("account.yaml", []byte(accountFile))
	if err != nil {
		t.Fatal(err)
	}
	wanted, err := a.Menu("")
	if err != nil {
		t.Fatal(err)
	}
	w.examined.Menu = wanted
	w.record.Hash = wanted.Hash()
	w.site = web.Config{AppID: appID}
	return w
}

// useFiles makes a reply use a file.
func (w *fixture) useFiles(published media.Record, err error) {
	w.examined.Files = []media.Use{{Kind: media.Image, Name: "a.jpg"}}
	w.examined.Published = func(context.Context) (media.Record, error) { return published, err }
}

// keyed makes the account one in safe mode.
func (w *fixture) keyed() {
	w.server.EncodingAESKey, w.endpoint.Secrets.EncodingAESKey = aesKey, aesKey
}

func (w *fixture) doctorsNow() time.Time { return w.Clock.Now().Add(w.ahead) }

// start starts everything and completes the doctor's settings.
func (w *fixture) start() {
	w.World = world.New(w.T, w.options)
	w.Secrets = world.NewSecrets(w.server)
	w.Platform.SetVisitor("oFOLLOWER")
	w.Platform.Follow("oFOLLOWER", wechattest.User{})
	w.Platform.SetMenu(liveMenu)
	if w.script != nil {
		w.script(w.Platform)
	}
	if w.apiURL == "" {
		w.apiURL = w.APIURL
	}
	w.API = w.Client(w.apiURL)

	mux := http.NewServeMux()
	site := world.Serve(w.T, http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		rw.Header().Set("Date", w.Clock.Now().UTC().Format(http.TimeFormat))
		w.front(mux).ServeHTTP(rw, r)
	}))
	hook, err := webhook.New(w.Endpoint())
	if err != nil {
		w.Fatal(err)
	}
	mux.Handle(webhook.Path, hook)
	config := w.Pages()
	config.AppID, config.Mode, config.Verification, config.PublicURL = w.site.AppID, w.site.Mode, w.site.Verification, w.site.PublicURL
	if config.PublicURL == "" {
		config.PublicURL = site
	}
	web, err := web.New(config)
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
	w.examined.API, w.examined.Now = w.API, w.doctorsNow
	w.examined.Record = func(context.Context) (menu.Record, error) { return w.record, nil }
}

// examine runs every examination.
func (w *fixture) examine() []doctor.Finding {
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
