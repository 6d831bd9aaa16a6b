package web_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/guanzhu/guanzhu/internal/world"
	"github.com/guanzhu/guanzhu/pkg/follower"
	"github.com/guanzhu/guanzhu/pkg/web"
)

// registering returns New's error for a site with these pages.
func registering(t *testing.T, pages func(*web.Site)) error {
	t.Helper()
	c := world.New(t, world.Options{}).Pages()
	c.QR, c.Verification, c.Pages = []byte("PNG"), "Ab3d", pages
	_, err := web.New(c)
	return err
}

// inEmpty is where empty registers pages.
const inEmpty = "web/register_test.go:30"

// empty registers empty pages of these patterns.
func empty(patterns ...string) func(*web.Site) {
	return func(site *web.Site) {
		for _, pattern := range patterns {
			site.HandleFollower(pattern, func(http.ResponseWriter, *http.Request, follower.Follower) {})
		}
	}
}

func TestRegister(t *testing.T) {
	t.Parallel()
	for _, patterns := range [][]string{
		{"GET /points", "POST /points", "GET /points/{year}", "/points/{year}/{month...}"},
		{"GET /"}, {"/"}, {"/{page}"}, {"/enter/more"}, {"/login/"}, {"GET /login/{step}"}, {"PUT /enter"},
	} {
		if err := registering(t, empty(patterns...)); err != nil {
			t.Errorf("%q: %v", patterns, err)
		}
	}
	for _, tt := range []struct {
		patterns []string
		want     []string // parts of the error's lines
	}{
		{[]string{""}, []string{`cannot register the page "": it must be a path`}},
		{[]string{"points"}, []string{`cannot register the page "points": it must be a path`}},
		{[]string{"GET points"}, []string{`cannot register the page "GET points": it must be a path`}},
		{[]string{"GET example.com/enter"}, []string{`cannot register the page "GET example.com/enter": it must be a path`}},
		{[]string{"GET /{"}, []string{`cannot register the page "GET /{": parsing`}},
		{[]string{"GET /points", "GET /points"}, []string{`cannot register the page "GET /points": pattern "GET /points" conflicts with pattern "GET /points" (` + inEmpty + `)`}},
		{[]string{"/{a}/b", "/a/{b}"}, []string{`cannot register the page "/a/{b}": pattern "/a/{b}" conflicts with pattern "/{a}/b" (` + inEmpty + `)`}},
		{[]string{"GET /{$}"}, []string{`cannot register the page "GET /{$}": pattern`}},
		{[]string{"HEAD /{$}"}, []string{`"HEAD /{$}": it takes requests from the built-in page "GET /{$}"`}},
		{[]string{"POST /enter"}, []string{`cannot register the page "POST /enter": pattern`}},
		{[]string{"HEAD /enter"}, []string{`"HEAD /enter": it takes requests from the built-in page "GET /enter"`}},
		{[]string{"GET /login/wechat"}, []string{`cannot register the page "GET /login/wechat": the endpoint for pushes`}},
		{[]string{"POST /login/wechat"}, []string{`cannot register the page "POST /login/wechat": the endpoint for pushes`}},
		{[]string{"/login/wechat"}, []string{`cannot register the page "/login/wechat": the endpoint for pushes`}},
		{[]string{"GET /qr.png"}, []string{`"GET /qr.png"`}},
		{[]string{"GET /MP_verify_Ab3d.txt"}, []string{`"GET /MP_verify_Ab3d.txt"`}},
		{[]string{"x", "GET /enter", "HEAD /qr.png"}, []string{`"x"`, `"GET /enter"`, `"HEAD /qr.png"`}},
	} {
		err := registering(t, empty(tt.patterns...))
		if err == nil {
			t.Errorf("%q is accepted", tt.patterns)
			continue
		}
		lines := strings.Split(err.Error(), "\n")
		if len(lines) != len(tt.want) {
			t.Errorf("%q: %v", tt.patterns, err)
			continue
		}
		for i, want := range tt.want {
			if !strings.Contains(lines[i], want) || !strings.HasPrefix(lines[i], "web: "+inEmpty+": cannot") ||
				strings.Contains(lines[i], "register.go") {
				t.Errorf("%q: line %q, want %q", tt.patterns, lines[i], want)
			}
		}
	}
	err := registering(t, func(site *web.Site) { site.HandleFollower("GET /a", nil); site.Handle("GET /b", nil) })
	if err == nil || strings.Count(err.Error(), "the page is nil") != 2 {
		t.Errorf("nil pages: %v", err)
	}
}

// TestOwnForm: the owner's forms are guarded like the built-in ones, whatever their method and path.
func TestOwnForm(t *testing.T) {
	t.Parallel()
	var got []string
	w := newFixture(t, func(c *web.Config) {
		c.Pages = func(site *web.Site) {
			site.HandleFollower("POST /points/{year}/redeem", func(w http.ResponseWriter, r *http.Request, f follower.Follower) {
				got = append(got, r.PathValue("year")+" "+r.FormValue("item"))
				http.Redirect(w, r, "/points/2026", http.StatusSeeOther)
			})
			site.HandleFollower("GET /points/{year}", func(w http.ResponseWriter, r *http.Request, _ follower.Follower) {
				w.Write([]byte(r.PathValue("year")))
			})
			site.Handle("DELETE /points", http.NotFoundHandler())
		}
	})
	w.follows(openid)
	b := w.signsIn(openid)
	form := url.Values{"item": {"tea"}}
	if a := b.post("/points/2026/redeem", form); a.status != http.StatusOK || a.body != "2026" {
		t.Errorf("status %d, %q", a.status, a.body)
	}
	stranger := w.browser(inWeChat)
	if a := stranger.post("/points/2026/redeem", form); a.status != http.StatusUnauthorized {
		t.Errorf("without a session: status %d", a.status)
	}
	b.header = http.Header{"Origin": {"https://evil.example"}}
	for _, method := range []string{"POST", "PUT", "DELETE"} {
		if a := b.do(method, "/points/2026/redeem", form); a.status != http.StatusForbidden {
			t.Errorf("%s from another site: status %d", method, a.status)
		}
	}
	if len(got) != 1 || got[0] != "2026 tea" {
		t.Errorf("the page got %q", got)
	}
}

// TestNoSuchPage: a request that no page takes is answered 404, or 405 with the methods that the page takes.
func TestNoSuchPage(t *testing.T) {
	t.Parallel()
	w := newFixture(t, nil)
	b := w.browser(desktop)
	for _, tt := range []struct {
		method, path string
		status       int
		allow        string
	}{
		{"GET", "/nothing", 404, ""},
		{"POST", "/nothing/at/all", 404, ""},
		{"POST", "/login/wechat", 404, ""},
		{"GET", "/logout", 405, "POST"},
		{"PUT", "/enter", 405, "GET, HEAD, POST"},
		{"DELETE", "/", 405, "GET, HEAD"},
	} {
		a := b.do(tt.method, tt.path, nil)
		if a.status != tt.status || a.header.Get("Allow") != tt.allow || a.title() != "页面不存在" {
			t.Errorf("%s %s: status %d, Allow %q, %q", tt.method, tt.path, a.status, a.header.Get("Allow"), a.title())
		}
	}
}
