// Package world builds the surroundings of the code under test: one account with its embedded store, the simulated platform
// and one clock. Only tests import it.
package world

import (
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"testing"
	"time"

	owner "github.com/guanzhu/guanzhu/account"
	"github.com/guanzhu/guanzhu/internal/accountyaml"
	"github.com/guanzhu/guanzhu/internal/autoreply"
	"github.com/guanzhu/guanzhu/internal/boltstore"
	"github.com/guanzhu/guanzhu/internal/media"
	"github.com/guanzhu/guanzhu/internal/telemetry"
	"github.com/guanzhu/guanzhu/pkg/follower"
	"github.com/guanzhu/guanzhu/pkg/secrets"
	"github.com/guanzhu/guanzhu/pkg/web"
	"github.com/guanzhu/guanzhu/pkg/webhook"
	"github.com/guanzhu/guanzhu/pkg/wechatapi"
	"github.com/guanzhu/guanzhu/pkg/wechattest"
)

// The account of a World and its secrets.
const (
	AppID          = "wx0123456789abcdef"
	AccountID      = "gh_0123456789ab"
	Token          = "tokenOfTheTests"
	AppSecret      = "0123456789abcdef0123456789abcdef"
	EncodingAESKey = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"

	// OpenID is that of one user, whom the platform does not know at first.
	OpenID = "oTESTfollower-000000000_0001"
)

// EndpointURL is the endpoint's address in the requests that Request makes. Nothing listens there.
const EndpointURL = "https://example.com" + webhook.Path

// Begun is the time at which a World's clock begins, unless its Options say otherwise: 20:00 in China.
var Begun = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

// Options are the settings that differ from test to test.
type Options struct {
	Mode     wechattest.Mode   // if not Plain, the account has the EncodingAESKey
	Platform wechattest.Config // AppID and AppSecret default to the account's; Now is the World's clock
	Account  string            // the text of account.yaml; three short texts if empty
	Begun    time.Time
}

// World is an account and its surroundings. Tests change the parts as they need; the values that New and the methods
// have already returned keep the parts that they were made of.
type World struct {
	Clock    *Clock
	Logs     *Log
	Secrets  *Secrets
	Platform *wechattest.Platform
	APIURL   string // of Platform
	OpenURL  string // of Platform's pages
	Store    *boltstore.Store
	API      *wechatapi.Client
	Account  *autoreply.Account
	Service  *follower.Service

	Mode   wechattest.Mode
	Pusher wechattest.Account // sends pushes that the endpoint accepts

	t testing.TB
}

// New returns a World that ends with the test. Its table is empty, and nobody follows.
func New(t testing.TB, o Options) *World {
	t.Helper()
	if o.Account == "" {
		o.Account = "welcome: 欢迎\ndefault: 收到\nsuggestion: 谢谢\n"
	}
	if o.Begun.IsZero() {
		o.Begun = Begun
	}
	w := &World{t: t, Clock: &Clock{now: o.Begun}, Logs: new(Log), Mode: o.Mode}
	w.setSecrets()
	w.setPlatform(o.Platform)
	var err error
	if w.Store, err = boltstore.Open(filepath.Join(t.TempDir(), "store.db"), w.Clock.Now); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.Store.Close() })
	w.API = w.Client(w.APIURL)
	if w.Account, err = accountyaml.Parse("account.yaml", []byte(o.Account)); err != nil {
		t.Fatal(err)
	}
	w.Service = &follower.Service{
		Store: w.Store, Profiler: w.API, Hash: telemetry.Hasher(AppSecret), Now: w.Clock.Now, LinkKey: w.Secrets.LinkKey,
	}
	return w
}

func (w *World) setSecrets() {
	s := secrets.Secrets{Token: Token, AppSecret: AppSecret}
	if w.Mode != wechattest.Plain {
		s.EncodingAESKey = EncodingAESKey
	}
	w.Secrets = NewSecrets(s)
	w.Pusher = wechattest.Account{AppID: AppID, Token: s.Token, EncodingAESKey: s.EncodingAESKey, ID: AccountID}
}

func (w *World) setPlatform(c wechattest.Config) {
	if c.AppID == "" {
		c.AppID = AppID
	}
	if c.AppSecret == "" {
		c.AppSecret = AppSecret
	}
	c.Now = w.Clock.Now
	w.Platform = wechattest.New(c)
	w.APIURL, w.OpenURL = Serve(w.t, w.Platform), Serve(w.t, w.Platform.OAuthPage())
}

// Serve serves h until the test ends and returns its URL.
func Serve(t testing.TB, h http.Handler) string {
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	return server.URL
}

// Client returns another client of the platform's API, as a new instance of a function has it, for the API at url.
func (w *World) Client(url string) *wechatapi.Client {
	w.t.Helper()
	client, err := wechatapi.New(wechatapi.Config{
		AppID: AppID, BaseURL: url, Secrets: w.Secrets, Tokens: w.Store, Now: w.Clock.Now, Log: w.Logs.Logger(),
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return client
}

// Services returns the services that the handlers and pages of package account use.
func (w *World) Services() owner.Services {
	return owner.Services{
		Followers: w.Service, Replies: w.Account, API: w.API,
		Media: &media.Library{Store: w.Store, Now: w.Clock.Now, Log: w.Logs.Logger()},
	}
}

// Endpoint returns the configuration of the endpoint as it is deployed, with the routes of package account.
func (w *World) Endpoint() webhook.Config {
	return webhook.Config{
		AppID: AppID, Secrets: w.Secrets, Router: owner.Routes(w.Services()), Hash: w.Service.Hash, Now: w.Clock.Now,
		Log: w.Logs.Logger(),
	}
}

// Pages returns the configuration of the pages as they are deployed.
func (w *World) Pages() web.Config {
	return web.Config{
		AppID: AppID, Keyword: w.Account.LinkKeyword(), OpenURL: w.OpenURL, Store: w.Store, Exchanger: w.API, Secrets: w.Secrets, Hash: w.Service.Hash,
		Now: w.Clock.Now, Log: w.Logs.Logger(),
	}
}

// Request returns the request that pushes message to EndpointURL now, in the World's Mode.
func (w *World) Request(message []byte) *http.Request {
	w.t.Helper()
	r, err := w.Pusher.Request(w.t.Context(), EndpointURL, w.Mode, message, w.Clock.Now())
	if err != nil {
		w.t.Fatal(err)
	}
	return r
}
