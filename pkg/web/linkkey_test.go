package web_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"sync"
	"testing"

	"github.com/guanzhu/guanzhu/internal/parameterstore"
	"github.com/guanzhu/guanzhu/internal/telemetry"
	"github.com/guanzhu/guanzhu/internal/world"
	"github.com/guanzhu/guanzhu/pkg/follower"
	"github.com/guanzhu/guanzhu/pkg/secrets"
	"github.com/guanzhu/guanzhu/pkg/web"
	"github.com/guanzhu/guanzhu/pkg/webhook"
	"github.com/guanzhu/guanzhu/pkg/wechat"
)

const (
	token   = world.Token
	linkKey = "linkKeyOfTheTests"

	anotherAppSecret = "fedcba9876543210fedcba9876543210"
)

// parameter is the SecureString of the secrets.
type parameter struct {
	mu    sync.Mutex
	value string
}

func (p *parameter) GetParameter(context.Context, string) (parameterstore.Parameter, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return parameterstore.Parameter{Value: p.value, Type: "SecureString"}, nil
}

func (p *parameter) set(t *testing.T, s secrets.Secrets) {
	t.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	p.value = string(must(secrets.Document(s)))
}

// TestSecretsReadAtDifferentMoments: the endpoint and the pages, both as deployed, read the secrets from one parameter,
// one before it changes and one after.
func TestSecretsReadAtDifferentMoments(t *testing.T) {
	t.Parallel()
	plain := secrets.Secrets{Token: token, AppSecret: appSecret}
	keyed := secrets.Secrets{Token: token, AppSecret: appSecret, LinkKey: linkKey}
	reset := secrets.Secrets{Token: token, AppSecret: anotherAppSecret, LinkKey: linkKey}
	for name, tt := range map[string]struct {
		pushes, pages, now secrets.Secrets // now is in the parameter when the link is opened
		sameHash           bool
	}{
		"the app secret is replaced, the pages read it first":     {keyed, reset, reset, true},
		"the app secret is replaced, the endpoint reads it first": {reset, keyed, reset, true},
		"a link key is added, the pages read it first":            {plain, keyed, keyed, false},
		"a link key is added, the endpoint reads it first":        {keyed, plain, keyed, false},
		"there is no link key, the endpoint reads the new app secret first": {
			secrets.Secrets{Token: token, AppSecret: anotherAppSecret}, plain, secrets.Secrets{Token: token, AppSecret: anotherAppSecret}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := new(parameter)
			open := func(s secrets.Secrets) *parameterstore.Keeper {
				p.set(t, s)
				return must(parameterstore.Open(t.Context(), "ssm:/guanzhu/test", parameterstore.Options{Reader: p}))
			}
			pushes, pages := open(tt.pushes), open(tt.pages)
			p.set(t, tt.now)
			w := newFixture(t, func(c *web.Config) { c.Secrets, c.Hash = pages, telemetry.Hasher(pages.LinkKey()) })
			w.follows(openid)
			w.Service.LinkKey = pushes.LinkKey
			w.browser(desktop).presses(w.pushes(pushes))

			hashes := map[string]bool{}
			for _, line := range w.Logs.Lines(t) {
				if hash, ok := line["follower"].(string); ok {
					hashes[hash] = true
				}
			}
			var last map[string]any
			for _, line := range w.Logs.Lines(t) {
				if line["page"] == "POST /enter" {
					last = line
				}
			}
			if last["outcome"] != "signed in" {
				t.Errorf("the link was not opened: %v", last)
			}
			if len(hashes) == 1 != tt.sameHash {
				t.Errorf("the log has the follower as %v", hashes)
			}
		})
	}
}

// pushes sends 登录 to an endpoint with the keeper's secrets, and returns the link in the reply.
func (w *fixture) pushes(keeper *parameterstore.Keeper) string {
	w.Helper()
	router := webhook.NewRouter()
	webhook.On(router, func(ctx context.Context, p *wechat.Text) (wechat.Reply, error) {
		link, err := w.Service.PersonalLink(ctx, p, webhook.Site(ctx))
		return wechat.TextReply(link), err
	})
	c := w.Endpoint()
	c.Secrets, c.Router, c.Hash, c.PublicURL = keeper, router, telemetry.Hasher(keeper.LinkKey()), w.site.URL
	answer := httptest.NewRecorder()
	must(webhook.New(c)).ServeHTTP(answer, w.Request(w.Pusher.Text(openid, w.Clock.Now(), 7, "登录")))
	return regexp.MustCompile(`https://[^\]]+`).FindString(answer.Body.String())
}

func TestSecretsReadByAnotherRequest(t *testing.T) {
	t.Parallel()
	w := newFixture(t, nil)
	w.Secrets.ReplaceElsewhere(secrets.Secrets{AppSecret: "a new app secret"})
	w.follows(openid)
	w.Service.LinkKey = func() string { return "a new app secret" }
	b := w.browser(desktop)
	b.presses(w.asks(w.text(openid, 7)))
	b.wantSignedIn(true)
}

// TestTicketOfNoOpenID: a string that cannot be an openid does not reach the table, even if the ticket is authentic.
func TestTicketOfNoOpenID(t *testing.T) {
	t.Parallel()
	w := newFixture(t, nil)
	ticket := must(follower.NewTickets(appSecret)).Seal(w.text("suggestions#2026-11", 7))
	w.store.counts()
	if a := w.browser(desktop).post("/enter", url.Values{"ticket": {ticket}}); a.status != http.StatusGone {
		t.Errorf("status %d", a.status)
	}
	if lookups, changes := w.store.counts(); lookups+changes != 0 {
		t.Errorf("%d reads, %d writes", lookups, changes)
	}
}
