package webhook_test

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/guanzhu/guanzhu/pkg/secrets"
	"github.com/guanzhu/guanzhu/pkg/webhook"
	"github.com/guanzhu/guanzhu/pkg/wechat"
	"github.com/guanzhu/guanzhu/pkg/wechattest"
)

// hostileRequest is a request that no platform sends.
type hostileRequest struct {
	name    string
	request *http.Request
	status  int
}

// with changes the query or the body of a good request.
func (w *world) with(r *http.Request, changeQuery func(url.Values), changeBody func(string) string) *http.Request {
	w.Helper()
	q := r.URL.Query()
	if changeQuery != nil {
		changeQuery(q)
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		w.Fatal(err)
	}
	if changeBody != nil {
		body = []byte(changeBody(string(body)))
	}
	changed := httptest.NewRequest(r.Method, "https://example.com"+webhook.Path+"?"+q.Encode(), bytes.NewReader(body))
	changed.Header = r.Header
	return changed
}

// signed is a request whose body is sealed and signed as the endpoint's own secrets demand, whatever the body holds.
func (w *world) signed(body string) *http.Request {
	w.Helper()
	timestamp, nonce := strconv.FormatInt(now.Unix(), 10), "415670741"
	q := url.Values{"timestamp": {timestamp}, "nonce": {nonce}, "signature": {wechat.Signature(token, timestamp, nonce)}}
	if w.mode != wechattest.Plain {
		cipher, err := wechat.NewCipher(appID, aesKey)
		if err != nil {
			w.Fatal(err)
		}
		encrypt := cipher.Encrypt([]byte(body))
		q.Set("encrypt_type", "aes")
		q.Set("msg_signature", wechat.Signature(token, timestamp, nonce, encrypt))
		body = "<xml><ToUserName>" + accountID + "</ToUserName><Encrypt>" + encrypt + "</Encrypt></xml>"
	}
	return httptest.NewRequest(http.MethodPost, "https://example.com"+webhook.Path+"?"+q.Encode(), strings.NewReader(body))
}

