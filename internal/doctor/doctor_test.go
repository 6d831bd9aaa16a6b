package doctor_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"
	"unicode"

	"github.com/guanzhu/guanzhu/internal/bilingual"
	"github.com/guanzhu/guanzhu/internal/doctor"
	"github.com/guanzhu/guanzhu/internal/media"
	"github.com/guanzhu/guanzhu/internal/menu"
	"github.com/guanzhu/guanzhu/pkg/secrets"
	"github.com/guanzhu/guanzhu/pkg/web"
	"github.com/guanzhu/guanzhu/pkg/wechat"
	"github.com/guanzhu/guanzhu/pkg/wechattest"
)

const (
	stableToken = "/cgi-bin/stable_token"
	callbackIP  = "/cgi-bin/getcallbackip"
	userInfo    = "/cgi-bin/user/info"
	menuGet     = "/cgi-bin/menu/get"
	menuCreate  = "/cgi-bin/menu/create"
	otherMenu   = `{"button":[{"type":"click","name":"别人的","key":"x"}]}`
)

// TestHealthy is the account that nothing is wrong with, in both modes.
func TestHealthy(t *testing.T) {
	t.Parallel()
	for name, keyed := range map[string]bool{"plain": false, "with a key": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newFixture(t)
			if keyed {
				w.keyed()
			}
			w.pages.Verification, w.site.Verification = "MP_verify_abc.txt", "abc"
			findings := w.examine()
			wantSafe(t, findings)
			var checks []string
			for _, f := range findings {
				checks = append(checks, f.Check)
				if f.Status != doctor.OK {
					t.Errorf("%+v", f)
				}
			}
			want := "url dns connect check clock forgery push pages verification oauth domain " +
				"api api-clock token token-use profiles menus kind quota menu"
			if got := strings.Join(checks, " "); got != want {
				t.Errorf("checks:\n%s, want\n%s", got, want)
			}
		})
	}
}

