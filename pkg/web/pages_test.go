package web_test

import (
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/guanzhu/guanzhu/internal/world"
	"github.com/guanzhu/guanzhu/pkg/follower"
	"github.com/guanzhu/guanzhu/pkg/secrets"
	"github.com/guanzhu/guanzhu/pkg/web"
)

func TestNewRefuses(t *testing.T) {
	t.Parallel()
	good := world.New(t, world.Options{}).Pages()
	for name, tt := range map[string]struct {
		change func(*web.Config)
		want   string
	}{
		"nothing":                {func(c *web.Config) { *c = web.Config{} }, "the Config lacks AppID, Store, Exchanger, Secrets, Hash, Now, Log"},
		"no appid":               {func(c *web.Config) { c.AppID = "" }, "AppID"},
		"no app secret":          {func(c *web.Config) { c.Secrets = world.NewSecrets(secrets.Secrets{}) }, "app secret"},
		"another mode":           {func(c *web.Config) { c.Mode = "password" }, `"oauth" or "link"`},
		"no URL":                 {func(c *web.Config) { c.PublicURL = "example.com" }, "PUBLIC_URL"},
		"a URL with a path":      {func(c *web.Config) { c.PublicURL = "https://example.com/pages" }, "PUBLIC_URL"},
		"a URL with a password":  {func(c *web.Config) { c.PublicURL = "https://u:p@example.com" }, "PUBLIC_URL"},
		"a URL in clear text":    {func(c *web.Config) { c.PublicURL = "http://example.com" }, "PUBLIC_URL"},
		"a file of another kind": {func(c *web.Config) { c.Verification = "../secrets.txt" }, "DOMAIN_VERIFICATION"},
		"no content":             {func(c *web.Config) { c.Verification = "MP_verify_a.txt=" }, "DOMAIN_VERIFICATION"},
	} {
		c := good
		tt.change(&c)
		if _, err := web.New(c); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: error %v", name, err)
		}
	}
	for _, url := range []string{"https://example.com/", "http://127.0.0.1:3000", "http://localhost:3000/", "http://[::1]:3000"} {
		good.PublicURL = url
		if _, err := web.New(good); err != nil {
			t.Errorf("%s: %v", url, err)
		}
	}
}

var styleElement = regexp.MustCompile(`(?s)<style>(.*)</style>`)

// TestHeaders: every kind of answer has the headers that keep it private and harmless.
func TestHeaders(t *testing.T) {
	t.Parallel()
	w := newFixture(t, func(c *web.Config) { c.QR = []byte("PNG") })
	w.follows(openid)
	b := w.signsIn(openid)
	stranger := w.browser(desktop)
	link := w.asks(w.text(openid, 7))
	stranger.header = http.Header{"Origin": {"https://evil.example"}}
	foreign := stranger.post("/logout", nil)
	stranger.header = http.Header{}
	redirect, _ := stranger.once("/login/return")
	for name, a := range map[string]answer{
		"home": b.get("/"), "outside": stranger.get("/"), "session": b.get("/api/session"), "no session": stranger.get("/api/session"),
		"offer": stranger.get(link), "spent": stranger.get("/enter"), "missing": stranger.get("/nothing"), "picture": stranger.get("/qr.png"),
		"foreign": foreign, "redirect": redirect, "logout": b.post("/logout", nil),
	} {
		got := map[string]string{}
		for _, header := range []string{"Cache-Control", "X-Content-Type-Options", "Referrer-Policy", "Strict-Transport-Security"} {
			got[header] = a.header.Get(header)
		}
		want := map[string]string{"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff", "Referrer-Policy": "same-origin",
			"Strict-Transport-Security": "max-age=31536000"}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
		policy := a.header.Get("Content-Security-Policy")
		if !strings.HasPrefix(policy, "default-src 'none'; ") || strings.Contains(policy, "unsafe") || strings.Contains(policy, "script-src") {
			t.Errorf("%s: policy %s", name, policy)
		}
		if strings.Contains(a.body, "http://") || strings.Contains(a.body, "https://") || strings.Contains(a.body, "<script") {
			t.Errorf("%s: the page takes something from elsewhere: %s", name, a.body)
		}
		if match := styleElement.FindStringSubmatch(a.body); match != nil {
			hash := sha256.Sum256([]byte(match[1]))
			if !strings.Contains(policy, "'sha256-"+base64.StdEncoding.EncodeToString(hash[:])+"'") {
				t.Errorf("%s: the policy does not allow the page's style", name)
			}
		}
	}
}