// hostile is what is refused in every mode. The pushes would all store a suggestion.
func hostile(w *world) []hostileRequest {
	good := string(w.textOf("@forged"))
	push := func() *http.Request { return w.request([]byte(good)) }
	set := func(name, value string) func(url.Values) {
		return func(q url.Values) { q.Set(name, value) }
	}
	signature := "signature"
	if w.mode != wechattest.Plain {
		signature = "msg_signature"
	}
	at := func(d time.Duration) *http.Request {
		r, err := w.owner.Request(w.Context(), "https://example.com"+webhook.Path, w.mode, []byte(good), now.Add(d))
		if err != nil {
			w.Fatal(err)
		}
		return r
	}
	requests := []hostileRequest{
		{"no query", w.with(push(), func(q url.Values) { clear(q) }, nil), 403},
		{"no signature", w.with(push(), func(q url.Values) { q.Del(signature) }, nil), 403},
		{"empty signature", w.with(push(), set(signature, ""), nil), 403},
		{"wrong signature", w.with(push(), set(signature, strings.Repeat("0", 40)), nil), 403},
		{"signature in upper case", w.with(push(), func(q url.Values) { q.Set(signature, strings.ToUpper(q.Get(signature))) }, nil), 403},
		{"signature as an array", w.with(push(), func(q url.Values) { q[signature+"[]"] = q[signature]; q.Del(signature) }, nil), 403},
		{"a wrong signature before the right one", w.with(push(), func(q url.Values) { q[signature] = []string{"0", q.Get(signature)} }, nil), 403},
		{"other nonce", w.with(push(), set("nonce", "1"), nil), 403},
		{"other timestamp", w.with(push(), set("timestamp", strconv.FormatInt(now.Unix()+1, 10)), nil), 403},
		{"timestamp not a number", w.with(push(), set("timestamp", "now"), nil), 403},
		{"timestamp in milliseconds", at(time.Duration(now.UnixMilli()-now.Unix()) * time.Second), 403},
		{"eleven minutes old", at(-11 * time.Minute), 403},
		{"eleven minutes early", at(11 * time.Minute), 403},
		{"query that does not parse", func() *http.Request { r := push(); r.URL.RawQuery += "&%zz"; return r }(), 403},
		{"empty body", w.with(push(), nil, func(string) string { return "" }), 403},
		{"body of the 256 KiB limit, not XML", w.with(push(), nil, func(string) string { return strings.Repeat("a", webhook.MaxBody) }), 403},
		{"body just over 256 KiB", w.with(push(), nil, func(string) string { return strings.Repeat("a", webhook.MaxBody+1) }), 413},
		{"body of 4 MiB", w.with(push(), nil, func(s string) string { return s + strings.Repeat(" ", 4<<20) }), 413},
		{"body of 4 MiB, length unknown", func() *http.Request {
			r := w.with(push(), nil, func(s string) string { return s + strings.Repeat(" ", 4<<20) })
			r.ContentLength = -1
			return r
		}(), 413},
		{"PUT", func() *http.Request { r := push(); r.Method = http.MethodPut; return r }(), 405},
		{"GET of a push", func() *http.Request { r := push(); r.Method = http.MethodGet; return r }(), 403},
		{"cut XML", w.signed(good[:len(good)-40]), 403},
		{"no XML", w.signed("success"), 403},
		{"entities that grow", w.signed(`<!DOCTYPE xml [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]>` + strings.Replace(good, "@forged", "@]]>&b;<![CDATA[", 1)), 403},
		{"external entity", w.signed(`<!DOCTYPE xml [<!ENTITY a SYSTEM "file:///etc/passwd">]>` + good), 403},
		{"ten thousand levels", w.signed(strings.Repeat("<a>", 10000) + strings.Repeat("</a>", 10000)), 403},
		{"no sender", w.signed(strings.Replace(good, openid, "", 1)), 403},
		{"no time", w.signed(strings.Replace(good, strconv.FormatInt(now.Unix(), 10), "", 1)), 403},
	}
	if w.mode == wechattest.Plain {
		return append(requests,
			hostileRequest{"encrypted alone", func() *http.Request {
				safe := *w
				safe.mode = wechattest.Safe
				safe.owner.EncodingAESKey = aesKey
				return safe.request([]byte(good))
			}(), 403},
		)
	}
	seal := func(appID, key string) *http.Request {
		forged := *w
		forged.owner.AppID, forged.owner.EncodingAESKey = appID, key
		return forged.request([]byte(good))
	}
	plain := func() *http.Request {
		clear := *w
		clear.mode = wechattest.Plain
		return clear.request([]byte(good))
	}
	timestamp := strconv.FormatInt(now.Unix(), 10)
	return append(requests,
		hostileRequest{"in clear, with its plain signature", plain(), 403},
		hostileRequest{"in clear, said to be raw", w.with(plain(), set("encrypt_type", "raw"), nil), 403},
		hostileRequest{"in clear, with the plain signature as msg_signature", w.with(plain(), func(q url.Values) { q.Set("msg_signature", q.Get("signature")) }, nil), 403},
		hostileRequest{"in clear, msg_signature over nothing", w.with(plain(), set("msg_signature", wechat.Signature(token, timestamp, "1", "")), nil), 403},
		hostileRequest{"an empty Encrypt", w.with(w.signed(good), nil, func(string) string { return strings.Replace(good, "</xml>", "<Encrypt></Encrypt></xml>", 1) }), 403},
		hostileRequest{"no msg_signature, but a signature", w.with(push(), func(q url.Values) { q.Del("msg_signature") }, nil), 403},
		hostileRequest{"a changed byte of Encrypt", w.with(push(), nil, func(s string) string { return strings.Replace(s, "<Encrypt><![CDATA[", "<Encrypt><![CDATA[A", 1) }), 403},
		hostileRequest{"two of Encrypt", w.with(push(), nil, func(s string) string { return strings.Replace(s, "<Encrypt>", "<Encrypt>AAAA</Encrypt><Encrypt>", 1) }), 403},
		hostileRequest{"another account's appid", seal("wxfedcba9876543210", aesKey), 403},
		hostileRequest{"another EncodingAESKey", seal(appID, strings.Repeat("A", 43)), 403},
	)
}

