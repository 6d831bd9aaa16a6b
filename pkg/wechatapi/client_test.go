package wechatapi_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/guanzhu/guanzhu/pkg/follower"
	"github.com/guanzhu/guanzhu/pkg/wechat"
	"github.com/guanzhu/guanzhu/pkg/wechatapi"
)

func TestNewRefuses(t *testing.T) {
	good := wechatapi.Config{AppID: appID, Secrets: &secrets{}, Tokens: &store{}}
	tests := []struct {
		name   string
		change func(*wechatapi.Config)
		want   string
	}{
		{"nothing", func(c *wechatapi.Config) { *c = wechatapi.Config{BaseURL: "relay"} }, "AppID is empty: give the account's appid\n" +
			"wechatapi: Secrets is nil\nwechatapi: Tokens is nil\nwechatapi: the API's address must look like https://host"},
		{"no appid", func(c *wechatapi.Config) { c.AppID = "" }, "appid"},
		{"no secrets", func(c *wechatapi.Config) { c.Secrets = nil }, "Secrets"},
		{"no store", func(c *wechatapi.Config) { c.Tokens = nil }, "Tokens"},
		{"address without a scheme", func(c *wechatapi.Config) { c.BaseURL = "relay.example.com" }, "address"},
		{"address of another kind", func(c *wechatapi.Config) { c.BaseURL = "ftp://relay.example.com" }, "address"},
		{"address without a host", func(c *wechatapi.Config) { c.BaseURL = "https:///relay" }, "address"},
		{"address with a query", func(c *wechatapi.Config) { c.BaseURL = "https://relay.example.com?key=k" }, "address"},
		{"address with a password", func(c *wechatapi.Config) { c.BaseURL = "https://u:p@relay.example.com" }, "address"},
		{"no URL", func(c *wechatapi.Config) { c.BaseURL = "https://relay.example.com:port" }, "address"},
	}
	if _, err := wechatapi.New(good); err != nil {
		t.Fatal(err)
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			c := good
			test.change(&c)
			_, err := wechatapi.New(c)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("error %v, want one about %s", err, test.want)
			}
		})
	}
}

func TestBusyPlatform(t *testing.T) {
	tests := []struct {
		name      string
		times     int // that it is busy
		want      int // errcode
		wantCalls int
		wantTook  time.Duration
	}{
		{"once", 1, 0, 2, 100 * time.Millisecond},
		{"twice", 2, 0, 3, 300 * time.Millisecond},
		{"thrice", 3, -1, 3, 300 * time.Millisecond},
	}
	for _, path := range []string{userInfo, stableToken} {
		for _, test := range tests {
			t.Run(path+" "+test.name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					a := newAccount(t)
					a.platform.Fail(path, -1, test.times)
					start := time.Now()
					wantCode(t, a.profile(t), test.want)
					if got := time.Since(start); got != test.wantTook {
						t.Errorf("took %v, want %v", got, test.wantTook)
					}
					a.wantCalls(t, path, test.wantCalls)
				})
			})
		}
	}
}

func TestBusyPlatformUntilTheDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAccount(t)
		a.platform.Fail(userInfo, -1, 3)
		ctx, cancel := context.WithTimeout(t.Context(), 150*time.Millisecond)
		defer cancel()
		_, err := a.Profile(ctx, openid)
		wantCode(t, err, -1)
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("error %v, want context.DeadlineExceeded", err)
		}
		a.wantCalls(t, userInfo, 2)
	})
}

func TestNoRetry(t *testing.T) {
	for _, code := range []int{40003, 40125, 40164, 45009, 45011, 48001, 50002} {
		t.Run(fmt.Sprint(code), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				a := newAccount(t)
				a.platform.Fail(userInfo, code, 1)
				wantCode(t, a.profile(t), code)
				a.wantCalls(t, userInfo, 1)
				a.wantCalls(t, stableToken, 1)
			})
		})
	}
}

// withToken answers stable_token itself and leaves the rest to next.
func withToken(token string, next http.HandlerFunc) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, stableToken) {
			fmt.Fprintf(w, `{"access_token":%q,"expires_in":7200}`, token)
			return
		}
		next(w, r)
	})
}

