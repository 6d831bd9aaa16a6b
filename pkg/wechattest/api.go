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
)

// Config is the account that a Platform plays.
type Config struct {
	AppID     string
	AppSecret string
	Kind      Kind             // what the account may call, and how often
	Now       func() time.Time // the platform's clock; nil: time.Now
	PageSize  int              // openids on a page of user/get; 0: 10000
	// OAuthDomain is where OAuth may lead back to: a host, or, on a test account, host:port. Empty: anywhere.
	OAuthDomain string
	// EveryoneFollows makes a follower of whoever is asked for, so that pushes can be made up elsewhere.
	EveryoneFollows bool
}

// Platform is the platform's API for one account, an http.Handler:
//
//	POST /cgi-bin/stable_token
//	GET  /cgi-bin/token
//	GET  /cgi-bin/getcallbackip
//	POST /cgi-bin/openapi/quota/get
//	GET  /cgi-bin/user/info
//	POST /cgi-bin/user/info/batchget
//	GET  /cgi-bin/user/get
//	POST /cgi-bin/menu/create
//	GET  /cgi-bin/menu/get
//	GET  /cgi-bin/menu/delete
//	GET  /cgi-bin/get_current_selfmenu_info
//	POST /cgi-bin/menu/addconditional
//	POST /cgi-bin/menu/delconditional
//	POST /cgi-bin/menu/trymatch
//	GET  /sns/oauth2/access_token
//
// It answers as the platform does: HTTP status 200 and, where a call fails, errcode and errmsg. Open is its other
// host. All methods are safe for concurrent use.
type Platform struct {
	config    Config
	endpoints map[string]endpoint

	mu     sync.Mutex         // guards all below
	faults map[string][]fault // of each path, in the order in which they are to happen
	delays map[string]time.Duration
	holds  map[string]map[chan struct{}]bool
	calls  map[string]int

	whitelist []netip.Prefix // nil: none is kept
	quotas    map[string]int // those that Quota has set
	used      map[string]int // calls of usedOn's day
	usedOn    time.Time

	accepted map[string]time.Time // access tokens of both kinds that calls may carry, and until when
	stable   token                // stable_token's current one
	plain    token                // the current one of /cgi-bin/token
	forcedAt time.Time            // the last forced refresh
	forces   int                  // how many there were on its day

	users map[string]user
	order []string // their openids, in the order in which the platform came to know them

	menu        *menu // nil: none
	conditional []conditionalMenu
	lastMenuID  int

	visitor visitor           // who opens pages
	grants  map[string]*grant // by their code
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

// New returns the platform for an account without followers and without a menu.
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
		"/cgi-bin/stable_token":              {post, false, p.stableToken},
		"/cgi-bin/token":                     {get, false, p.plainToken},
		"/cgi-bin/getcallbackip":             {get, true, p.callbackIP},
		"/cgi-bin/openapi/quota/get":         {post, true, p.quotaGet},
		"/cgi-bin/user/info":                 {get, true, p.userInfo},
		"/cgi-bin/user/info/batchget":        {post, true, p.userInfoBatch},
		"/cgi-bin/user/get":                  {get, true, p.userGet},
		"/cgi-bin/menu/create":               {post, true, p.menuCreate},
		"/cgi-bin/menu/get":                  {get, true, p.menuGet},
		"/cgi-bin/menu/delete":               {get, true, p.menuDelete},
		"/cgi-bin/get_current_selfmenu_info": {get, true, p.selfmenuInfo},
		"/cgi-bin/menu/addconditional":       {post, true, p.menuAddConditional},
		"/cgi-bin/menu/delconditional":       {post, true, p.menuDelConditional},
		"/cgi-bin/menu/trymatch":             {post, true, p.menuTryMatch},
		snsTokenPath:                         {get, false, p.snsToken},
	}
	return p
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

// Calls returns how many requests to path have arrived, at either host: held, refused and failed ones included.
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
	if strings.HasPrefix(r.URL.Path, "/sns/") {
		w.Header().Set("Content-Type", "text/plain")
	}
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	encoder.Encode(reply)
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
	if ip, ok := p.admits(r); !ok {
		return notListed(ip)
	}
	if e.needsToken {
		if errcode := p.checkToken(r.URL.Query().Get("access_token")); errcode != 0 {
			return failure(errcode)
		}
	}
	switch {
	case !p.config.Kind.may(r.URL.Path):
		return failure(48001)
	case !p.spend(r.URL.Path):
		return failure(45009)
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
