// Package web is the follower's pages: an http.Handler that knows a follower again without a second login.
//
// A follower gets in by silent OAuth (login.go) or by a personal link from the conversation (enter.go); both end in a
// device of the follower's session (session.go). The session begins with the follow and ends with the unfollow, on all
// devices at once.
package web

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"runtime"
	"runtime/debug"
	"strings"
	"time"

	"github.com/guanzhu/guanzhu/internal/telemetry"
	"github.com/guanzhu/guanzhu/pkg/follower"
	"github.com/guanzhu/guanzhu/pkg/wechat"
)

const (
	// Budget is the time within which a request is answered.
	Budget = 8 * time.Second

	// tableRetries is how often the table is asked again for one request. If it stays throttled, the page says so soon:
	// a visitor can come again, and pushes need the table and the functions more.
	tableRetries = 3
	// retryAfter is after how many seconds a visitor may come again.
	retryAfter = "5"
)

// Mode is how followers get in.
type Mode string

const (
	// OAuth lets followers in silently inside WeChat. The account needs web authorization (网页授权), as verified service
	// accounts and test accounts have, and this site's host set as its domain on the platform.
	OAuth Mode = "oauth"
	// Link asks followers to have a personal link sent, by the text 登录: for accounts without web authorization.
	Link Mode = "link"
)

// Config is what a Handler needs. AppID, Store, Exchanger, Secrets, Hash, Now and Log are required.
type Config struct {
	AppID string

	// Mode is OAuth if empty. Personal links work in either.
	Mode Mode

	// OpenURL is where OAuth begins: https://open.weixin.qq.com if empty, else a simulated platform.
	OpenURL string

	// PublicURL is where browsers find these pages, without a path: https and the request's host if empty, or http if
	// that host is the machine itself. It is needed only if that host is not the one in the browser, as behind sam local.
	PublicURL string

	// Verification answers the platform's check that the domain is the account's: the name of the file that the platform
	// offers for download where the domain is entered, MP_verify_xxxx.txt, or only its xxxx, which is the file's content
	// as well. If ever the two differ: MP_verify_xxxx.txt=content. Empty: there is no such file.
	// https://developers.weixin.qq.com/doc/service/guide/h5/auth.html
	Verification string

	// QR is the account's QR code as PNG, shown to those who are asked to follow; without it they are told in words.
	QR []byte

	Store     Store
	Exchanger Exchanger
	Secrets   Secrets
	Hash      func(openid string) string // stands in for openids in the log
	Now       func() time.Time
	Log       *slog.Logger
}

// Store keeps the sessions. It is safe for concurrent use.
type Store interface {
	// Lookup returns the follower and its session by one strongly consistent read, so that an unfollow that is stored
	// has ended it; follower.ErrNotFound for one who does not follow.
	Lookup(ctx context.Context, openid string) (follower.Follower, follower.Session, error)

	// ChangeSession lets change alter the session and stores what it leaves, if nothing was written meanwhile; change
	// may be called several times for that. Its error is returned (errors.Is), nothing stored then. It is
	// follower.ErrNotFound for one who does not follow. An error of the store's own leaves open whether it was stored.
	ChangeSession(ctx context.Context, openid string, change func(*follower.Session) error) error
}

// Exchanger tells who came back from OAuth with the code, and whether only to a snapshot of the page, for which the
// platform makes up an openid. Its error is follower.ErrCode (errors.Is) where another code would do.
type Exchanger interface {
	Exchange(ctx context.Context, code string) (openid string, snapshot bool, err error)
}

// Secrets gives the link key, from which the keys of personal links are derived (parameterstore.Keeper), and the app secret, from
// which they were before there was a link key. Reload reads both again from where they are kept, as often as it sees fit,
// and reports whether anything changed.
type Secrets interface {
	LinkKey() string
	AppSecret() string
	Reload(ctx context.Context) (changed bool)
}

// Handler serves the pages. It is safe for concurrent use; Handle is to be called before the first request.
type Handler struct {
	Config
	mux     *http.ServeMux
	protect http.Handler // mux, behind the checks for cross-origin requests
}

