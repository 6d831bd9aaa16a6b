package console

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/guanzhu/guanzhu/internal/bilingual"
	"github.com/guanzhu/guanzhu/internal/console/page"
	"github.com/guanzhu/guanzhu/pkg/wechat"
)

const (
	platformPath = "/platform"
	mediaPath    = "/media/"

	maxRequest = 1 << 20   // bytes of a request's JSON
	maxPicture = 10 << 20  // bytes
	maxState   = 256 << 20 // bytes of a whole state
)

// refuse returns an error that says what to do, in both languages.
func refuse(zh, en string) error { return bilingual.New(zh, en) }

// Page returns the handler of the console's page and API. It answers pushes, too.
func (c *Console) Page() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /", page.Handler(c.config.Language))
	mux.HandleFunc("POST "+pushPath, c.receive)
	mux.HandleFunc("GET "+pushPath, c.receiveCheck)
	mux.HandleFunc("GET /api/events", c.serveEvents)
	mux.HandleFunc("GET /api/items/{id}/copy", c.serveCopy)
	mux.HandleFunc("GET "+mediaPath+"{id}", c.serveMedia)
	mux.HandleFunc("GET /connect/", func(w http.ResponseWriter, r *http.Request) { c.authorize(w, r, c.firstUser()) })
	mux.HandleFunc("GET "+platformPath+"/", c.servePlatform)
	mux.HandleFunc("POST "+platformPath+"/", c.servePlatform)

	for pattern, answer := range map[string]func(*http.Request) (any, error){
		"GET /api/state":                   c.getState,
		"GET /api/items":                   c.getItems,
		"GET /api/items/{id}":              c.getItem,
		"GET /api/records":                 c.getRecords,
		"GET /api/followers/{openid}/menu": c.getMenu,
		"POST /api/followers":              c.postFollower,
		"DELETE /api/followers/{openid}":   c.deleteFollower,
		"POST /api/send":                   c.postSend,
		"POST /api/media":                  c.postMedia,
		"POST /api/clock":                  c.postClock,
		"POST /api/settings":               c.postSettings,
		"POST /api/faults":                 c.postFaults,
		"POST /api/token":                  c.postToken,
		"POST /api/restart":                c.postRestart,
		"POST /api/replay":                 c.postReplay,
		"POST /api/scenarios":              c.postScenario,
		"POST /api/reset":                  c.postReset,
		"GET /api/export":                  c.getExport,
		"POST /api/import":                 c.postImport,
	} {
		mux.Handle(pattern, inJSON(answer))
	}
	for _, method := range []string{http.MethodGet, http.MethodPost} {
		mux.Handle(method+" /api/", inJSON(func(*http.Request) (any, error) { return nil, errNoRequest }))
	}
	return c.guard(withHeaders(mux), c.config.URL)
}

// withHeaders adds the headers that keep the page to itself.
func withHeaders(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Cache-Control", "no-store")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Content-Security-Policy", "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: https:; "+
			"connect-src 'self'; frame-src http:; form-action 'self'; frame-ancestors 'none'; base-uri 'none'")
		next.ServeHTTP(w, r)
	})
}

// inJSON answers a request by a value or an error, in JSON.
func inJSON(answer func(*http.Request) (any, error)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		value, err := answer(r)
		if err != nil {
			status := http.StatusBadRequest
			if errors.Is(err, errNotFound) || errors.Is(err, errNoPhone) || errors.Is(err, errNoRequest) {
				status = http.StatusNotFound
			}
			writeError(w, status, err)
			return
		}
		writeJSON(w, http.StatusOK, value)
	})
}

func writeJSON(w http.ResponseWriter, status int, value any) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	_ = encoder.Encode(value) // the client has hung up
}

func writeError(w http.ResponseWriter, status int, err error) {
	writeJSON(w, status, map[string]bilingual.Text{"error": bilingual.TextOf(err)})
}

var (
	errNotFound  = refuse("没有这一条", "there is no such entry")
	errNoPhone   = refuse("没有这个 openid 的手机：先用 POST /api/followers 添加", "there is no phone of this openid: add it with POST /api/followers")
	errNoRequest = refuse("没有这个请求：全部请求见 docs/console.zh-CN.md", "there is no such request: docs/console.md has all of them")
)