func TestLanguages(t *testing.T) {
	t.Parallel()
	w := newFixture(t, nil)
	b := w.browser(desktop)
	for accepted, want := range map[string]string{
		"":                                 "zh",
		"zh-CN,zh;q=0.9,en;q=0.8":          "zh",
		"zh-TW":                            "zh",
		"en":                               "en",
		"en-US,en;q=0.9,zh-CN;q=0.8":       "en",
		"zh;q=0.5, EN-gb;q=0.7":            "en",
		"fr, en;q=0.2":                     "en",
		"fr,de;q=0.5":                      "zh",
		"*":                                "zh",
		"en;q=0":                           "zh",
		"en;q=high, zh;q=0.1":              "zh",
		strings.Repeat("xx,", 1000) + "en": "en",
	} {
		b.header = http.Header{"Accept-Language": {accepted}}
		a := b.get("/")
		title := map[string]string{"zh": "请在微信中打开", "en": "Please open this in WeChat"}[want]
		if a.title() != title || a.header.Get("Content-Language") != want || !strings.Contains(a.body, `<html lang="`+want+`">`) {
			t.Errorf("%.40q: %q", accepted, a.title())
		}
	}
	// As the gateway's adapter sends it.
	r, _ := http.NewRequestWithContext(t.Context(), "GET", w.site.URL, nil)
	r.Header["Accept-Language"] = []string{"fr", "en;q=0.9"}
	response, err := b.client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	if got := response.Header.Get("Content-Language"); got != "en" {
		t.Errorf("several headers: %q", got)
	}
}

// TestUserAgentInParts: the gateway's adapter splits a header at its commas.
func TestUserAgentInParts(t *testing.T) {
	t.Parallel()
	w := newFixture(t, nil)
	r := httptest.NewRequestWithContext(t.Context(), "GET", "https://example.com/", nil)
	r.Header["User-Agent"] = strings.Split(inWeChat, ", ")
	response := httptest.NewRecorder()
	w.handler.ServeHTTP(response, r)
	if response.Code != http.StatusFound {
		t.Errorf("status %d, want to be led to OAuth", response.Code)
	}
}

func TestVerificationFile(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ verification, path, want string }{
		{"Ab3dEfGh1jKlMn0p", "/MP_verify_Ab3dEfGh1jKlMn0p.txt", "Ab3dEfGh1jKlMn0p"},
		{"MP_verify_Ab3dEfGh1jKlMn0p.txt", "/MP_verify_Ab3dEfGh1jKlMn0p.txt", "Ab3dEfGh1jKlMn0p"},
		{"MP_verify_Ab3d.txt=Content9", "/MP_verify_Ab3d.txt", "Content9"},
	} {
		w := newFixture(t, func(c *web.Config) { c.Verification = tt.verification })
		b := w.browser("")
		a := b.get(tt.path)
		if a.status != http.StatusOK || a.body != tt.want || a.header.Get("Content-Type") != "text/plain; charset=utf-8" {
			t.Errorf("%s: status %d, %q, %q", tt.verification, a.status, a.body, a.header.Get("Content-Type"))
		}
		if a := b.get("/MP_verify_other.txt"); a.status != http.StatusNotFound {
			t.Errorf("%s: another file: status %d", tt.verification, a.status)
		}
	}
	if a := newFixture(t, nil).browser("").get("/MP_verify_Ab3d.txt"); a.status != http.StatusNotFound {
		t.Errorf("none: status %d", a.status)
	}
}

