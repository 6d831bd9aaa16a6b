package console

import (
	"cmp"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"maps"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/guanzhu/guanzhu/internal/bilingual"
	"github.com/guanzhu/guanzhu/internal/publicurl"
	"github.com/guanzhu/guanzhu/pkg/wechat"
	"github.com/guanzhu/guanzhu/pkg/wechattest"
)

// maxPhones is how many phones there may be.
const maxPhones = 50

// phone is a user's phone: the user, and WeChat's browser on it.
type phone struct {
	Follower
	Cookies cookies `json:"cookies"`
	server  *http.Server
}

// cookies are a browser's, by their names. They are safe for concurrent use.
type cookies struct {
	mu  sync.Mutex
	jar map[string]cookie
}

// MarshalJSON implements json.Marshaler.
func (c *cookies) MarshalJSON() ([]byte, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return json.Marshal(c.jar)
}

// UnmarshalJSON implements json.Unmarshaler.
func (c *cookies) UnmarshalJSON(data []byte) error { return json.Unmarshal(data, &c.jar) }

type cookie struct {
	Value string    `json:"value"`
	Until time.Time `json:"until,omitzero"`
}

// user returns what the platform knows of the follower.
func (p *phone) user() wechattest.User {
	u := wechattest.User{Language: p.Language, SubscribedAt: p.SubscribedAt, SubscribeScene: "ADD_SCENE_SEARCH"}
	if p.Scene != "" {
		u.SubscribeScene, u.QRSceneStr = "ADD_SCENE_QR_CODE", p.Scene
	}
	return u
}

func (p *phone) close() {
	if p.server != nil {
		_ = p.server.Close()
	}
}

func (c *Console) phones() []*phone {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.followers)
}

// phone returns the phone of openid, or nil.
func (c *Console) phone(openid string) *phone {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, p := range c.followers {
		if p.OpenID == openid {
			return p
		}
	}
	return nil
}

// addPhone adds a phone. An empty OpenID, Name or Language gets a value.
func (c *Console) addPhone(f Follower) (*phone, error) {
	f.OpenID = cmp.Or(f.OpenID, "oSAMPLE"+rand.Text()[:21])
	f.Name = cmp.Or(f.Name, bilingual.Format("关注者 %d", "Follower %d", len(c.phones())+1).In(c.config.Language))
	f.Language = cmp.Or(f.Language, "zh_CN")
	switch {
	case !wechat.IsOpenID(f.OpenID):
		return nil, refuse("openid 只能有 1 到 128 个字母、数字、_ 或 -", "an openid has 1 to 128 letters, digits, _ or -")
	case c.phone(f.OpenID) != nil:
		return nil, refuse("已经有这个 openid 的手机", "there is a phone of this openid already")
	case len(c.phones()) >= maxPhones:
		return nil, refuse(fmt.Sprintf("最多 %d 部手机", maxPhones), fmt.Sprintf("there are %d phones at most", maxPhones))
	}
	p := &phone{Follower: f}
	return p, c.connect(p)
}

// connect adds the phone and serves its pages.
func (c *Console) connect(p *phone) error {
	if c.config.Listen != nil {
		listener, err := c.config.Listen()
		if err != nil {
			return err
		}
		p.PagesURL = "http://" + listener.Addr().String()
		p.server = &http.Server{Handler: c.guard(c.browser(p), p.PagesURL), ReadHeaderTimeout: 10 * time.Second}
		go func() { _ = p.server.Serve(listener) }() // until close
	}
	c.mu.Lock()
	c.followers = append(c.followers, p)
	if c.platform != nil && p.Follows {
		c.platform.Follow(p.OpenID, p.user())
	}
	c.mu.Unlock()
	return nil
}

// removePhone removes the phone of openid.
func (c *Console) removePhone(openid string) {
	if p := c.phone(openid); p != nil {
		p.close()
	}
	c.mu.Lock()
	c.followers = slices.DeleteFunc(c.followers, func(p *phone) bool { return p.OpenID == openid })
	c.mu.Unlock()
	c.changed()
}

