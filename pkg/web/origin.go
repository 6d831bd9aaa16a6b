package web

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/guanzhu/guanzhu/internal/publicurl"
)

// origin returns the origin at which the browser finds these pages.
func (s *Site) origin(r *http.Request) string {
	if s.config.PublicURL != "" {
		return s.config.PublicURL
	}
	return ownOrigin(r)
}

// ownOrigin returns the origin of these pages according to the request's host. Behind the gateway, r.TLS is nil.
func ownOrigin(r *http.Request) string {
	if overTLS(r) {
		return "https://" + r.Host
	}
	return "http://" + r.Host
}

// overTLS reports whether the browser sent r over https. It did unless this is a local run.
func overTLS(r *http.Request) bool { return r.TLS != nil || !publicurl.IsLoopback(r.Host) }

// refuseOtherOrigins returns next behind the checks that refuse requests which a page of another origin made a browser
// send. GET, HEAD and OPTIONS pass.
func (s *Site) refuseOtherOrigins(next http.Handler) (http.Handler, error) {
	check := http.NewCrossOriginProtection()
	check.SetDenyHandler(http.HandlerFunc(s.foreign))
	if s.config.PublicURL != "" {
		if err := check.AddTrustedOrigin(s.config.PublicURL); err != nil {
			return nil, fmt.Errorf("web: PUBLIC_URL: %w", err)
		}
	}
	return s.refuseClearText(check.Handler(next)), nil
}

// refuseClearText refuses a form from a page that has this host's name but came over http, because anyone on the network
// path could have written that page. CrossOriginProtection, which comes next, compares only hosts: it does not know the
// scheme.
func (s *Site) refuseClearText(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		origin := r.Header.Get("Origin")
		u, err := url.Parse(origin)
		sameHost := err == nil && u.Host != "" && u.Host == r.Host
		switch {
		case r.Method == http.MethodGet, r.Method == http.MethodHead, r.Method == http.MethodOptions,
			!sameHost, origin == ownOrigin(r), origin == s.config.PublicURL:
			next.ServeHTTP(w, r)
		default:
			s.foreign(w, r)
		}
	})
}

// inWeChat reports whether the browser is WeChat's own. The gateway's adapter may split one header into several.
func inWeChat(r *http.Request) bool {
	return strings.Contains(strings.Join(r.Header.Values("User-Agent"), ","), "MicroMessenger")
}
