package wechattest

import (
	"net/url"
	"strings"
)

// dailyQuotas has the number of calls per day that a new account may make of each API. Other APIs have no limit.
// https://developers.weixin.qq.com/doc/subscription/guide/dev/api/limit
var dailyQuotas = map[string]int{
	"/cgi-bin/stable_token":        500_000,
	"/cgi-bin/user/info":           5_000_000,
	"/cgi-bin/user/get":            500,
	"/cgi-bin/menu/create":         1000,
	"/cgi-bin/menu/get":            10_000,
	"/cgi-bin/menu/addconditional": 2000,
	"/cgi-bin/menu/delconditional": 2000,
	"/cgi-bin/menu/trymatch":       20_000,
	"/cgi-bin/media/get":           200_000,
}

// SetQuota sets how many calls of path the account may make per day, today's calls included. Further calls get 45009
// until 00:00 in China. user/info and user/info/batchget share one quota. Faults do not count, nor do calls that are
// refused for their method, address, token or permission.
func (p *Platform) SetQuota(path string, n int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.quotas[counter(path)] = n
}

// counter returns the path whose quota the calls of path use up.
func counter(path string) string {
	if path == "/cgi-bin/user/info/batchget" {
		return "/cgi-bin/user/info"
	}
	return path
}

// quota returns the daily limit of path, if it has one, and how many calls the day has had.
func (p *Platform) quota(path string) (daily, used int, limited bool) {
	path = counter(path)
	if now := p.config.Now(); !sameDay(now, p.usedOn) {
		clear(p.used)
		p.usedOn = now
	}
	daily, limited = p.quotas[path]
	if !limited {
		daily, limited = dailyQuotas[path]
	}
	return daily, p.used[path], limited
}

// spend counts a call of path. It returns false if the quota is used up.
func (p *Platform) spend(path string) bool {
	daily, used, limited := p.quota(path)
	if limited && used >= daily {
		return false
	}
	p.used[counter(path)]++
	return true
}

// quotaGet answers for the paths that have a limit.
// https://developers.weixin.qq.com/doc/service/api/apimanage/api_getapiquota
func (p *Platform) quotaGet(_ url.Values, body []byte) (any, int) {
	var in struct {
		Path string `json:"cgi_path"`
	}
	if errcode := decode(body, &in); errcode != 0 {
		return nil, errcode
	}
	daily, used, limited := p.quota(in.Path)
	switch {
	case !strings.HasPrefix(in.Path, "/"):
		return nil, 76003
	case strings.HasPrefix(in.Path, "/sns/"):
		return nil, 76022
	case !limited:
		return nil, 76021
	}
	return map[string]any{
		"errcode": 0,
		"errmsg":  "ok",
		"quota":   map[string]int{"daily_limit": daily, "used": used, "remain": max(daily-used, 0)},
	}, 0
}
