package wechattest_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/guanzhu/guanzhu/pkg/wechattest"
)

const (
	appID     = "wx0123456789abcdef"
	appSecret = "app-secret"
	openid    = "oTEST00000000000000000000001"

	stableToken = "/cgi-bin/stable_token"
	userInfo    = "/cgi-bin/user/info"
)

// clock is a clock that tests move.
type clock struct{ now time.Time }

func (c *clock) Now() time.Time          { return c.now }
func (c *clock) advance(d time.Duration) { c.now = c.now.Add(d) }

func newPlatform() (*wechattest.Platform, *clock) { return newPlatformOf(wechattest.Config{}) }

// newPlatformOf returns a platform at 16:00 in China.
func newPlatformOf(config wechattest.Config) (*wechattest.Platform, *clock) {
	c := &clock{time.Date(2026, 11, 22, 8, 0, 0, 0, time.UTC)}
	config.AppID, config.AppSecret, config.Now = appID, appSecret, c.Now
	return wechattest.New(config), c
}

// client makes calls with an access token.
type client struct {
	*testing.T
	*wechattest.Platform
	*clock
	token string
}

func newClient(t *testing.T, config wechattest.Config) client {
	t.Helper()
	p, clock := newPlatformOf(config)
	token, _ := stable(t, p, false)
	return client{t, p, clock, token}
}

func (c client) get(target string) answer        { c.Helper(); return c.call("GET", target, "") }
func (c client) post(target, body string) answer { c.Helper(); return c.call("POST", target, body) }

func (c client) call(method, target, body string) answer {
	c.Helper()
	separator := "?"
	if strings.Contains(target, "?") {
		separator = "&"
	}
	return call(c.T, c, method, target+separator+"access_token="+c.token, body)
}

// want fails the test unless got is the JSON want.
func (c client) want(want string, got answer) {
	c.Helper()
	var a answer
	if err := json.Unmarshal([]byte(want), &a); err != nil {
		c.Fatalf("%s: %v", want, err)
	}
	if diff := cmp.Diff(a, got); diff != "" {
		c.Errorf("answer (-want +got):\n%s", diff)
	}
}

func (c client) wantCode(want int, got answer) {
	c.Helper()
	if got.code() != want {
		c.Errorf("errcode %d (%v), want %d", got.code(), got["errmsg"], want)
	}
}

type answer map[string]any

// code returns the answer's errcode.
func (a answer) code() int { code, _ := a["errcode"].(float64); return int(code) }

func call(t *testing.T, p http.Handler, method, target, body string) answer {
	t.Helper()
	w := httptest.NewRecorder()
	p.ServeHTTP(w, httptest.NewRequest(method, target, strings.NewReader(body)))
	if w.Code != http.StatusOK {
		t.Fatalf("HTTP status %d, want 200 as always", w.Code)
	}
	var a answer
	if err := json.Unmarshal(w.Body.Bytes(), &a); err != nil {
		t.Fatalf("answer %q: %v", w.Body, err)
	}
	return a
}

func credentials(force bool) string {
	return fmt.Sprintf(`{"grant_type":"client_credential","appid":%q,"secret":%q,"force_refresh":%t}`,
		appID, appSecret, force)
}

// stable returns a token of stable_token and its life.
func stable(t *testing.T, p http.Handler, force bool) (string, time.Duration) {
	t.Helper()
	a := call(t, p, "POST", stableToken, credentials(force))
	token, _ := a["access_token"].(string)
	life, _ := a["expires_in"].(float64)
	if token == "" || life == 0 {
		t.Fatalf("no token: %v", a)
	}
	return token, time.Duration(life) * time.Second
}