func TestNotFoundAndHead(t *testing.T) {
	t.Parallel()
	w := newFixture(t, nil)
	b := w.browser(desktop)
	if a := b.get("/login/"); a.status != http.StatusNotFound || a.title() != "页面不存在" {
		t.Errorf("status %d, %q", a.status, a.title())
	}
	if a := b.get("/qr.png"); a.status != http.StatusNotFound {
		t.Errorf("the picture that is not there: status %d", a.status)
	}
	for path, want := range map[string]int{"/": 200, "/nothing": 404, "/api/session": 401, "/enter": 410} {
		if a := b.do(http.MethodHead, path, nil); a.status != want || a.body != "" {
			t.Errorf("HEAD %s: status %d, %q", path, a.status, a.body)
		}
		// The gateway sends the body even in answer to HEAD.
		response := httptest.NewRecorder()
		w.handler.ServeHTTP(response, httptest.NewRequestWithContext(t.Context(), http.MethodHead, path, nil))
		if response.Code != want || response.Body.Len() != 0 {
			t.Errorf("HEAD %s behind the gateway: status %d, %q", path, response.Code, response.Body)
		}
	}
}

// TestPanic: a page that panics does not end the process, and the value of the panic is not logged.
func TestPanic(t *testing.T) {
	t.Parallel()
	w := newFixture(t, func(c *web.Config) {
		c.Pages = func(site *web.Site) {
			site.Handle("GET /panics", http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic("a " + openid) }))
			site.Handle("GET /silent", http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
		}
	})
	b := w.browser(desktop)
	if a := b.get("/panics"); a.status != http.StatusInternalServerError || strings.Contains(a.body, openid) {
		t.Errorf("status %d, %s", a.status, a.body)
	}
	if a := b.get("/silent"); a.status != http.StatusOK {
		t.Errorf("status %d", a.status)
	}
	if strings.Contains(w.Logs.String(), openid) || !strings.Contains(w.Logs.String(), "page panicked") {
		t.Errorf("logged %s", w.Logs.String())
	}
}

// TestLog: a request has one line, which names the page, and the follower by a hash. It contains nothing that opens a session.
func TestLog(t *testing.T) {
	t.Parallel()
	w := newFixture(t, nil)
	w.follows(openid)
	b := w.signsIn(openid)
	link := w.asks(w.text(openid, 7))
	w.browser(desktop).presses(link)
	b.get("/" + openid)
	b.get("/enter?ticket=TICKET")

	type line struct{ Page, Outcome, Follower string }
	var got []line
	var follower string
	for _, fields := range w.Logs.Lines(t) {
		if fields["message"] != "visit" {
			continue
		}
		f, _ := fields["follower"].(string)
		if f != "" {
			follower = f
			f = "hash"
		}
		got = append(got, line{fields["page"].(string), fields["outcome"].(string), f})
	}
	want := []line{
		{"GET /{$}", "led to OAuth", ""},
		{"GET /login/return", "signed in", "hash"},
		{"GET /{$}", "known", "hash"},
		{"GET /api/session", "known", "hash"},
		{"GET /enter", "offered", "hash"},
		{"POST /enter", "signed in", "hash"},
		{"GET /{$}", "known", "hash"},
		{"", "not found", ""},
		{"GET /enter", "known", "hash"},
		{"GET /{$}", "known", "hash"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("lines (-want +got):\n%s", diff)
	}
	if len(follower) != 16 {
		t.Errorf("the log has the follower as %q", follower)
	}
	log := w.Logs.String()
	_, key, _ := strings.Cut(b.cookie(sessionCookie), ".")
	_, ticket, _ := strings.Cut(link, "=")
	for _, secret := range []string{openid, base64URL(openid), key, ticket, "TICKET", appSecret, "code="} {
		if strings.Contains(log, secret) {
			t.Errorf("the log holds %q", secret)
		}
	}
}

// TestKeysAreRandom: keys have 256 bits and do not repeat.
func TestKeysAreRandom(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for range 1000 {
		key := follower.NewKey()
		if raw, err := base64.RawURLEncoding.DecodeString(key); err != nil || len(raw) != 32 || seen[key] {
			t.Fatalf("key %q", key)
		}
		seen[key] = true
	}
}
