// Package browser opens the pages in Chromium, on a phone's screen: what only a browser can tell. It is a module of its
// own, so that nothing else depends on what drives the browser.
package browser

import (
	"context"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"github.com/guanzhu/guanzhu/internal/world"
	"github.com/guanzhu/guanzhu/pkg/web"
	"github.com/guanzhu/guanzhu/pkg/wechat"
	"github.com/guanzhu/guanzhu/pkg/wechattest"
)

const (
	openid = world.OpenID

	width, height = 390, 844 // of a phone's screen, in CSS pixels

	inWeChat = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) MicroMessenger/8.0.49"
	desktop  = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0"
)

// site is the pages of an account that openid follows.
type site struct {
	*testing.T
	*world.World
	url string
}

func newSite(t *testing.T) *site {
	t.Helper()
	w := world.New(t, world.Options{Begun: time.Now()}) // the browser has a clock, too
	pages, err := web.New(w.Pages())
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewTLSServer(pages) // the session's cookie wants https
	t.Cleanup(server.Close)
	w.Platform.Follow(openid, wechattest.User{Language: "zh_CN", SubscribedAt: w.Clock.Now()})
	p := &wechat.Subscribe{Head: wechat.Head{FromUserName: openid, CreateTime: w.Clock.Now().Unix(), MsgType: "event", Event: "subscribe"}}
	if err := w.Service.Follow(t.Context(), p); err != nil {
		t.Fatal(err)
	}
	return &site{t, w, server.URL}
}

// phone is a browser; complaints are what it wrote to its console.
type phone struct {
	*testing.T
	ctx        context.Context
	mu         sync.Mutex
	complaints []string
}

func (s *site) phone(agent, language string) *phone {
	s.Helper()
	p := open(s.T, agent, language)
	p.do(chromedp.EmulateViewport(width, height, chromedp.EmulateMobile, chromedp.EmulateScale(2)))
	return p
}

// open opens a browser, for at most two minutes.
func open(t *testing.T, agent, language string) *phone {
	t.Helper()
	path := chromium(t)
	allocator, cancel := chromedp.NewExecAllocator(t.Context(), append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.IgnoreCertErrors, chromedp.UserAgent(agent),
		chromedp.Flag("accept-lang", language))...)
	t.Cleanup(cancel)
	ctx, cancel := chromedp.NewContext(allocator)
	t.Cleanup(cancel)
	p := &phone{T: t, ctx: ctx}
	err := chromedp.Listen(ctx, func(event any) {
		p.mu.Lock()
		defer p.mu.Unlock()
		switch e := event.(type) {
		case *log.EventEntryAdded:
			if !strings.HasSuffix(e.Entry.URL, "/favicon.ico") {
				p.complaints = append(p.complaints, e.Entry.Text+" "+e.Entry.URL)
			}
		case *runtime.EventExceptionThrown:
			p.complaints = append(p.complaints, e.ExceptionDetails.Text+" "+e.ExceptionDetails.Exception.Description)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	p.ctx, cancel = context.WithTimeout(ctx, 2*time.Minute) // not of the first use, which would end the browser with it
	t.Cleanup(cancel)
	return p
}

// chromium returns the browser's path. Without it the test is skipped, unless the whole stack is required.
func chromium(t *testing.T) string {
	t.Helper()
	for _, name := range []string{os.Getenv("GUANZHU_CHROMIUM"), "chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); name != "" && err == nil {
			return path
		}
	}
	const missing = "needs Chromium: apt-get install chromium, or set GUANZHU_CHROMIUM to its path"
	if os.Getenv("GUANZHU_REQUIRE_STACK") == "1" {
		t.Fatal(missing)
	}
	t.Skip(missing)
	return ""
}

func (p *phone) do(actions ...chromedp.Action[chromedp.Void]) {
	p.Helper()
	if err := chromedp.Do(p.ctx, actions...); err != nil {
		p.Fatal(err)
	}
}

// ask returns what an action finds.
func ask[T any](p *phone, action chromedp.Action[T]) T {
	p.Helper()
	value, err := chromedp.Run(p.ctx, action)
	if err != nil {
		p.Fatal(err)
	}
	return value
}

// wantPage waits for the page with that heading, which fits the screen and looks as its style says, and takes its
// picture in light and dark.
func (p *phone) wantPage(heading, picture string) {
	p.Helper()
	p.do(chromedp.WaitVisible(`//h1[text()="` + heading + `"]`))
	for _, scheme := range []string{"light", "dark"} {
		p.prefer(scheme)
		wide := ask(p, chromedp.Evaluate[int](`document.documentElement.scrollWidth`))
		background := ask(p, chromedp.Evaluate[string](`getComputedStyle(document.body).backgroundColor`))
		ink := ask(p, chromedp.Evaluate[string](`getComputedStyle(document.body).color`))
		shot := ask(p, chromedp.CaptureScreenshot())
		want := map[string][2]string{
			"light": {"rgb(245, 245, 245)", "rgb(25, 25, 25)"},
			"dark":  {"rgb(17, 17, 17)", "rgb(236, 236, 236)"},
		}[scheme]
		if wide > width || background != want[0] || ink != want[1] {
			p.Errorf("%s, %s: %d pixels wide, %s on %s", heading, scheme, wide, ink, background)
		}
		if err := os.WriteFile(filepath.Join(p.ArtifactDir(), picture+"-"+scheme+".png"), shot, 0o600); err != nil {
			p.Fatal(err)
		}
	}
	p.wantQuiet(heading)
}

// prefer makes the browser's user prefer light or dark.
func (p *phone) prefer(scheme string) {
	p.Helper()
	_, err := chromedp.Call(p.ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
		Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}},
	})
	if err != nil {
		p.Fatal(err)
	}
}

