package wechattest

import (
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/guanzhu/guanzhu/internal/pause"
)

// Config describes the account for which a Platform answers.
type Config struct {
	AppID       string
	AppSecret   string
	Kind        Kind             // decides which APIs the account may call
	Now         func() time.Time // the platform's clock; time.Now if nil
	PageSize    int              // openids per page of user/get; 10000 if 0
	OAuthDomain string           // the only host, with its port, that OAuth returns to; any host if empty

	// EveryoneFollows makes every openid that a call names a follower, for pushes that are sent by another program.
	EveryoneFollows bool
}

// Platform is an http.Handler that answers the platform's API for one account:
//
//	POST /cgi-bin/stable_token
//	GET  /cgi-bin/getcallbackip
//	POST /cgi-bin/openapi/quota/get
//	GET  /cgi-bin/user/info
//	POST /cgi-bin/user/info/batchget
//	GET  /cgi-bin/user/get
//	POST /cgi-bin/menu/create
//	GET  /cgi-bin/menu/get
//	GET  /cgi-bin/get_current_selfmenu_info
//	GET  /cgi-bin/get_current_autoreply_info
//	GET  /cgi-bin/media/get
//	POST /cgi-bin/material/add_material
//	POST /cgi-bin/material/get_material
//	POST /cgi-bin/material/del_material
//	GET  /cgi-bin/material/get_materialcount
//	POST /cgi-bin/menu/addconditional
//	POST /cgi-bin/menu/delconditional
//	POST /cgi-bin/menu/trymatch
//	POST /cgi-bin/message/custom/send
//	POST /cgi-bin/message/custom/typing
//	GET  /sns/oauth2/access_token
//
// Every answer has HTTP status 200. If a call fails, the answer has errcode and errmsg. OAuthPage is the platform's
// other host. All methods are safe for concurrent use.
type Platform struct {
	config    Config
	endpoints map[string]endpoint

	mu     sync.Mutex         // guards all below
	faults map[string][]fault // by path, the next one first
	delays map[string]time.Duration
	holds  map[string]map[chan struct{}]bool
	calls  map[string]int

	whitelist []netip.Prefix // every address is allowed if empty
	quotas    map[string]int // limits that SetQuota has set
	used      map[string]int // calls on the day of usedOn
	usedOn    time.Time

	accepted map[string]time.Time // access tokens that calls may carry, and when they expire
	current  token                // the token that stable_token returns
	forcedAt time.Time            // the last forced refresh
	forces   int                  // forced refreshes on the day of forcedAt

	users map[string]user
	order []string // the openids of users, in the order in which the platform first saw them

	menu        *menu // nil if there is none
	conditional []conditionalMenu
	lastMenuID  int

	autoReplies string // the answer of get_current_autoreply_info; "" for none
	materials   map[string]material
	lastMediaID int

	windows map[string]*window // by openid
	custom  []CustomMessage

	visitor visitor
	grants  map[string]*grant // by OAuth code
}

// fault replaces the answer to one request: with an errcode or, if html is set, with a page of HTML.
type fault struct {
	errcode int
	html    bool
}

// endpoint is one API. Its answer runs with Platform.mu held.
type endpoint struct {
	method     string
	needsToken bool
	answer     func(query url.Values, body []byte) (reply any, errcode int)
}

// New returns a Platform for an account that has no followers and no menu.
func New(c Config) *Platform {
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.PageSize == 0 {
		c.PageSize = 10000
	}
	p := &Platform{
		config:     c,
		faults:     map[string][]fault{},
		delays:     map[string]time.Duration{},
		holds:      map[string]map[chan struct{}]bool{},
		calls:      map[string]int{},
		quotas:     map[string]int{},
		used:       map[string]int{},
		accepted:   map[string]time.Time{},
		users:      map[string]user{},
		lastMenuID: 400000000,
		grants:     map[string]*grant{},
	}
	const get, post = http.MethodGet, http.MethodPost
	p.endpoints = map[string]endpoint{
		"/cgi-bin/stable_token":               {post, false, p.stableToken},
		"/cgi-bin/getcallbackip":              {get, true, p.callbackIP},
		"/cgi-bin/openapi/quota/get":          {post, true, p.quotaGet},
		"/cgi-bin/user/info":                  {get, true, p.userInfo},
		"/cgi-bin/user/info/batchget":         {post, true, p.userInfoBatch},
		"/cgi-bin/user/get":                   {get, true, p.userGet},
		"/cgi-bin/menu/create":                {post, true, p.menuCreate},
		"/cgi-bin/menu/get":                   {get, true, p.menuGet},
		"/cgi-bin/get_current_selfmenu_info":  {get, true, p.selfmenuInfo},
		"/cgi-bin/get_current_autoreply_info": {get, true, p.autoReplyInfo},
		"/cgi-bin/media/get":                  {get, true, p.mediaGet},
		"/cgi-bin/material/add_material":      {post, true, p.materialAdd},
		"/cgi-bin/material/get_material":      {post, true, p.materialGet},
		"/cgi-bin/material/del_material":      {post, true, p.materialDelete},
		"/cgi-bin/material/get_materialcount": {get, true, p.materialCount},
		"/cgi-bin/menu/addconditional":        {post, true, p.menuAddConditional},
		"/cgi-bin/menu/delconditional":        {post, true, p.menuDelConditional},
		"/cgi-bin/menu/trymatch":              {post, true, p.menuTryMatch},
		"/cgi-bin/message/custom/send":        {post, true, p.customSend},
		"/cgi-bin/message/custom/typing":      {post, true, p.customTyping},
		snsTokenPath:                          {get, false, p.snsToken},
	}
	return p
}

