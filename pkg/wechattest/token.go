package wechattest

import (
	"crypto/rand"
	"net/url"
	"time"

	"github.com/guanzhu/guanzhu/pkg/wechat"
)

// How the platform treats access tokens (api_getstableaccesstoken, api_getaccesstoken).
const (
	tokenFor      = 2 * time.Hour    // expires_in of a new token
	renewBefore   = 5 * time.Minute  // stable_token gives a new token so long before the end of the one before it
	usableAfter   = 5 * time.Minute  // a token of /cgi-bin/token outlives the next one's issue by this
	forceInterval = 30 * time.Second // a second forced refresh within it gives the first one's token
	forcesPerDay  = 20
)

type token struct {
	value string
	until time.Time
}

// RevokeToken ends the stable access token, as another program does that forces a refresh: calls with it get 40001,
// and stable_token gives a new one.
func (p *Platform) RevokeToken() {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.accepted, p.stable.value)
	p.stable = token{}
}

// BreakToken makes calls with the stable access token get 40001, while stable_token goes on giving that token until
// a refresh is forced.
func (p *Platform) BreakToken() {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.accepted, p.stable.value)
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

type tokenReply struct {
	AccessToken string `json:"access_token"`
	ExpiresIn   int    `json:"expires_in"` // seconds
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
		if !sameDay(now, p.forcedAt) {
			p.forces = 0
		}
		if p.forces == forcesPerDay {
			return nil, 45009
		}
		p.forces++
		p.forcedAt = now
		delete(p.accepted, p.stable.value)
		p.stable = p.issue(now)
	case !now.Before(p.stable.until.Add(-renewBefore)):
		p.stable = p.issue(now) // the one before it is accepted until its end
	}
	return tokenReply{p.stable.value, int(p.stable.until.Sub(now).Seconds())}, 0
}

func (p *Platform) plainToken(query url.Values, _ []byte) (any, int) {
	if errcode := p.checkQueryCredentials("client_credential", query); errcode != 0 {
		return nil, errcode
	}
	now := p.config.Now()
	if until, ok := p.accepted[p.plain.value]; ok && until.After(now.Add(usableAfter)) {
		p.accepted[p.plain.value] = now.Add(usableAfter)
	}
	p.plain = p.issue(now)
	return tokenReply{p.plain.value, int(tokenFor.Seconds())}, 0
}

func (p *Platform) checkQueryCredentials(wantType string, query url.Values) (errcode int) {
	return p.checkCredentials(wantType, query.Get("grant_type"), query.Get("appid"), query.Get("secret"))
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

// secretText is the value of a token, not to be guessed.
func secretText() string { return "99_" + rand.Text() + rand.Text() + rand.Text() }

// sameDay reports whether two times are on the same day in China, where the platform's days begin.
func sameDay(a, b time.Time) bool {
	return a.In(wechat.ChinaTime).Format(time.DateOnly) == b.In(wechat.ChinaTime).Format(time.DateOnly)
}
