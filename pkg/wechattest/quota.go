package wechattest

import (
	"net/url"
	"strings"
)

// Kind is the kind of an account, which decides what it may call and how often.
// https://developers.weixin.qq.com/doc/offiaccount/Getting_Started/Explanation_of_interface_privileges.html
type Kind int

const (
	ServiceAccount  Kind = iota // 认证服务号: all APIs
	TestAccount                 // 测试号: all APIs with smaller quotas, and no IP whitelist
	PersonalAccount             // 个人订阅号: tokens and questions about itself; 48001 for users, menus and OAuth
)

// personal is what a personal subscription account may call. It may ask for its menu, though it cannot set one.
var personal = map[string]bool{
	"/cgi-bin/stable_token":              true,
	"/cgi-bin/token":                     true,
	"/cgi-bin/getcallbackip":             true,
	"/cgi-bin/openapi/quota/get":         true,
	"/cgi-bin/get_current_selfmenu_info": true,
}

func (k Kind) may(path string) bool { return k != PersonalAccount || personal[path] }

// dailyQuotas are the calls a day of a new account, and of a test account. What is not in it has no limit.
// https://developers.weixin.qq.com/doc/subscription/guide/dev/api/limit
var dailyQuotas = map[string]struct{ normal, test int }{
	"/cgi-bin/stable_token":        {500_000, 500_000},
	"/cgi-bin/token":               {2000, 200},
	"/cgi-bin/user/info":           {5_000_000, 500_000},
	"/cgi-bin/user/get":            {500, 100},
	"/cgi-bin/menu/create":         {1000, 100},
	"/cgi-bin/menu/get":            {10_000, 1000},
	"/cgi-bin/menu/delete":         {1000, 100},
	"/cgi-bin/menu/addconditional": {2000, 2000},
	"/cgi-bin/menu/delconditional": {2000, 2000},
	"/cgi-bin/menu/trymatch":       {20_000, 20_000},
}

// Quota sets how many calls of path the account has a day, today's included: further ones get 45009 until 00:00 in
// China. user/info and user/info/batchget share one quota. Calls that are refused for their method, address, token or
// permission, and faults, are not counted.
func (p *Platform) Quota(path string, n int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.quotas[counter(path)] = n
}

// counter is the path under which the calls of path are counted.
func counter(path string) string {
	if path == "/cgi-bin/user/info/batchget" {
		return "/cgi-bin/user/info"
	}
	return path
}

// quota returns the limit of calls a day, if there is one, and how many there were.
func (p *Platform) quota(path string) (daily, used int, limited bool) {
	path = counter(path)
	if now := p.config.Now(); !sameDay(now, p.usedOn) {
		clear(p.used)
		p.usedOn = now
	}
	if daily, ok := p.quotas[path]; ok {
		return daily, p.used[path], true
	}
	q, ok := dailyQuotas[path]
	if p.config.Kind == TestAccount {
		return q.test, p.used[path], ok
	}
	return q.normal, p.used[path], ok
}

// spend counts a call of path. It is false where the quota is used up.
func (p *Platform) spend(path string) bool {
	daily, used, limited := p.quota(path)
	if limited && used >= daily {
		return false
	}
	p.used[counter(path)]++
	return true
}

// quotaGet knows the paths that have a limit.
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
