// Package webhook is the endpoint that the WeChat platform pushes to: an http.Handler for the URL check and for pushes.
//
// The way of a push is one straight line: its query is read and its signature verified (verify.go), its body opened and
// parsed (open.go), the Router chooses its handler (router.go), and the handler's reply goes out, sealed as the push was,
// in the same request (webhook.go).
package webhook

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/guanzhu/guanzhu/internal/publicurl"
	"github.com/guanzhu/guanzhu/internal/refusal"
	"github.com/guanzhu/guanzhu/internal/telemetry"
	"github.com/guanzhu/guanzhu/pkg/secrets"
	"github.com/guanzhu/guanzhu/pkg/wechat"
)

// Path is where the endpoint lives.
const Path = "/login/wechat"

const (
	// Budget is the time from the arrival of a request within which it is answered. The platform hangs up after 5 s.
	Budget = 4500 * time.Millisecond
	// MaxBody is the largest body that is read, in bytes. The platform's largest push is far smaller.
	MaxBody = 256 << 10

	// patience is what a handler has after the Budget to return, before it counts as one that ignores its context.
	patience = 100 * time.Millisecond
)

// Secrets gives the secrets in force. Reload reads them again from where they are kept, as often as it sees fit, and
// reports whether they have changed.
type Secrets interface {
	Current() secrets.Secrets
	Reload(ctx context.Context) (changed bool)
}

// Config is what a Handler needs. All fields but PublicURL and AcceptOld are required.
type Config struct {
	AppID   string
	Secrets Secrets
	Router  *Router
	Hash    func(openid string) string // stands in for openids in the log
	Now     func() time.Time
	Log     *slog.Logger

	// PublicURL is where the follower's pages are, for Site; empty for https and the host of the request.
	PublicURL string

	// AcceptOld accepts old timestamps of any age, for the recorded samples on a developer's machine. A deployed
	// endpoint must not set it: it would admit replays.
	AcceptOld bool
}

// Handler answers the platform. It is safe for concurrent use.
type Handler struct {
	config Config
	keys   atomic.Pointer[keys]
}

// New checks the configuration. Its error names every field that is missing, and all that is wrong with the Router and
// with the secrets.
func New(c Config) (*Handler, error) {
	var errs []error
	if missing := c.missing(); len(missing) > 0 {
		errs = append(errs, fmt.Errorf("webhook: the Config lacks %s", strings.Join(missing, ", ")))
	}
	if c.Router != nil {
		errs = append(errs, c.Router.err())
	}
	origin, err := publicurl.Parse(c.PublicURL)
	if err != nil {
		errs = append(errs, fmt.Errorf("webhook: %w", err))
	}
	c.PublicURL = origin
	h := &Handler{config: c}
	if c.AppID != "" && c.Secrets != nil {
		k, err := newKeys(c.AppID, c.Secrets.Current())
		errs = append(errs, err)
		h.keys.Store(k)
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return h, nil
}

// missing names the required fields that are not set.
func (c *Config) missing() []string {
	var names []string
	for _, field := range []struct {
		name string
		set  bool
	}{
		{"AppID", c.AppID != ""},
		{"Secrets", c.Secrets != nil},
		{"Router (of NewRouter)", c.Router != nil && c.Router.types != nil},
		{"Hash", c.Hash != nil},
		{"Now", c.Now != nil},
		{"Log", c.Log != nil},
	} {
		if !field.set {
			names = append(names, field.name)
		}
	}
	return names
}

type (
	arrivalKey struct{}
	siteKey    struct{}
)

// Site returns where the follower's pages are, as a URL without a path, for links in replies. ctx is a handler's.
func Site(ctx context.Context) string {
	site, _ := ctx.Value(siteKey{}).(string)
	return site
}

// Note adds attributes to the line that the log has for the push. ctx is a handler's. They must not contain what users
// wrote, nor openids.
func Note(ctx context.Context, attrs ...slog.Attr) { telemetry.Note(ctx, attrs...) }

// WithArrival tells the Handler when the request of ctx arrived, where that is before the Handler sees it: the platform's
// patience is counted from then.
func WithArrival(ctx context.Context, at time.Time) context.Context {
	return context.WithValue(ctx, arrivalKey{}, at)
}

// answer is what goes out, and what the log tells of it.
type answer struct {
	status      int
	contentType string
	body        []byte
	outcome     string
	reason      refusal.Reason
	push        wechat.Push
	err         error
}

func refused(r refusal.Reason) answer {
	return answer{status: http.StatusForbidden, contentType: textPlain, body: []byte("Bad Token!"), outcome: "refused", reason: r}
}

func failed(p wechat.Push, err error) answer {
	return answer{status: http.StatusInternalServerError, contentType: textPlain, body: []byte("try again"), outcome: "failed", push: p, err: err}
}

const (
	textPlain = "text/plain; charset=utf-8"
	textXML   = "text/xml; charset=utf-8"
	inJSON    = "application/json"
)

// ServeHTTP answers one request.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	arrived, ok := r.Context().Value(arrivalKey{}).(time.Time)
	if !ok {
		arrived = time.Now()
	}
	ctx, cancel := context.WithDeadline(r.Context(), arrived.Add(Budget))
	defer cancel()

	site := h.config.PublicURL
	if site == "" {
		site = "https://" + r.Host
	}
	var line telemetry.Line
	a := h.answer(telemetry.WithLine(context.WithValue(ctx, siteKey{}, site), &line), r)

	head := w.Header()
	head.Set("Content-Type", a.contentType)
	head.Set("X-Content-Type-Options", "nosniff")
	head.Set("Content-Length", strconv.Itoa(len(a.body)))
	if a.status == http.StatusMethodNotAllowed {
		head.Set("Allow", "GET, POST")
	}
	w.WriteHeader(a.status)
	w.Write(a.body) // who has hung up gets the push's answer at the next delivery
	h.log(ctx, r.Method, a, &line, time.Since(arrived))
}

