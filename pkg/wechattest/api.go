package wechattest

import (
	"cmp"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"time"

	"github.com/guanzhu/guanzhu/pkg/wechat"
)

// How the platform treats access tokens (api_getstableaccesstoken, api_getaccesstoken).
const (
	tokenFor      = 2 * time.Hour    // expires_in of a new token
	renewBefore   = 5 * time.Minute  // stable_token gives a new token so long before the end of the one before it
	usableAfter   = 5 * time.Minute  // a token of /cgi-bin/token outlives the next one's issue by this
	forceInterval = 30 * time.Second // a second forced refresh within it gives the first one's token
	forcesPerDay  = 20
)

// Config is the account that a Platform plays.
type Config struct {
	AppID     string
	AppSecret string
	Now       func() time.Time // the platform's clock; nil: time.Now
	// EveryoneFollows makes a follower of whoever is asked for, so that pushes can be made up elsewhere.
	EveryoneFollows bool
}

// User is what the platform tells of a follower; see
// https://developers.weixin.qq.com/doc/service/api/usermanage/userinfo/api_userinfo.
type User struct {
	UnionID        string
	Language       string
	SubscribedAt   time.Time
	Remark         string
	Tags           []int
	SubscribeScene string
	QRScene        int
	QRSceneStr     string
}

// Platform is the platform's API for one account, an http.Handler:
//
//	POST /cgi-bin/stable_token
//	GET  /cgi-bin/token
//	GET  /cgi-bin/user/info
//
// It answers as the platform does: HTTP status 200 and, where a call fails, errcode and errmsg. All methods are safe
// for concurrent use.
type Platform struct {
	config    Config
	endpoints map[string]endpoint

	mu       sync.Mutex
	accepted map[string]time.Time // access tokens of both kinds that calls may carry, and until when
	stable   token                // stable_token's current one
	plain    token                // the current one of /cgi-bin/token
	forcedAt time.Time            // the last forced refresh
	forces   int                  // how many there were on its day
	users    map[string]user
	faults   map[string][]fault // of each path, in the order in which they are to happen
	delays   map[string]time.Duration
	holds    map[string]map[chan struct{}]bool
	calls    map[string]int
}

type token struct {
	value string
	until time.Time
}

type user struct {
	User
	follows bool
}

// fault is what one request meets instead of the answer: an errcode or a page of HTML.
type fault struct {
	errcode int
	html    bool
}

// endpoint is one API of the platform.
type endpoint struct {
	method     string
	needsToken bool
	answer     func(query url.Values, body []byte) (reply any, errcode int)
}

// New returns the platform for an account without followers.
func New(c Config) *Platform {
	if c.Now == nil {
		c.Now = time.Now
	}
	p := &Platform{
		config:   c,
		accepted: map[string]time.Time{},
		users:    map[string]user{},
		faults:   map[string][]fault{},
		delays:   map[string]time.Duration{},
		holds:    map[string]map[chan struct{}]bool{},
		calls:    map[string]int{},
	}
	p.endpoints = map[string]endpoint{
		"/cgi-bin/stable_token": {method: http.MethodPost, answer: p.stableToken},
		"/cgi-bin/token":        {method: http.MethodGet, answer: p.plainToken},
		"/cgi-bin/user/info":    {method: http.MethodGet, needsToken: true, answer: p.userInfo},
	}
	return p
}

// Follow makes openid a follower, or a follower again, of whom u is known.
func (p *Platform) Follow(openid string, u User) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.users[openid] = user{User: u, follows: true}
}

// Unfollow ends a follow. The platform goes on knowing the openid.
func (p *Platform) Unfollow(openid string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.users[openid] = user{}
}

// RevokeToken ends the stable access token, as another program does that forces a refresh: calls with it get 40001,
// and stable_token gives a new one.
func (p *Platform) RevokeToken() {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.accepted, p.stable.value)
	p.stable = token{}
}

// BreakToken makes calls with the stable access token get 40001, while stable_token goes on giving that token until
// a refresh is forced.
func (p *Platform) BreakToken() {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.accepted, p.stable.value)
}

// Fail makes the next so many requests to path fail with errcode. Faults of one path happen in the order in which
// they were asked for.
func (p *Platform) Fail(path string, errcode, times int) {
	p.addFaults(path, fault{errcode: errcode}, times)
}

// FailHTML makes the next so many requests to path get a page of HTML instead of JSON, with status 200.
func (p *Platform) FailHTML(path string, times int) {
	p.addFaults(path, fault{html: true}, times)
}

