package console

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"regexp"
	"sync"
	"time"

	"github.com/guanzhu/guanzhu/internal/boltstore"
	"github.com/guanzhu/guanzhu/internal/errcode"
	"github.com/guanzhu/guanzhu/internal/telemetry"
)

// span says which Attempt a context belongs to, and which instance works on it.
type span struct {
	rec      *recording
	attempt  int
	instance *instance // nil for a request that goes elsewhere
}

type spanKey struct{}

func withSpan(ctx context.Context, s *span) context.Context {
	return context.WithValue(ctx, spanKey{}, s)
}

// spanOf returns the span of ctx, or nil.
func spanOf(ctx context.Context) *span {
	s, _ := ctx.Value(spanKey{}).(*span)
	return s
}

func (s *span) step(begun time.Time, step *Step) {
	step.Attempt = s.attempt
	s.rec.step(begun, step)
}

// watchStore is the store's Watcher: it records operations and makes the table's troubles.
func (c *Console) watchStore(ctx context.Context, o boltstore.Operation) error {
	s := spanOf(ctx)
	if s == nil {
		_, err := o.Do()
		return err
	}
	begun := time.Now()
	step := &Step{Kind: Table, Name: o.Name}
	err := s.instance.alive()
	var changes []boltstore.Change
	if err == nil {
		var fault *TableFault
		if o.Write {
			fault = c.takeTableFault()
		}
		changes, err = c.disturbed(s.instance, fault, o.Do)
	}
	step.Write = len(changes) > 0
	for _, change := range changes {
		step.Changes = append(step.Changes, changeOf(change))
	}
	if err != nil {
		step.Error, step.Failed = err.Error(), true
	}
	s.step(begun, step)
	return err
}

// transport carries calls of the platform's API. It records them and makes the platform's troubles.
type transport struct {
	c    *Console
	next http.RoundTripper
}

func (t transport) RoundTrip(r *http.Request) (*http.Response, error) {
	s := spanOf(r.Context())
	if s == nil {
		return t.next.RoundTrip(r)
	}
	if err := s.instance.alive(); err != nil {
		return nil, err
	}
	begun := time.Now()
	step := &Step{Kind: Call, Name: r.URL.Path}
	step.Request = requestExchange(r)
	response, err := t.c.disturbedCall(r, t.next)
	if err != nil {
		step.Error, step.Failed = err.Error(), true
	} else {
		step.Response = responseExchange(response)
		step.Error = refusalOf(step.Response.Body)
		step.Failed = step.Error != ""
	}
	s.step(begun, step)
	if step.Name == customSend && !step.Failed {
		t.c.sent(step.Request.Body)
	}
	return response, err
}

// refusalOf returns the errmsg of an answer that refuses. An account without a menu is no refusal.
func refusalOf(body string) string {
	var refusal struct {
		Errcode int
		Errmsg  string
	}
	if err := json.Unmarshal([]byte(body), &refusal); err != nil || refusal.Errcode == 0 || refusal.Errcode == errcode.NoMenu {
		return ""
	}
	return refusal.Errmsg
}

// requestExchange copies r. Its body can still be read after that.
func requestExchange(r *http.Request) *Exchange {
	e := &Exchange{Method: r.Method, URL: hide(r.URL.String()), Header: shown(r.Header)}
	e.Body, r.Body = copyBody(r.Body)
	return e
}

// responseExchange copies r. Its body can still be read after that.
func responseExchange(r *http.Response) *Exchange {
	e := &Exchange{Status: r.StatusCode, Header: shown(r.Header)}
	e.Body, r.Body = copyBody(r.Body)
	return e
}

// shown returns a copy of the header without the values of cookies, which sign devices in.
func shown(h http.Header) http.Header {
	h = h.Clone()
	for _, name := range []string{"Cookie", "Set-Cookie"} {
		if h.Get(name) != "" {
			h.Set(name, hidden)
		}
	}
	return h
}

func copyBody(body io.ReadCloser) (text string, again io.ReadCloser) {
	if body == nil {
		return "", nil
	}
	defer body.Close()
	all, _ := io.ReadAll(body) // what is missing is missing in the copy, too
	return hide(string(all)), io.NopCloser(bytes.NewReader(all))
}

const hidden = "[hidden]"

var (
	secretMembers = regexp.MustCompile(`("(?:access_token|refresh_token|secret|token)"\s*:\s*)"[^"]*"`)
	secretQuery   = regexp.MustCompile(`((?:^|[?&])(?:access_token|secret)=)[^&#]*`)
)

// hide replaces tokens and secrets.
func hide(text string) string {
	return secretMembers.ReplaceAllString(secretQuery.ReplaceAllString(text, "${1}"+hidden), `${1}"`+hidden+`"`)
}

// changeOf returns the change as it is shown: without the access token.
func changeOf(c boltstore.Change) Change {
	if c.PK == accountPK {
		c.Before, c.After = masked(c.Before), masked(c.After)
	}
	return Change(c)
}

// masked is hide for a record; nil stays nil.
func masked(record json.RawMessage) json.RawMessage {
	if record == nil {
		return nil
	}
	return json.RawMessage(hide(string(record)))
}

// logHandler writes log lines as a function does, and records them.
type logHandler struct {
	slog.Handler // writes to line.buf
	line         *logLine
	now          func() time.Time
	outside      slog.Handler // gets what belongs to no request or task; nil drops it
}

type logLine struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func newLog(now func() time.Time, appID string, outside slog.Handler) *slog.Logger {
	line := new(logLine)
	return slog.New(logHandler{telemetry.NewHandler(&line.buf, slog.LevelInfo, nil), line, now, outside}).With("appid", appID)
}

// Log returns a log for slog.SetDefault, which the functions set as well. What handlers and pages log in a request or a task is
// on the timeline. All else goes to outside.
func (c *Console) Log(outside slog.Handler) *slog.Logger {
	return newLog(c.clock.Now, c.config.AppID, outside)
}

// Handle implements slog.Handler.
func (h logHandler) Handle(ctx context.Context, r slog.Record) error {
	s := spanOf(ctx)
	switch {
	case s == nil && h.outside == nil:
		return nil
	case s == nil:
		return h.outside.Handle(ctx, r)
	}
	r.Time = h.now()
	line, err := h.write(ctx, r)
	if err != nil {
		return err
	}
	s.step(time.Now(), &Step{Kind: Log, Name: r.Message, Failed: r.Level >= slog.LevelWarn, Line: line})
	return nil
}

func (h logHandler) write(ctx context.Context, r slog.Record) (json.RawMessage, error) {
	h.line.mu.Lock()
	defer h.line.mu.Unlock()
	h.line.buf.Reset()
	if err := h.Handler.Handle(ctx, r); err != nil {
		return nil, err
	}
	return bytes.Clone(bytes.TrimSpace(h.line.buf.Bytes())), nil
}

// WithAttrs implements slog.Handler.
func (h logHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	h.Handler = h.Handler.WithAttrs(attrs)
	if h.outside != nil {
		h.outside = h.outside.WithAttrs(attrs)
	}
	return h
}

// WithGroup implements slog.Handler.
func (h logHandler) WithGroup(name string) slog.Handler {
	h.Handler = h.Handler.WithGroup(name)
	if h.outside != nil {
		h.outside = h.outside.WithGroup(name)
	}
	return h
}