func (h *Handler) answer(ctx context.Context, r *http.Request) answer {
	switch r.Method {
	case http.MethodGet:
		return h.check(ctx, r)
	case http.MethodPost:
		return h.push(ctx, r)
	}
	return answer{status: http.StatusMethodNotAllowed, contentType: textPlain, body: []byte("method not allowed"), outcome: "refused", reason: refusal.Method}
}

// check answers the platform's URL check. Its echostr is in clear in every mode and goes back unchanged.
func (h *Handler) check(ctx context.Context, r *http.Request) answer {
	q, why := h.readQuery(r)
	if why != "" {
		return refused(why)
	}
	verify := func(k *keys) refusal.Reason {
		if _, ok := k.verify(q, q.signature); !ok {
			return refusal.Signature
		}
		return ""
	}
	if why := h.withKeys(ctx, verify); why != "" {
		return refused(why)
	}
	if q.echostr == "" {
		return refused(refusal.Echostr)
	}
	return answer{status: http.StatusOK, contentType: textPlain, body: []byte(q.echostr), outcome: "checked"}
}

func (h *Handler) push(ctx context.Context, r *http.Request) (a answer) {
	body, err := readBody(r)
	if errors.Is(err, errTooLarge) {
		return answer{status: http.StatusRequestEntityTooLarge, contentType: textPlain, body: []byte("too large"), outcome: "refused", reason: refusal.TooLarge}
	} else if err != nil {
		return answer{status: http.StatusBadRequest, contentType: textPlain, body: []byte("unreadable body"), outcome: "refused", reason: refusal.Body}
	}
	q, why := h.readQuery(r)
	if why != "" {
		return refused(why)
	}
	var p wechat.Push
	var seal seal
	open := func(k *keys) (why refusal.Reason) {
		p, seal, why = k.open(q, body)
		return why
	}
	if why := h.withKeys(ctx, open); why != "" {
		return refused(why)
	}
	if p.Common().Time().After(h.config.Now().Add(window)) {
		return refused(refusal.Future) // it would win over every later event
	}

	reply, outcome, err := h.handle(ctx, p)
	if err != nil {
		return failed(p, err)
	}
	marshalled := wechat.MarshalReply(p.Common(), reply)
	if string(marshalled) == wechat.Success {
		return answer{status: http.StatusOK, contentType: textPlain, body: marshalled, outcome: outcome, push: p}
	}
	a = answer{status: http.StatusOK, contentType: textXML, body: seal(marshalled, h.config.Now()), outcome: "replied", push: p}
	if p.Common().JSON {
		a.contentType = inJSON
	}
	return a
}

// result is what a handler returns.
type result struct {
	reply wechat.Reply
	err   error
}

// handle runs the push's handler. A handler that still works when the Budget is over has ignored its context: it is
// abandoned, so that the platform gets its answer. For that alone each handler runs on a goroutine of its own, which
// otherwise ends with the request.
func (h *Handler) handle(ctx context.Context, p wechat.Push) (reply wechat.Reply, outcome string, err error) {
	handler, found := h.config.Router.route(p)
	outcome = "acknowledged"
	if !found {
		outcome = "unknown"
	}
	if handler == nil {
		return nil, outcome, nil
	}
	returned := make(chan result, 1)
	go func() { returned <- h.run(ctx, handler, p) }()
	select {
	case r := <-returned:
		return r.reply, outcome, r.err
	case <-ctx.Done(): // cut off, or the platform has hung up
	}
	end, _ := ctx.Deadline()
	select {
	case r := <-returned:
		return r.reply, outcome, r.err
	case <-time.After(time.Until(end) + patience):
		return nil, outcome, fmt.Errorf("the handler of %s is abandoned: it went on after its context had ended; "+
			"let whatever it waits for end with the context", kind(p))
	}
}