// wantCode makes a call with token and fails the test unless its errcode is want.
func wantCode(t *testing.T, p *wechattest.Platform, token string, want int) {
	t.Helper()
	p.Follow(openid, wechattest.User{})
	if got := call(t, p, "GET", userInfo+"?openid="+openid+"&access_token="+token, "").code(); got != want {
		t.Errorf("errcode %d, want %d", got, want)
	}
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	good := credentials(false)
	tests := []struct {
		name, method, target, body string
		want                       int
	}{
		{"stable_token by GET", "GET", stableToken, "", 43002},
		{"stable_token without a body", "POST", stableToken, "", 44002},
		{"stable_token with something else", "POST", stableToken, "appid=x", 47001},
		{"stable_token without a grant type", "POST", stableToken, `{}`, 40002},
		{"another grant type", "POST", stableToken, strings.Replace(good, "client", "other", 1), 40002},
		{"no appid", "POST", stableToken, strings.Replace(good, appID, "", 1), 41002},
		{"another appid", "POST", stableToken, strings.Replace(good, appID, "wx1", 1), 40013},
		{"no secret", "POST", stableToken, strings.Replace(good, appSecret, "", 1), 41004},
		{"another secret", "POST", stableToken, strings.Replace(good, appSecret, "x", 1), 40125},
		{"a user by POST", "POST", userInfo, "{}", 43001},
		{"no access token", "GET", userInfo + "?openid=" + openid, "", 41001},
		{"unknown access token", "GET", userInfo + "?access_token=x&openid=" + openid, "", 40001},
		{"no openid", "GET", userInfo + "?access_token=TOKEN", "", 41009},
		{"unknown openid", "GET", userInfo + "?access_token=TOKEN&openid=o", "", 40003},
		{"unknown path", "GET", "/cgi-bin/nothing", "", 40066},
	}
	rid := regexp.MustCompile(`^\S.* rid: [0-9a-f]{8}-[0-9a-f]{8}-[0-9a-f]{8}$`)
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			p, _ := newPlatform()
			token, _ := stable(t, p, false)
			a := call(t, p, test.method, strings.Replace(test.target, "TOKEN", token, 1), test.body)
			if a.code() != test.want {
				t.Errorf("errcode %d, want %d", a.code(), test.want)
			}
			if message, _ := a["errmsg"].(string); !rid.MatchString(message) {
				t.Errorf("errmsg %q, want one that ends with a rid", message)
			}
		})
	}
}

// TestUnknownAPI: the answer does not leave the reader in doubt whether the platform itself has the API.
func TestUnknownAPI(t *testing.T) {
	t.Parallel()
	p, _ := newPlatform()
	a := call(t, p, "POST", "/cgi-bin/tags/members/batchtagging", "{}")
	if message, _ := a["errmsg"].(string); a.code() != 40066 || !strings.Contains(message, "the simulated platform lacks this API") {
		t.Errorf("%v", a)
	}
}

func TestFaultsHappenInOrder(t *testing.T) {
	t.Parallel()
	p, _ := newPlatform()
	p.Fail(stableToken, -1, 2)
	p.FailHTML(stableToken, 1)
	p.Fail(stableToken, 40164, 1)
	p.Fail(userInfo, 48001, 1)
	var got []string
	for range 5 {
		w := httptest.NewRecorder()
		p.ServeHTTP(w, httptest.NewRequest("POST", stableToken, strings.NewReader(credentials(false))))
		text, _, _ := strings.Cut(w.Body.String(), ",")
		got = append(got, w.Header().Get("Content-Type")+" "+text[:min(len(text), 16)])
	}
	const json = "application/json; encoding=utf-8 "
	want := []string{json + `{"errcode":-1`, json + `{"errcode":-1`, "text/html <html><body><h1>",
		json + `{"errcode":40164`, json + `{"access_token":`}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("answers (-want +got):\n%s", diff)
	}
	if got := p.Calls(stableToken); got != 5 {
		t.Errorf("%d calls, want 5", got)
	}
	if got := p.Calls(userInfo); got != 0 {
		t.Errorf("%d calls of another path, want 0", got)
	}
}

func TestDelay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := wechattest.New(wechattest.Config{AppID: appID, AppSecret: appSecret})
		took := func(ctx context.Context) (time.Duration, string) {
			start := time.Now()
			w := httptest.NewRecorder()
			r := httptest.NewRequest("POST", stableToken, strings.NewReader(credentials(false)))
			p.ServeHTTP(w, r.WithContext(ctx))
			return time.Since(start), w.Body.String()
		}
		p.Delay(stableToken, 3*time.Second)
		if got, body := took(t.Context()); got != 3*time.Second || body == "" {
			t.Errorf("took %v with answer %q, want 3 s and an answer", got, body)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if got, body := took(ctx); got != time.Second || body != "" {
			t.Errorf("took %v with answer %q, want 1 s and none", got, body)
		}
		p.Delay(stableToken, 0)
		if got, body := took(t.Context()); got != 0 || body == "" {
			t.Errorf("took %v with answer %q, want 0 s and an answer", got, body)
		}
	})
}

func TestHold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, _ := newPlatform()
		first, second := p.Hold(stableToken), p.Hold(stableToken)
		answered := false
		go func() {
			stable(t, p, false)
			answered = true
		}()
		ctx, cancel := context.WithCancel(t.Context())
		gone := httptest.NewRecorder()
		go p.ServeHTTP(gone, httptest.NewRequest("POST", stableToken, strings.NewReader(credentials(false))).WithContext(ctx))
		for _, release := range []func(){func() {}, first, first, cancel} {
			release()
			synctest.Wait()
			if answered || gone.Body.Len() != 0 {
				t.Error("answered, want it held")
			}
		}
		if got := p.Calls(stableToken); got != 2 {
			t.Errorf("%d calls, want 2: held ones count", got)
		}
		second()
		synctest.Wait()
		if !answered {
			t.Error("not answered, want it released")
		}
		stable(t, p, false)
	})
}
