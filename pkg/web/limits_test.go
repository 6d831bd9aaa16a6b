package web_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/guanzhu/guanzhu/pkg/follower"
	"github.com/guanzhu/guanzhu/pkg/web"
)

// TestRequestsWithoutASessionReadNothing sends each route what a stranger can make up. It reaches neither table nor platform.
func TestRequestsWithoutASessionReadNothing(t *testing.T) {
	t.Parallel()
	w := newFixture(t, func(c *web.Config) {
		c.Verification, c.QR = "Ab3d", []byte("PNG")
		c.Pages = func(site *web.Site) {
			site.HandleFollower("/points", func(http.ResponseWriter, *http.Request, follower.Follower) {
				t.Error("a stranger sees the page")
			})
		}
	})
	w.follows(openid)
	ended := w.asks(w.text(openid, 7))
	w.Clock.Advance(10 * time.Minute)
	ticket := must(url.Parse(ended)).RawQuery
	key := follower.NewKey()

	routes := []string{
		"GET /", "HEAD /", "POST /", "GET /login/return", "GET /login/return?code=C&state=S", "GET /enter", "GET /enter?ticket=T",
		"GET /enter?" + ticket, "HEAD /enter?" + ticket, "POST /enter", "POST /enter?ticket=T", "POST /enter?" + ticket,
		"GET /api/session", "POST /logout", "GET /MP_verify_Ab3d.txt", "GET /qr.png", "GET /points", "POST /points", "GET /nothing",
	}
	cookies := map[string]string{
		"none":                    "",
		"empty":                   sessionCookie + "=",
		"a partition of others":   sessionCookie + "=" + base64URL("suggestions#2026-11") + "." + key,
		"the account's partition": sessionCookie + "=" + base64URL("#account") + "." + key,
		"no openid":               sessionCookie + "=." + key,
		"an openid with a blank":  sessionCookie + "=" + base64URL("o one") + "." + key,
		"an openid with a slash":  sessionCookie + "=" + base64URL("o/one") + "." + key,
		"an openid with a line":   sessionCookie + "=" + base64URL(openid+"\n") + "." + key,
		"an openid too long":      sessionCookie + "=" + base64URL(strings.Repeat("o", 129)) + "." + key,
		"no key":                  sessionCookie + "=" + base64URL(openid),
		"a key too short":         sessionCookie + "=" + base64URL(openid) + "." + key[1:],
		"a key too long":          sessionCookie + "=" + base64URL(openid) + "." + key + "A",
		"a key of other signs":    sessionCookie + "=" + base64URL(openid) + "." + key[:42] + "*",
		"two in one":              sessionCookie + "=" + base64URL(openid) + "." + key + "." + key,
	}
	for name, cookie := range cookies {
		for _, route := range routes {
			method, target, _ := strings.Cut(route, " ")
			r := httptest.NewRequestWithContext(t.Context(), method, "https://example.com"+target, nil)
			r.Header.Set("User-Agent", inWeChat)
			if cookie != "" {
				r.Header.Set("Cookie", cookie)
			}
			w.store.counts()
			answer := httptest.NewRecorder()
			w.handler.ServeHTTP(answer, r)
			if lookups, changes := w.store.counts(); lookups+changes != 0 {
				t.Errorf("%s, cookie with %s: %d reads, %d writes", route, name, lookups, changes)
			}
			if target == "/api/session" && answer.Code != http.StatusUnauthorized {
				t.Errorf("cookie with %s: status %d", name, answer.Code)
			}
		}
	}
}

// TestEndedTicketShowsNoButton: a link that is too old says so when it is opened, not only after the button.
func TestEndedTicketShowsNoButton(t *testing.T) {
	t.Parallel()
	w := newFixture(t, nil)
	w.follows(openid)
	link := w.asks(w.text(openid, 7))
	b := w.browser(desktop)
	w.Clock.Advance(10*time.Minute - time.Second)
	if a := b.get(link); a.status != http.StatusOK {
		t.Errorf("in the last second: status %d", a.status)
	}
	w.Clock.Advance(time.Second)
	if a := b.get(link); a.status != http.StatusGone || ticketField.MatchString(a.body) {
		t.Errorf("after it: status %d, %s", a.status, a.body)
	}
}

// TestSessionEnds: the session ends 180 days after the follow, on all devices, even if it was used every day.
func TestSessionEnds(t *testing.T) {
	t.Parallel()
	w := newFixture(t, nil)
	w.follows(openid)
	phone := w.signsIn(openid)
	for range 8 {
		w.Clock.Advance(20 * 24 * time.Hour)
		phone.wantSignedIn(true)
	}
	w.Clock.Advance(19 * 24 * time.Hour) // 179 days
	tablet := w.signsIn(openid)
	phone.wantSignedIn(true)
	w.Clock.Advance(24 * time.Hour)
	phone.wantSignedIn(false)
	tablet.wantSignedIn(false)

	// Silent OAuth begins it again.
	phone.get("/")
	phone.wantSignedIn(true)
	tablet.wantSignedIn(false)
	w.Clock.Advance(29 * 24 * time.Hour)
	phone.wantSignedIn(true)
}