func TestRetryHasTheBody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var bodies, types []string
		a := newAccount(t)
		platform := a.platform
		a = newInstance(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == stableToken {
				platform.ServeHTTP(w, r)
				return
			}
			body, _ := io.ReadAll(r.Body)
			bodies = append(bodies, string(body))
			types = append(types, r.Header.Get("Content-Type"))
			if len(bodies) == 1 {
				platform.RevokeToken()
				io.WriteString(w, `{"errcode":40001,"errmsg":"invalid credential"}`)
				return
			}
			io.WriteString(w, `{"errcode":0,"errmsg":"ok"}`)
		}), a.store)
		err := a.Post(t.Context(), "/cgi-bin/menu/create", map[string]string{"name": "关于<我们>&"}, nil)
		if err != nil {
			t.Fatal(err)
		}
		body := `{"name":"关于<我们>&"}` + "\n"
		if diff := cmp.Diff([]string{body, body}, bodies); diff != "" {
			t.Errorf("bodies (-want +got):\n%s", diff)
		}
		if diff := cmp.Diff([]string{"application/json", "application/json"}, types); diff != "" {
			t.Errorf("content types (-want +got):\n%s", diff)
		}
	})
}

func TestRelayWithAPath(t *testing.T) {
	var paths []string
	var query url.Values
	server := httptest.NewServer(withToken("a+b/c&d", func(w http.ResponseWriter, r *http.Request) {
		paths = append(paths, r.URL.Path)
		query = r.URL.Query()
		io.WriteString(w, `{"subscribe":1}`)
	}))
	defer server.Close()
	client, err := wechatapi.New(wechatapi.Config{
		AppID: appID, BaseURL: server.URL + "/relay/wechat/", Secrets: &secrets{current: appSecret}, Tokens: &store{},
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := client.Profile(t.Context(), openid); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"/relay/wechat" + userInfo}, paths); diff != "" {
		t.Errorf("paths (-want +got):\n%s", diff)
	}
	want := url.Values{"access_token": {"a+b/c&d"}, "openid": {openid}, "lang": {"zh_CN"}}
	if diff := cmp.Diff(want, query); diff != "" {
		t.Errorf("query (-want +got):\n%s", diff)
	}
}

// TestAnyAPI calls what has no method of its own. The caller can neither replace nor see the access token.
func TestAnyAPI(t *testing.T) {
	const path = "/cgi-bin/tags/members/batchtagging"
	synctest.Test(t, func(t *testing.T) {
		var got []string
		a := newInstance(t, withToken("T", func(w http.ResponseWriter, r *http.Request) {
			body, _ := io.ReadAll(r.Body)
			got = append(got, r.Method+" "+r.URL.String()+" "+string(body))
			io.WriteString(w, `{"errcode":0,"errmsg":"ok","tags":[{"id":101}]}`)
		}), &store{})
		var out struct{ Tags []struct{ ID int } }
		query := url.Values{"tagid": {"101"}, "access_token": {"another"}}
		if err := a.Get(t.Context(), path, query, &out); err != nil || len(out.Tags) != 1 || out.Tags[0].ID != 101 {
			t.Errorf("Get: %+v, error %v", out, err)
		}
		if err := a.Post(t.Context(), path, map[string]any{"tagid": 101}, nil); err != nil {
			t.Errorf("Post: %v", err)
		}
		want := []string{"GET " + path + "?access_token=T&tagid=101 ", "POST " + path + "?access_token=T {\"tagid\":101}\n"}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("requests (-want +got):\n%s", diff)
		}
		if query.Get("access_token") != "another" {
			t.Errorf("the caller's query has become %v", query)
		}
	})
}

func TestAnyAPIRefuses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAccount(t)
		for _, path := range []string{"", "cgi-bin/user/info", "https://api.weixin.qq.com/cgi-bin/user/info", userInfo + "?openid=" + openid} {
			for name, err := range map[string]error{
				"Get": a.Get(t.Context(), path, nil, nil), "Post": a.Post(t.Context(), path, nil, nil),
			} {
				if err == nil || !strings.Contains(err.Error(), "must look like /cgi-bin/user/info") || strings.Contains(err.Error(), openid) {
					t.Errorf("%s of %q: error %v", name, path, err)
				}
			}
		}
		if err := a.Post(t.Context(), "/cgi-bin/menu/create", func() {}, nil); err == nil || !strings.Contains(err.Error(), "cannot be encoded") {
			t.Errorf("a body that is no JSON: error %v", err)
		}
		a.wantCalls(t, stableToken, 0)
	})
}

func TestConnectionsAreUsedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAccount(t)
		a.platform.Fail(userInfo, 45011, 1)
		a.platform.FailHTML(userInfo, 1)
		for range 4 {
			a.profile(t)
		}
		a.wantCalls(t, userInfo, 4)
		if got := a.network.dials(); got != 1 {
			t.Errorf("%d connections, want 1", got)
		}
	})
}

// The server closes a connection just as a request is sent on it.
func TestStaleConnection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var posts atomic.Int32
		a := newInstance(t, withToken("T", func(w http.ResponseWriter, r *http.Request) {
			if posts.Add(1) == 1 {
				panic(http.ErrAbortHandler)
			}
			if _, ok := r.Header["Idempotency-Key"]; ok {
				t.Error("the marker for net/http was sent")
			}
			io.WriteString(w, `{"errcode":0}`)
		}), &store{})
		if err := a.Post(t.Context(), "/cgi-bin/menu/create", struct{}{}, nil); err != nil {
			t.Error(err)
		}
		if got := a.network.dials(); got != 2 {
			t.Errorf("%d connections, want 2", got)
		}
	})
}

// A message to a follower is not sent again then: it may have arrived.
func TestMessageOnStaleConnection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var posts atomic.Int32
		a := newInstance(t, withToken("T", func(http.ResponseWriter, *http.Request) {
			posts.Add(1)
			panic(http.ErrAbortHandler)
		}), &store{})
		if err := a.SendText(t.Context(), openid, "答", true); err == nil {
			t.Error("no error, want one")
		}
		if got := posts.Load(); got != 1 {
			t.Errorf("sent %d times, want 1", got)
		}
	})
}

func TestSlowPlatform(t *testing.T) {
	tests := []struct {
		name     string
		ctx      time.Duration
		wantTook time.Duration
	}{
		{"within the caller's time", 2 * time.Second, 2 * time.Second},
		{"no longer than reasonable", time.Minute, 5 * time.Second},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				a := newAccount(t)
				a.platform.Delay(userInfo, 30*time.Second)
				ctx, cancel := context.WithTimeout(t.Context(), test.ctx)
				defer cancel()
				start := time.Now()
				if _, err := a.Profile(ctx, openid); err == nil {
					t.Error("no error, want one")
				}
				if got := time.Since(start); got != test.wantTook {
					t.Errorf("took %v, want %v", got, test.wantTook)
				}
			})
		})
	}
}

func TestAnswerThatDoesNotEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newInstance(t, withToken("T", func(w http.ResponseWriter, r *http.Request) {
			http.NewResponseController(w).Flush()
			<-r.Context().Done()
		}), &store{})
		start := time.Now()
		if err := a.profile(t); err == nil {
			t.Error("no error, want one")
		}
		if got, want := time.Since(start), 15*time.Second; got != want {
			t.Errorf("took %v, want %v", got, want)
		}
	})
}

// TestLargeAnswer: an answer may have 1 MiB, and one that is larger is refused.
func TestLargeAnswer(t *testing.T) {
	for size, want := range map[int]bool{1<<20 - 1: true, 1 << 20: true, 1<<20 + 1: false} {
		synctest.Test(t, func(t *testing.T) {
			a := newInstance(t, withToken("T", func(w http.ResponseWriter, r *http.Request) {
				const answer = `{"subscribe":1,"remark":""}`
				io.WriteString(w, answer[:len(answer)-2]+strings.Repeat("r", size-len(answer))+`"}`)
			}), &store{})
			if err := a.profile(t); (err == nil) != want {
				t.Errorf("%d bytes: error %v", size, err)
			}
		})
	}
}

