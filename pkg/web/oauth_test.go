package web_test

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/guanzhu/guanzhu/pkg/follower"
	"github.com/guanzhu/guanzhu/pkg/web"
)

const (
	homeHop   = "OK: GET /"
	leaveHop  = "Found: GET /"
	openHop   = "Found: GET " + authorize
	returnHop = "See Other: GET /login/return"
	againHop  = "Found: GET /login/return"
)

func wantHops(t *testing.T, b *browser, want ...string) {
	t.Helper()
	if diff := cmp.Diff(want, b.hops); diff != "" {
		t.Errorf("the way (-want +got):\n%s", diff)
	}
}

func TestFollowerGetsInSilently(t *testing.T) {
	t.Parallel()
	w := newFixture(t, nil)
	w.follows(openid)
	w.Platform.SetVisitor(openid)
	b := w.browser(inWeChat)

	a := b.get("/")
	wantHops(t, b, leaveHop, openHop, returnHop, homeHop)
	if a.status != http.StatusOK || a.title() != "欢迎回来" || !strings.Contains(a.body, "2026-11-22") {
		t.Errorf("status %d, page %s", a.status, a.body)
	}
	for _, private := range []string{openid, unionid, remark, "77"} {
		if strings.Contains(a.body, private) {
			t.Errorf("the page tells %q", private)
		}
	}

	// Now the page opens at once: one read, no write, no call of the platform.
	w.store.counts()
	calls := w.Platform.Calls(authorize) + w.Platform.Calls(exchange) + w.Platform.Calls("/cgi-bin/user/info")
	b.get("/")
	wantHops(t, b, homeHop)
	if lookups, changes := w.store.counts(); lookups != 1 || changes != 0 {
		t.Errorf("%d reads and %d writes, want 1 and 0", lookups, changes)
	}
	if now := w.Platform.Calls(authorize) + w.Platform.Calls(exchange) + w.Platform.Calls("/cgi-bin/user/info"); now != calls {
		t.Errorf("%d calls of the platform, want none", now-calls)
	}
}

// TestOAuthBegins: the URL that leads to the platform has the form that the platform requires, and the cookies have the
// attributes that keep them on this host.
func TestOAuthBegins(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		change func(*web.Config)
		want   string
	}{
		"the platform's": {func(c *web.Config) { c.OpenURL = "" }, "https://open.weixin.qq.com/connect/oauth2/authorize"},
		"a simulated":    {func(c *web.Config) { c.OpenURL = "http://127.0.0.1:1/" }, "http://127.0.0.1:1/connect/oauth2/authorize"},
	} {
		w := newFixture(t, tt.change)
		b := w.browser(inWeChat)
		a, location := b.once("/")
		form := regexp.MustCompile(`^` + regexp.QuoteMeta(tt.want+"?appid="+appID+"&redirect_uri="+
			url.QueryEscape(w.site.URL+"/login/return")) + `&response_type=code&scope=snsapi_base&state=[a-zA-Z0-9]{20,128}#wechat_redirect$`)
		if a.status != http.StatusFound || !form.MatchString(location) {
			t.Errorf("%s: status %d, leads to %s", name, a.status, location)
		}
		cookie := a.header.Get("Set-Cookie")
		attributes := regexp.MustCompile(`^__Host-guanzhu-login=[^;]+; Path=/; Max-Age=600; HttpOnly; Secure; SameSite=Lax$`)
		if !attributes.MatchString(cookie) {
			t.Errorf("%s: cookie %s", name, cookie)
		}
		_, next := b.once("/")
		if next == location {
			t.Errorf("%s: the state is the same twice", name)
		}
	}
}