func TestHostileRequestsAreRefused(t *testing.T) {
	inAllModes(t, func(t *testing.T, mode wechattest.Mode) {
		w := newWorld(t, mode, nil)
		for _, tt := range hostile(w) {
			t.Run(tt.name, func(t *testing.T) {
				response := w.serve(tt.request)
				if response.StatusCode != tt.status {
					t.Errorf("status %d, want %d", response.StatusCode, tt.status)
				}
				if body := read(t, response); tt.status == 403 && body != "Bad Token!" {
					t.Errorf("answered %q", body)
				}
				if diff := cmp.Diff([]string{}, w.records()); diff != "" {
					t.Errorf("stored (-want +got):\n%s", diff)
				}
			})
		}
		if got := w.says(w.textOf("@kept")); got != suggestionReply || len(w.records()) != 1 {
			t.Errorf("the good push after them: %q, %d records", got, len(w.records()))
		}
	})
}

// TestOnlyTheEncryptedPartIsRead has a compatible push whose clear fields, which no signature covers, say something else.
func TestOnlyTheEncryptedPartIsRead(t *testing.T) {
	w := newWorld(t, wechattest.Compatible, nil)
	r := w.with(w.request(w.textOf("hello")), nil, func(s string) string { return strings.Replace(s, "<![CDATA[hello]]>", "<![CDATA[@forged]]>", 1) })
	if response := w.serve(r); response.StatusCode != http.StatusOK {
		t.Fatalf("status %d", response.StatusCode)
	}
	if diff := cmp.Diff([]string{}, w.records()); diff != "" {
		t.Errorf("stored (-want +got):\n%s", diff)
	}
}

// TestPlainReadsTheClearFields is the step from plain to safe: the console is set to compatible before the key is.
func TestPlainReadsTheClearFields(t *testing.T) {
	w := newWorld(t, wechattest.Plain, nil)
	w.mode, w.owner.EncodingAESKey = wechattest.Compatible, aesKey
	if got := w.says(w.textOf("hello")); got != defaultReply {
		t.Errorf("answered %q", got)
	}
}

func TestRandomBytesGiveNo5xx(t *testing.T) {
	inAllModes(t, func(t *testing.T, mode wechattest.Mode) {
		w := newWorld(t, mode, nil)
		random := rand.New(rand.NewPCG(1, 2))
		good := string(w.textOf("@x"))
		for range 500 {
			body := make([]byte, random.IntN(300))
			for i := range body {
				body[i] = byte(random.Uint32())
			}
			mutated := []byte(good)
			mutated[random.IntN(len(mutated))] = byte(random.Uint32())
			for _, r := range []*http.Request{
				w.signed(string(body)),
				w.signed(string(mutated)),
				w.with(w.request([]byte(good)), nil, func(string) string { return string(body) }),
			} {
				if response := w.serve(r); response.StatusCode >= 500 {
					t.Fatalf("status %d, log: %s", response.StatusCode, w.log)
				}
			}
		}
	})
}