// New checks the configuration.
func New(c Config) (*Handler, error) {
	if c.AppID == "" {
		return nil, errors.New("web: the appid is empty")
	}
	if c.Mode == "" {
		c.Mode = OAuth
	}
	if c.Mode != OAuth && c.Mode != Link {
		return nil, fmt.Errorf("web: pages are %q or %q", OAuth, Link)
	}
	if c.OpenURL == "" {
		c.OpenURL = "https://open.weixin.qq.com"
	}
	h := &Handler{Config: c, mux: http.NewServeMux()}
	check := http.NewCrossOriginProtection()
	check.SetDenyHandler(http.HandlerFunc(h.foreign))
	if c.PublicURL != "" {
		u, err := url.Parse(c.PublicURL)
		if err != nil || u.Scheme != "https" && (u.Scheme != "http" || !loopback(u.Host)) || u.Host == "" ||
			strings.TrimSuffix(u.Path, "/") != "" || u.RawQuery != "" || u.Fragment != "" || u.User != nil {
			return nil, errors.New("web: PUBLIC_URL must look like https://host; http is for this machine alone (http://127.0.0.1:3000)")
		}
		h.PublicURL = u.Scheme + "://" + u.Host
		if err := check.AddTrustedOrigin(h.PublicURL); err != nil {
			return nil, fmt.Errorf("web: PUBLIC_URL: %w", err)
		}
	}
	h.protect = h.refuseClearText(check.Handler(h.mux))
	if err := h.serveVerification(); err != nil {
		return nil, err
	}
	if _, err := follower.NewTickets(c.Secrets.LinkKey()); err != nil {
		return nil, err
	}

	h.Handle("GET /{$}", RequireFollower(h, h.home))
	h.Handle("GET /login/return", http.HandlerFunc(h.comeBack))
	h.Handle("GET /enter", http.HandlerFunc(h.offer))
	h.Handle("POST /enter", http.HandlerFunc(h.enter))
	h.Handle("GET /api/session", http.HandlerFunc(h.describeSession))
	h.Handle("POST /logout", http.HandlerFunc(h.logOut))
	if len(c.QR) > 0 {
		h.Handle("GET /qr.png", fixed("image/png", c.QR))
	}
	h.Handle("/", http.HandlerFunc(h.notFound))
	return h, nil
}

// Handle adds a page of the owner's own. The pattern is net/http's, for example "GET /points"; one that is there already
// panics, as in net/http. The page has the headers of the others: no caching, and a Content-Security-Policy that allows
// no script and nothing from elsewhere. The page may set another one.
func (h *Handler) Handle(pattern string, page http.Handler) { h.mux.Handle(pattern, page) }

// RequireFollower returns a page that only followers see. A visitor without a session is led in first, and back to the
// page. f is the follower's record; what it holds beyond the page's need (openid, unionid, remark, tags) is to stay there.
func RequireFollower(
	h *Handler, page func(w http.ResponseWriter, r *http.Request, f follower.Follower),
) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		f, known, err := h.session(w, r)
		switch {
		case err != nil:
			h.fail(w, r, err)
		case known:
			note(r, "known")
			page(w, r, f)
		default:
			h.leadIn(w, r)
		}
	})
}

// visit is what the log tells of a request.
type visit struct {
	outcome string
	openid  string // once it is known
	err     error
	line    telemetry.Line
}

type visitKey struct{}

// of returns the visit that r is.
func of(r *http.Request) *visit {
	v, ok := r.Context().Value(visitKey{}).(*visit)
	if !ok {
		return new(visit)
	}
	return v
}

func note(r *http.Request, outcome string) { of(r).outcome = outcome }

// ServeHTTP answers one request.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	begun := time.Now()
	v := new(visit)
	ctx := telemetry.WithLine(context.WithValue(r.Context(), visitKey{}, v), &v.line)
	ctx, cancel := context.WithTimeout(follower.WithRetries(ctx, tableRetries), Budget)
	defer cancel()
	r = r.WithContext(ctx)
	out := &response{ResponseWriter: w, head: r.Method == http.MethodHead}

	head := w.Header()
	head.Set("Cache-Control", "no-store")
	head.Set("Content-Security-Policy", policy)
	head.Set("Referrer-Policy", "same-origin") // with no-referrer, browsers send our own forms with "Origin: null"
	head.Set("X-Content-Type-Options", "nosniff")
	if overTLS(r) {
		head.Set("Strict-Transport-Security", "max-age=31536000") // seconds: a year
	}

	h.serve(out, r)
	if out.status == 0 {
		out.WriteHeader(http.StatusOK) // behind the gateway, a handler must write something
	}
	h.log(r, v, out.status, time.Since(begun))
}