func TestDeviceCookie(t *testing.T) {
	t.Parallel()
	w := newFixture(t, nil)
	w.follows(openid)
	w.Platform.SetVisitor(openid)
	b := w.browser(inWeChat)
	_, leave := b.once("/")
	_, back := b.once(leave)
	a, location := b.once(back)
	if a.status != http.StatusSeeOther || location != "/" {
		t.Errorf("status %d, leads to %q", a.status, location)
	}
	want := regexp.MustCompile(`^__Host-guanzhu=[A-Za-z0-9_-]+\.[A-Za-z0-9_-]{43}; Path=/; Max-Age=2592000; HttpOnly; Secure; SameSite=Lax$`)
	cookies := a.header.Values("Set-Cookie")
	if len(cookies) != 2 || !want.MatchString(cookies[1]) || !strings.HasPrefix(cookies[0], stateCookie+"=; Path=/; Max-Age=0;") {
		t.Errorf("cookies %q", cookies)
	}
	_, key, _ := strings.Cut(b.cookie(sessionCookie), ".")
	dump, err := w.store.Dump(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, record := range dump {
		if strings.Contains(string(record), key) {
			t.Errorf("the key itself is stored: %s", record)
		}
	}
}

func TestWithoutASession(t *testing.T) {
	t.Parallel()
	link := func(c *web.Config) { c.Mode = web.Link }
	for name, tt := range map[string]struct {
		change func(*web.Config)
		agent  string
		want   string
	}{
		"outside WeChat":                 {nil, desktop, "请在微信中打开"},
		"no OAuth":                       {link, inWeChat, "请先获取个人链接"},
		"no OAuth and outside of WeChat": {link, desktop, "请先获取个人链接"},
	} {
		w := newFixture(t, tt.change)
		w.follows(openid)
		w.Platform.SetVisitor(openid)
		b := w.browser(tt.agent)
		a := b.get("/")
		if a.status != http.StatusOK || a.title() != tt.want || b.cookie(sessionCookie)+b.cookie(stateCookie) != "" {
			t.Errorf("%s: status %d, %q, cookies %q", name, a.status, a.title(), b.client.Jar)
		}
		if got := w.Platform.Calls(authorize); got != 0 {
			t.Errorf("%s: led to OAuth", name)
		}
	}
}

// TestKeyword: pages name the keyword by which the account sends a link, and none if there is none.
func TestKeyword(t *testing.T) {
	t.Parallel()
	for keyword, want := range map[string]string{"会员 <a>": "发送“会员 &lt;a&gt;”", "": ""} {
		for _, mode := range []web.Mode{web.Link, web.OAuth} {
			w := newFixture(t, func(c *web.Config) { c.Mode, c.Keyword = mode, keyword })
			body := w.browser(desktop).get("/").body
			if !strings.Contains(body, want) || want == "" && strings.Contains(body, "发送") || strings.Contains(body, "{keyword}") {
				t.Errorf("%s, keyword %q: %s", mode, keyword, body)
			}
		}
	}
}

// TestReturnsThatCannotBeHonoured: such a return leads through OAuth once more and then, if it fails again, to an error page.
func TestReturnsThatCannotBeHonoured(t *testing.T) {
	t.Parallel()
	// Each function forges the return, given the URL to which OAuth leads back.
	forge := map[string]func(*browser, *url.URL) string{
		"no state": func(_ *browser, u *url.URL) string { return change(u, "state", "") },
		"another state": func(_ *browser, u *url.URL) string {
			state := u.Query().Get("state")
			return change(u, "state", state[:len(state)-1]+"x")
		},
		"no code":       func(_ *browser, u *url.URL) string { return change(u, "code", "") },
		"no code known": func(_ *browser, u *url.URL) string { return change(u, "code", "CODE") },
		"a used code": func(b *browser, u *url.URL) string {
			b.used(u.Query().Get("code"))
			return u.String()
		},
		"no cookie": func(b *browser, u *url.URL) string { b.loses(stateCookie); return u.String() },
		"another browser's cookie": func(b *browser, u *url.URL) string {
			other := b.browser(inWeChat)
			other.once("/")
			b.setCookie(stateCookie, other.cookie(stateCookie))
			return u.String()
		},
		"an old code": func(b *browser, u *url.URL) string { b.Clock.Advance(6 * 60e9); return u.String() },
	}
	for name, forge := range forge {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newFixture(t, nil)
			w.follows(openid)
			w.Platform.SetVisitor(openid)
			b := w.browser(inWeChat)
			begin := func(target string) *url.URL {
				_, back := b.once(target)
				return must(url.Parse(back))
			}
			_, leave := b.once("/")
			first := begin(leave)

			// Once: a forged return leads through OAuth again, which signs in.
			a, leave := b.once(forge(b, first))
			if a.status != http.StatusFound || !strings.Contains(leave, authorize) || b.cookie(sessionCookie) != "" {
				t.Fatalf("the first time: status %d, leads to %s", a.status, leave)
			}
			second := begin(leave)

			// Twice: an error page and no session.
			a, location := b.once(forge(b, second))
			if a.status != http.StatusBadRequest || location != "" || a.title() != "未能登录" || b.cookie(sessionCookie) != "" {
				t.Errorf("the second time: status %d, %q", a.status, a.title())
			}
		})
	}
}