// wantQuiet fails the test if the browser has complained since the last look.
func (p *phone) wantQuiet(where string) {
	p.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, complaint := range p.complaints {
		p.Errorf("%s: the browser complains: %s", where, complaint)
	}
	p.complaints = nil
}

// TestFollowerInWeChat: follow, silent OAuth, page, logout.
func TestFollowerInWeChat(t *testing.T) {
	s := newSite(t)
	s.Platform.SetVisitor(openid)
	p := s.phone(inWeChat, "zh-CN")
	p.do(chromedp.Navigate(s.url + "/"))
	p.wantPage("欢迎回来", "home")
	if calls := s.Platform.Calls("/sns/oauth2/access_token"); calls != 1 {
		t.Errorf("%d exchanges", calls)
	}
	p.do(chromedp.Reload())
	p.wantPage("欢迎回来", "home")
	if calls := s.Platform.Calls("/sns/oauth2/access_token"); calls != 1 {
		t.Errorf("%d exchanges after opening the page again", calls)
	}
	p.do(chromedp.Click(chromedp.CSS("button")))
	p.wantPage("已退出", "logged-out")
	p.do(chromedp.Navigate(s.url + "/logout")) // no page; the session is gone all the same
	p.mu.Lock()
	p.complaints = nil // of the missing page
	p.mu.Unlock()
	s.Platform.SetVisitor("") // nobody is led in again
	p.do(chromedp.Navigate(s.url + "/"))
	p.do(chromedp.WaitVisible(`//h4[contains(text(), "请在微信客户端打开链接")]`))
}

// TestPersonalLink: outside WeChat, by the link from the conversation.
func TestPersonalLink(t *testing.T) {
	s := newSite(t)
	push := &wechat.Text{Content: "登录"}
	push.Head, push.MsgID = wechat.Head{FromUserName: openid, CreateTime: s.Clock.Now().Unix(), MsgType: "text"}, 7
	link, err := s.Service.PersonalLink(t.Context(), push, s.url)
	if err != nil {
		t.Fatal(err)
	}
	p := s.phone(desktop, "en-US")
	p.do(chromedp.Navigate(s.url + "/"))
	p.wantPage("Please open this in WeChat", "outside")
	p.do(chromedp.Navigate(link))
	p.wantPage("Log in", "offer")
	p.do(chromedp.Click(chromedp.CSS("button")))
	p.wantPage("Welcome back", "home-en")
}
