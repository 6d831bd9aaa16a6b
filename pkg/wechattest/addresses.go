package wechattest

import (
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
)

// Whitelist makes calls from all other addresses fail with 40164, whose errmsg names the caller's address; without
// any prefix it ends that. It covers the calls of /cgi-bin/, tokens included. A test account has none, whatever is
// set here. https://developers.weixin.qq.com/doc/oplatform/developers/basic_func/ip_whitelist
func (p *Platform) Whitelist(listed ...netip.Prefix) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.whitelist = slices.Clone(listed)
}

// admits reports whether the whitelist lets the caller in, and the caller's address.
func (p *Platform) admits(r *http.Request) (netip.Addr, bool) {
	if len(p.whitelist) == 0 || p.config.Kind == TestAccount || !strings.HasPrefix(r.URL.Path, "/cgi-bin/") {
		return netip.Addr{}, true
	}
	ip := netip.IPv4Unspecified() // what has no address, such as a pipe, is on no list
	if caller, err := netip.ParseAddrPort(r.RemoteAddr); err == nil {
		ip = caller.Addr().Unmap().WithZone("")
	}
	return ip, slices.ContainsFunc(p.whitelist, func(listed netip.Prefix) bool { return listed.Contains(ip) })
}

// callbackIP tells where pushes come from: made-up addresses of the range for documentation.
// https://developers.weixin.qq.com/doc/service/api/base/api_getcallbackip
func (p *Platform) callbackIP(url.Values, []byte) (any, int) {
	return map[string]any{"ip_list": []string{"203.0.113.10", "203.0.113.128/25"}}, 0
}
