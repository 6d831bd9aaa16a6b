package web

import (
	"context"
	"log/slog"
	"net/http"
	"runtime/debug"
	"time"

	"github.com/guanzhu/guanzhu/internal/telemetry"
	"github.com/guanzhu/guanzhu/pkg/follower"
)

const (
	// Budget is the time within which a request is answered.
	Budget = 8 * time.Second

	// tableRetries is the number of retries of the table for one request. If the table stays throttled, the page says so
	// soon: a visitor can come again, and pushes need the table and the functions more.
	tableRetries = 3
	// retryAfter is the number of seconds after which a visitor may come again.
	retryAfter = "5"
)

// visit is the log's record of a request.
type visit struct {
	outcome string
	openid  string // empty until it is known
	err     error
	line    telemetry.Line
}

type visitKey struct{}

// visitOf returns the visit of r.
func visitOf(r *http.Request) *visit {
	v, ok := r.Context().Value(visitKey{}).(*visit)
	if !ok {
		return new(visit)
	}
	return v
}

// note sets the outcome of r in the log.
func note(r *http.Request, outcome string) { visitOf(r).outcome = outcome }

// ServeHTTP answers one request.
func (s *Site) ServeHTTP(w http.ResponseWriter, r *http.Request) {
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

	s.serve(out, r)
	if out.status == 0 {
		out.WriteHeader(http.StatusOK) // the gateway's adapter refuses an answer without a status
	}
	s.log(r, v, out.status, time.Since(begun))
}

// serve runs the page. If the page panics, the visitor gets an error page, and the process goes on.
func (s *Site) serve(w *response, r *http.Request) {
	defer func() {
		if value := recover(); value != nil {
			s.config.Log.ErrorContext(r.Context(), "page panicked", "panic", telemetry.Panic(value), "stack", string(debug.Stack()))
			note(r, "panicked")
			if w.status == 0 {
				s.page(w, r, http.StatusInternalServerError, trouble, view{})
			}
		}
	}()
	s.guard.ServeHTTP(w, r)
}

// dispatch runs the page that takes r. If there is none, it answers 404, or 405 if the page takes other methods.
func (s *Site) dispatch(w http.ResponseWriter, r *http.Request) {
	handler, pattern := s.mux.Handler(r)
	if pattern != "" {
		s.mux.ServeHTTP(w, r)
		return
	}
	answer := &refusal{header: http.Header{}}
	handler.ServeHTTP(answer, r)
	for _, name := range []string{"Allow", "Location"} {
		if value := answer.header.Get(name); value != "" {
			w.Header().Set(name, value)
		}
	}
	if answer.status < http.StatusBadRequest { // a redirect, to the path without . and ..
		w.WriteHeader(answer.status)
		return
	}
	note(r, "not found")
	s.page(w, r, answer.status, nothingHere, view{})
}

// refusal keeps the status and the header of an answer, and drops its body.
type refusal struct {
	header http.Header
	status int
}

func (r *refusal) Header() http.Header         { return r.header }
func (r *refusal) WriteHeader(status int)      { r.status = status }
func (r *refusal) Write(p []byte) (int, error) { return len(p), nil }

// response remembers the status. It drops the body of an answer to HEAD, because the gateway would send it.
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

// log writes one line for the request. It names the page by its pattern, because the URL may contain a ticket or a code.
func (s *Site) log(r *http.Request, v *visit, status int, took time.Duration) {
	level := slog.LevelInfo
	attrs := []slog.Attr{slog.String("page", r.Pattern), slog.String("outcome", v.outcome), slog.Int("status", status)}
	if v.openid != "" {
		attrs = append(attrs, slog.String("follower", s.config.Hash(v.openid)))
	}
	if v.err != nil {
		level = slog.LevelError
		attrs = append(attrs, slog.Any("error", v.err))
	}
	attrs = v.line.AppendTo(attrs)
	attrs = append(attrs, slog.Float64("ms", telemetry.Milliseconds(took)))
	s.config.Log.LogAttrs(r.Context(), level, "visit", attrs...)
}