// TestEmptyState: an empty state is refused even if the cookie's is empty too.
func TestEmptyState(t *testing.T) {
	t.Parallel()
	w := newFixture(t, nil)
	w.follows(openid)
	w.Platform.SetVisitor(openid)
	b := w.browser(inWeChat)
	_, leave := b.once("/")
	_, back := b.once(leave)
	b.setCookie(stateCookie, ".")
	b.once(change(must(url.Parse(back)), "state", ""))
	b.wantSignedIn(false)
}

func change(u *url.URL, name, value string) string {
	query := u.Query()
	query.Set(name, value)
	if value == "" {
		query.Del(name)
	}
	changed := *u
	changed.RawQuery = query.Encode()
	return changed.String()
}

// used uses up the code, as a concurrent exchange would.
func (b *browser) used(code string) {
	response, err := http.Get(b.APIURL + exchange + "?appid=" + appID + "&secret=" + appSecret + "&code=" + code + "&grant_type=authorization_code")
	if err != nil {
		b.Fatal(err)
	}
	response.Body.Close()
}

// TestSecondTryLeadsIn: the follower does not notice a failure of the first try.
func TestSecondTryLeadsIn(t *testing.T) {
	t.Parallel()
	w := newFixture(t, nil)
	w.follows(openid)
	w.Platform.SetVisitor(openid)
	b := w.browser(inWeChat)
	a := b.get("/login/return?code=NONE&state=NONE")
	wantHops(t, b, againHop, openHop, returnHop, homeHop)
	if a.status != http.StatusOK {
		t.Errorf("status %d", a.status)
	}
}

// TestRefusedCookies: a browser that refuses cookies goes through OAuth twice and not more often.
func TestRefusedCookies(t *testing.T) {
	t.Parallel()
	w := newFixture(t, nil)
	w.follows(openid)
	w.Platform.SetVisitor(openid)
	b := w.browser(inWeChat)
	b.client.Jar = nil
	a := b.get("/")
	wantHops(t, b, leaveHop, openHop, againHop, openHop, "Bad Request: GET /login/return")
	if a.title() != "未能登录" {
		t.Errorf("page %q", a.title())
	}
}

// TestReturnTwice: WeChat sometimes opens the return twice with one code.
func TestReturnTwice(t *testing.T) {
	t.Parallel()
	w := newFixture(t, nil)
	w.follows(openid)
	w.Platform.SetVisitor(openid)
	b := w.browser(inWeChat)
	_, leave := b.once("/")
	state := b.cookie(stateCookie)
	_, back := b.once(leave)
	b.get(back)
	b.wantSignedIn(true)

	// After the first return, the device is signed in.
	calls := w.Platform.Calls(exchange)
	b.get(back)
	wantHops(t, b, returnHop, homeHop)
	if got := w.Platform.Calls(exchange); got != calls {
		t.Errorf("%d more exchanges", got-calls)
	}

	// Concurrent with the first return: the browser has no cookie yet, and the code was used (40163).
	beside := w.browser(inWeChat)
	beside.setCookie(stateCookie, state)
	if a := beside.get(back); a.status != http.StatusOK || a.title() != "欢迎回来" {
		t.Errorf("status %d, %q", a.status, a.title())
	}
	wantHops(t, beside, againHop, openHop, returnHop, homeHop)
}

func TestWhoDoesNotFollow(t *testing.T) {
	t.Parallel()
	w := newFixture(t, func(c *web.Config) { c.QR = []byte("\x89PNG") })
	w.Platform.SetVisitor(another)
	b := w.browser(inWeChat)
	a := b.get("/")
	if a.status != http.StatusOK || a.title() != "请先关注公众号" || b.cookie(sessionCookie) != "" {
		t.Errorf("status %d, %q, cookie %q", a.status, a.title(), b.cookie(sessionCookie))
	}
	if !strings.Contains(a.body, `<img src="/qr.png"`) {
		t.Error("the page shows no QR code")
	}
	// After a follow, the same browser gets in.
	w.follows(another)
	b.get("/")
	b.wantSignedIn(true)
}

func TestSnapshot(t *testing.T) {
	t.Parallel()
	w := newFixture(t, nil)
	w.Platform.SetSnapshotVisitor()
	b := w.browser(inWeChat)
	a := b.get("/")
	if a.status != http.StatusOK || a.title() != "这是网页快照" || b.cookie(sessionCookie) != "" {
		t.Errorf("status %d, %q, cookie %q", a.status, a.title(), b.cookie(sessionCookie))
	}
	if _, changes := w.store.counts(); changes != 0 {
		t.Error("a snapshot changed a session")
	}
}

