package web_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestDescribeSession(t *testing.T) {
	t.Parallel()
	w := newFixture(t, nil)
	w.follows(openid)
	b := w.signsIn(openid)
	a := b.get("/api/session")
	var got map[string]any
	if err := json.Unmarshal([]byte(a.body), &got); err != nil {
		t.Fatal(err)
	}
	want := map[string]any{"subscribed_at": float64(begun.Unix()), "language": "zh_CN"}
	if diff := cmp.Diff(want, got); diff != "" || a.header.Get("Content-Type") != "application/json" {
		t.Errorf("%s (-want +got):\n%s", a.header.Get("Content-Type"), diff)
	}
	b.loses(sessionCookie)
	a = b.get("/api/session")
	if a.status != http.StatusUnauthorized || a.body != `{"error":"no session"}`+"\n" {
		t.Errorf("without a session: status %d, %s", a.status, a.body)
	}
}

// TestOtherCookies: only the device's own cookie opens its session.
func TestOtherCookies(t *testing.T) {
	t.Parallel()
	w := newFixture(t, nil)
	w.follows(openid)
	w.follows(another)
	mine, theirs := w.signsIn(openid).cookie(sessionCookie), w.signsIn(another).cookie(sessionCookie)
	myID, myKey, _ := strings.Cut(mine, ".")
	theirID, theirKey, _ := strings.Cut(theirs, ".")
	account := base64URL("account") // another partition of the table
	b := w.browser(inWeChat)
	for name, value := range map[string]string{
		"mine":   mine,
		"theirs": theirs,
	} {
		b.setCookie(sessionCookie, value)
		if !b.signedIn() {
			t.Errorf("%s: not signed in", name)
		}
	}
	for name, value := range map[string]string{
		"empty":                 "",
		"no key":                myID,
		"empty key":             myID + ".",
		"another's key":         myID + "." + theirKey,
		"my key, another's id":  theirID + "." + myKey,
		"changed key":           myID + "." + changed(myKey),
		"changed id":            changed(myID) + "." + myKey,
		"key cut":               myID + "." + myKey[:42],
		"key with more":         mine + "A",
		"key twice":             mine + "." + myKey,
		"id in clear":           openid + "." + myKey,
		"id padded":             myID + "=." + myKey,
		"unknown follower":      base64URL("oNOBODY") + "." + myKey,
		"a record of the store": account + "." + myKey,
		"no openid":             "." + myKey,
		"binary":                base64URL("o\x00\xff") + "." + myKey,
		"long":                  base64URL(strings.Repeat("o", 3000)) + "." + myKey,
		"the key's hash":        myID + "." + "47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU",
	} {
		b.setCookie(sessionCookie, value)
		if b.signedIn() {
			t.Errorf("%s: signed in", name)
		}
	}
}

// changed returns s with another last-but-one character.
func changed(s string) string {
	i := len(s) - 2
	c := "A"
	if s[i] == 'A' {
		c = "B"
	}
	return s[:i] + c + s[i+1:]
}

func TestUnfollowEndsAllSessions(t *testing.T) {
	t.Parallel()
	w := newFixture(t, nil)
	w.follows(openid)
	phone, tablet := w.signsIn(openid), w.signsIn(openid)
	w.Clock.Advance(time.Second)
	w.unfollows(openid)
	phone.wantSignedIn(false)
	tablet.wantSignedIn(false)
	w.Platform.SetVisitor(openid)
	if a := phone.get("/"); a.title() != "请先关注公众号" {
		t.Errorf("after the unfollow: %q", a.title())
	}

	w.Clock.Advance(time.Second)
	w.follows(openid)
	phone.wantSignedIn(false)
	tablet.wantSignedIn(false)
	phone.get("/")
	phone.wantSignedIn(true)
	tablet.wantSignedIn(false)
}

func TestElevenDevices(t *testing.T) {
	t.Parallel()
	w := newFixture(t, nil)
	w.follows(openid)
	var devices []*browser
	for range 11 {
		devices = append(devices, w.signsIn(openid))
		w.Clock.Advance(time.Second)
	}
	for n, device := range devices {
		if device.signedIn() != (n > 0) {
			t.Errorf("device %d: signed in: %v", n, n == 0)
		}
	}
}

