package wechattest_test

import (
	"encoding/json"
	"net/http/httptest"
	"net/netip"
	"regexp"
	"strings"
	"testing"

	"github.com/guanzhu/guanzhu/pkg/wechattest"
)

func TestWhitelist(t *testing.T) {
	t.Parallel()
	list := []netip.Prefix{netip.MustParsePrefix("198.51.100.7/32"), netip.MustParsePrefix("2001:db8::/64")}
	tests := []struct {
		name    string
		list    []netip.Prefix
		caller  string
		message string // the beginning of errmsg; empty if the call succeeds
	}{
		{name: "none", caller: "192.0.2.1:4321"},
		{name: "listed", list: list, caller: "198.51.100.7:4321"},
		{name: "listed IPv6", list: list, caller: "[2001:db8::1]:4321"},
		{name: "listed as IPv6", list: list, caller: "[::ffff:198.51.100.7]:4321"},
		{name: "other", list: list, caller: "192.0.2.1:4321",
			message: "invalid ip 192.0.2.1 ipv6 ::ffff:192.0.2.1, not in whitelist rid: "},
		{name: "other IPv6", list: list, caller: "[2001:db8:1::1%eth0]:4321",
			message: "invalid ip 2001:db8:1::1 ipv6 2001:db8:1::1, not in whitelist rid: "},
		{name: "pipe", list: list, caller: "pipe",
			message: "invalid ip 0.0.0.0 ipv6 ::ffff:0.0.0.0, not in whitelist rid: "},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			c := newClient(t, wechattest.Config{})
			c.Follow(openid, wechattest.User{})
			c.Whitelist(test.list...)
			for _, call := range []struct{ method, target, body string }{
				{"POST", stableToken, credentials(false)},
				{"GET", userInfo + "?openid=" + openid + "&access_token=" + c.token, ""},
			} {
				r := httptest.NewRequest(call.method, call.target, strings.NewReader(call.body))
				r.RemoteAddr = test.caller
				w := httptest.NewRecorder()
				c.ServeHTTP(w, r)
				var a answer
				if err := json.Unmarshal(w.Body.Bytes(), &a); err != nil {
					t.Fatalf("answer %q: %v", w.Body, err)
				}
				message, _ := a["errmsg"].(string)
				if test.message == "" && a.code() != 0 ||
					test.message != "" && (a.code() != 40164 || !strings.HasPrefix(message, test.message)) {
					t.Errorf("%s: errcode %d, %q, want %q", r.URL.Path, a.code(), message, test.message)
				}
			}
		})
	}
}

func TestWhitelistEnds(t *testing.T) {
	t.Parallel()
	c := newClient(t, wechattest.Config{})
	c.Whitelist(netip.MustParsePrefix("198.51.100.7/32"))
	c.wantCode(40164, c.get(callbackIP))
	c.wantCode(40029, c.get(snsToken+"&code=x")) // the whitelist does not cover calls of /sns/
	c.Whitelist()
	c.wantCode(0, c.get(callbackIP))
}

func TestCallbackIP(t *testing.T) {
	t.Parallel()
	c := newClient(t, wechattest.Config{})
	c.wantCode(43001, c.post(callbackIP, "{}"))
	list, _ := c.get(callbackIP)["ip_list"].([]any)
	address := regexp.MustCompile(`^203\.0\.113\.\d+(/\d+)?$`)
	if len(list) == 0 {
		t.Error("no addresses, want some")
	}
	for _, entry := range list {
		if text, _ := entry.(string); !address.MatchString(text) {
			t.Errorf("address %v, want one of the range for documentation", entry)
		}
	}
}