// serve runs the page. One that panics has failed; the process goes on.
func (h *Handler) serve(w *response, r *http.Request) {
	defer func() {
		if value := recover(); value != nil {
			// The value may hold what is not to be logged; of the runtime's own errors it is known that it does not.
			what := "a value that is not logged"
			if e, ok := value.(runtime.Error); ok {
				what = e.Error()
			}
			h.Log.ErrorContext(r.Context(), "page panicked", "panic", what, "stack", string(debug.Stack()))
			note(r, "panicked")
			if w.status == 0 {
				h.page(w, r, http.StatusInternalServerError, trouble, view{})
			}
		}
	}()
	h.protect.ServeHTTP(w, r)
}

// response remembers the status, and drops the body of an answer to HEAD, which the gateway would send.
type response struct {
	http.ResponseWriter
	status int
	head   bool
}

func (w *response) WriteHeader(status int) {
	if w.status == 0 {
		w.status = status
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *response) Write(p []byte) (int, error) {
	if w.status == 0 {
		w.WriteHeader(http.StatusOK)
	}
	if w.head {
		return len(p), nil
	}
	return w.ResponseWriter.Write(p)
}

// Unwrap is for http.ResponseController.
func (w *response) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// log writes one line for one request. Its path is told by the pattern that took it: what else stands in a URL may be a
// ticket or a code.
func (h *Handler) log(r *http.Request, v *visit, status int, took time.Duration) {
	level := slog.LevelInfo
	attrs := []slog.Attr{slog.String("page", r.Pattern), slog.String("outcome", v.outcome), slog.Int("status", status)}
	if v.openid != "" {
		attrs = append(attrs, slog.String("follower", h.Hash(v.openid)))
	}
	if v.err != nil {
		level = slog.LevelError
		attrs = append(attrs, slog.Any("error", v.err))
	}
	attrs = v.line.AppendTo(attrs)
	attrs = append(attrs, slog.Float64("ms", telemetry.Milliseconds(took)))
	h.Log.LogAttrs(r.Context(), level, "visit", attrs...)
}

// origin is where the browser finds these pages.
func (h *Handler) origin(r *http.Request) string {
	if h.PublicURL != "" {
		return h.PublicURL
	}
	return ownOrigin(r)
}

// ownOrigin is the origin of these pages by the host of the request. Behind the gateway, r has no TLS of its own.
func ownOrigin(r *http.Request) string {
	if overTLS(r) {
		return "https://" + r.Host
	}
	return "http://" + r.Host
}

// overTLS reports whether the browser sent r over https: always, but in a local run.
func overTLS(r *http.Request) bool { return r.TLS != nil || !loopback(r.Host) }

// loopback reports whether host, with a port or without, is the machine itself.
func loopback(host string) bool {
	name := (&url.URL{Host: host}).Hostname()
	ip := net.ParseIP(name)
	return name == "localhost" || ip != nil && ip.IsLoopback()
}

// refuseClearText refuses a form of a page that has this host's name but came over http: anybody on the way can have
// written such a page. net/http's own check, which comes next, compares hosts alone, since it cannot know the scheme.
func (h *Handler) refuseClearText(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		origin := r.Header.Get("Origin")
		u, err := url.Parse(origin)
		sameHost := err == nil && u.Host != "" && u.Host == r.Host
		switch {
		case r.Method == http.MethodGet, r.Method == http.MethodHead, r.Method == http.MethodOptions,
			!sameHost, origin == ownOrigin(r), origin == h.PublicURL:
			next.ServeHTTP(w, r)
		default:
			h.foreign(w, r)
		}
	})
}

// inWeChat reports whether the browser is WeChat's. The gateway's adapter may hand one header on as several.
func inWeChat(r *http.Request) bool {
	return strings.Contains(strings.Join(r.Header.Values("User-Agent"), ","), "MicroMessenger")
}

var (
	verificationFile    = regexp.MustCompile(`^MP_verify_[A-Za-z0-9]{1,64}\.txt$`)
	verificationContent = regexp.MustCompile(`^[A-Za-z0-9]{1,64}$`)
)

func (h *Handler) serveVerification() error {
	if h.Verification == "" {
		return nil
	}
	file, content := wechat.DomainFile(h.Verification)
	if !verificationFile.MatchString(file) || !verificationContent.MatchString(content) {
		return errors.New("web: DOMAIN_VERIFICATION must be the name of the platform's file, MP_verify_xxxx.txt, " +
			"or only its xxxx")
	}
	h.Handle("GET /"+file, fixed("text/plain; charset=utf-8", []byte(content)))
	return nil
}

func fixed(contentType string, body []byte) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		note(r, "file")
		w.Header().Set("Content-Type", contentType)
		w.Write(body)
	})
}