// The error holds no part of the request, even if the other side sends all of it back.
func TestErrorsTellNothingSecret(t *testing.T) {
	const token = "99_the+secret/token"
	// echo is the request, as text that an answer could contain.
	echo := func(r *http.Request) string {
		body, _ := io.ReadAll(r.Body)
		text, _ := url.QueryUnescape(r.URL.String())
		return r.URL.String() + " " + text + " " + strings.ReplaceAll(string(body), `"`, "")
	}
	raw := func(answer func(r *http.Request) string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			text := answer(r)
			conn, _, err := w.(http.Hijacker).Hijack()
			if err != nil {
				t.Error(err)
				return
			}
			io.WriteString(conn, text)
			conn.Close()
		}
	}
	tests := []struct {
		name   string
		answer http.HandlerFunc
		dial   error
		want   string
	}{
		{
			name: "refusal",
			answer: func(w http.ResponseWriter, r *http.Request) {
				fmt.Fprintf(w, `{"errcode":40013,"errmsg":%q}`, echo(r))
			},
			want: "errcode 40013",
		},
		{
			name: "address not on the whitelist",
			answer: func(w http.ResponseWriter, r *http.Request) {
				fmt.Fprintf(w, `{"errcode":40164,"errmsg":%q}`, "invalid ip 203.0.113.7, "+echo(r))
			},
			want: "203.0.113.7",
		},
		{
			name: "page of HTML",
			answer: func(w http.ResponseWriter, r *http.Request) {
				io.WriteString(w, "<html>"+echo(r)+"</html>")
			},
			want: "not the platform's JSON",
		},
		{
			name: "status",
			answer: func(w http.ResponseWriter, r *http.Request) {
				w.WriteHeader(http.StatusBadGateway)
				io.WriteString(w, `{"errcode":0,"errmsg":"`+echo(r)+`"}`)
			},
			want: "HTTP status 502",
		},
		{
			name: "redirect",
			answer: func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Location", "http://localhost/elsewhere?"+r.URL.RawQuery)
				w.WriteHeader(http.StatusFound)
			},
			want: "HTTP status 302",
		},
		{
			name: "broken redirect",
			answer: func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Location", "http://[localhost"+r.URL.String())
				w.WriteHeader(http.StatusFound)
			},
			want: "malformed HTTP response",
		},
		{
			name:   "no HTTP",
			answer: raw(func(r *http.Request) string { return echo(r) + "\r\n\r\n" }),
			want:   "malformed HTTP response",
		},
		{
			name:   "broken header",
			answer: raw(func(r *http.Request) string { return "HTTP/1.1 200 OK\r\n" + echo(r) + "\r\n\r\n" }),
			want:   "malformed HTTP response",
		},
		{
			name: "cut off",
			answer: raw(func(r *http.Request) string {
				return "HTTP/1.1 200 OK\r\nContent-Length: 10000\r\n\r\n" + echo(r)
			}),
			want: "ends early: unexpected EOF",
		},
		{
			name: "too long",
			answer: func(w http.ResponseWriter, r *http.Request) {
				io.WriteString(w, `{"errmsg":"`+strings.Repeat(echo(r), 1<<14)+`"}`)
				<-r.Context().Done() // which the client does not wait for
			},
			want: "larger than",
		},
		{
			name: "fields of another kind",
			answer: func(w http.ResponseWriter, r *http.Request) {
				fmt.Fprintf(w, `{"subscribe":%q,"access_token":{%[1]q:1}}`, echo(r))
			},
			want: "not as documented",
		},
		{
			name:   "fields missing",
			answer: func(w http.ResponseWriter, r *http.Request) { fmt.Fprintf(w, `{"x":%q}`, echo(r)) },
			want:   "the answer",
		},
		{
			name: "no connection",
			dial: &net.OpError{Op: "dial", Net: "tcp", Err: errors.New("connection refused")},
			want: "connection refused",
		},
		{
			name:   "hangs up",
			answer: func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
			want:   "EOF",
		},
	}
	for _, test := range tests {
		for _, failing := range []string{stableToken, userInfo} {
			t.Run(test.name+" at "+failing, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					a := newInstance(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
						if r.URL.Path != failing {
							fmt.Fprintf(w, `{"access_token":%q,"expires_in":7200}`, token)
							return
						}
						test.answer(w, r)
					}), &store{})
					if test.dial != nil {
						a.DialWith(func(context.Context, string, string) (net.Conn, error) { return nil, test.dial })
					}
					err := a.profile(t)
					if err == nil || !strings.Contains(err.Error(), test.want) {
						t.Fatalf("error %v, want one with %q", err, test.want)
					}
					text := fmt.Sprintf("%v %+v %#v", err, err, err)
					for _, secret := range []string{token, appSecret, openid} {
						for _, form := range []string{secret, url.QueryEscape(secret), secret[:12]} {
							if strings.Contains(text, form) {
								t.Errorf("the error holds %s: %s", form, text)
							}
						}
					}
				})
			})
		}
	}
}