func TestDeviceIsRenewedOnceADay(t *testing.T) {
	t.Parallel()
	w := newFixture(t, nil)
	w.follows(openid)
	b := w.signsIn(openid)
	first := b.cookie(sessionCookie)
	steps := []struct {
		after   time.Duration
		renewed bool
	}{
		{23 * time.Hour, false},
		{time.Hour, true},
		{0, false},
		{23 * time.Hour, false},
		{29*24*time.Hour + 59*time.Minute, true}, // just before the end
		{30*24*time.Hour - time.Second, true},
	}
	for n, step := range steps {
		w.Clock.Advance(step.after)
		w.store.counts()
		a := b.get("/")
		lookups, changes := w.store.counts()
		cookie := a.header.Get("Set-Cookie")
		if (changes == 1) != step.renewed || lookups != 1 || a.status != http.StatusOK ||
			strings.Contains(cookie, first+"; Path=/; Max-Age=2592000;") != step.renewed {
			t.Errorf("step %d: %d reads, %d writes, status %d, cookie %q", n, lookups, changes, a.status, cookie)
		}
	}
	w.Clock.Advance(30 * 24 * time.Hour)
	b.setCookie(sessionCookie, first) // the browser has deleted it
	b.wantSignedIn(false)
}

func TestLogOut(t *testing.T) {
	t.Parallel()
	w := newFixture(t, nil)
	w.follows(openid)
	phone, tablet := w.signsIn(openid), w.signsIn(openid)
	cookie := phone.cookie(sessionCookie)

	a := phone.post("/logout", nil)
	if a.status != http.StatusOK || a.title() != "已退出" || phone.cookie(sessionCookie) != "" {
		t.Errorf("status %d, %q, cookie %q", a.status, a.title(), phone.cookie(sessionCookie))
	}
	phone.setCookie(sessionCookie, cookie)
	phone.wantSignedIn(false)
	tablet.wantSignedIn(true)

	// Once more, by a stranger, and without a valid cookie: nothing changes.
	w.store.counts()
	for _, value := range []string{cookie, "", base64URL("oNOBODY") + ".key"} {
		phone.setCookie(sessionCookie, value)
		if a := phone.post("/logout", nil); a.status != http.StatusOK {
			t.Errorf("%q: status %d", value, a.status)
		}
	}
	tablet.wantSignedIn(true)
	if a := tablet.get("/logout"); a.status != http.StatusMethodNotAllowed {
		t.Errorf("by a link: status %d", a.status)
	}
	tablet.wantSignedIn(true)
}

// TestCrossOrigin: another site's form changes nothing, with or without the Sec-Fetch headers, which old WebViews do not
// send.
func TestCrossOrigin(t *testing.T) {
	t.Parallel()
	w := newFixture(t, nil)
	w.follows(openid)
	for name, tt := range map[string]struct {
		header http.Header
		want   int
	}{
		"own form":                          {http.Header{"Sec-Fetch-Site": {"same-origin"}, "Origin": {w.site.URL}}, http.StatusOK},
		"own form, old webview":             {http.Header{"Origin": {w.site.URL}}, http.StatusOK},
		"no browser":                        {http.Header{}, http.StatusOK},
		"another site":                      {http.Header{"Sec-Fetch-Site": {"cross-site"}, "Origin": {"https://evil.example"}}, http.StatusForbidden},
		"another site, old webview":         {http.Header{"Origin": {"https://evil.example"}}, http.StatusForbidden},
		"a sibling":                         {http.Header{"Sec-Fetch-Site": {"same-site"}, "Origin": {w.site.URL}}, http.StatusForbidden},
		"a page without an origin":          {http.Header{"Origin": {"null"}}, http.StatusForbidden},
		"the same host, another port":       {http.Header{"Origin": {"https://127.0.0.1:1"}}, http.StatusForbidden},
		"a page of this host in clear text": {http.Header{"Origin": {"http://" + strings.TrimPrefix(w.site.URL, "https://")}}, http.StatusForbidden},
		"another site in an own's frame":    {http.Header{"Sec-Fetch-Site": {"cross-site"}, "Origin": {w.site.URL}}, http.StatusForbidden},
	} {
		b := w.signsIn(openid)
		b.header = tt.header
		a := b.post("/logout", nil)
		if a.status != tt.want {
			t.Errorf("%s: status %d, want %d", name, a.status, tt.want)
		}
		b.header = http.Header{}
		if b.signedIn() != (tt.want == http.StatusForbidden) {
			t.Errorf("%s: signed in: %v", name, tt.want != http.StatusForbidden)
		}
	}
}
