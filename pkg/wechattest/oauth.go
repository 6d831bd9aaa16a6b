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

const codeFor = 5 * time.Minute // the life of an OAuth code

// visitor is the user who opens pages. The zero visitor uses a browser other than WeChat's.
type visitor struct {
	openid   string
	snapshot bool
}

// grant is the account's answer for an OAuth code.
type grant struct {
	openid   string
	unionid  string
	scope    string
	snapshot bool
	until    time.Time
	used     bool
}

// SetVisitor makes openid the user who opens pages from now on. The user need not follow. If openid is empty, as it is
// at first, pages are opened in a browser other than WeChat's.
func (p *Platform) SetVisitor(openid string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.visitor = visitor{openid: openid}
}

// SetSnapshotVisitor makes pages open as snapshots until the next SetVisitor. Each snapshot gets a virtual openid and a
// virtual unionid.
// https://developers.weixin.qq.com/community/develop/doc/000c2c34068880629ced91a2f56001
func (p *Platform) SetSnapshotVisitor() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.visitor = visitor{snapshot: true}
}

// OAuthPage returns the handler of open.weixin.qq.com, the platform's host for browsers:
//
//	GET /connect/oauth2/authorize
//
// It redirects to the account with a code for the visitor. It never asks the visitor, in either scope. If it cannot
// redirect, it shows a page with the error. Calls, Delay, Hold and Fail work with its path, too.
// https://developers.weixin.qq.com/doc/service/guide/h5/auth.html
func (p *Platform) OAuthPage() http.Handler {
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

// authorizeQuery is the form of the query that the platform requires, in this order. The platform also requires the
// fragment #wechat_redirect, but browsers do not send it.
var authorizeQuery = regexp.MustCompile(`^appid=([^&]*)&redirect_uri=([^&]*)&response_type=code` +
	`&scope=(snsapi_base|snsapi_userinfo)&state=([a-zA-Z0-9]{1,128})` +
	`(?:&forcePopup=(?:true|false))?(?:&forceSnapShot=(true|false))?(?:&connect_redirect=1)?$`)

// pageErrors has the texts of errors on pages.
var pageErrors = map[int]string{
	10003: "redirect_uri 参数错误",
	10015: "该公众号没有网页授权权限",
	40013: "appid 参数错误",
}

func pageError(errcode int) string {
	return fmt.Sprintf("%s<br>错误码：%d", cmp.Or(pageErrors[errcode], "出错了"), errcode)
}

// authorize returns the URL to redirect to, or the text of the page that reports a problem.
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
	if back.RawQuery != "" {
		back.RawQuery += "&"
	}
	back.RawQuery += "code=" + p.newCode(scope, forceSnapshot == "true") + "&state=" + state
	return back.String(), ""
}

// newCode returns a code for the visitor.
func (p *Platform) newCode(scope string, snapshot bool) string {
	g := &grant{openid: p.visitor.openid, scope: scope, until: p.config.Now().Add(codeFor)}
	if p.visitor.snapshot || snapshot {
		g.openid, g.unionid, g.snapshot = virtualID(), virtualID(), true
	} else {
		u, known := p.user(g.openid)
		if !known {
			p.setUser(g.openid, user{}) // from now on, the platform knows this openid
		}
		g.unionid = u.UnionID
	}
	code := rand.Text()
	p.grants[code] = g
	return code
}

// returnURL returns the URL in the escaped redirect_uri, or nil if OAuth must not redirect to it.
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

// virtualID returns an id in the form of an openid.
func virtualID() string { return "oSNAP" + rand.Text()[:23] }

const snsTokenPath = "/sns/oauth2/access_token"

// snsToken exchanges a code, which works once. No simulated API accepts the access token that it returns.
// https://developers.weixin.qq.com/doc/service/api/webdev/access/api_snsaccesstoken
func (p *Platform) snsToken(query url.Values, _ []byte) (any, int) {
	errcode := p.checkCredentials("authorization_code", query.Get("grant_type"), query.Get("appid"), query.Get("secret"))
	if errcode != 0 {
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