// TestFailures spoils one thing after the other. Whatever else is found, what is wrong must be named, with what to do.
func TestFailures(t *testing.T) {
	t.Parallel()
	const (
		ok, warning, failure, skipped = doctor.OK, doctor.Warning, doctor.Failure, doctor.Skipped
	)
	fail := func(path string, errcode int) func(*fixture) {
		return func(w *fixture) { w.script = func(p *wechattest.Platform) { p.Fail(path, errcode, 99) } }
	}
	refusesToken := func(errcode int) func(*fixture) { return fail(stableToken, errcode) }
	script := func(script func(*wechattest.Platform)) func(*fixture) { return func(w *fixture) { w.script = script } }
	status := func(status int) func(*fixture) {
		return func(w *fixture) { w.front = answers(status, "") }
	}
	tests := []struct {
		name     string
		spoil    func(*fixture)
		check    string
		status   doctor.Status
		zh, en   string // in what was found or what to do
		zh2, en2 string // another part of it
	}{
		// The endpoint's address, and the way to it.
		{name: "no URL", spoil: func(w *fixture) { w.url = "ftp://host.example/login/wechat" }, check: "url", status: failure, zh: "https://域名/login/wechat", en: "https://host/login/wechat"},
		{name: "wrong path", spoil: func(w *fixture) { w.url = "https://host.example/wechat" }, check: "url", status: failure, zh: "改成 /login/wechat", en: "change the path"},
		{name: "wrong port", spoil: func(w *fixture) { w.url = "https://host.example:8443/login/wechat" }, check: "url", status: failure, zh: "端口 8443", en: "port 8443", zh2: "443", en2: "443"},
		{name: "no such host", spoil: func(w *fixture) { w.url = "https://host.invalid/login/wechat" }, check: "dns", status: failure, zh: "DomainTarget", en: "DomainTarget"},
		{name: "a private address", spoil: func(w *fixture) { w.url = "http://192.168.0.1:80/login/wechat"; w.hurry() }, check: "dns", status: warning, zh: "公网地址", en: "public address"},
		{name: "nobody listens", spoil: func(w *fixture) { w.url = nobody(w) + "/login/wechat" }, check: "connect", status: failure, zh: "make run", en: "make run"},

		// What answers.
		{name: "redirect", spoil: func(w *fixture) { w.front = redirects }, check: "check", status: failure, zh: "https://elsewhere.example/login/wechat，微信不跟随", en: "to https://elsewhere.example/login/wechat, and", zh2: "填写最终的地址", en2: "Enter the final address"},
		{name: "not found", spoil: status(404), check: "check", status: failure, zh: "DomainName", en: "DomainName", zh2: "ServerUrl", en2: "ServerUrl"},
		{name: "throttled", spoil: status(429), check: "check", status: failure, zh: "该公众号提供的服务出现故障", en: "该公众号提供的服务出现故障", zh2: "RequestsPerSecond", en2: "RequestsPerSecond"},
		{name: "a throttled function", spoil: status(503), check: "check", status: failure, zh: "该公众号提供的服务出现故障", en: "该公众号提供的服务出现故障", zh2: "告警 throttles", en2: "If the alarm throttles is in alarm, raise Lambda's concurrency"},
		{name: "internal error", spoil: status(500), check: "check", status: failure, zh: "该公众号提供的服务出现故障", en: "该公众号提供的服务出现故障", zh2: "make logs", en2: "make logs"},
		{name: "a login in front", spoil: status(401), check: "check", status: failure, zh: "401", en: "401", zh2: "WAF", en2: "WAF"},
		{name: "a firewall's 403", spoil: status(403), check: "check", status: failure, zh: "不是服务器给出的", en: "not from the endpoint", zh2: "WAF", en2: "WAF"},
		{name: "hangs up", spoil: func(w *fixture) { w.front = hangsUp }, check: "check", status: failure, zh: "没有应答", en: "no answer", zh2: "make logs", en2: "make logs"},
		{name: "slow", spoil: func(w *fixture) { w.front = w.takes(3500 * time.Millisecond) }, check: "check", status: warning, zh: "3.5", en: "3.5", zh2: "冷启动", en2: "cold start"},
		{name: "too slow", spoil: func(w *fixture) { w.front = w.takes(5100 * time.Millisecond) }, check: "check", status: failure, zh: "5 秒内没有应答", en: "no answer within 5 s", zh2: "slow pushes", en2: "slow pushes"},
		{name: "wrong token", spoil: func(w *fixture) { w.server.Token = "another" }, check: "check", status: failure, zh: "Token验证失败", en: "Token verification failed", zh2: "guanzhu secrets", en2: "guanzhu secrets"},
		{name: "secrets unknown", spoil: func(w *fixture) { w.endpoint.Secrets = secrets.Secrets{} }, check: "check", status: skipped, zh: "先解决“密钥参数”", en: `fix "secrets" first`},
		{name: "echostr with a line end", spoil: func(w *fixture) { w.front = addsLineEnd }, check: "check", status: failure, zh: "echostr 原文", en: "not the echostr alone", zh2: "换行", en2: "line end"},
		{name: "anyone's signature", spoil: func(w *fixture) { w.front = echoes }, check: "forgery", status: failure, zh: "冒充微信", en: "pretend to be WeChat"},
		{name: "clock off", spoil: func(w *fixture) { w.ahead = 2 * time.Minute }, check: "clock", status: warning, zh: "2m0s", en: "2m0s", zh2: "NTP", en2: "NTP"},
		{name: "clock wrong", spoil: func(w *fixture) { w.ahead = -20 * time.Minute }, check: "clock", status: failure, zh: "20m0s", en: "20m0s", zh2: "NTP", en2: "NTP"},
		{name: "clock wrong, and so the signature", spoil: func(w *fixture) { w.ahead = 20 * time.Minute }, check: "check", status: skipped, zh: "先解决“时钟”", en: `fix "clock" first`},

		// The mode.
		{name: "key here only", spoil: func(w *fixture) { w.endpoint.Secrets.EncodingAESKey = aesKey }, check: "push", status: failure, zh: "这里的密钥有 EncodingAESKey；运行中的服务器没有", en: "these secrets have an EncodingAESKey; the running endpoint has none", zh2: "安全模式", en2: "安全模式"},
		{name: "key there only", spoil: func(w *fixture) { w.server.EncodingAESKey = aesKey }, check: "push", status: failure, zh: "运行中的服务器有 EncodingAESKey，只接受加密推送；这里的密钥没有", en: "the running endpoint has an EncodingAESKey and accepts only encrypted pushes; these secrets have none", zh2: "guanzhu secrets", en2: "guanzhu secrets"},
		{name: "another key", spoil: func(w *fixture) { w.keyed(); w.endpoint.Secrets.EncodingAESKey = otherKey }, check: "push", status: failure, zh: "EncodingAESKey 或 AppID", en: "another EncodingAESKey, or another AppID", zh2: "guanzhu secrets", en2: "guanzhu secrets"},
		{name: "another appid", spoil: func(w *fixture) { w.keyed(); w.endpoint.AppID = "wxfedcba9876543210" }, check: "push", status: failure, zh: "核对 AppID", en: "Check the AppID"},
		{name: "pushes fail", spoil: func(w *fixture) { w.front = pushesGet(500, "") }, check: "push", status: failure, zh: "make logs", en: "make logs"},
		{name: "an odd reply", spoil: func(w *fixture) { w.front = pushesGet(200, `{"ok":true}`) }, check: "push", status: failure, zh: "success", en: "success", zh2: "routes.go", en2: "routes.go"},

		// The pages.
		{name: "PUBLIC_URL with a path", spoil: func(w *fixture) { w.pages.URL = "https://host.example/path" }, check: "pages", status: failure, zh: "不带路径", en: "without a path"},
		{name: "a firewall before the pages", spoil: func(w *fixture) { w.front = pagesGet(403) }, check: "pages", status: failure, zh: "WAF", en: "WAF"},
		{name: "pages fail", spoil: func(w *fixture) { w.front = pagesGet(502) }, check: "pages", status: failure, zh: "502", en: "502", zh2: "make logs", en2: "make logs"},
		{name: "pages out of reach", spoil: func(w *fixture) { w.pages.URL = nobody(w) }, check: "pages", status: failure, zh: "没有应答", en: "does not answer", zh2: "DomainName", en2: "DomainName"},
		{name: "pages with the endpoint", spoil: func(w *fixture) {
			w.url = nobody(w) + "/login/wechat"
			w.pages.URL = strings.TrimSuffix(w.url, "/login/wechat")
		}, check: "pages", status: skipped, zh: "先解决“网络连接”", en: `fix "connection" first`},
		{name: "pages without the endpoint", spoil: func(w *fixture) { w.url = nobody(w) + "/login/wechat" }, check: "pages", status: ok, zh: "有应答", en: "answers"},
		{name: "verification file missing", spoil: func(w *fixture) { w.pages.Verification = "MP_verify_abc.txt" }, check: "verification", status: failure, zh: "MP_verify_abc.txt 的状态是 404", en: "MP_verify_abc.txt answers 404", zh2: "DomainVerification", en2: "DomainVerification"},
		{name: "verification file of another content", spoil: func(w *fixture) { w.pages.Verification, w.site.Verification = "MP_verify_abc.txt=xyz", "abc" }, check: "verification", status: failure, zh: "内容不对", en: "wrong content", zh2: "=内容", en2: "=content"},
		{name: "OAuth leads to another host", spoil: func(w *fixture) { w.site.PublicURL = "https://other.example" }, check: "oauth", status: failure, zh: "回到 other.example", en: "back to other.example", zh2: "PUBLIC_URL", en2: "PUBLIC_URL"},
		{name: "OAuth of another account", spoil: func(w *fixture) { w.site.AppID = "wxfedcba9876543210" }, check: "oauth", status: failure, zh: "AppId", en: "AppId"},
		{name: "pages by link, file by OAuth", spoil: func(w *fixture) { w.site.Mode = web.Link }, check: "oauth", status: warning, zh: "pages: link", en: "pages: link"},
		{name: "domain not entered", spoil: func(w *fixture) { w.options.Platform.OAuthDomain = "other.example" }, check: "oauth", status: failure, zh: "10003", en: "10003", zh2: "功能设置 → 网页授权域名 填入 127.0.0.1", en2: "Enter 127.0.0.1"},
		{name: "no permission for OAuth", spoil: func(w *fixture) { w.options.Platform.Kind = wechattest.PersonalAccount }, check: "oauth", status: failure, zh: "10015", en: "10015", zh2: "改成 link", en2: "pages: link"},
		{name: "nobody's browser", spoil: script(func(p *wechattest.Platform) { p.SetVisitor("") }), check: "oauth", status: skipped, zh: "在微信里打开", en: "in WeChat"},
		{name: "AWS's own host", spoil: func(w *fixture) {
			w.pages.URL = "https://abc.execute-api.us-east-1.amazonaws.com"
			w.url = w.pages.URL + "/login/wechat"
			w.hurry()
		}, check: "domain", status: warning, zh: "CertificateArn", en: "CertificateArn", zh2: "备案", en2: "test account"},
		{name: "an address of numbers", spoil: func(w *fixture) { w.pages.URL = "https://192.0.2.1"; w.url = w.pages.URL + "/login/wechat"; w.hurry() }, check: "domain", status: warning, zh: "192.0.2.1", en: "192.0.2.1"},
		{name: "two hosts", spoil: func(w *fixture) { w.pages.URL = "https://pages.invalid" }, check: "domain", status: warning, zh: "网页授权域名填 pages.invalid", en: "Enter pages.invalid"},
		{name: "an own domain", spoil: func(w *fixture) { w.pages.URL = "https://mp.invalid"; w.url = w.pages.URL + "/login/wechat" }, check: "domain", status: ok, zh: "应填 mp.invalid", en: "enter mp.invalid"},

		// The way to the platform.
		{name: "API unreachable", spoil: func(w *fixture) { w.apiURL = nobody(w) }, check: "api", status: failure, zh: "WECHAT_API_URL", en: "WECHAT_API_URL"},
		{name: "API of no host", spoil: func(w *fixture) { w.apiURL = "https://api.invalid" }, check: "api", status: failure, zh: "解析不到", en: "no address", zh2: "ApiUrl", en2: "ApiUrl"},
		{name: "API late", spoil: func(w *fixture) { w.apiOver = true }, check: "api", status: failure, zh: "中转", en: "relay"},
		{name: "API late behind a NAT gateway", spoil: func(w *fixture) { w.apiOver = true; w.examined.FixedEgress = "nat" }, check: "api", status: failure, zh: "NAT 网关", en: "NAT gateway"},
		{name: "HTML instead of JSON", spoil: script(func(p *wechattest.Platform) { p.FailHTML(callbackIP, 1) }), check: "api", status: failure, zh: "中转或代理", en: "relay or proxy", zh2: "应答的不是微信接口", en2: "is not the platform"},
		{name: "HTML for the token", spoil: script(func(p *wechattest.Platform) { p.FailHTML(stableToken, 1) }), check: "token", status: failure, zh: "中转或代理", en: "relay or proxy"},
		{name: "clock behind the platform's", spoil: func(w *fixture) { w.ahead = -10 * time.Minute }, check: "api-clock", status: failure, zh: "NTP", en: "NTP"},
		{name: "no token without the API", spoil: func(w *fixture) { w.apiURL = nobody(w) }, check: "token", status: skipped, zh: "先解决“微信接口”", en: `fix "platform's API" first`},

		// The token.
		{name: "busy", spoil: refusesToken(-1), check: "token", status: failure, zh: "再试", en: "Try again"},
		{name: "40001", spoil: refusesToken(40001), check: "token", status: failure, zh: "AppSecret", en: "app secret", zh2: "guanzhu secrets", en2: "guanzhu secrets"},
		{name: "wrong appid", spoil: func(w *fixture) { w.options.Platform.AppID = "wxfedcba9876543210" }, check: "token", status: failure, zh: "40013", en: "40013", zh2: "AppId", en2: "AppId"},
		{name: "wrong app secret", spoil: func(w *fixture) { w.options.Platform.AppSecret = "another" }, check: "token", status: failure, zh: "40125", en: "40125", zh2: "guanzhu secrets", en2: "guanzhu secrets"},
		{name: "not on the whitelist", spoil: refusesToken(40164), check: "token", status: failure, zh: "IP白名单 添加 203.0.113.7", en: "Add 203.0.113.7", zh2: "每行一个，十分钟内生效", en2: "one a line; it takes effect within ten minutes"},
		{name: "not on the whitelist, changing address", spoil: func(w *fixture) { refusesToken(40164)(w); w.examined.FixedEgress = "none" }, check: "token", status: failure, zh: "203.0.113.7", en: "203.0.113.7", zh2: "FixedEgress=nat", en2: "FixedEgress=nat"},
		{name: "not on the whitelist, NAT", spoil: func(w *fixture) { refusesToken(61004)(w); w.examined.FixedEgress = "nat" }, check: "token", status: failure, zh: "添加 203.0.113.7（堆栈的输出 EgressAddress）", en: "Add 203.0.113.7, the stack's output EgressAddress"},
		{name: "frozen", spoil: refusesToken(40243), check: "token", status: failure, zh: "解冻，十分钟后生效", en: "Unfreeze"},
		{name: "asks the administrator", spoil: refusesToken(89503), check: "token", status: failure, zh: "管理员", en: "administrator"},
		{name: "token quota used up", spoil: script(func(p *wechattest.Platform) { p.SetQuota(stableToken, 0) }), check: "token", status: failure, zh: "北京时间 00:00", en: "00:00 China time"},
		{name: "too often", spoil: refusesToken(45011), check: "token", status: failure, zh: "等一分钟", en: "more than a minute"},
		{name: "restricted", spoil: refusesToken(50002), check: "token", status: failure, zh: "通知", en: "notice"},
		{name: "an errcode unheard of", spoil: refusesToken(12345), check: "token", status: failure, zh: "查 12345", en: "Look up 12345"},
		{name: "the token is refused", spoil: fail(callbackIP, 40001), check: "token-use", status: failure, zh: "强制刷新", en: "forces new"},
		{name: "nothing without a token", spoil: refusesToken(40125), check: "quota", status: skipped, zh: "先解决“获取 access_token”", en: `fix "access token" first`},

		// Permissions.
		{name: "no profiles", spoil: fail(userInfo, 48001), check: "profiles", status: warning, zh: "unavailable", en: "unavailable"},
		{name: "no menus", spoil: fail(menuGet, 48001), check: "menus", status: warning, zh: "不会发布", en: "not published"},
		{name: "menu not examined without permission", spoil: fail(menuGet, 48001), check: "menu", status: skipped, zh: "没有菜单接口的权限", en: "no permission for menus"},
		{name: "service account without verification", spoil: fail(userInfo, 48001), check: "kind", status: warning, zh: "pages: link", en: "pages: link", zh2: "未认证的服务号", en2: "unverified service account"},
		{name: "the same by link", spoil: func(w *fixture) { fail(userInfo, 48001)(w); w.examined.Pages = "link" }, check: "kind", status: ok, zh: "未认证的服务号", en: "unverified service account"},
		{name: "personal account", spoil: func(w *fixture) { w.options.Platform.Kind = wechattest.PersonalAccount }, check: "kind", status: warning, zh: "pages: link", en: "pages: link", zh2: "未认证的订阅号", en2: "unverified subscription account"},
		{name: "personal account by link", spoil: func(w *fixture) {
			w.options.Platform.Kind, w.examined.Pages, w.pages.Mode = wechattest.PersonalAccount, "link", "link"
		}, check: "kind", status: ok, zh: "个人链接", en: "personal link"},
		{name: "profiles fail otherwise", spoil: fail(userInfo, 50002), check: "profiles", status: failure, zh: "账号被限制", en: "restricted"},
		{name: "then the kind is unknown", spoil: fail(userInfo, 50002), check: "kind", status: skipped, zh: "看不出来", en: "do not show it"},
		{name: "menus fail otherwise", spoil: fail(menuGet, 50002), check: "menu", status: failure, zh: "账号被限制", en: "restricted"},

		// Quotas.
		{name: "quota used up", spoil: script(func(p *wechattest.Platform) { p.SetQuota(menuCreate, 0) }), check: "quota", status: failure, zh: "menu/create 0/0", en: "menu/create 0/0", zh2: "北京时间 00:00", en2: "00:00 China time"},
		{name: "quota low", spoil: script(func(p *wechattest.Platform) { spend(p, userInfo, 21, 1) }), check: "quota", status: warning, zh: "不到 10%：user/info 1/21", en: "less than 10 %: user/info 1/21"},
		{name: "quota not low", spoil: script(func(p *wechattest.Platform) { spend(p, userInfo, 20, 2) }), check: "quota", status: ok, zh: "user/info 2/20", en: "user/info 2/20"},
		{name: "quota unknown", spoil: fail("/cgi-bin/openapi/quota/get", 76021), check: "quota", status: skipped, zh: "没有给出", en: "reports none"},
		{name: "quota refused", spoil: fail("/cgi-bin/openapi/quota/get", 45011), check: "quota", status: failure, zh: "等一分钟", en: "more than a minute"},
		{name: "menu/get used up", spoil: script(func(p *wechattest.Platform) { p.SetQuota(menuGet, 1) }), check: "menu", status: failure, zh: "45009", en: "45009", zh2: "00:00", en2: "00:00"},

		// The menu.
		{name: "no menu yet", spoil: func(w *fixture) { w.record = menu.Record{}; w.script = func(p *wechattest.Platform) { p.SetMenu("") } }, check: "menu", status: warning, zh: "guanzhu publish", en: "guanzhu publish", zh2: "还没有发布过", en2: "never been published"},
		{name: "menu changed elsewhere", spoil: script(func(p *wechattest.Platform) { p.SetMenu(otherMenu) }), check: "menu", status: warning, zh: "menu_drift: repair", en: "menu_drift: repair", zh2: "guanzhu publish", en2: "guanzhu publish"},
		{name: "menu changed elsewhere, tell", spoil: func(w *fixture) {
			w.examined.RepairsMenu = false
			w.script = func(p *wechattest.Platform) { p.SetMenu(otherMenu) }
		}, check: "menu", status: warning, zh: "menu_drift: tell", en: "menu_drift: tell", zh2: "guanzhu plan", en2: "guanzhu plan"},
		{name: "menu not asked for a day", spoil: func(w *fixture) { w.record.AskAgain = time.Now().Add(time.Hour) }, check: "menu", status: ok, zh: "已发布", en: "published"},
		{name: "the file is newer", spoil: func(w *fixture) {
			w.record.Hash = "another"
			w.script = func(p *wechattest.Platform) { p.SetMenu(otherMenu) }
		}, check: "menu", status: warning, zh: "guanzhu plan", en: "guanzhu plan", zh2: "和 account.yaml 不同", en2: "not that of account.yaml"},
		{name: "no menu in the file", spoil: func(w *fixture) { w.examined.Menu = menu.Menu{} }, check: "menu", status: ok, zh: "保持不变", en: "stays"},
		{name: "files", spoil: func(w *fixture) { w.useFiles(media.Record{{Kind: media.Image, Name: "a.jpg", MediaID: "id"}}, nil) }, check: "files", status: ok, zh: "都已发布", en: "all are published"},
		{name: "a file that is not published", spoil: func(w *fixture) { w.useFiles(nil, nil) }, check: "files", status: failure, zh: "还没有发布：a.jpg", en: "not published: a.jpg", zh2: "guanzhu publish", en2: "guanzhu publish"},
		{name: "files, and no table", spoil: func(w *fixture) { w.useFiles(nil, errors.New("gone")) }, check: "files", status: skipped, zh: "表读不到：gone", en: "cannot be read: gone"},
		{name: "buttons left out", spoil: func(w *fixture) {
			w.examined.Menu.LeftOut = []bilingual.Text{bilingual.New("account.yaml:9：我的 不发布", "account.yaml:9: 我的 is left out")}
		}, check: "left-out", status: warning, zh: "我的 不发布", en: "我的 is left out", zh2: "DomainName", en2: "DomainName"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newFixture(t)
			tt.spoil(w)
			findings := w.examine()
			wantSafe(t, findings)
			found := false
			for _, f := range findings {
				if f.Check != tt.check {
					continue
				}
				found = true
				zh, en := f.What.ZH+"\n"+f.Do.ZH, f.What.EN+"\n"+f.Do.EN
				if f.Status != tt.status || !strings.Contains(zh, tt.zh) || !strings.Contains(en, tt.en) ||
					!strings.Contains(zh, tt.zh2) || !strings.Contains(en, tt.en2) {
					t.Errorf("%s: %s\n%s\n\nwant %s, %q %q, %q %q", f.Status, zh, en, tt.status, tt.zh, tt.zh2, tt.en, tt.en2)
				}
			}
			if !found {
				t.Errorf("no finding %s in %+v", tt.check, findings)
			}
		})
	}
}

