package publicurl_test

import (
	"testing"

	"github.com/guanzhu/guanzhu/internal/publicurl"
)

func TestParse(t *testing.T) {
	t.Parallel()
	for s, want := range map[string]string{
		"":                         "",
		"https://example.com":      "https://example.com",
		"https://example.com/":     "https://example.com",
		"HTTPS://example.com":      "https://example.com",
		"https://example.com:8443": "https://example.com:8443",
		"http://127.0.0.1:3000":    "http://127.0.0.1:3000",
		"http://localhost:3000/":   "http://localhost:3000",
		"http://[::1]:3000":        "http://[::1]:3000",
	} {
		if got, err := publicurl.Parse(s); got != want || err != nil {
			t.Errorf("%q: %q, %v", s, got, err)
		}
	}
	for _, s := range []string{
		"example.com", "/", "https://", "https://:443", "ftp://example.com", "http://example.com", "https://example.com/pages",
		"https://example.com//", "https://example.com/?a", "https://example.com?", "https://example.com#a", "https://u:p@example.com",
		"https://exa mple.com", "http://127.0.0.1.example.com",
	} {
		if got, err := publicurl.Parse(s); got != "" || err == nil {
			t.Errorf("%q: %q, %v", s, got, err)
		}
	}
}
