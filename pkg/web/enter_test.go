package web_test

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/guanzhu/guanzhu/pkg/follower"
	"github.com/guanzhu/guanzhu/pkg/secrets"
	"github.com/guanzhu/guanzhu/pkg/web"
	"github.com/guanzhu/guanzhu/pkg/wechat"
)

var ticketField = regexp.MustCompile(`<form method="post" action="/enter"><input type="hidden" name="ticket" value="([^"]+)">`)

// presses opens a link and presses the button there.
func (b *browser) presses(link string) answer {
	b.Helper()
	a := b.get(link)
	match := ticketField.FindStringSubmatch(a.body)
	if match == nil {
		return a
	}
	return b.post("/enter", url.Values{"ticket": {match[1]}})
}

func TestPersonalLink(t *testing.T) {
	t.Parallel()
	for _, mode := range []web.Mode{web.OAuth, web.Link} {
		w := newFixture(t, func(c *web.Config) { c.Mode = mode })
		w.follows(openid)
		link := w.asks(w.text(openid, 7))
		if !strings.HasPrefix(link, w.site.URL+"/enter?ticket=") || strings.Contains(link, openid) || strings.Contains(link, base64URL(openid)) {
			t.Errorf("%s: link %s", mode, link)
		}

		// Opening the link signs nobody in and changes nothing.
		w.store.counts()
		scanner := w.browser(desktop)
		for range 3 {
			a := scanner.get(link)
			if a.status != http.StatusOK || a.title() != "登录" || strings.Contains(a.body, openid) {
				t.Errorf("%s: the offer: status %d, %s", mode, a.status, a.body)
			}
		}
		if scanner.do(http.MethodHead, link, nil).status != http.StatusOK {
			t.Errorf("%s: HEAD of the link", mode)
		}
		if lookups, changes := w.store.counts(); lookups+changes != 0 {
			t.Errorf("%s: opening the link asked the store", mode)
		}
		scanner.wantSignedIn(false)

		// The button signs in, once.
		b := w.browser(desktop)
		a := b.presses(link)
		wantHops(t, b, "See Other: POST /enter", homeHop)
		if a.title() != "欢迎回来" {
			t.Errorf("%s: %q", mode, a.title())
		}
		b.wantSignedIn(true)
		if a := scanner.presses(link); a.status != http.StatusGone || a.title() != "链接已失效" {
			t.Errorf("%s: the second time: status %d, %q", mode, a.status, a.title())
		}
		scanner.wantSignedIn(false)
		if a := b.presses(link); a.status != http.StatusOK { // pressed twice by the same device
			t.Errorf("%s: the second press: status %d", mode, a.status)
		}
	}
}

func TestPushDeliveredAgain(t *testing.T) {
	t.Parallel()
	w := newFixture(t, nil)
	w.follows(openid)
	p := w.text(openid, 7)
	link := w.asks(p)
	if again := w.asks(p); again != link {
		t.Errorf("another link: %s, then %s", link, again)
	}
	if other := w.asks(w.text(openid, 8)); other == link {
		t.Error("two texts get one link")
	}
	w.browser(desktop).presses(link)
	if again := w.asks(p); again != link {
		t.Errorf("another link after its use: %s, then %s", link, again)
	}
	b := w.browser(desktop)
	if a := b.presses(link); a.status != http.StatusGone {
		t.Errorf("revived: status %d", a.status)
	}
	b.wantSignedIn(false)
}

func TestTicketsThatAreNoGood(t *testing.T) {
	t.Parallel()
	tests := map[string]func(w *fixture, link string) string{
		"changed":      func(_ *fixture, link string) string { return changed(link) },
		"cut":          func(_ *fixture, link string) string { return link[:len(link)-8] },
		"empty":        func(w *fixture, _ string) string { return w.site.URL + "/enter?ticket=" },
		"missing":      func(w *fixture, _ string) string { return w.site.URL + "/enter" },
		"no base64":    func(w *fixture, _ string) string { return w.site.URL + "/enter?ticket=%F0%9F%8E%89" },
		"with a break": func(_ *fixture, link string) string { return link + "%0A" },
		"too old":      func(w *fixture, link string) string { w.Clock.Advance(follower.TicketFor); return link },
		"unfollowed": func(w *fixture, link string) string {
			w.Clock.Advance(time.Second)
			w.unfollows(openid)
			return link
		},
		"followed again": func(w *fixture, link string) string {
			w.Clock.Advance(time.Second)
			w.unfollows(openid)
			w.Clock.Advance(time.Second)
			w.follows(openid)
			return link
		},
		"another account's": func(w *fixture, _ string) string {
			tickets := must(follower.NewTickets("another secret"))
			return w.site.URL + "/enter?ticket=" + tickets.Seal(w.text(openid, 1))
		},
		"sealed but not stored": func(w *fixture, _ string) string {
			tickets := must(follower.NewTickets(appSecret))
			return w.site.URL + "/enter?ticket=" + tickets.Seal(w.text(openid, 99))
		},
		"of nobody": func(w *fixture, _ string) string {
			tickets := must(follower.NewTickets(appSecret))
			return w.site.URL + "/enter?ticket=" + tickets.Seal(w.text("oNOBODY", 1))
		},
	}
	for name, change := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newFixture(t, nil)
			w.follows(openid)
			link := change(w, w.asks(w.text(openid, 7)))
			b := w.browser(inWeChat)
			a := b.presses(link)
			if a.status != http.StatusGone || b.cookie(sessionCookie) != "" {
				t.Errorf("status %d, %q", a.status, a.title())
			}
			// Nor does pressing a button that was never shown.
			a = b.post("/enter", must(url.Parse(link)).Query())
			if a.status != http.StatusGone || b.cookie(sessionCookie) != "" {
				t.Errorf("posted: status %d, %q", a.status, a.title())
			}
		})
	}
}

