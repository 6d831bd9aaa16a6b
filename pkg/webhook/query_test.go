package webhook

import (
	"net/url"
	"testing"
)

// FuzzQuery compares parseQuery with url.ParseQuery.
func FuzzQuery(f *testing.F) {
	f.Add("signature=a&msg_signature=%62&timestamp=1&nonce=2&echostr=+x")
	f.Add("nonce=&nonce=2&&timestamp&other=%zz")
	f.Add("nonce=1;timestamp=2")
	f.Add("%6eonce=%3B&nonce==&=&")
	f.Fuzz(func(t *testing.T, raw string) {
		got, ok := parseQuery(raw)
		values, err := url.ParseQuery(raw)
		if ok != (err == nil) {
			t.Fatalf("%q: accepted is %t, and url's error %v", raw, ok, err)
		}
		want := query{values.Get("signature"), values.Get("msg_signature"), values.Get("timestamp"), values.Get("nonce"), values.Get("echostr")}
		if ok && got != want {
			t.Errorf("%q: %+v, want %+v", raw, got, want)
		}
	})
}
