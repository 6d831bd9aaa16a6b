package stack

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/guanzhu/guanzhu/internal/consoletest"
	"github.com/guanzhu/guanzhu/pkg/webhook"
	"github.com/guanzhu/guanzhu/pkg/wechat"
	"github.com/guanzhu/guanzhu/pkg/wechattest"
)

// TestOwnersPages puts the pages of docs/pages.md in the place of account/pages.go, and the own data of docs/handlers.md beside
// them. Console and functions, as they are built for Lambda, must do the same.
func TestOwnersPages(t *testing.T) {
	t.Run("console", func(t *testing.T) {
		t.Parallel()
		visitOwnersPages(t, startConsole(t))
	})
	t.Run("function", func(t *testing.T) {
		t.Parallel()
		visitOwnersPages(t, startPages(t))
	})
}

// visitOwnersPages follows the account at site, earns points, and visits the pages of docs/pages.md inside WeChat.
func visitOwnersPages(t *testing.T, site string) {
	account := wechattest.Account{AppID: appID, Token: "guanzhuSampleToken", ID: accountID}
	now := time.Now()
	push := func(message []byte) string {
		t.Helper()
		reply, _, err := account.Deliver(t.Context(), http.DefaultClient, site+webhook.Path, wechattest.Plain, message)
		if err != nil {
			t.Fatal(err)
		}
		return string(reply)
	}
	push(account.Subscribe(openid, now, ""))
	for id, want := range []string{"您有 1 积分。", "您有 2 积分。"} {
		for range 3 { // delivered again
			if reply := push(account.Text(openid, now, int64(id+1), "签到")); !strings.Contains(reply, want) {
				t.Errorf("check-in %d is answered %q, want %q", id+1, reply, want)
			}
		}
	}
	defer func() {
		push(account.Unsubscribe(openid, now.Add(time.Second)))
		push(account.Subscribe(openid, now.Add(2*time.Second), ""))
		if reply := push(account.Text(openid, now.Add(2*time.Second), 9, "签到")); !strings.Contains(reply, "您有 1 积分。") {
			t.Errorf("the check-in after an unfollow is answered %q", reply)
		}
	}()
	follower, stranger := newBrowser(), newBrowser()
	for _, step := range []struct {
		name         string
		browser      *http.Client
		method, path string
		origin       string
		status       int
		parts        []string
	}{
		{"the card, by OAuth", follower, "GET", "/club/card", "", 200, []string{"<h1>会员卡</h1>", "关注于 " + now.In(wechat.ChinaTime).Format(time.DateOnly) + "，2 积分"}},
		{"the form", follower, "POST", "/club/bookings/tea", site, 200, []string{"<h1>已预约</h1>", "tea 2026-12-01&lt;，剩余 1 积分"}},
		{"the form, the last point", follower, "POST", "/club/bookings/tea", site, 200, []string{"剩余 0 积分"}},
		{"the form, no points", follower, "POST", "/club/bookings/tea", site, 409, []string{"积分不足"}},
		{"the form from another site", follower, "POST", "/club/bookings/tea", "https://other.example", 403, nil},
		{"the form without a session", stranger, "POST", "/club/bookings/tea", site, 401, nil},
		{"a method that the page does not take", follower, "GET", "/club/bookings/tea", "", 405, nil},
		{"no page", follower, "POST", "/club/bookings/tea/more", site, 404, nil},
	} {
		var form io.Reader
		if step.method == http.MethodPost {
			form = strings.NewReader(url.Values{"day": {"2026-12-01<"}}.Encode())
		}
		r, err := http.NewRequestWithContext(t.Context(), step.method, site+step.path, form)
		if err != nil {
			t.Fatal(err)
		}
		if form != nil {
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			r.Header.Set("Origin", step.origin)
		}
		response, err := step.browser.Do(r)
		if err != nil {
			t.Fatalf("%s: %v", step.name, err)
		}
		defer response.Body.Close()
		body, err := io.ReadAll(response.Body)
		if err != nil || response.StatusCode != step.status || response.Request.URL.Path != step.path {
			t.Errorf("%s: %s, status %d, error %v", step.name, response.Request.URL, response.StatusCode, err)
		}
		for _, part := range step.parts {
			if !strings.Contains(string(body), part) {
				t.Errorf("%s: no %q in %s", step.name, part, body)
			}
		}
	}
}

// startConsole runs the console with the pages of docs/pages.md until the test ends, and returns its address.
func startConsole(t *testing.T) (site string) {
	site, _ = consoletest.Start(t, buildWithPages(t, nil, "./cmd/guanzhu"), "TMPDIR="+t.TempDir())
	return site
}