func TestTLSFailureIsExplained(t *testing.T) {
	server := httptest.NewUnstartedServer(http.NotFoundHandler())
	server.Config.ErrorLog = log.New(io.Discard, "", 0) // it tells of the client's refusal
	server.StartTLS()
	defer server.Close()
	plain := httptest.NewServer(http.NotFoundHandler())
	defer plain.Close()
	tests := []struct {
		name, address, want string
	}{
		{"unknown certificate", server.URL, "certificate"},
		{"no TLS there", strings.Replace(plain.URL, "http", "https", 1), "HTTP response to HTTPS client"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			client, err := wechatapi.New(wechatapi.Config{
				AppID: appID, BaseURL: test.address, Secrets: &secrets{current: appSecret}, Tokens: &store{},
			})
			if err != nil {
				t.Fatal(err)
			}
			_, err = client.Profile(t.Context(), openid)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("error %v, want one with %q", err, test.want)
			}
		})
	}
}

func TestProfile(t *testing.T) {
	tests := []struct {
		name   string
		answer string
		want   follower.Profile
	}{
		{
			name: "everything",
			answer: `{"subscribe":1,"openid":"o","nickname":"","sex":0,"language":"zh_CN","city":"","headimgurl":"",
				"subscribe_time":1795305600,"unionid":"u","remark":"a \"friend\"","groupid":2,"tagid_list":[2,101],
				"subscribe_scene":"ADD_SCENE_QR_CODE","qr_scene":0,"qr_scene_str":"poster","new":{"field":[1]}}`,
			want: follower.Profile{
				UnionID: "u", Language: "zh_CN", Scene: "ADD_SCENE_QR_CODE", QRScene: "poster",
				Remark: `a "friend"`, Tags: []int{2, 101}, SubscribedAt: time.Unix(1795305600, 0),
			},
		},
		{
			name:   "hardly anything",
			answer: `{"subscribe":1}`,
			want:   follower.Profile{},
		},
		{
			name:   "number as QR scene",
			answer: `{"subscribe":1,"qr_scene":4294967295,"qr_scene_str":""}`,
			want:   follower.Profile{QRScene: "4294967295"},
		},
		{
			name:   "two QR scenes",
			answer: `{"subscribe":1,"qr_scene":7,"qr_scene_str":"poster"}`,
			want:   follower.Profile{QRScene: "poster"},
		},
		{
			name:   "raw control characters",
			answer: "{\n\"subscribe\":1,\t\"remark\":\"a\x01b\nc\\nd\"}",
			want:   follower.Profile{Remark: "abc\nd"},
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				a := newInstance(t, withToken("T", func(w http.ResponseWriter, r *http.Request) {
					io.WriteString(w, test.answer)
				}), &store{})
				got, err := a.Profile(t.Context(), openid)
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(test.want, got); diff != "" {
					t.Errorf("profile (-want +got):\n%s", diff)
				}
			})
		})
	}
}

func TestProfileOfNoFollower(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAccount(t)
		a.platform.Unfollow(openid)
		if err := a.profile(t); !errors.Is(err, follower.ErrNotFound) {
			t.Errorf("error %v, want follower.ErrNotFound", err)
		}
		_, err := a.Profile(t.Context(), "oSTRANGER")
		wantCode(t, err, 40003)
	})
}

func TestProfileWithoutPermission(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAccount(t)
		a.platform.Fail(userInfo, 48001, 1)
		a.platform.Fail(userInfo, 45009, 1)
		if err := a.profile(t); !errors.Is(err, follower.ErrNoPermission) {
			t.Errorf("error %v, want follower.ErrNoPermission", err)
		}
		if err := a.profile(t); errors.Is(err, follower.ErrNoPermission) {
			t.Errorf("error %v, want it not to be follower.ErrNoPermission", err)
		}
	})
}

func TestInjectedClock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAccount(t)
		now := time.Date(2026, 11, 22, 8, 0, 0, 0, time.UTC)
		a.store.stored = wechat.AccessToken{Value: "stored", ValidUntil: now.Add(time.Second)}
		client := a.newClient(t, wechatapi.Config{Now: func() time.Time { return now }})
		a.platform.Fail(userInfo, 48001, 2)
		client.Profile(t.Context(), openid)
		a.wantCalls(t, stableToken, 0)
		now = now.Add(time.Second)
		client.Profile(t.Context(), openid)
		a.wantCalls(t, stableToken, 1)
	})
}
