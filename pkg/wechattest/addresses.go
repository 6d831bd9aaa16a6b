package wechattest

import (
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
)

// Whitelist makes calls of /cgi-bin/ from other addresses fail with 40164. The errmsg names the caller's address.
// Whitelist without a prefix allows every address again.
// https://developers.weixin.qq.com/doc/oplatform/developers/basic_func/ip_whitelist
func (p *Platform) Whitelist(listed ...netip.Prefix) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.whitelist = slices.Clone(listed)
}

// admits reports whether the whitelist allows the call. If not, ip is the caller's address.
func (p *Platform) admits(r *http.Request) (ip netip.Addr, ok bool) {
	if len(p.whitelist) == 0 || !strings.HasPrefix(r.URL.Path, "/cgi-bin/") {
		return netip.Addr{}, true
	}
	ip = netip.IPv4Unspecified() // for a connection without an address, such as a pipe
	if caller, err := netip.ParseAddrPort(r.RemoteAddr); err == nil {
		ip = caller.Addr().Unmap().WithZone("")
	}
	return ip, slices.ContainsFunc(p.whitelist, func(listed netip.Prefix) bool { return listed.Contains(ip) })
}

// callbackIP lists the addresses that pushes come from. They are made up, from the range for documentation.
// https://developers.weixin.qq.com/doc/service/api/base/api_getcallbackip
func (p *Platform) callbackIP(url.Values, []byte) (any, int) {
	return map[string]any{"ip_list": []string{"203.0.113.10", "203.0.113.128/25"}}, 0
}
