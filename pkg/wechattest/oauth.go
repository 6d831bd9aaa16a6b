package wechattest

import (
	"cmp"
	"crypto/rand"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"time"
)

const codeFor = 5 * time.Minute // how long an OAuth code may be used

// visitor is who opens pages in WeChat.
type visitor struct {
	openid   string // "": nobody, the browser is not WeChat's
	snapshot bool
}

// grant is what an OAuth code stands for.
type grant struct {
	openid   string
	unionid  string
	scope    string
	snapshot bool
	until    time.Time
	used     bool
}

// As makes openid the one who opens pages from now on, follower or not. "", as at first, stands for a browser that is
// not WeChat's.
func (p *Platform) As(openid string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.visitor = visitor{openid: openid}
}

// AsSnapshot makes pages open as snapshots from now on, until As: each has an openid and a unionid that are nobody's.
// https://developers.weixin.qq.com/community/develop/doc/000c2c34068880629ced91a2f56001
func (p *Platform) AsSnapshot() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.visitor = visitor{snapshot: true}
}

// Open is the platform's host for browsers, open.weixin.qq.com:
//
//	GET /connect/oauth2/authorize
//
// It leads back to the account with a code for whom As has named, without asking, in either scope; where it does not,
// its page names the error. Calls, Delay, Hold and Fail work with its path, too.
// https://developers.weixin.qq.com/doc/service/guide/h5/auth.html
func (p *Platform) Open() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !p.wait(r) {
			return
		}
		location, problem := p.authorize(r)
		if problem != "" {
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			io.WriteString(w, "<!DOCTYPE html><html><head><title>微信</title></head><body><h4>"+problem+"</h4></body></html>")
			return
		}
		http.Redirect(w, r, location, http.StatusFound)
	})
}

// authorizeQuery is the form that the platform insists on, order included. The fragment #wechat_redirect, which it
// wants too, never leaves the browser.
var authorizeQuery = regexp.MustCompile(`^appid=([^&]*)&redirect_uri=([^&]*)&response_type=code` +
	`&scope=(snsapi_base|snsapi_userinfo)&state=([a-zA-Z0-9]{1,128})` +
	`(?:&forcePopup=(?:true|false))?(?:&forceSnapShot=(true|false))?(?:&connect_redirect=1)?$`)

// pageErrors are what the pages say of the codes that exist there alone.
var pageErrors = map[int]string{
	10003: "redirect_uri 参数错误",
	10006: "必须关注此测试号",
	10015: "该公众号没有网页授权权限",
	40013: "appid 参数错误",
}

func pageError(errcode int) string {
	return fmt.Sprintf("%s<br>错误码：%d", cmp.Or(pageErrors[errcode], "出错了"), errcode)
}

// authorize returns the URL that leads back with a code, or the page's text if there is a problem.
func (p *Platform) authorize(r *http.Request) (location, problem string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if f, ok := p.nextFault(r.URL.Path); ok {
		return "", pageError(f.errcode)
	}
	query := authorizeQuery.FindStringSubmatch(r.URL.RawQuery)
	if r.Method != http.MethodGet || r.URL.Path != "/connect/oauth2/authorize" || query == nil {
		return "", "参数错误"
	}
	appID, redirectURI, scope, state, forceSnapshot := query[1], query[2], query[3], query[4], query[5]
	back := p.returnURL(redirectURI)
	switch {
	case appID != p.config.AppID:
		return "", pageError(40013)
	case !p.config.Kind.may(snsTokenPath):
		return "", pageError(10015)
	case back == nil:
		return "", pageError(10003)
	case p.visitor == visitor{}:
		return "", "请在微信客户端打开链接"
	}
	g := &grant{openid: p.visitor.openid, scope: scope, until: p.config.Now().Add(codeFor)}
	if p.visitor.snapshot || forceSnapshot == "true" {
		g.openid, g.unionid, g.snapshot = virtualID(), virtualID(), true
	} else {
		u, known := p.user(g.openid)
		if !u.follows && p.config.Kind == TestAccount {
			return "", pageError(10006)
		}
		if !known {
			p.setUser(g.openid, user{}) // whoever opens a page has an openid from then on
		}
		g.unionid = u.UnionID
	}
	code := rand.Text()
	p.grants[code] = g
	if back.RawQuery != "" {
		back.RawQuery += "&"
	}
	back.RawQuery += "code=" + code + "&state=" + state
	return back.String(), ""
}

// returnURL returns the URL that escaped stands for, or nil where OAuth may not lead to it.
func (p *Platform) returnURL(escaped string) *url.URL {
	text, err := url.QueryUnescape(escaped)
	if err != nil {
		return nil
	}
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" ||
		p.config.OAuthDomain != "" && u.Host != p.config.OAuthDomain {
		return nil
	}
	return u
}

// virtualID looks like an openid.
func virtualID() string { return "oSNAP" + rand.Text()[:23] }

const snsTokenPath = "/sns/oauth2/access_token"

// snsToken gives what a code stands for, once. Its access token is good for nothing here.
// https://developers.weixin.qq.com/doc/service/api/webdev/access/api_snsaccesstoken
func (p *Platform) snsToken(query url.Values, _ []byte) (any, int) {
	if errcode := p.checkQueryCredentials("authorization_code", query); errcode != 0 {
		return nil, errcode
	}
	code := query.Get("code")
	g, ok := p.grants[code]
	switch {
	case code == "":
		return nil, 41008
	case !ok:
		return nil, 40029
	case g.used:
		return nil, 40163
	case !p.config.Now().Before(g.until):
		return nil, 42003
	}
	g.used = true
	reply := map[string]any{
		"access_token":  secretText(),
		"expires_in":    7200,
		"refresh_token": secretText(),
		"openid":        g.openid,
		"scope":         g.scope,
	}
	if g.snapshot {
		reply["is_snapshotuser"] = 1
	}
	if g.scope == "snsapi_userinfo" && g.unionid != "" {
		reply["unionid"] = g.unionid
	}
	return reply, 0
}
