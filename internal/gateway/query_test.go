package gateway

import (
	"net/url"
	"strings"
	"testing"
)

// FuzzQuery holds validQuery to what package url parses.
func FuzzQuery(f *testing.F) {
	for _, query := range []string{"", "a=b&c=%e4%bd%a0+x", "a=%zz", "a=%&b", "%4", "a;b", "a=\x7f", "a=\n", "a#%zz", "a#b", "?", "a==&&=", "你=\xff"} {
		f.Add(query)
	}
	f.Fuzz(func(t *testing.T, query string) {
		_, err := url.ParseQuery(query)
		if err == nil {
			_, err = url.Parse("https://host/?" + query)
		}
		// Package url does not look at the control characters of a fragment, which no query has.
		if got := validQuery(query); got != (err == nil) && (got || !strings.Contains(query, "#")) {
			t.Errorf("%q: %v, and package url says %v", query, got, err)
		}
	})
}
