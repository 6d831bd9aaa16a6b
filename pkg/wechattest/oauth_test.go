package wechattest_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/guanzhu/guanzhu/pkg/wechattest"
)

const (
	authorize = "/connect/oauth2/authorize"
	snsToken  = "/sns/oauth2/access_token?appid=" + appID + "&secret=" + appSecret + "&grant_type=authorization_code"
)

// authorizeURL leads back to https://example.com/login/return.
const authorizeURL = authorize + "?appid=" + appID + "&redirect_uri=https%3A%2F%2Fexample.com%2Flogin%2Freturn" +
	"&response_type=code&scope=snsapi_base&state=abcXYZ019"

// open opens a page of the platform and returns its text, or the URL that it redirects to.
func (c client) open(target string) (location *url.URL, page string) {
	c.Helper()
	w := httptest.NewRecorder()
	c.OAuthPage().ServeHTTP(w, httptest.NewRequest("GET", target, nil))
	switch w.Code {
	case http.StatusOK:
		return nil, w.Body.String()
	case http.StatusFound:
		location, err := url.Parse(w.Header().Get("Location"))
		if err != nil {
			c.Fatal(err)
		}
		return location, ""
	}
	c.Fatalf("HTTP status %d, want a page or a redirect", w.Code)
	return nil, ""
}

// code opens a page that redirects with a code, and returns the code.
func (c client) code(target string) string {
	c.Helper()
	location, page := c.open(target)
	if location == nil {
		c.Fatalf("page %s, want a redirect", page)
	}
	return location.Query().Get("code")
}

// exchange exchanges a code. It checks the tokens in the answer and removes them.
func (c client) exchange(code string) answer {
	c.Helper()
	a := c.get(snsToken + "&code=" + code)
	for _, name := range []string{"access_token", "refresh_token"} {
		if token, _ := a[name].(string); token == "" || token == c.token {
			c.Errorf("%s %q, want one of its own", name, token)
		}
		delete(a, name)
	}
	return a
}

func TestAuthorizeLeadsBack(t *testing.T) {
	t.Parallel()
	const encoded = "https%3A%2F%2Fexample.com%2Flogin%2Freturn"
	tests := []struct {
		name, redirectURI, want string
	}{
		{"path", encoded, "https://example.com/login/return?code=CODE&state=abcXYZ019"},
		{"query", encoded + "%3Fa%3D1%262", "https://example.com/login/return?a=1&2&code=CODE&state=abcXYZ019"},
		{"fragment", encoded + "%23top", "https://example.com/login/return?code=CODE&state=abcXYZ019#top"},
		{"host alone", "http%3A%2F%2F127.0.0.1%3A8080", "http://127.0.0.1:8080?code=CODE&state=abcXYZ019"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			c := newClient(t, wechattest.Config{})
			c.SetVisitor(openid)
			location, page := c.open(strings.Replace(authorizeURL, encoded, test.redirectURI, 1))
			if location == nil {
				t.Fatalf("page %s, want a redirect", page)
			}
			code := location.Query().Get("code")
			if len(code) < 16 {
				t.Errorf("code %q, want one that cannot be guessed", code)
			}
			if diff := cmp.Diff(test.want, strings.Replace(location.String(), code, "CODE", 1)); diff != "" {
				t.Errorf("location (-want +got):\n%s", diff)
			}
		})
	}
}

func TestAuthorizeChecks(t *testing.T) {
	t.Parallel()
	replace := func(old, new string) string { return strings.Replace(authorizeURL, old, new, 1) }
	normal := wechattest.Config{OAuthDomain: "example.com"}
	tests := []struct {
		name   string
		config wechattest.Config
		as     string
		target string
		want   string // on the page; empty if it redirects
	}{
		{"good", normal, openid, authorizeURL, ""},
		{"profile", normal, openid, replace("snsapi_base", "snsapi_userinfo"), ""},
		{"all parameters", normal, openid,
			authorizeURL + "&forcePopup=true&forceSnapShot=false&connect_redirect=1", ""},
		{"state of 128", normal, openid, replace("abcXYZ019", strings.Repeat("a", 128)), ""},
		{"state of 129", normal, openid, replace("abcXYZ019", strings.Repeat("a", 129)), "参数错误"},
		{"state with a dash", normal, openid, replace("abcXYZ019", "a-b"), "参数错误"},
		{"no state", normal, openid, replace("&state=abcXYZ019", ""), "参数错误"},
		{"another order", normal, openid,
			replace("&response_type=code&scope=snsapi_base", "&scope=snsapi_base&response_type=code"), "参数错误"},
		{"unknown scope", normal, openid, replace("snsapi_base", "snsapi_login"), "参数错误"},
		{"more parameters", normal, openid, authorizeURL + "&a=b", "参数错误"},
		{"another path", normal, openid, replace(authorize, "/connect/qrconnect"), "参数错误"},
		{"another appid", normal, openid, replace(appID, "wx1"), "40013"},
		{"another domain", normal, openid, replace("example.com", "www.example.com"), "10003"},
		{"another port", normal, openid, replace("example.com", "example.com%3A8443"), "10003"},
		{"path alone", wechattest.Config{}, openid, replace("https%3A%2F%2Fexample.com", ""), "10003"},
		{"another scheme", wechattest.Config{}, openid, replace("https", "ftp"), "10003"},
		{"broken escape", wechattest.Config{}, openid, replace("https%3A", "https%3"), "10003"},
		{"without permission", wechattest.Config{Kind: wechattest.PersonalAccount}, openid, authorizeURL, "10015"},
		{"another browser", normal, "", authorizeURL, "请在微信客户端打开链接"},
		{"no follower", normal, "oSTRANGER", authorizeURL, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			c := newClient(t, test.config)
			c.Follow(openid, wechattest.User{})
			c.SetVisitor(test.as)
			location, page := c.open(test.target)
			if (location != nil) != (test.want == "") || !strings.Contains(page, test.want) {
				t.Errorf("location %v, page %q, want %q", location, page, test.want)
			}
		})
	}
}

