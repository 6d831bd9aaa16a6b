package web_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/guanzhu/guanzhu/internal/boltstore"
	"github.com/guanzhu/guanzhu/internal/telemetry"
	"github.com/guanzhu/guanzhu/pkg/follower"
	"github.com/guanzhu/guanzhu/pkg/web"
	"github.com/guanzhu/guanzhu/pkg/wechat"
	"github.com/guanzhu/guanzhu/pkg/wechatapi"
	"github.com/guanzhu/guanzhu/pkg/wechattest"
)

const (
	appID     = "wx0123456789abcdef"
	appSecret = "0123456789abcdef0123456789abcdef"
	openid    = "oTESTfollower-000000000_0001"
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
var begun = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

// world is the pages with everything around them: the embedded store and the simulated platform, both its hosts.
type world struct {
	*testing.T
	platform *wechattest.Platform
	store    *countingStore
	service  *follower.Service
	secrets  *rotating
	site     *httptest.Server
	handler  *web.Handler
	clock    *clock
	log      *syncBuffer
	apiURL   string
}

type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// syncBuffer is a log that a test reads while servers write.
type syncBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *syncBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *syncBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}

// countingStore counts what the pages ask of the store, and fails where a test wants it to.
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

// rotating is an app secret, without a link key, that changes at the next Reload.
type rotating struct {
	mu        sync.Mutex
	now, next string
}

func (r *rotating) AppSecret() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.now
}

func (r *rotating) LinkKey() string { return r.AppSecret() }

func (r *rotating) Reload(context.Context) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	changed := r.next != "" && r.next != r.now
	if changed {
		r.now = r.next
	}
	return changed
}

// newWorld makes the pages; change, if not nil, is called on their configuration before.
func newWorld(t *testing.T, change func(*web.Config)) *world {
	t.Helper()
	w := &world{T: t, clock: &clock{now: begun}, log: new(syncBuffer), secrets: &rotating{now: appSecret}}
	w.platform = wechattest.New(wechattest.Config{AppID: appID, AppSecret: appSecret, Now: w.clock.Now})
	api, open := httptest.NewServer(w.platform), httptest.NewServer(w.platform.Open())
	t.Cleanup(api.Close)
	w.apiURL = api.URL
	t.Cleanup(open.Close)

	bolt, err := boltstore.Open(filepath.Join(t.TempDir(), "db"), w.clock.Now)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { bolt.Close() })
	w.store = &countingStore{Store: bolt}
	client, err := wechatapi.New(wechatapi.Config{
		AppID: appID, BaseURL: api.URL, Secrets: w.secrets, Tokens: bolt, Now: w.clock.Now,
	})
	if err != nil {
		t.Fatal(err)
	}
	log := slog.New(slog.NewJSONHandler(w.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	hash := telemetry.Hasher(appSecret)
	w.service = &follower.Service{
		Store: bolt, Profiler: client, Hash: hash, Now: w.clock.Now, LinkKey: w.secrets.LinkKey,
	}
	config := web.Config{
		AppID: appID, OpenURL: open.URL, Store: w.store, Exchanger: client, Secrets: w.secrets,
		Hash: hash, Now: w.clock.Now, Log: log,
	}
	if change != nil {
		change(&config)
	}
	if w.handler, err = web.New(config); err != nil {
		t.Fatal(err)
	}
	w.site = httptest.NewTLSServer(w.handler)
	t.Cleanup(w.site.Close)
	return w
}

// follows lets openid follow now, by the push of it.
func (w *world) follows(openid string) {
	w.Helper()
	w.platform.Follow(openid, wechattest.User{UnionID: unionid, Language: "zh_CN", Remark: remark, Tags: []int{77}, SubscribedAt: w.clock.Now()})
	p := &wechat.Subscribe{Head: head(openid, w.clock.Now())}
	p.MsgType, p.Event = "event", "subscribe"
	if err := w.service.Follow(w.Context(), p); err != nil {
		w.Fatal(err)
	}
}

func (w *world) unfollows(openid string) {
	w.Helper()
	w.platform.Unfollow(openid)
	p := &wechat.Unsubscribe{Head: head(openid, w.clock.Now())}
	if err := w.service.Unfollow(w.Context(), p); err != nil {
		w.Fatal(err)
	}
}

func head(openid string, at time.Time) wechat.Head {
	return wechat.Head{FromUserName: openid, ToUserName: "gh_0123456789ab", CreateTime: at.Unix()}
}

// text is a text message sent now.
func (w *world) text(openid string, msgID uint64) *wechat.Text {
	p := &wechat.Text{Content: "登录"}
	p.Head, p.MsgID = head(openid, w.clock.Now()), msgID
	p.MsgType = "text"
	return p
}

// asks returns the link that answers the push.
func (w *world) asks(p wechat.Push) string {
	w.Helper()
	link, err := w.service.PersonalLink(w.Context(), p, w.site.URL)
	if err != nil {
		w.Fatal(err)
	}
	return link
}

// browser is one device: cookies of its own, and where it was led.
type browser struct {
	*world
	client *http.Client
	agent  string
	header http.Header // sent with each request
	hops   []string    // of the last request: status, method and path of each
}

func (w *world) browser(agent string) *browser {
	jar, err := cookiejar.New(nil)
	if err != nil {
		w.Fatal(err)
	}
	transport := w.site.Client().Transport.(*http.Transport).Clone()
	w.Cleanup(transport.CloseIdleConnections)
	b := &browser{world: w, agent: agent, header: http.Header{}}
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

// answer is what a browser shows in the end.
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

// once makes one request without following where it leads, and returns the Location.
func (b *browser) once(target string) (answer, string) {
	b.Helper()
	follow := b.client.CheckRedirect
	defer func() { b.client.CheckRedirect = follow }()
	b.client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	a := b.get(target)
	return a, a.header.Get("Location")
}

// signsIn opens the start page inside WeChat as openid, who follows.
func (w *world) signsIn(openid string) *browser {
	w.Helper()
	w.platform.As(openid)
	b := w.browser(inWeChat)
	if a := b.get("/"); a.status != http.StatusOK || !b.signedIn() {
		w.Fatalf("not signed in: %v", b.hops)
	}
	return b
}

// signedIn asks the pages themselves.
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

// cookie returns the value of a cookie that the browser holds, "" if it holds none.
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

// lines returns the log's lines so far.
func (w *world) lines() []map[string]any {
	w.Helper()
	var lines []map[string]any
	for line := range strings.Lines(w.log.String()) {
		var fields map[string]any
		if err := json.Unmarshal([]byte(line), &fields); err != nil {
			w.Fatal(err)
		}
		lines = append(lines, fields)
	}
	return lines
}