func TestTicketInItsLastSecond(t *testing.T) {
	t.Parallel()
	w := newFixture(t, nil)
	w.follows(openid)
	link := w.asks(w.text(openid, 7))
	w.Clock.Advance(follower.TicketFor - time.Second)
	b := w.browser(desktop)
	b.presses(link)
	b.wantSignedIn(true)
}

// TestEnterReplacesTheDevice: entering again on one device does not sign out the others.
func TestEnterReplacesTheDevice(t *testing.T) {
	t.Parallel()
	w := newFixture(t, nil)
	w.follows(openid)
	other := w.signsIn(openid)
	b := w.browser(desktop)
	for n := range 11 {
		w.Clock.Advance(time.Second)
		b.presses(w.asks(w.text(openid, uint64(n))))
	}
	b.wantSignedIn(true)
	other.wantSignedIn(true)
}

// TestForeignFormDoesNotEnter: another site cannot sign a browser in as another follower.
func TestForeignFormDoesNotEnter(t *testing.T) {
	t.Parallel()
	w := newFixture(t, nil)
	w.follows(openid)
	ticket := must(url.Parse(w.asks(w.text(openid, 7)))).Query()
	b := w.browser(desktop)
	for _, header := range []http.Header{{"Origin": {"https://evil.example"}}, {"Sec-Fetch-Site": {"cross-site"}}} {
		b.header = header
		if a := b.post("/enter", ticket); a.status != http.StatusForbidden || b.cookie(sessionCookie) != "" {
			t.Errorf("%v: status %d", header, a.status)
		}
	}
	b.header = http.Header{"Origin": {w.site.URL}}
	b.post("/enter", ticket)
	b.wantSignedIn(true)
}

// TestAppSecretRotates: the webhook function may read a new app secret before the pages do.
func TestAppSecretRotates(t *testing.T) {
	t.Parallel()
	w := newFixture(t, nil)
	w.follows(openid)
	w.Service.LinkKey = func() string { return "a new app secret" }
	w.Secrets.Replace(secrets.Secrets{AppSecret: "a new app secret"})
	b := w.browser(desktop)
	b.presses(w.asks(w.text(openid, 7)))
	b.wantSignedIn(true)
}

// TestFollowerFromBefore: a follower without a record gets one by asking for a link.
func TestFollowerFromBefore(t *testing.T) {
	t.Parallel()
	w := newFixture(t, nil)
	b := w.browser(desktop)
	b.presses(w.asks(w.text(openid, 7)))
	a := b.get("/")
	if a.title() != "欢迎回来" || strings.Contains(a.body, "关注日期") {
		t.Errorf("the page tells a date nobody knows: %s", a.body)
	}
	if a := b.get("/api/session"); a.body != `{"subscribed_at":null,"language":""}`+"\n" {
		t.Errorf("session %s", a.body)
	}
	f, _, err := w.store.Lookup(t.Context(), openid)
	if err != nil || f.State != follower.Pending || !f.PendingSince.Equal(begun) {
		t.Errorf("recorded %+v, error %v", f, err)
	}
}

// TestAskedAroundAnUnfollow: a text sent before the unfollow gets no link. A text sent after it means that a follow was missed.
func TestAskedAroundAnUnfollow(t *testing.T) {
	t.Parallel()
	w := newFixture(t, nil)
	w.follows(openid)
	w.Clock.Advance(time.Second)
	late := w.text(openid, 7)
	w.Clock.Advance(time.Second)
	w.unfollows(openid)
	if link := w.asks(late); link != "" {
		t.Errorf("a late text gets %s", link)
	}
	w.Clock.Advance(time.Second)
	b := w.browser(desktop)
	b.presses(w.asks(w.text(openid, 8)))
	b.wantSignedIn(true)
}

// TestLinksOfOtherPushes: the reply to a follow or a click may carry a link too.
func TestLinksOfOtherPushes(t *testing.T) {
	t.Parallel()
	w := newFixture(t, nil)
	w.follows(openid)
	click, subscribe := &wechat.Click{MenuEvent: wechat.MenuEvent{Head: head(openid, w.Clock.Now())}}, &wechat.Subscribe{Head: head(openid, w.Clock.Now())}
	click.MsgType, click.Event = "event", "CLICK"
	subscribe.MsgType, subscribe.Event = "event", "subscribe"
	first, second := w.asks(click), w.asks(subscribe)
	if first == second || w.asks(click) != first {
		t.Error("two pushes get one link, or one gets two")
	}
	b := w.browser(desktop)
	b.presses(second)
	b.wantSignedIn(true)
}