func TestAuthorizeFails(t *testing.T) {
	t.Parallel()
	c := newClient(t, wechattest.Config{})
	c.SetVisitor(openid)
	c.Fail(authorize, 10009, 1)
	if _, page := c.open(authorizeURL); !strings.Contains(page, "10009") {
		t.Errorf("page %q, want 10009 on it", page)
	}
	c.code(authorizeURL)
	if got := c.Calls(authorize); got != 2 {
		t.Errorf("%d calls, want 2", got)
	}
}

func TestExchange(t *testing.T) {
	t.Parallel()
	c := newClient(t, wechattest.Config{})
	c.Follow(openid, wechattest.User{UnionID: "uUNION"})
	profile := strings.Replace(authorizeURL, "snsapi_base", "snsapi_userinfo", 1)

	c.SetVisitor(openid)
	c.want(`{"expires_in":7200,"openid":"`+openid+`","scope":"snsapi_base"}`, c.exchange(c.code(authorizeURL)))
	c.want(`{"expires_in":7200,"openid":"`+openid+`","scope":"snsapi_userinfo","unionid":"uUNION"}`,
		c.exchange(c.code(profile)))

	c.SetVisitor("oSTRANGER")
	c.wantCode(40003, c.get(userInfo+"?openid=oSTRANGER"))
	c.want(`{"expires_in":7200,"openid":"oSTRANGER","scope":"snsapi_userinfo"}`, c.exchange(c.code(profile)))
	c.want(`{"subscribe":0,"openid":"oSTRANGER"}`, c.get(userInfo+"?openid=oSTRANGER"))
}

func TestExchangeOfSnapshots(t *testing.T) {
	t.Parallel()
	c := newClient(t, wechattest.Config{})
	c.Follow(openid, wechattest.User{UnionID: "uUNION"})
	seen := map[any]bool{openid: true, "uUNION": true}
	form := regexp.MustCompile(`^o\w{27}$`)
	exchange := func(target string, ids ...string) {
		t.Helper()
		a := c.exchange(c.code(target))
		if a["is_snapshotuser"] != 1.0 {
			t.Errorf("is_snapshotuser %v, want 1", a["is_snapshotuser"])
		}
		for _, name := range ids {
			if id, _ := a[name].(string); seen[id] || !form.MatchString(id) {
				t.Errorf("%s %q, want a virtual one", name, id)
			}
			seen[a[name]] = true
		}
		c.wantCode(40003, c.get(fmt.Sprint(userInfo, "?openid=", a["openid"])))
	}
	c.SetSnapshotVisitor()
	exchange(authorizeURL, "openid")
	exchange(strings.Replace(authorizeURL, "snsapi_base", "snsapi_userinfo", 1), "openid", "unionid")
	c.SetVisitor(openid)
	exchange(authorizeURL+"&forceSnapShot=true", "openid")
	c.want(`{"expires_in":7200,"openid":"`+openid+`","scope":"snsapi_base"}`, c.exchange(c.code(authorizeURL)))
}

func TestExchangeChecks(t *testing.T) {
	t.Parallel()
	replace := func(old, new string) string { return strings.Replace(snsToken, old, new, 1) + "&code=CODE" }
	tests := []struct {
		name, target string
		after        time.Duration
		want         int
	}{
		{"good", snsToken + "&code=CODE", 5*time.Minute - 1, 0},
		{"too late", snsToken + "&code=CODE", 5 * time.Minute, 42003},
		{"another grant type", replace("authorization_code", "client_credential"), 0, 40002},
		{"no appid", replace(appID, ""), 0, 41002},
		{"another appid", replace(appID, "wx1"), 0, 40013},
		{"no secret", replace(appSecret, ""), 0, 41004},
		{"another secret", replace(appSecret, "x"), 0, 40125},
		{"no code", snsToken, 0, 41008},
		{"another code", snsToken + "&code=x", 0, 40029},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			c := newClient(t, wechattest.Config{})
			c.SetVisitor(openid)
			code := c.code(authorizeURL)
			c.advance(test.after)
			c.wantCode(test.want, c.get(strings.Replace(test.target, "CODE", code, 1)))
			// A refused call does not use up the code.
			want := map[int]int{0: 40163, 42003: 42003}[test.want]
			c.wantCode(want, c.get(snsToken+"&code="+code))
		})
	}
}

func TestExchangeAnswersAsPlainText(t *testing.T) {
	t.Parallel()
	c := newClient(t, wechattest.Config{})
	w := httptest.NewRecorder()
	c.ServeHTTP(w, httptest.NewRequest("GET", snsToken, nil))
	if got := w.Header().Get("Content-Type"); got != "text/plain" {
		t.Errorf("Content-Type %s, want text/plain", got)
	}
}
