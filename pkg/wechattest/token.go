package wechattest

import (
	"crypto/rand"
	"net/url"
	"time"

	"github.com/guanzhu/guanzhu/pkg/wechat"
)

// The platform's rules for access tokens.
// https://developers.weixin.qq.com/doc/service/api/base/api_getstableaccesstoken
const (
	tokenFor      = 2 * time.Hour    // the life of a new token
	renewBefore   = 5 * time.Minute  // stable_token issues a new token this long before the current one expires
	forceInterval = 30 * time.Second // a second forced refresh within this time returns the same token
	forcesPerDay  = 20
)

type token struct {
	value string
	until time.Time
}

// RevokeToken ends the access token, as if another program had forced a refresh. Calls with it get 40001, and
// stable_token issues a new one.
func (p *Platform) RevokeToken() {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.accepted, p.current.value)
	p.current = token{}
}

// BreakToken makes calls with the access token fail with 40001. stable_token returns the same token until a refresh is
// forced.
func (p *Platform) BreakToken() {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.accepted, p.current.value)
}

func (p *Platform) checkToken(value string) (errcode int) {
	until, ok := p.accepted[value]
	switch {
	case value == "":
		return 41001
	case !ok:
		return 40001
	case !p.config.Now().Before(until):
		return 42001
	}
	return 0
}

func (p *Platform) stableToken(_ url.Values, body []byte) (any, int) {
	var in struct {
		GrantType    string `json:"grant_type"`
		AppID        string `json:"appid"`
		Secret       string `json:"secret"`
		ForceRefresh bool   `json:"force_refresh"`
	}
	if errcode := decode(body, &in); errcode != 0 {
		return nil, errcode
	}
	if errcode := p.checkCredentials("client_credential", in.GrantType, in.AppID, in.Secret); errcode != 0 {
		return nil, errcode
	}
	now := p.config.Now()
	switch {
	case in.ForceRefresh && now.Sub(p.forcedAt) >= forceInterval:
		if errcode := p.forceRefresh(now); errcode != 0 {
			return nil, errcode
		}
	case !now.Before(p.current.until.Add(-renewBefore)):
		p.current = p.issue(now) // the previous token stays valid until it expires
	}
	return map[string]any{"access_token": p.current.value, "expires_in": int(p.current.until.Sub(now).Seconds())}, 0
}

func (p *Platform) forceRefresh(now time.Time) (errcode int) {
	if !sameDay(now, p.forcedAt) {
		p.forces = 0
	}
	if p.forces == forcesPerDay {
		return 45009
	}
	p.forces++
	p.forcedAt = now
	delete(p.accepted, p.current.value)
	p.current = p.issue(now)
	return 0
}

func (p *Platform) checkCredentials(wantType, grantType, appID, secret string) (errcode int) {
	switch {
	case grantType != wantType:
		return 40002
	case appID == "":
		return 41002
	case appID != p.config.AppID:
		return 40013
	case secret == "":
		return 41004
	case secret != p.config.AppSecret:
		return 40125
	}
	return 0
}

func (p *Platform) issue(now time.Time) token {
	t := token{value: secretText(), until: now.Add(tokenFor)}
	p.accepted[t.value] = t.until
	return t
}

// secretText returns a token that nobody can guess.
func secretText() string { return "99_" + rand.Text() + rand.Text() + rand.Text() }

// sameDay reports whether two times are on the same day in China. The platform's quotas count China's days.
func sameDay(a, b time.Time) bool {
	return a.In(wechat.ChinaTime).Format(time.DateOnly) == b.In(wechat.ChinaTime).Format(time.DateOnly)
}