// Fail makes the next requests to path fail with errcode, as many as times says. Faults of one path happen in the order
// of the calls of Fail and FailHTML.
func (p *Platform) Fail(path string, errcode, times int) {
	p.addFaults(path, fault{errcode: errcode}, times)
}

// FailHTML answers the next requests to path, as many as times says, with a page of HTML and status 200.
func (p *Platform) FailHTML(path string, times int) {
	p.addFaults(path, fault{html: true}, times)
}

func (p *Platform) addFaults(path string, f fault, times int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.faults[path] = append(p.faults[path], slices.Repeat([]fault{f}, times)...)
}

// Delay delays the answer to every later request to path by d. A d of 0 ends the delay.
func (p *Platform) Delay(path string, d time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.delays[path] = d
}

// Hold makes requests to path wait until release is called or their client hangs up. Calls counts them on arrival. Later
// calls of release do nothing.
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

// Calls returns how many requests to path have arrived at either host. It counts those that are held or refused, too.
func (p *Platform) Calls(path string) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.calls[path]
}

// maxBody is the size of the largest call: a file, and the form around it.
const maxBody = 11 << 20

// ServeHTTP answers a call.
func (p *Platform) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	// Read the body before waiting: until then the server does not notice that a client hangs up.
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
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
	if content, ok := reply.([]byte); ok {
		w.Header().Set("Content-Type", http.DetectContentType(content))
		w.Write(content)
		return
	}
	w.Header().Set("Content-Type", "application/json; encoding=utf-8")
	if strings.HasPrefix(r.URL.Path, "/sns/") {
		w.Header().Set("Content-Type", "text/plain")
	}
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	encoder.Encode(reply)
}

// wait counts the request and blocks as long as Delay and Hold require. It returns false if the client hung up.
func (p *Platform) wait(r *http.Request) bool {
	p.mu.Lock()
	p.calls[r.URL.Path]++
	delay := p.delays[r.URL.Path]
	holds := slices.Collect(maps.Keys(p.holds[r.URL.Path]))
	p.mu.Unlock()

	if delay > 0 && pause.For(r.Context(), delay) != nil {
		return false
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

// reply returns the answer to a request: html, or a value to be encoded as JSON.
func (p *Platform) reply(r *http.Request, body []byte) any {
	p.mu.Lock()
	defer p.mu.Unlock()
	if f, ok := p.nextFault(r.URL.Path); ok {
		if f.html {
			return html("<html><body><h1>Bad Gateway</h1></body></html>")
		}
		return failure(f.errcode)
	}
	e, errcode := p.endpoint(r)
	if errcode == 40066 {
		return failureWith(errcode, "invalid url: the simulated platform lacks this API")
	}
	if errcode != 0 {
		return failure(errcode)
	}
	if ip, ok := p.admits(r); !ok {
		return notListed(ip)
	}
	if errcode := p.authorized(e, r); errcode != 0 {
		return failure(errcode)
	}
	reply, errcode := e.answer(r.URL.Query(), body)
	if errcode != 0 {
		return failure(errcode)
	}
	return reply
}

func (p *Platform) endpoint(r *http.Request) (e endpoint, errcode int) {
	e, ok := p.endpoints[r.URL.Path]
	switch {
	case !ok:
		return e, 40066
	case r.Method != e.method && e.method == http.MethodGet:
		return e, 43001
	case r.Method != e.method:
		return e, 43002
	}
	return e, 0
}

// authorized checks the access token, the account's permission and the quota. It spends one call of the quota.
func (p *Platform) authorized(e endpoint, r *http.Request) (errcode int) {
	if e.needsToken {
		if errcode := p.checkToken(r.URL.Query().Get("access_token")); errcode != 0 {
			return errcode
		}
	}
	switch {
	case !p.config.Kind.may(r.URL.Path):
		return 48001
	case !p.spend(r.URL.Path):
		return 45009
	}
	return 0
}

func (p *Platform) nextFault(path string) (fault, bool) {
	queue := p.faults[path]
	if len(queue) == 0 {
		return fault{}, false
	}
	p.faults[path] = queue[1:]
	return queue[0], true
}