func (p *Platform) addFaults(path string, f fault, times int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.faults[path] = append(p.faults[path], slices.Repeat([]fault{f}, times)...)
}

// Delay makes every later request to path wait for d before it is answered; 0 ends that.
func (p *Platform) Delay(path string, d time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.delays[path] = d
}

// Hold makes requests to path wait until release is called (calling it again does nothing) or their client hangs up.
// Calls counts them already.
func (p *Platform) Hold(path string) (release func()) {
	held := make(chan struct{})
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.holds[path] == nil {
		p.holds[path] = map[chan struct{}]bool{}
	}
	p.holds[path][held] = true
	return sync.OnceFunc(func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		delete(p.holds[path], held)
		close(held)
	})
}

// Calls returns how many requests to path have arrived, failed ones included.
func (p *Platform) Calls(path string) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.calls[path]
}

// ServeHTTP answers a call.
func (p *Platform) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	// The body is read first: until then the server does not notice a client that hangs up while it waits.
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 1<<20))
	if err != nil {
		http.Error(w, "the body cannot be read", http.StatusBadRequest)
		return
	}
	if !p.wait(r) {
		return
	}
	reply := p.reply(r, body)
	if page, ok := reply.(html); ok {
		w.Header().Set("Content-Type", "text/html")
		io.WriteString(w, string(page))
		return
	}
	w.Header().Set("Content-Type", "application/json; encoding=utf-8")
	json.NewEncoder(w).Encode(reply)
}

// wait counts the request and lets it wait as Delay and Hold ask for. It is false if the client hung up meanwhile.
func (p *Platform) wait(r *http.Request) bool {
	p.mu.Lock()
	p.calls[r.URL.Path]++
	delay := p.delays[r.URL.Path]
	holds := slices.Collect(maps.Keys(p.holds[r.URL.Path]))
	p.mu.Unlock()

	if delay > 0 {
		timer := time.NewTimer(delay)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-r.Context().Done():
			return false
		}
	}
	for _, held := range holds {
		select {
		case <-held:
		case <-r.Context().Done():
			return false
		}
	}
	return true
}

type html string

// reply returns what the request is answered with: something to be encoded as JSON, or html.
func (p *Platform) reply(r *http.Request, body []byte) any {
	p.mu.Lock()
	defer p.mu.Unlock()
	if f, ok := p.nextFault(r.URL.Path); ok {
		if f.html {
			return html("<html><body><h1>Bad Gateway</h1></body></html>")
		}
		return failure(f.errcode)
	}
	e, ok := p.endpoints[r.URL.Path]
	switch {
	case !ok:
		return failure(40066)
	case r.Method != e.method && e.method == http.MethodGet:
		return failure(43001)
	case r.Method != e.method:
		return failure(43002)
	}
	if e.needsToken {
		if errcode := p.checkToken(r.URL.Query().Get("access_token")); errcode != 0 {
			return failure(errcode)
		}
	}
	reply, errcode := e.answer(r.URL.Query(), body)
	if errcode != 0 {
		return failure(errcode)
	}
	return reply
}

func (p *Platform) nextFault(path string) (fault, bool) {
	queue := p.faults[path]
	if len(queue) == 0 {
		return fault{}, false
	}
	p.faults[path] = queue[1:]
	return queue[0], true
}

func (p *Platform) checkToken(value string) (errcode int) {
	until, ok := p.accepted[value]
	switch {
	case value == "":
		return 41001
	case !ok:
		return 40001
	case !p.config.Now().Before(until):
		return 42001
	}
	return 0
}

type tokenReply struct {
	AccessToken string `json:"access_token"`
	ExpiresIn   int    `json:"expires_in"` // seconds
}

func (p *Platform) stableToken(_ url.Values, body []byte) (any, int) {
	var in struct {
		GrantType    string `json:"grant_type"`
		AppID        string `json:"appid"`
		Secret       string `json:"secret"`
		ForceRefresh bool   `json:"force_refresh"`
	}
	if len(body) == 0 {
		return nil, 44002
	}
	if json.Unmarshal(body, &in) != nil {
		return nil, 47001
	}
	if errcode := p.checkCredentials(in.GrantType, in.AppID, in.Secret); errcode != 0 {
		return nil, errcode
	}
	now := p.config.Now()
	switch {
	case in.ForceRefresh && now.Sub(p.forcedAt) >= forceInterval:
		if !sameDay(now, p.forcedAt) {
			p.forces = 0
		}
		if p.forces == forcesPerDay {
			return nil, 45009
		}
		p.forces++
		p.forcedAt = now
		delete(p.accepted, p.stable.value)
		p.stable = p.issue(now)
	case !now.Before(p.stable.until.Add(-renewBefore)):
		p.stable = p.issue(now) // the one before it is accepted until its end
	}
	return tokenReply{p.stable.value, int(p.stable.until.Sub(now).Seconds())}, 0
}