// TestOAuthGivesNoOpenID: a string that cannot be an openid does not reach the table, even if the platform sends it.
func TestOAuthGivesNoOpenID(t *testing.T) {
	t.Parallel()
	for _, given := range []string{"", "suggestions#2026-11", "#account", "o one", strings.Repeat("o", 129)} {
		w := newFixture(t, func(c *web.Config) {
			c.Exchanger = exchangerFunc(func() (string, bool, error) { return given, false, nil })
		})
		w.Platform.SetVisitor(openid)
		b := w.browser(inWeChat)
		a := b.get("/")
		lookups, changes := w.store.counts()
		if a.status != http.StatusServiceUnavailable || lookups+changes != 0 || b.cookie(sessionCookie) != "" {
			t.Errorf("%.20q: status %d, %d reads, %d writes", given, a.status, lookups, changes)
		}
		if given != "" && strings.Contains(w.Logs.String(), given) {
			t.Errorf("logged %s", w.Logs.String())
		}
	}
}

// stalled never answers.
type stalled struct{ web.Store }

func (stalled) Lookup(ctx context.Context, _ string) (follower.Follower, follower.Session, error) {
	<-ctx.Done()
	return follower.Follower{}, follower.Session{}, ctx.Err()
}

func TestBudget(t *testing.T) {
	t.Parallel()
	w := newFixture(t, func(c *web.Config) { c.Store = stalled{} })
	synctest.Test(t, func(t *testing.T) {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "https://example.com/", nil)
		r.Header.Set("Cookie", sessionCookie+"="+base64URL(openid)+"."+follower.NewKey())
		answer, begun := httptest.NewRecorder(), time.Now()
		w.handler.ServeHTTP(answer, r)
		if took := time.Since(begun); took != 8*time.Second || answer.Code != http.StatusServiceUnavailable {
			t.Errorf("status %d after %v, want 503 after 8s", answer.Code, took)
		}
	})
}

// TestBusy: while the table is throttled, a page says in both languages that the service is busy and when to come again.
func TestBusy(t *testing.T) {
	t.Parallel()
	w := newFixture(t, nil)
	w.follows(openid)
	b := w.signsIn(openid)
	ticket := must(url.Parse(w.asks(w.text(openid, 7)))).Query()
	w.store.fail(errors.Join(follower.ErrBusy, errors.New("throttled")))
	for language, want := range map[string]string{"zh-CN": "系统繁忙", "en": "Busy"} {
		b.header = http.Header{"Accept-Language": {language}}
		for name, a := range map[string]answer{
			"home": b.get("/"), "logout": b.post("/logout", nil), "return": b.get("/login/return"), "enter": b.post("/enter", ticket),
		} {
			if a.status != http.StatusServiceUnavailable || a.title() != want || a.header.Get("Retry-After") != "5" ||
				a.header.Get("Content-Language") != language[:2] {
				t.Errorf("%s: status %d, %q, Retry-After %q", name, a.status, a.title(), a.header.Get("Retry-After"))
			}
		}
	}
	a := b.get("/api/session")
	if a.status != http.StatusServiceUnavailable || a.body != `{"error":"try again"}`+"\n" || a.header.Get("Retry-After") != "5" {
		t.Errorf("/api/session: status %d, %s", a.status, a.body)
	}
	lines := w.Logs.Lines(t)
	if last := lines[len(lines)-1]; last["outcome"] != "busy" || last["error"] == nil {
		t.Errorf("logged %v", last)
	}
	w.store.fail(nil)
	b.wantSignedIn(true)
}

// throttled is a store whose table is throttled. It counts the retries that it may make.
type throttled struct {
	web.Store
	retries *int
}

func (s throttled) Lookup(ctx context.Context, _ string) (follower.Follower, follower.Session, error) {
	for follower.TakeRetry(ctx) == nil {
		*s.retries++
	}
	return follower.Follower{}, follower.Session{}, follower.ErrBusy
}

// TestRetriesOfPage: a page has three retries of the table in all.
func TestRetriesOfPage(t *testing.T) {
	t.Parallel()
	retries := 0
	w := newFixture(t, func(c *web.Config) { c.Store = throttled{retries: &retries} })
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "https://example.com/", nil)
	r.Header.Set("Cookie", sessionCookie+"="+base64URL(openid)+"."+follower.NewKey())
	answer := httptest.NewRecorder()
	w.handler.ServeHTTP(answer, r)
	if answer.Code != http.StatusServiceUnavailable || retries != 3 {
		t.Errorf("status %d after %d retries, want 503 after 3", answer.Code, retries)
	}
}

// TestLargeForm: a form has at most 4 KiB.
func TestLargeForm(t *testing.T) {
	t.Parallel()
	w := newFixture(t, nil)
	w.follows(openid)
	form := must(url.Parse(w.asks(w.text(openid, 7)))).Query()
	b := w.browser(desktop)
	form.Set("more", strings.Repeat("a", 4<<10))
	if a := b.post("/enter", form); a.status != http.StatusGone {
		t.Errorf("more than 4 KiB: status %d", a.status)
	}
	form.Set("more", strings.Repeat("a", 3<<10))
	b.post("/enter", form)
	b.wantSignedIn(true)
}