// TestSnapshotOfAFollower: a snapshot never signs in, even if its openid is a follower's.
func TestSnapshotOfAFollower(t *testing.T) {
	t.Parallel()
	w := newFixture(t, func(c *web.Config) {
		c.Exchanger = exchangerFunc(func() (string, bool, error) { return openid, true, nil })
	})
	w.follows(openid)
	w.Platform.SetVisitor(openid)
	b := w.browser(inWeChat)
	b.get("/")
	b.wantSignedIn(false)
}

type exchangerFunc func() (string, bool, error)

func (f exchangerFunc) Exchange(context.Context, string) (string, bool, error) { return f() }

func TestOutages(t *testing.T) {
	t.Parallel()
	w := newFixture(t, nil)
	w.follows(openid)
	w.Platform.SetVisitor(openid)

	w.Platform.Fail(exchange, 40013, 1)
	b := w.browser(inWeChat)
	a := b.get("/")
	wantHops(t, b, leaveHop, openHop, "Service Unavailable: GET /login/return")
	if a.title() != "暂时无法打开" || strings.Contains(a.body, "40013") {
		t.Errorf("page %s", a.body)
	}

	b.get("/")
	b.wantSignedIn(true)
	link := w.asks(w.text(openid, 1))
	secret := errors.New("the store is down")
	w.store.fail(secret)
	for _, a := range []answer{
		b.get("/"), b.get("/api/session"), b.post("/logout", nil), b.get("/login/return?code=C&state=S"),
		b.post("/enter", must(url.Parse(link)).Query()),
	} {
		if a.status != http.StatusServiceUnavailable || strings.Contains(a.body, "the store is down") {
			t.Errorf("%s: status %d, %s", a.url.Path, a.status, a.body)
		}
	}
	w.store.fail(nil)
	b.wantSignedIn(true)
	if lines := w.Logs.Lines(t); lines[len(lines)-2]["error"] != "the store is down" {
		t.Errorf("logged %v", lines[len(lines)-2])
	}
}

// TestOwnPage: OAuth leads back to the page that was opened first.
func TestOwnPage(t *testing.T) {
	t.Parallel()
	w := newFixture(t, func(c *web.Config) {
		c.Pages = func(site *web.Site) {
			site.HandleFollower("/points/", func(w http.ResponseWriter, r *http.Request, f follower.Follower) {
				w.Write([]byte(f.Language + " " + r.URL.RawQuery))
			})
		}
	})
	w.follows(openid)
	w.Platform.SetVisitor(openid)
	b := w.browser(inWeChat)
	if a := b.post("/points/", nil); a.status != http.StatusUnauthorized {
		t.Errorf("a form without a session: status %d", a.status)
	}
	a := b.get("/points/?of=2026&a=%E5%85%B3")
	if a.status != http.StatusOK || a.body != "zh_CN of=2026&a=%E5%85%B3" {
		t.Errorf("status %d, %q", a.status, a.body)
	}
	wantHops(t, b, "Found: GET /points/", openHop, returnHop, "OK: GET /points/")
}

func TestNoOpenRedirect(t *testing.T) {
	t.Parallel()
	for _, target := range []string{"https://evil.example", "//evil.example", `/\evil.example`, "/\t/evil.example", "evil.example", "", "/" + strings.Repeat("a", 2000)} {
		w := newFixture(t, nil)
		w.follows(openid)
		w.Platform.SetVisitor(openid)
		b := w.browser(inWeChat)
		_, leave := b.once("/")
		_, back := b.once(leave)
		state, _, _ := strings.Cut(b.cookie(stateCookie), ".")
		b.setCookie(stateCookie, state+"."+base64URL(target))
		if a, location := b.once(back); a.status != http.StatusSeeOther || location != "/" {
			t.Errorf("%.30q: status %d, leads to %q", target, a.status, location)
		}
	}
	// Nor does the requested path lead to another host.
	w := newFixture(t, nil)
	_, leave := w.browser(inWeChat).once("/")
	open := must(url.Parse(leave)).Host
	for _, path := range []string{"//evil.example/", "//evil.example/%2e%2e", "/%5Cevil.example", "/.//evil.example"} {
		_, location := w.browser(inWeChat).once(w.site.URL + path)
		if host := must(url.Parse(location)).Host; host != "" && host != open {
			t.Errorf("%s leads to %s", path, location)
		}
	}
}