// setFollows changes whether the user follows, here and on the platform.
func (c *Console) setFollows(openid string, follows bool, at time.Time, scene string) {
	c.mu.Lock()
	for _, p := range c.followers {
		if p.OpenID != openid {
			continue
		}
		p.Follows, p.SubscribedAt, p.Scene = follows, time.Time{}, ""
		if follows {
			p.SubscribedAt, p.Scene = at, scene
		}
		switch {
		case c.platform == nil:
		case follows:
			c.platform.Follow(openid, p.user())
		default:
			c.platform.Unfollow(openid)
		}
	}
	c.mu.Unlock()
	c.changed()
}

// browser returns the account's pages as WeChat's browser on the phone gets them. The cookies are kept here, by the
// console's clock: a browser on this machine would share them among all phones.
func (c *Console) browser(p *phone) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/connect/", func(w http.ResponseWriter, r *http.Request) { c.authorize(w, r, p.OpenID) })
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		r.Header.Set("User-Agent", r.UserAgent()+" MicroMessenger/8.0")
		p.Cookies.send(r, c.clock.Now())
		c.visitBy(&phoneAnswer{ResponseWriter: w, c: c, p: p}, r, p.OpenID)
	})
	return mux
}

// authorize is the platform's OAuth page, opened by the user of openid.
func (c *Console) authorize(w http.ResponseWriter, r *http.Request, openid string) {
	platform := c.simulated()
	if platform == nil {
		http.NotFound(w, r)
		return
	}
	c.visiting.Lock()
	defer c.visiting.Unlock()
	platform.SetVisitor(openid)
	platform.OAuthPage().ServeHTTP(w, r)
}

// phoneAnswer changes an answer of the account's pages as the phone needs it: it keeps the cookies, leads OAuth to the
// phone's own address, and allows the console's page to show it.
type phoneAnswer struct {
	http.ResponseWriter
	c *Console
	p *phone
}

func (w *phoneAnswer) WriteHeader(status int) {
	h := w.Header()
	if h.Get("Set-Cookie") != "" {
		w.p.Cookies.keep(h, w.c.clock.Now())
		defer w.c.changed()
	}
	if rest, ok := strings.CutPrefix(h.Get("Location"), w.c.openURL()+"/"); ok && w.c.openURL() != "" {
		h.Set("Location", w.p.PagesURL+"/"+rest)
	}
	h.Set("Content-Security-Policy",
		strings.Replace(h.Get("Content-Security-Policy"), "frame-ancestors 'none'", "frame-ancestors "+strings.Join(w.c.origins(), " "), 1))
	w.ResponseWriter.WriteHeader(status)
}

// send replaces the cookies of r by these.
func (c *cookies) send(r *http.Request, now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	r.Header.Del("Cookie")
	for _, name := range slices.Sorted(maps.Keys(c.jar)) {
		if one := c.jar[name]; one.Until.IsZero() || now.Before(one.Until) {
			r.AddCookie(&http.Cookie{Name: name, Value: one.Value}) //nolint:gosec // a request has no attributes
		}
	}
}

// keep takes the cookies out of an answer's header.
func (c *cookies) keep(h http.Header, now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.jar == nil {
		c.jar = map[string]cookie{}
	}
	for _, one := range (&http.Response{Header: h}).Cookies() {
		switch {
		case one.MaxAge < 0:
			delete(c.jar, one.Name)
		case one.MaxAge > 0:
			c.jar[one.Name] = cookie{one.Value, now.Add(time.Duration(one.MaxAge) * time.Second)}
		default:
			c.jar[one.Name] = cookie{Value: one.Value}
		}
	}
	h.Del("Set-Cookie")
}

// isOwn reports whether host, with its port, is that of origin. The names of this machine are one.
func isOwn(host, origin string) bool {
	u, err := url.Parse(origin)
	if err != nil || u.Host == "" {
		return false
	}
	if host == u.Host {
		return true
	}
	_, port, err := net.SplitHostPort(host)
	return err == nil && port == u.Port() && publicurl.IsLoopback(host) && publicurl.IsLoopback(u.Host)
}
