package web_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"

	"github.com/guanzhu/guanzhu/pkg/web"
)

// TestOrigins sends forms as the gateway forwards them, without TLS. A form is refused if its page has this host's name but came in
// clear text, because anyone on the network path could have written that page.
func TestOrigins(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, publicURL, host string
		header                http.Header
		want                  int // for POST /enter with a good ticket
		sts                   bool
	}{
		{"own", "", "example.com", http.Header{"Origin": {"https://example.com"}}, 303, true},
		{"clear text", "", "example.com", http.Header{"Origin": {"http://example.com"}}, 403, true},
		{"clear text, in capitals", "", "example.com", http.Header{"Origin": {"HTTP://example.com"}}, 403, true},
		{"clear text, with a port", "", "example.com:80", http.Header{"Origin": {"http://example.com:80"}}, 403, true},
		{"clear text that calls itself the same origin", "", "example.com",
			http.Header{"Origin": {"http://example.com"}, "Sec-Fetch-Site": {"same-origin"}}, 403, true},
		{"another scheme", "", "example.com", http.Header{"Origin": {"ftp://example.com"}}, 403, true},
		{"no scheme", "", "example.com", http.Header{"Origin": {"//example.com"}}, 403, true},
		{"with a path", "", "example.com", http.Header{"Origin": {"http://example.com/enter"}}, 403, true},
		{"a name like loopback's", "", "127.0.0.1.example.com", http.Header{"Origin": {"http://127.0.0.1.example.com"}}, 403, true},
		{"a name that begins like localhost", "", "localhost.example.com", http.Header{"Origin": {"http://localhost.example.com"}}, 403, true},
		{"as forwarded", "", "example.com",
			http.Header{"Origin": {"http://example.com"}, "X-Forwarded-Proto": {"http"}, "X-Forwarded-Host": {"127.0.0.1"}}, 403, true},

		{"PUBLIC_URL", "https://example.com", "example.com", http.Header{"Origin": {"https://example.com"}}, 303, true},
		{"PUBLIC_URL, the other address", "https://example.com", "api.example.net", http.Header{"Origin": {"https://api.example.net"}}, 303, true},
		{"PUBLIC_URL, a form that is sent to the other address", "https://example.com", "api.example.net",
			http.Header{"Origin": {"https://example.com"}}, 303, true},
		{"PUBLIC_URL in clear text", "https://example.com", "example.com", http.Header{"Origin": {"http://example.com"}}, 403, true},

		{"a local run", "", "127.0.0.1:8080", http.Header{"Origin": {"http://127.0.0.1:8080"}}, 303, false},
		{"a local run by name", "", "localhost:8080", http.Header{"Origin": {"http://localhost:8080"}}, 303, false},
		{"a local run, IPv6", "", "[::1]:8080", http.Header{"Origin": {"http://[::1]:8080"}}, 303, false},
		{"a local run, another port", "", "127.0.0.1:8080", http.Header{"Origin": {"http://127.0.0.1:9090"}}, 403, false},
		{"sam local", "http://127.0.0.1:3000", "localhost", http.Header{"Origin": {"http://127.0.0.1:3000"}}, 303, false},
	} {
		w := newFixture(t, func(c *web.Config) { c.PublicURL = tt.publicURL })
		w.follows(openid)
		target := must(url.Parse(w.asks(w.text(openid, 7))))
		for method, want := range map[string]int{http.MethodGet: 200, http.MethodPost: tt.want} {
			r := httptest.NewRequestWithContext(t.Context(), method, "/enter?"+target.RawQuery, nil)
			r.Host = tt.host
			for name, values := range tt.header {
				r.Header[name] = values
			}
			answer := httptest.NewRecorder()
			w.handler.ServeHTTP(answer, r)
			if sts := answer.Header().Get("Strict-Transport-Security") != ""; answer.Code != want || sts != tt.sts {
				t.Errorf("%s: %s: status %d, want %d; Strict-Transport-Security %v", tt.name, method, answer.Code, want, sts)
			}
		}
	}
}

// TestWhereOAuthLeadsBack: OAuth leads back to the host that the gateway names, and ignores the headers of proxies.
func TestWhereOAuthLeadsBack(t *testing.T) {
	t.Parallel()
	for host, want := range map[string]string{
		"example.com":    "https://example.com/login/return",
		"127.0.0.1:8080": "http://127.0.0.1:8080/login/return",
		"evil\"&x=1#":    "https://evil\"&x=1#/login/return", // stays in its parameter
	} {
		w := newFixture(t, nil)
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil)
		r.Host = host
		r.Header = http.Header{"User-Agent": {inWeChat}, "X-Forwarded-Host": {"evil.example"}, "X-Forwarded-Proto": {"http"},
			"Forwarded": {"host=evil.example;proto=http"}, "X-Original-Url": {"https://evil.example"}}
		answer := httptest.NewRecorder()
		w.handler.ServeHTTP(answer, r)
		if got := must(url.Parse(answer.Header().Get("Location"))).Query().Get("redirect_uri"); answer.Code != http.StatusFound || got != want {
			t.Errorf("%s: status %d, leads back to %q", host, answer.Code, got)
		}
	}
}