func (p *Platform) plainToken(query url.Values, _ []byte) (any, int) {
	errcode := p.checkCredentials(query.Get("grant_type"), query.Get("appid"), query.Get("secret"))
	if errcode != 0 {
		return nil, errcode
	}
	now := p.config.Now()
	if until, ok := p.accepted[p.plain.value]; ok && until.After(now.Add(usableAfter)) {
		p.accepted[p.plain.value] = now.Add(usableAfter)
	}
	p.plain = p.issue(now)
	return tokenReply{p.plain.value, int(tokenFor.Seconds())}, 0
}

func (p *Platform) checkCredentials(grantType, appID, secret string) (errcode int) {
	switch {
	case grantType != "client_credential":
		return 40002
	case appID == "":
		return 41002
	case appID != p.config.AppID:
		return 40013
	case secret == "":
		return 41004
	case secret != p.config.AppSecret:
		return 40125
	}
	return 0
}

func (p *Platform) issue(now time.Time) token {
	t := token{value: "99_" + rand.Text() + rand.Text() + rand.Text(), until: now.Add(tokenFor)}
	p.accepted[t.value] = t.until
	return t
}

func sameDay(a, b time.Time) bool {
	return a.In(wechat.ChinaTime).Format(time.DateOnly) == b.In(wechat.ChinaTime).Format(time.DateOnly)
}

func (p *Platform) userInfo(query url.Values, _ []byte) (any, int) {
	openid := query.Get("openid")
	u, known := p.users[openid]
	if !known && p.config.EveryoneFollows {
		known, u = true, user{User: User{Language: "zh_CN", SubscribedAt: p.config.Now()}, follows: true}
	}
	switch {
	case openid == "":
		return nil, 41009
	case !known:
		return nil, 40003
	case !u.follows:
		return map[string]any{"subscribe": 0, "openid": openid}, 0
	}
	return map[string]any{
		"subscribe":       1,
		"openid":          openid,
		"nickname":        "",
		"sex":             0,
		"language":        u.Language,
		"city":            "",
		"province":        "",
		"country":         "",
		"headimgurl":      "",
		"subscribe_time":  u.SubscribedAt.Unix(),
		"unionid":         u.UnionID,
		"remark":          u.Remark,
		"groupid":         0,
		"tagid_list":      append([]int{}, u.Tags...),
		"subscribe_scene": u.SubscribeScene,
		"qr_scene":        u.QRScene,
		"qr_scene_str":    u.QRSceneStr,
	}, 0
}

// failure is the answer to a call that fails. The platform's own errmsg ends with the call's rid, too.
func failure(errcode int) any {
	type reply struct {
		Code    int    `json:"errcode"`
		Message string `json:"errmsg"`
	}
	var id [12]byte
	rand.Read(id[:])
	return reply{errcode, fmt.Sprintf("%s rid: %x-%x-%x",
		cmp.Or(messages[errcode], "failed"), id[:4], id[4:8], id[8:])}
}

var messages = map[int]string{
	-1:    "system error",
	40001: "invalid credential, access_token is invalid or not latest",
	40002: "invalid grant_type",
	40003: "invalid openid",
	40013: "invalid appid",
	40014: "invalid access_token",
	40066: "invalid url",
	40125: "invalid appsecret",
	40164: "invalid ip 203.0.113.7 ipv6 ::ffff:203.0.113.7, not in whitelist",
	41001: "access_token missing",
	41002: "appid missing",
	41004: "appsecret missing",
	41009: "missing openid",
	42001: "access_token expired",
	43001: "require GET method",
	43002: "require POST method",
	44002: "empty post data",
	45009: "reach max api daily quota limit",
	45011: "api minute-quota reach limit, must slower, retry next minute",
	47001: "data format error",
	48001: "api unauthorized",
	61004: "access clientip is not registered, requestIP: 203.0.113.7",
}