// TestAccepts asks whether an endpoint has the same secrets.
func TestAccepts(t *testing.T) {
	t.Parallel()
	const elsewhere = "the answer is not that of the endpoint"
	replies := func(key, token string) func(*fixture) {
		cipher, err := wechat.NewCipher(appID, key)
		if err != nil {
			t.Fatal(err)
		}
		return func(w *fixture) {
			w.keyed()
			w.front = answers(200, string(cipher.Seal([]byte("<xml>hello</xml>"), token, "nonce", time.Now())))
		}
	}
	tests := []struct {
		name  string
		spoil func(*fixture)
		want  string // in the error; empty for none
	}{
		{"plain", func(*fixture) {}, ""},
		{"with a key", (*fixture).keyed, ""},
		{"a sealed reply", replies(aesKey, token), ""},
		{"a reply under another key", replies(otherKey, token), elsewhere},
		{"a reply under another token", replies(aesKey, "another"), elsewhere},
		{"a reply in clear", func(w *fixture) { w.keyed(); w.front = pushesGet(200, "<xml></xml>") }, elsewhere},
		{"another token", func(w *fixture) { w.server.Token = "another" }, "status 403: it has other secrets"},
		{"another key", func(w *fixture) { w.keyed(); w.server.EncodingAESKey = otherKey }, "status 403: it has other secrets"},
		{"no key there", func(w *fixture) { w.endpoint.Secrets.EncodingAESKey = aesKey }, "status 403: it has other secrets"},
		{"another appid", func(w *fixture) { w.keyed(); w.endpoint.AppID = "wxfedcba9876543210" }, "or another AppID"},
		{"a redirect", func(w *fixture) { w.front = redirects }, "status 301"},
		{"something else", func(w *fixture) { w.front = addsLineEnd }, elsewhere},
		{"hangs up", func(w *fixture) { w.front = hangsUp }, "it cannot be reached: EOF"},
		{"nobody listens", func(w *fixture) { w.url = nobody(w) }, "it cannot be reached: "},
		{"no URL", func(w *fixture) { w.url = "https://host.example/%zz" }, "the URL cannot be read"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newFixture(t)
			tt.spoil(w)
			w.start()
			err := w.endpoint.Accepts(t.Context())
			if tt.want == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "signature") {
				t.Errorf("the error is %v, want %q in it", err, tt.want)
			}
			if zh := bilingual.Explain(err, bilingual.Chinese); !strings.ContainsFunc(zh, func(r rune) bool { return unicode.Is(unicode.Han, r) }) {
				t.Errorf("in Chinese, the error is %s", zh)
			}
		})
	}
}

