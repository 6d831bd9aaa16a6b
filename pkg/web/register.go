package web

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/guanzhu/guanzhu/internal/caller"
	"github.com/guanzhu/guanzhu/internal/lazy"
	"github.com/guanzhu/guanzhu/pkg/follower"
	"github.com/guanzhu/guanzhu/pkg/wechat"
)

// route is a built-in page.
type route struct {
	method, path string
	page         http.Handler
}

func (r route) pattern() string { return r.method + " " + r.path }

// pushes is the path of the endpoint for pushes. GET and POST requests for it do not reach these pages.
const pushes = "/login/wechat"

// builtIn returns the built-in pages.
func (s *Site) builtIn() []route {
	routes := []route{
		{"GET", "/{$}", s.requireFollower(s.home)},
		{"GET", "/login/return", http.HandlerFunc(s.finishOAuth)},
		{"GET", "/enter", http.HandlerFunc(s.offer)},
		{"POST", "/enter", http.HandlerFunc(s.enter)},
		{"GET", "/api/session", http.HandlerFunc(s.describeSession)},
		{"POST", "/logout", http.HandlerFunc(s.logOut)},
	}
	if len(s.config.QR) > 0 {
		routes = append(routes, route{"GET", "/qr.png", file("image/png", s.config.QR)})
	}
	if s.config.Verification != "" {
		name, content := wechat.DomainFile(s.config.Verification)
		routes = append(routes, route{"GET", "/" + name, file("text/plain; charset=utf-8", []byte(content))})
	}
	return routes
}

func file(contentType string, body []byte) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		note(r, "file")
		w.Header().Set("Content-Type", contentType)
		w.Write(body)
	})
}

// Handle registers a page that everyone sees. The pattern is one of net/http without a host, for example
// "GET /news/{year}". Call Handle only in Config.Pages: New then returns an error for a pattern that is wrong, is
// registered twice, or takes requests from a built-in page. The error begins with the file and the line of the call.
//
// The page is served with the headers of the built-in ones: no caching, and a Content-Security-Policy that allows no script
// and nothing from other hosts. The page may set another policy. Requests that change something, such as POST, do not
// reach the page if another site made the browser send them.
func (s *Site) Handle(pattern string, page http.Handler) {
	at := caller.Outside()
	if err := s.register(pattern, page); err != nil {
		s.errs = append(s.errs, fmt.Errorf("web: %s: cannot register the page %q: %w", at, pattern, err))
		return
	}
	s.places[pattern] = at
}

// HandleFollower registers a page that only followers see; see Handle. A visitor without a session is led in first and
// then back to the page. f is the follower's record. Do not show its OpenID, UnionID, Remark or Tags.
func (s *Site) HandleFollower(pattern string, page func(w http.ResponseWriter, r *http.Request, f follower.Follower)) {
	if page == nil {
		s.Handle(pattern, nil)
		return
	}
	s.Handle(pattern, s.requireFollower(page))
}

func (s *Site) requireFollower(page func(w http.ResponseWriter, r *http.Request, f follower.Follower)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		f, known, err := s.session(w, r)
		switch {
		case err != nil:
			s.fail(w, r, err)
		case known:
			note(r, "known")
			page(w, r, f)
		default:
			s.letIn(w, r)
		}
	})
}

// registeredAt is a part of ServeMux's messages: a line of this package, which does not help the owner.
var registeredAt = lazy.Regexp(` \(registered at [^)]*\)`)

// located adds to ServeMux's message about two patterns where the earlier one, if it is the owner's, was registered.
func (s *Site) located(message string) string {
	const conflicts = " conflicts with pattern "
	before, rest, _ := strings.Cut(message, conflicts)
	quoted, _ := strconv.QuotedPrefix(rest)
	earlier, _ := strconv.Unquote(quoted)
	if at := s.places[earlier]; at != "" {
		return before + conflicts + quoted + " (" + at + ")" + strings.TrimPrefix(rest, quoted)
	}
	return message
}

// register registers the page, and returns a panic of ServeMux as an error.
func (s *Site) register(pattern string, page http.Handler) (err error) {
	path := pattern[strings.LastIndexAny(pattern, " \t")+1:]
	switch {
	case !strings.HasPrefix(path, "/"):
		return errors.New(`it must be a path that begins with a slash, after the method if there is one, such as "GET /points"`)
	case path == pushes:
		return errors.New("the endpoint for pushes has this path")
	case page == nil:
		return errors.New("the page is nil")
	}
	defer func() {
		if problem := recover(); problem != nil {
			text := s.located(registeredAt().ReplaceAllString(fmt.Sprint(problem), ""))
			err = errors.New(strings.ReplaceAll(text, "\n", " "))
		}
	}()
	s.mux.Handle(pattern, page)
	return nil
}

// hidden returns an error for each built-in page whose requests another page takes, because its pattern is more specific.
func (s *Site) hidden(builtIn []route) (errs []error) {
	for _, r := range builtIn {
		methods := []string{r.method}
		if r.method == http.MethodGet {
			methods = append(methods, http.MethodHead)
		}
		for _, method := range methods {
			_, taken := s.mux.Handler(&http.Request{Method: method, URL: &url.URL{Path: strings.TrimSuffix(r.path, "{$}")}})
			if taken != r.pattern() {
				errs = append(errs, fmt.Errorf("web: %s: cannot register the page %q: it takes requests from the built-in page %q",
					s.places[taken], taken, r.pattern()))
			}
		}
	}
	return errs
}
