package web_test

import (
	"context"
	"encoding/base64"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/guanzhu/guanzhu/internal/boltstore"
	"github.com/guanzhu/guanzhu/internal/world"
	"github.com/guanzhu/guanzhu/pkg/follower"
	"github.com/guanzhu/guanzhu/pkg/web"
	"github.com/guanzhu/guanzhu/pkg/wechat"
	"github.com/guanzhu/guanzhu/pkg/wechattest"
)

const (
	appID     = world.AppID
	appSecret = world.AppSecret
	openid    = world.OpenID
	another   = "oTESTfollower-000000000_0002"
	unionid   = "uTESTunion"
	remark    = "the owner's private note"

	sessionCookie = "__Host-guanzhu"
	stateCookie   = "__Host-guanzhu-login"

	authorize = "/connect/oauth2/authorize"
	exchange  = "/sns/oauth2/access_token"

	inWeChat = "Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 (KHTML, like Gecko) MicroMessenger/8.0.49 Language/zh_CN"
	desktop  = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0"
)

// begun is when each test's clock begins.
var begun = world.Begun

// fixture is an account and its pages, served over HTTPS.
type fixture struct {
	*testing.T
	*world.World
	store   *countingStore
	site    *httptest.Server
	handler *web.Site
}

// countingStore counts the calls of the store. It fails if a test has set an error.
type countingStore struct {
	*boltstore.Store
	mu               sync.Mutex
	lookups, changes int
	err              error
}

func (s *countingStore) Lookup(ctx context.Context, openid string) (follower.Follower, follower.Session, error) {
	s.mu.Lock()
	s.lookups++
	err := s.err
	s.mu.Unlock()
	if err != nil {
		return follower.Follower{}, follower.Session{}, err
	}
	return s.Store.Lookup(ctx, openid)
}

func (s *countingStore) ChangeSession(ctx context.Context, openid string, change func(*follower.Session) error) error {
	s.mu.Lock()
	s.changes++
	err := s.err
	s.mu.Unlock()
	if err != nil {
		return err
	}
	return s.Store.ChangeSession(ctx, openid, change)
}

// counts returns the calls since the last time.
func (s *countingStore) counts() (lookups, changes int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	lookups, changes = s.lookups, s.changes
	s.lookups, s.changes = 0, 0
	return lookups, changes
}

func (s *countingStore) fail(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.err = err
}

// newFixture makes the pages. If change is not nil, it changes their configuration first.
func newFixture(t *testing.T, change func(*web.Config)) *fixture {
	t.Helper()
	w := &fixture{T: t, World: world.New(t, world.Options{})}
	w.store = &countingStore{Store: w.Store}
	config := w.Pages()
	config.Store = w.store
	if change != nil {
		change(&config)
	}
	w.handler = must(web.New(config))
	w.site = httptest.NewTLSServer(w.handler)
	t.Cleanup(w.site.Close)
	return w
}

// follows makes openid follow now, on the platform and by a push.
func (w *fixture) follows(openid string) {
	w.Helper()
	w.Platform.Follow(openid, wechattest.User{UnionID: unionid, Language: "zh_CN", Remark: remark, Tags: []int{77}, SubscribedAt: w.Clock.Now()})
	p := &wechat.Subscribe{Head: head(openid, w.Clock.Now())}
	p.MsgType, p.Event = "event", "subscribe"
	if err := w.Service.Follow(w.Context(), p); err != nil {
		w.Fatal(err)
	}
}

func (w *fixture) unfollows(openid string) {
	w.Helper()
	w.Platform.Unfollow(openid)
	p := &wechat.Unsubscribe{Head: head(openid, w.Clock.Now())}
	if err := w.Service.Unfollow(w.Context(), p); err != nil {
		w.Fatal(err)
	}
}

func head(openid string, at time.Time) wechat.Head {
	return wechat.Head{FromUserName: openid, ToUserName: world.AccountID, CreateTime: at.Unix()}
}

// text is a text message sent now.
func (w *fixture) text(openid string, msgID uint64) *wechat.Text {
	p := &wechat.Text{Content: "登录"}
	p.Head, p.MsgID = head(openid, w.Clock.Now()), msgID
	p.MsgType = "text"
	return p
}

// asks returns the link that answers the push.
func (w *fixture) asks(p wechat.Push) string {
	w.Helper()
	link, err := w.Service.PersonalLink(w.Context(), p, w.site.URL)
	if err != nil {
		w.Fatal(err)
	}
	return link
}

// browser is one device, with its own cookies and the redirects that it followed.
type browser struct {
	*fixture
	client *http.Client
	agent  string
	header http.Header // sent with each request
	hops   []string    // of the last request: status, method and path of each
}