// readJSON decodes a request's body into v. Unknown members are refused, since they would do nothing.
func readJSON(r *http.Request, limit int64, v any) error {
	decoder := json.NewDecoder(http.MaxBytesReader(nil, r.Body, limit))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(v); err != nil && !errors.Is(err, io.EOF) {
		return refuse("请求不是所要的 JSON："+err.Error(), "the request is not the JSON that is expected: "+err.Error())
	}
	return nil
}

func (c *Console) getState(*http.Request) (any, error) { return c.state(), nil }

func (c *Console) getItems(r *http.Request) (any, error) {
	query := r.URL.Query()
	before, errBefore := number64(query.Get("before"), 0)
	from, errFrom := number64(query.Get("from"), 0)
	limit, errLimit := number64(query.Get("limit"), 100)
	if err := errors.Join(errBefore, errFrom, errLimit); err != nil || limit < 1 || limit > maxItems {
		return nil, refuse("before、from 和 limit 是数字，limit 从 1 到 2000", "before, from and limit are numbers, limit from 1 to 2000")
	}
	openid := query.Get("openid")
	items, more := c.timeline.list(before, int(limit), func(i *Item) bool {
		return i.ID >= from && (openid == "" || i.OpenID == openid)
	})
	return map[string]any{"items": items, "more": more}, nil
}

func number64(text string, without int64) (int64, error) {
	if text == "" {
		return without, nil
	}
	return strconv.ParseInt(text, 10, 64)
}

// item returns the Item that the path names.
func (c *Console) item(r *http.Request) (*Item, error) {
	id, err := strconv.ParseInt(r.PathValue("id"), 10, 64)
	if err != nil {
		return nil, errNotFound
	}
	i := c.timeline.get(id)
	if i == nil {
		return nil, errNotFound
	}
	return i, nil
}

func (c *Console) getItem(r *http.Request) (any, error) { return c.item(r) }

// accountPK is the partition of the account's own records, the access token among them.
const accountPK = "#account"

// records returns the store's records, without the account's own.
func (c *Console) records(ctx context.Context) ([]json.RawMessage, error) {
	dump, err := c.store.Dump(ctx)
	if err != nil {
		return nil, err
	}
	records := []json.RawMessage{}
	for _, record := range dump {
		var key struct{ PK string }
		if err := json.Unmarshal(record, &key); err == nil && key.PK != accountPK {
			records = append(records, record)
		}
	}
	return records, nil
}

func (c *Console) getRecords(r *http.Request) (any, error) { return c.records(r.Context()) }

func (c *Console) postFollower(r *http.Request) (any, error) {
	var in struct {
		OpenID   string `json:"openid"`
		Name     string `json:"name"`
		Language string `json:"language"`
	}
	if err := readJSON(r, maxRequest, &in); err != nil {
		return nil, err
	}
	p, err := c.addPhone(Follower{OpenID: in.OpenID, Name: in.Name, Language: in.Language})
	if err != nil {
		return nil, err
	}
	c.changed()
	return p.Follower, nil
}

func (c *Console) deleteFollower(r *http.Request) (any, error) {
	openid := r.PathValue("openid")
	if c.phone(openid) == nil {
		return nil, errNoPhone
	}
	c.removePhone(openid)
	return c.state(), nil
}

func (c *Console) postSend(r *http.Request) (any, error) {
	var a Action
	if err := readJSON(r, maxRequest, &a); err != nil {
		return nil, err
	}
	return c.act(context.WithoutCancel(r.Context()), a)
}

func (c *Console) postClock(r *http.Request) (any, error) {
	var in struct {
		Advance string    `json:"advance"`
		To      time.Time `json:"to"`
		Now     bool      `json:"now"`
	}
	if err := readJSON(r, maxRequest, &in); err != nil {
		return nil, err
	}
	switch {
	case in.Now:
		c.clock.SetOffset(0)
	case c.config.APIURL != "": // every push of a real account would be stale
		return nil, errNoPlatform
	case !in.To.IsZero():
		c.clock.Advance(in.To.Sub(c.clock.Now()))
	default:
		d, err := duration(in.Advance)
		if err != nil {
			return nil, err
		}
		c.clock.Advance(d)
	}
	c.changed()
	return c.state(), nil
}