// TestEndlessAnswer holds how much of an answer is read.
func TestEndlessAnswer(t *testing.T) {
	t.Parallel()
	body := &endless{}
	endpoint := doctor.Endpoint{URL: "https://host.example/login/wechat", AppID: appID, Now: time.Now,
		Secrets: secrets.Secrets{Token: token, AppSecret: appSecret}, Transport: body}
	if err := endpoint.Accepts(t.Context()); err == nil || body.read > 64<<10 {
		t.Errorf("read %d bytes, error %v", body.read, err)
	}
}

// endless answers with a body that ends after 16 MiB.
type endless struct{ read int }

func (e *endless) RoundTrip(*http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: http.StatusOK, Body: io.NopCloser(e)}, nil
}

func (e *endless) Read(p []byte) (int, error) {
	if e.read > 16<<20 {
		return 0, io.EOF
	}
	e.read += len(p)
	return len(p), nil
}

// TestOneForgery holds that an examination of a healthy account with a key causes one refusal, that of its forged
// signature: more would look like the platform's own pushes being refused.
func TestOneForgery(t *testing.T) {
	t.Parallel()
	w := newFixture(t)
	w.keyed()
	var refusals atomic.Int32
	w.front = func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
			answer := httptest.NewRecorder()
			next.ServeHTTP(answer, r)
			if answer.Code == http.StatusForbidden {
				refusals.Add(1)
			}
			rw.WriteHeader(answer.Code)
			rw.Write(answer.Body.Bytes())
		})
	}
	w.start()
	w.endpoint.Examine(t.Context())
	if n := refusals.Load(); n != 1 {
		t.Errorf("%d requests were refused, want 1", n)
	}
}