func (w *fixture) browser(agent string) *browser {
	jar, err := cookiejar.New(nil)
	if err != nil {
		w.Fatal(err)
	}
	transport := w.site.Client().Transport.(*http.Transport).Clone()
	w.Cleanup(transport.CloseIdleConnections)
	b := &browser{fixture: w, agent: agent, header: http.Header{}}
	b.client = &http.Client{Transport: transport, Jar: jar, CheckRedirect: func(r *http.Request, via []*http.Request) error {
		b.hops = append(b.hops, hop(r.Response.StatusCode, via[len(via)-1]))
		if len(via) > 9 {
			b.Fatalf("a loop: %v", b.hops)
		}
		for name, values := range b.header {
			r.Header[name] = values
		}
		r.Header.Set("User-Agent", agent)
		return nil
	}}
	return b
}

func hop(status int, r *http.Request) string {
	return http.StatusText(status) + ": " + r.Method + " " + r.URL.Path
}

// answer is the last answer that a browser got, after all redirects.
type answer struct {
	status int
	header http.Header
	body   string
	url    *url.URL
}

func (b *browser) do(method, target string, form url.Values) answer {
	b.Helper()
	if strings.HasPrefix(target, "/") {
		target = b.site.URL + target
	}
	r, err := http.NewRequestWithContext(b.Context(), method, target, strings.NewReader(form.Encode()))
	if err != nil {
		b.Fatal(err)
	}
	for name, values := range b.header {
		r.Header[name] = values
	}
	r.Header.Set("User-Agent", b.agent)
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	b.hops = nil
	response, err := b.client.Do(r)
	if err != nil {
		b.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		b.Fatal(err)
	}
	b.hops = append(b.hops, hop(response.StatusCode, response.Request))
	return answer{response.StatusCode, response.Header, string(body), response.Request.URL}
}

func (b *browser) get(target string) answer {
	b.Helper()
	return b.do(http.MethodGet, target, nil)
}

func (b *browser) post(target string, form url.Values) answer {
	b.Helper()
	if form == nil {
		form = url.Values{}
	}
	return b.do(http.MethodPost, target, form)
}

// once makes one request without following a redirect, and returns the Location.
func (b *browser) once(target string) (answer, string) {
	b.Helper()
	follow := b.client.CheckRedirect
	defer func() { b.client.CheckRedirect = follow }()
	b.client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	a := b.get(target)
	return a, a.header.Get("Location")
}

// signsIn opens the start page inside WeChat as openid, who follows.
func (w *fixture) signsIn(openid string) *browser {
	w.Helper()
	w.Platform.SetVisitor(openid)
	b := w.browser(inWeChat)
	if a := b.get("/"); a.status != http.StatusOK || !b.signedIn() {
		w.Fatalf("not signed in: %v", b.hops)
	}
	return b
}

// signedIn asks the pages whether the browser is signed in.
func (b *browser) signedIn() bool {
	b.Helper()
	switch a := b.get("/api/session"); a.status {
	case http.StatusOK:
		return true
	case http.StatusUnauthorized:
		return false
	default:
		b.Fatalf("/api/session: status %d", a.status)
		return false
	}
}

func (b *browser) wantSignedIn(want bool) {
	b.Helper()
	if got := b.signedIn(); got != want {
		b.Errorf("signed in: %v, want %v", got, want)
	}
}

// cookie returns the value of a cookie of the browser, or "" if it has none.
func (b *browser) cookie(name string) string {
	b.Helper()
	u, err := url.Parse(b.site.URL)
	if err != nil {
		b.Fatal(err)
	}
	for _, c := range b.client.Jar.Cookies(u) {
		if c.Name == name {
			return c.Value
		}
	}
	return ""
}

func (b *browser) setCookie(name, value string) {
	b.Helper()
	u, err := url.Parse(b.site.URL)
	if err != nil {
		b.Fatal(err)
	}
	b.client.Jar.SetCookies(u, []*http.Cookie{{Name: name, Value: value, Path: "/", Secure: true}})
}

// loses makes the browser forget a cookie.
func (b *browser) loses(name string) {
	b.client.Jar.SetCookies(must(url.Parse(b.site.URL)), []*http.Cookie{{Name: name, Path: "/", MaxAge: -1}})
}

func base64URL(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(s)) }

func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}

var title = regexp.MustCompile(`<h1>([^<]*)</h1>`)

// title is a page's heading.
func (a answer) title() string {
	if match := title.FindStringSubmatch(a.body); match != nil {
		return match[1]
	}
	return ""
}