// duration reads a duration of Go, which may also have days: 31d, 1d12h.
func duration(text string) (time.Duration, error) {
	rest, days := text, 0
	if number, after, found := strings.Cut(text, "d"); found {
		var err error
		if days, err = strconv.Atoi(number); err != nil || days < 0 || days > 3650 {
			return 0, errDuration
		}
		rest = after
	}
	if rest == "" && days > 0 {
		rest = "0s"
	}
	d, err := time.ParseDuration(rest)
	if err != nil {
		return 0, errDuration
	}
	return time.Duration(days)*24*time.Hour + d, nil
}

var errDuration = refuse("时长写成 10m、36h 或 31d", "a duration looks like 10m, 36h or 31d")

func (c *Console) postSettings(r *http.Request) (any, error) {
	var in settings
	if err := readJSON(r, maxRequest, &in); err != nil {
		return nil, err
	}
	if err := c.set(in); err != nil {
		return nil, err
	}
	return c.state(), nil
}

// set changes the settings that are not empty. The account starts again with them.
func (c *Console) set(in settings) error {
	c.mu.Lock()
	next, kind := c.settings, c.settings.Kind
	c.mu.Unlock()
	if in.Mode != "" {
		next.Mode = in.Mode
	}
	if in.Kind != "" {
		next.Kind = in.Kind
	}
	switch {
	case next.Mode != modePlain && next.Mode != modeCompatible && next.Mode != modeSafe:
		return refuse("mode 是 plain、compatible 或 safe", "mode is plain, compatible or safe")
	case next.Kind != kindTest && next.Kind != kindVerified && next.Kind != kindPersonal:
		return refuse("kind 是 test、verified 或 personal", "kind is test, verified or personal")
	case next.Kind == kindTest && next.Mode != modePlain:
		return refuse("测试号只有明文模式：先把 mode 设为 plain", "a test account has plain mode only: set mode to plain")
	}
	c.mu.Lock()
	c.settings = next
	c.mu.Unlock()
	if next.Kind != kind {
		return c.begin() // with another platform
	}
	return c.startInstance()
}

func (c *Console) postFaults(r *http.Request) (any, error) {
	var in Faults
	if err := readJSON(r, maxRequest, &in); err != nil {
		return nil, err
	}
	if err := in.check(); err != nil {
		return nil, err
	}
	c.mu.Lock()
	c.faults = in
	c.mu.Unlock()
	c.changed()
	return c.state(), nil
}

func (c *Console) postToken(r *http.Request) (any, error) {
	var in struct {
		Revoke bool `json:"revoke"`
	}
	if err := readJSON(r, maxRequest, &in); err != nil {
		return nil, err
	}
	platform := c.simulated()
	if platform == nil {
		return nil, errNoPlatform
	}
	if in.Revoke {
		platform.RevokeToken()
	}
	return c.state(), nil
}

func (c *Console) postRestart(*http.Request) (any, error) {
	old := c.instance()
	if err := c.startInstance(); err != nil {
		return nil, err
	}
	old.kill()
	return c.state(), nil
}

func (c *Console) firstUser() string {
	if all := c.phones(); len(all) > 0 {
		return all[0].OpenID
	}
	return ""
}

// servePlatform is the simulated platform's API, for other programs on this machine, such as guanzhu doctor.
func (c *Console) servePlatform(w http.ResponseWriter, r *http.Request) {
	platform := c.simulated()
	if platform == nil {
		http.NotFound(w, r)
		return
	}
	http.StripPrefix(platformPath, platform).ServeHTTP(w, r)
}

// getMenu asks the platform which menu a user sees.
func (c *Console) getMenu(r *http.Request) (any, error) {
	openid := r.PathValue("openid")
	if !wechat.IsOpenID(openid) || c.phone(openid) == nil {
		return nil, errNoPhone
	}
	return c.menuOf(r.Context(), openid)
}