func TestURLCheck(t *testing.T) {
	const echostr = `<script>alert(1)</script>&"5927782489140518125`
	inAllModes(t, func(t *testing.T, mode wechattest.Mode) {
		w := newWorld(t, mode, nil)
		check := func(change func(url.Values), at time.Time) *http.Response {
			r, err := w.owner.Check(t.Context(), "https://example.com"+webhook.Path, at)
			if err != nil {
				t.Fatal(err)
			}
			q := r.URL.Query()
			if change != nil {
				change(q)
			}
			r.URL.RawQuery = q.Encode()
			return w.serve(r)
		}
		response := check(func(q url.Values) { q.Set("echostr", echostr) }, now)
		if body := read(t, response); response.StatusCode != 200 || body != echostr {
			t.Errorf("status %d, %q", response.StatusCode, body)
		}
		for name, want := range map[string]string{"Content-Type": "text/plain; charset=utf-8", "X-Content-Type-Options": "nosniff", "Content-Length": strconv.Itoa(len(echostr))} {
			if got := response.Header.Get(name); got != want {
				t.Errorf("%s: %q, want %q", name, got, want)
			}
		}
		for name, response := range map[string]*http.Response{
			"wrong signature": check(func(q url.Values) { q.Set("signature", "0") }, now),
			"no signature":    check(func(q url.Values) { q.Del("signature") }, now),
			"no echostr":      check(func(q url.Values) { q.Del("echostr") }, now),
			"stale":           check(nil, now.Add(-time.Hour)),
			"nothing":         w.serve(httptest.NewRequest(http.MethodGet, webhook.Path, nil)),
		} {
			if body := read(t, response); response.StatusCode != 403 || body != "Bad Token!" {
				t.Errorf("%s: status %d, %q", name, response.StatusCode, body)
			}
		}
	})
}

// TestRotation changes the secrets under a running endpoint: pushes signed and encrypted with the old ones and with the
// new ones are understood, each is answered with what it came with, and no deployment is needed.
func TestRotation(t *testing.T) {
	w := newWorld(t, wechattest.Safe, nil)
	old := w.owner
	fresh := old
	fresh.Token, fresh.EncodingAESKey = "anotherToken", strings.Repeat("B", 43)
	w.secrets.next = secrets.Secrets{Token: fresh.Token, AppSecret: appSecret, EncodingAESKey: fresh.EncodingAESKey,
		PreviousToken: old.Token, PreviousEncodingAESKey: old.EncodingAESKey}

	for i, account := range []wechattest.Account{old, fresh, old, fresh} {
		w.owner = account
		if got := w.says(w.textOf("hello")); got != defaultReply {
			t.Errorf("push %d: answered %q", i, got)
		}
	}
	if w.secrets.reloads != 1 {
		t.Errorf("the secrets were read again %d times, want once", w.secrets.reloads)
	}
	w.secrets.next = secrets.Secrets{Token: fresh.Token, AppSecret: appSecret, EncodingAESKey: fresh.EncodingAESKey}
	w.secrets.Reload(t.Context())
	w.owner = old
	if status, _ := w.push(w.textOf("hello")); status != 403 {
		t.Errorf("after the rotation the old secrets give status %d", status)
	}
}

// TestKeyIsSet is the other half of the step from plain to safe: the key reaches a running endpoint.
func TestKeyIsSet(t *testing.T) {
	w := newWorld(t, wechattest.Plain, nil)
	w.secrets.next = secrets.Secrets{Token: token, AppSecret: appSecret, EncodingAESKey: aesKey}
	w.mode, w.owner.EncodingAESKey = wechattest.Safe, aesKey
	if got := w.says(w.textOf("hello")); got != defaultReply {
		t.Errorf("answered %q", got)
	}
}

func TestNewRefuses(t *testing.T) {
	w := newWorld(t, wechattest.Plain, nil)
	good := webhook.Config{AppID: appID, Secrets: w.secrets, Router: webhook.NewRouter()}
	if _, err := webhook.New(good); err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(*webhook.Config){
		"no appid":    func(c *webhook.Config) { c.AppID = "" },
		"empty token": func(c *webhook.Config) { c.Secrets = &rotating{now: secrets.Secrets{AppSecret: appSecret}} },
		"bad key": func(c *webhook.Config) {
			c.Secrets = &rotating{now: secrets.Secrets{Token: token, EncodingAESKey: "short"}}
		},
	} {
		config := good
		change(&config)
		if _, err := webhook.New(config); err == nil {
			t.Errorf("%s: accepted", name)
		} else if strings.Contains(fmt.Sprint(err), "short") {
			t.Errorf("%s: the error shows the key", name)
		}
	}
}
