package wechatapi_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"github.com/guanzhu/guanzhu/pkg/web"
)

const snsToken = "/sns/oauth2/access_token"

// code is the code that the platform gives to a visitor of a page.
func (a account) code(t *testing.T) string {
	t.Helper()
	w := httptest.NewRecorder()
	a.platform.OAuthPage().ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/connect/oauth2/authorize?appid="+appID+
		"&redirect_uri=https%3A%2F%2Fexample.com%2F&response_type=code&scope=snsapi_base&state=s", nil))
	location, err := url.Parse(w.Header().Get("Location"))
	if err != nil {
		t.Fatal(err)
	}
	return location.Query().Get("code")
}

func TestExchange(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAccount(t)
		a.platform.SetVisitor(openid)
		code := a.code(t)
		got, snapshot, err := a.Exchange(t.Context(), code)
		if got != openid || snapshot || err != nil {
			t.Errorf("Exchange = %q, %v, %v", got, snapshot, err)
		}
		got, _, err = a.Exchange(t.Context(), code)
		wantCode(t, err, 40163)
		if got != "" || !errors.Is(err, web.ErrSpentCode) {
			t.Errorf("a used code: %q, error %v", got, err)
		}
		a.platform.SetSnapshotVisitor()
		got, snapshot, err = a.Exchange(t.Context(), a.code(t))
		if got == "" || got == openid || !snapshot || err != nil {
			t.Errorf("a snapshot: %q, %v, %v", got, snapshot, err)
		}
		a.wantCalls(t, stableToken, 0)
	})
}

func TestExchangeRefused(t *testing.T) {
	for errcode, anotherWillDo := range map[int]bool{40029: true, 40163: true, 42003: true, 40013: false, 48001: false, 45011: false} {
		t.Run(fmt.Sprint(errcode), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				a := newAccount(t)
				a.platform.Fail(snsToken, errcode, 1)
				_, _, err := a.Exchange(t.Context(), "CODE")
				wantCode(t, err, errcode)
				if errors.Is(err, web.ErrSpentCode) != anotherWillDo {
					t.Errorf("error %v: is ErrCode %v", err, !anotherWillDo)
				}
				a.wantCalls(t, snsToken, 1)
			})
		})
	}
}

func TestExchangeWithAnotherAppSecret(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAccount(t)
		a.platform.SetVisitor(openid)
		a.secrets.current, a.secrets.next = "outdated", appSecret
		if got, _, err := a.Exchange(t.Context(), a.code(t)); got != openid || err != nil {
			t.Errorf("Exchange = %q, %v", got, err)
		}
		a.wantCalls(t, snsToken, 2)
	})
}

func TestExchangeAsks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var got url.Values
		a := newInstance(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			got = r.URL.Query()
			io.WriteString(w, `{"access_token":"T","expires_in":7200,"openid":"o1","scope":"snsapi_base"}`)
		}), &store{})
		if _, _, err := a.Exchange(t.Context(), "co+de&1"); err != nil {
			t.Fatal(err)
		}
		want := url.Values{"appid": {appID}, "secret": {appSecret}, "code": {"co+de&1"}, "grant_type": {"authorization_code"}}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
}

func TestExchangeErrorsTellNothing(t *testing.T) {
	const code = "THE+CODE/0123456789"
	for name, answer := range map[string]http.HandlerFunc{
		"refused": func(w http.ResponseWriter, r *http.Request) {
			fmt.Fprintf(w, `{"errcode":40029,"errmsg":%q}`, r.URL.String()+code+appSecret)
		},
		"no openid": func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, `{"access_token":"T"}`) },
		"not an openid": func(w http.ResponseWriter, r *http.Request) {
			fmt.Fprintf(w, `{"access_token":"T","openid":"suggestions#%s"}`, r.URL.Query().Get("code"))
		},
		"an openid too long": func(w http.ResponseWriter, r *http.Request) {
			fmt.Fprintf(w, `{"openid":"%s"}`, strings.Repeat("o", 129))
		},
		"not JSON": func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, r.URL.String()) },
		"redirected": func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "/x?"+r.URL.RawQuery, http.StatusFound)
		},
		"hung up":     func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
		"other types": func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, `{"openid":{"`+code+`":1}}`) },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				a := newInstance(t, answer, &store{})
				_, _, err := a.Exchange(t.Context(), code)
				if err == nil {
					t.Fatal("no error")
				}
				text := fmt.Sprintf("%v %+v %#v", err, err, err)
				for _, secret := range []string{code, url.QueryEscape(code), appSecret, url.QueryEscape(appSecret)} {
					if strings.Contains(text, secret) {
						t.Errorf("the error holds %s: %s", secret, text)
					}
				}
			})
		})
	}
}