// hurry has the way to the endpoint examined under a context that has ended, so that no packet leaves this machine.
func (w *fixture) hurry() { w.ended = true }

// nobody is an address where nobody listens.
func nobody(w *fixture) string {
	server := httptest.NewServer(nil)
	server.Close()
	return server.URL
}

// spend leaves some calls of a quota.
func spend(p *wechattest.Platform, path string, daily, left int) {
	p.SetQuota(path, daily)
	get := func(method, path, body string) string {
		answer := httptest.NewRecorder()
		p.ServeHTTP(answer, httptest.NewRequest(method, path, strings.NewReader(body)))
		return answer.Body.String()
	}
	_, value, _ := strings.Cut(get(http.MethodPost, stableToken, fmt.Sprintf(
		`{"grant_type":"client_credential","appid":%q,"secret":%q}`, appID, appSecret)), `"access_token":"`)
	value, _, _ = strings.Cut(value, `"`)
	for range daily - left - 1 { // the doctor itself makes one more
		get(http.MethodGet, path+"?openid=o&access_token="+value, "")
	}
}

// The faults in front of an endpoint.

func answers(status int, body string) func(http.Handler) http.Handler {
	return func(http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.WriteHeader(status)
			io.WriteString(w, body)
		})
	}
}

func redirects(http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "https://elsewhere.example"+r.URL.RequestURI(), http.StatusMovedPermanently)
	})
}

func hangsUp(http.Handler) http.Handler {
	return http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
}

// takes moves the clock on while a request is answered.
func (w *fixture) takes(d time.Duration) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
			next.ServeHTTP(rw, r)
			w.Clock.Advance(d)
		})
	}
}

func addsLineEnd(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		answer := httptest.NewRecorder()
		next.ServeHTTP(answer, r)
		w.WriteHeader(answer.Code)
		io.WriteString(w, answer.Body.String()+"\n")
	})
}

func echoes(http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.WriteString(w, r.URL.Query().Get("echostr"))
	})
}

func pushesGet(status int, body string) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Method == http.MethodPost {
				next = answers(status, body)(nil)
			}
			next.ServeHTTP(w, r)
		})
	}
}

func pagesGet(status int) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/" {
				w.WriteHeader(status)
				return
			}
			next.ServeHTTP(w, r)
		})
	}
}