// startPages runs the functions webhook and web, with the pages of docs/pages.md, behind API Gateway until the test ends.
func startPages(t *testing.T) (site string) {
	rie, endpoint := part(t, emulator), part(t, dynamoDB)
	platform := wechattest.New(wechattest.Config{AppID: appID, AppSecret: appSecret})
	platform.Follow(openid, profile(time.Now()))
	platform.SetVisitor(openid)
	api, open := httptest.NewServer(platform), httptest.NewServer(platform.OAuthPage())
	t.Cleanup(api.Close)
	t.Cleanup(open.Close)
	records := createTable(t, endpoint)
	env := []string{
		"AWS_LAMBDA_LOG_FORMAT=JSON", "AWS_REGION=" + region, "AWS_ACCESS_KEY_ID=" + accessKey, "AWS_SECRET_ACCESS_KEY=" + secretKey,
		"WECHAT_APP_ID=" + appID, "WECHAT_SECRETS=ssm:/guanzhu/test", "WECHAT_API_URL=" + api.URL, "WECHAT_OPEN_URL=" + open.URL,
		"TABLE_NAME=" + records.name, "AWS_ENDPOINT_URL_DYNAMODB=" + endpoint, "AWS_ENDPOINT_URL_SSM=" + parameterStore(t,
			"/guanzhu/test", map[string]string{"token": "guanzhuSampleToken", "app_secret": appSecret}),
	}
	routes := http.NewServeMux()
	for path, function := range map[string]string{webhook.Path: "./functions/webhook", "/": "./functions/web"} {
		instance := startInstance(t, rie, buildWithPages(t, []string{"CGO_ENABLED=0"}, function), env)
		routes.Handle(path, gateway{invoke: instance.invoke, failed: func(err error) { t.Error(err) }})
	}
	server := httptest.NewServer(routes)
	t.Cleanup(server.Close)
	return server.URL
}

// buildWithPages builds a program with the account of the docs: the pages of docs/pages.md in the place of account/pages.go,
// the account/points.go of docs/handlers.md, and the line that this file needs in routes.go.
func buildWithPages(t *testing.T, env []string, program string) (executable string) {
	t.Helper()
	handlers, pages := readDoc(t, "handlers.md"), readDoc(t, "pages.md")
	file := regexp.MustCompile("(?s)\n```go\n(package account\n.*?)```\n")
	line := regexp.MustCompile("\n```go\n(\t.*checkIn\\(s\\)\\)\n)```\n")
	return buildWith(t, env, program, map[string]string{
		"pages.go":  only(t, pages, file),
		"points.go": only(t, handlers, file),
		"routes.go": routesWith(only(t, handlers, line)),
	})
}

// routesWith returns an account/routes.go that has what the tests need of the built-in handlers, and this line.
func routesWith(line string) string {
	return `package account

import (
	"context"

	"github.com/guanzhu/guanzhu/internal/replies"
	"github.com/guanzhu/guanzhu/pkg/webhook"
	"github.com/guanzhu/guanzhu/pkg/wechat"
)

func Routes(s Services) *webhook.Router {
	r := webhook.NewRouter()
	replies.Complete(r, s.Replies, s.Followers, s.Media, s.Assistant)
	webhook.On(r, func(ctx context.Context, p *wechat.Subscribe) (wechat.Reply, error) {
		return s.Replies.Welcome(), s.Followers.Follow(ctx, p)
	})
	webhook.On(r, func(ctx context.Context, p *wechat.Unsubscribe) (wechat.Reply, error) {
		return nil, s.Followers.Unfollow(ctx, p)
	})
	webhook.On(r, func(_ context.Context, p *wechat.Text) (wechat.Reply, error) {
		return s.Replies.Answer(p.Content), nil
	})
	` + line + `
	return r
}
`
}

// buildWith builds a program with these files, and an account.yaml, in the place of those of account/, which belong to the
// owner. Only account.go stays.
func buildWith(t *testing.T, env []string, program string, files map[string]string) (executable string) {
	t.Helper()
	dir := t.TempDir()
	files["account.yaml"] = "welcome: 欢迎\ndefault: 收到\nsuggestion: 谢谢\n"
	replace := map[string]string{}
	owners, err := filepath.Glob(root + "/account/*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range owners {
		path, err := filepath.Abs(file)
		if err != nil {
			t.Fatal(err)
		}
		if filepath.Base(path) != "account.go" {
			replace[path] = "" // not there
		}
	}
	for name, content := range files {
		path, err := filepath.Abs(root + "/account/" + name)
		if err != nil {
			t.Fatal(err)
		}
		replace[path] = filepath.Join(dir, name)
		writeFile(t, replace[path], content)
	}
	overlay, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		t.Fatal(err)
	}
	writeFile(t, filepath.Join(dir, "overlay.json"), string(overlay))
	executable = filepath.Join(dir, "bootstrap")
	run(t, env, "go", "build", "-overlay="+filepath.Join(dir, "overlay.json"), "-o", executable, program)
	return executable
}

func readDoc(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(root + "/docs/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// only returns what the doc shows in its only block that matches.
func only(t *testing.T, doc string, block *regexp.Regexp) string {
	t.Helper()
	blocks := block.FindAllStringSubmatch(doc, -1)
	if len(blocks) != 1 {
		t.Fatalf("%d blocks match %s, want one", len(blocks), block)
	}
	return blocks[0][1]
}

func writeFile(t *testing.T, path, content string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

// newBrowser returns WeChat's browser. It keeps cookies over http as well, as if the gateway had a certificate.
func newBrowser() *http.Client {
	return &http.Client{Jar: cookies{}, Transport: inWeChat{}}
}

type inWeChat struct{}

func (inWeChat) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.Header.Set("User-Agent", "Mozilla/5.0 MicroMessenger/8.0.49")
	return http.DefaultTransport.RoundTrip(r)
}

// cookies are a jar's, by their names.
type cookies map[string]*http.Cookie

func (c cookies) SetCookies(_ *url.URL, set []*http.Cookie) {
	for _, cookie := range set {
		c[cookie.Name] = cookie
	}
}

func (c cookies) Cookies(*url.URL) (all []*http.Cookie) {
	for _, cookie := range c {
		if cookie.MaxAge >= 0 {
			all = append(all, &http.Cookie{Name: cookie.Name, Value: cookie.Value})
		}
	}
	return all
}