// run calls the handler. One that panics has failed; the process goes on.
func (h *Handler) run(ctx context.Context, handler PushHandler, p wechat.Push) (r result) {
	defer func() {
		if value := recover(); value != nil {
			// The value may hold what the user wrote; of the runtime's own errors it is known that it does not.
			what := "a value that is not logged"
			if e, ok := value.(runtime.Error); ok {
				what = e.Error()
			}
			h.config.Log.ErrorContext(ctx, "handler panicked", "kind", kind(p), "panic", what, "stack", string(debug.Stack()))
			r = result{err: errors.New("handler panicked")}
		}
	}()
	reply, err := handler(ctx, p)
	return result{reply, err}
}

// readQuery reads the query and refuses requests that were not made now.
func (h *Handler) readQuery(r *http.Request) (query, refusal.Reason) {
	q, why := readQuery(r.URL.RawQuery)
	if why == "" {
		why = q.fresh(h.config.Now(), h.config.AcceptOld)
	}
	return q, why
}

// withKeys runs step with the keys in force and, if a rotation of the secrets could explain its refusal, once more with
// the secrets read again. Another request may have read them since step began; then there is nothing left to reload.
func (h *Handler) withKeys(ctx context.Context, step func(*keys) refusal.Reason) refusal.Reason {
	k := h.current(ctx)
	why := step(k)
	if mayBeRotation(why) && (h.config.Secrets.Reload(ctx) || h.config.Secrets.Current() != k.secrets) {
		why = step(h.current(ctx))
	}
	return why
}

// current returns the keys made of the secrets in force.
func (h *Handler) current(ctx context.Context) *keys {
	k := h.keys.Load()
	s := h.config.Secrets.Current()
	if k.secrets == s {
		return k
	}
	fresh, err := newKeys(h.config.AppID, s)
	if err != nil {
		h.config.Log.ErrorContext(ctx, "the new secrets cannot be used, the old ones stay", "error", err)
		return k
	}
	h.keys.Store(fresh)
	return fresh
}

var errTooLarge = errors.New("body too large")

// readBody reads a body of at most MaxBody bytes; a larger one is refused before it is looked at.
func readBody(r *http.Request) ([]byte, error) {
	if r.ContentLength > MaxBody {
		return nil, errTooLarge
	}
	size := max(r.ContentLength, 0)
	body := make([]byte, 0, size+512) // room for ReadAll's last, empty read
	for {
		n, err := r.Body.Read(body[len(body):cap(body)])
		body = body[:len(body)+n]
		switch {
		case len(body) > MaxBody:
			return nil, errTooLarge
		case err == io.EOF:
			return body, nil
		case err != nil:
			return nil, err
		}
		if len(body) == cap(body) {
			body = append(body, 0)[:len(body)]
		}
	}
}

// log writes one line for one request. took is the time since the request arrived.
func (h *Handler) log(ctx context.Context, method string, a answer, line *telemetry.Line, took time.Duration) {
	level := slog.LevelInfo
	ms := telemetry.Milliseconds(took)
	attrs := make([]slog.Attr, 0, 16)
	attrs = append(attrs, slog.String("method", method), slog.String("outcome", a.outcome), slog.Int("status", a.status))
	if a.push != nil {
		attrs = append(attrs, slog.String("kind", kind(a.push)), slog.String("follower", h.config.Hash(a.push.Common().FromUserName)),
			telemetry.Pushes.Of(1), telemetry.ReplyLatency.Of(ms))
		if raw, ok := a.push.(*wechat.Raw); ok {
			attrs = append(attrs, slog.String("name", plain(raw.Common().Kind())))
		}
	}
	if a.reason != "" {
		level = slog.LevelWarn
		attrs = append(attrs, slog.String("reason", string(a.reason)), slog.String("advice", a.reason.Advice()),
			telemetry.Refusals.Of(1))
	}
	if a.err != nil {
		level = slog.LevelError
		attrs = append(attrs, slog.Any("error", a.err))
	}
	attrs = line.AppendTo(attrs)
	attrs = append(attrs, slog.Float64("ms", ms))
	h.config.Log.LogAttrs(ctx, level, "push", attrs...)
}

// kind names the push by one of a known set: metrics are told apart by it.
func kind(p wechat.Push) string {
	if _, ok := p.(*wechat.Raw); ok {
		return "unknown"
	}
	return p.Common().Kind()
}

// plain makes of a name that comes from outside one that is short and harmless.
func plain(name string) string {
	if len(name) > 64 {
		name = name[:64]
	}
	return strings.Map(func(r rune) rune {
		if r == '_' || r == '/' || r == '-' || '0' <= r && r <= '9' || 'a' <= r|0x20 && r|0x20 <= 'z' {
			return r
		}
		return '?'
	}, name)
}
