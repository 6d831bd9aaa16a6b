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
	"testing/iotest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/guanzhu/guanzhu/pkg/secrets"
	"github.com/guanzhu/guanzhu/pkg/webhook"
	"github.com/guanzhu/guanzhu/pkg/wechat"
	"github.com/guanzhu/guanzhu/pkg/wechattest"
)

// hostileRequest is a request that no platform sends. The reason is how that in the log begins; who sent it is not told.
type hostileRequest struct {
	name    string
	request *http.Request
	status  int
	reason  string
}

// The reasons of more than one refusal.
const (
	badSignature  = "signature"
	notNow        = "timestamp outside ten minutes"
	badQuery      = "unreadable query"
	tooLarge      = "larger than 256 KiB"
	malformed     = "malformed push"
	undecryptable = "not decryptable"
	inClear       = "clear text, but an EncodingAESKey is set"
)

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
	repeat := func(name string, first string) func(url.Values) {
		return func(q url.Values) { q[name] = []string{first, q.Get(name)} }
	}
	array := func(name string) func(url.Values) {
		return func(q url.Values) { q[name+"[]"] = q[name]; q.Del(name) }
	}
	changed := func(change func(*http.Request)) *http.Request {
		r := push()
		change(r)
		return r
	}
	method := func(name string) *http.Request { return changed(func(r *http.Request) { r.Method = name }) }
	raw := func(more string) *http.Request { return changed(func(r *http.Request) { r.URL.RawQuery += more }) }
	body := func(size int) *http.Request {
		return w.with(push(), nil, func(string) string { return strings.Repeat("a", size) })
	}
	inside := malformed // what is wrong with a body that is signed, and sealed where there is a key
	if w.mode != wechattest.Plain {
		inside = "malformed push inside the encryption"
	}
	requests := []hostileRequest{
		{"no query", w.with(push(), func(q url.Values) { clear(q) }, nil), 403, notNow},
		{"no signature", w.with(push(), func(q url.Values) { q.Del(signature) }, nil), 403, badSignature},
		{"empty signature", w.with(push(), set(signature, ""), nil), 403, badSignature},
		{"wrong signature", w.with(push(), set(signature, strings.Repeat("0", 40)), nil), 403, badSignature},
		{"signature in upper case", w.with(push(), func(q url.Values) { q.Set(signature, strings.ToUpper(q.Get(signature))) }, nil), 403, badSignature},
		{"signature with a space behind it", w.with(push(), func(q url.Values) { q.Set(signature, q.Get(signature)+" ") }, nil), 403, badSignature},
		{"signature as an array", w.with(push(), array(signature), nil), 403, badSignature},
		{"signature in a header", changed(func(r *http.Request) {
			q := r.URL.Query()
			r.Header.Set(signature, q.Get(signature))
			q.Del(signature)
			r.URL.RawQuery = q.Encode()
		}), 403, badSignature},
		{"a wrong signature before the right one", w.with(push(), repeat(signature, "0"), nil), 403, badSignature},
		{"other nonce", w.with(push(), set("nonce", "1"), nil), 403, badSignature},
		{"no nonce", w.with(push(), func(q url.Values) { q.Del("nonce") }, nil), 403, badSignature},
		{"nonce as an array", w.with(push(), array("nonce"), nil), 403, badSignature},
		{"another nonce before the right one", w.with(push(), repeat("nonce", "1"), nil), 403, badSignature},
		{"other timestamp", w.with(push(), set("timestamp", strconv.FormatInt(now.Unix()+1, 10)), nil), 403, badSignature},
		{"timestamp with a sign", w.with(push(), func(q url.Values) { q.Set("timestamp", "+"+q.Get("timestamp")) }, nil), 403, badSignature},
		{"no timestamp", w.with(push(), func(q url.Values) { q.Del("timestamp") }, nil), 403, notNow},
		{"timestamp as an array", w.with(push(), array("timestamp"), nil), 403, notNow},
		{"an old timestamp before the right one", w.with(push(), repeat("timestamp", "1"), nil), 403, notNow},
		{"timestamp not a number", w.with(push(), set("timestamp", "now"), nil), 403, notNow},
		{"timestamp beyond 64 bits", w.with(push(), set("timestamp", strings.Repeat("9", 20)), nil), 403, notNow},
		{"timestamp in milliseconds", at(time.Duration(now.UnixMilli()-now.Unix()) * time.Second), 403, notNow},
		{"eleven minutes old", at(-11 * time.Minute), 403, notNow},
		{"eleven minutes early", at(11 * time.Minute), 403, notNow},
		{"query that does not parse", raw("&%zz"), 403, badQuery},
		{"query with a semicolon", raw(";a=1"), 403, badQuery},
		{"empty body", body(0), 403, malformed},
		{"body just under 256 KiB, no XML", body(webhook.MaxBody - 1), 403, malformed},
		{"body of 256 KiB, no XML", body(webhook.MaxBody), 403, malformed},
		{"body just over 256 KiB", body(webhook.MaxBody + 1), 413, tooLarge},
		{"body of 4 MiB, signed", w.with(push(), nil, func(s string) string { return s + strings.Repeat(" ", 4<<20) }), 413, tooLarge},
		{"body of 4 MiB, its length unknown", changed(func(r *http.Request) {
			*r = *w.with(r, nil, func(s string) string { return s + strings.Repeat(" ", 4<<20) })
			r.ContentLength = -1
		}), 413, tooLarge},
		{"body that is cut off", changed(func(r *http.Request) {
			r.Body = io.NopCloser(io.MultiReader(io.LimitReader(r.Body, 40), iotest.ErrReader(io.ErrUnexpectedEOF)))
		}), 400, "unreadable body"},
		{"the query as a form in the body", changed(func(r *http.Request) {
			*r = *w.with(r, func(q url.Values) { clear(q) }, func(string) string { return r.URL.RawQuery })
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		}), 403, notNow},
		{"PUT", method("PUT"), 405, "method"},
		{"HEAD", method("HEAD"), 405, "method"},
		{"OPTIONS", method("OPTIONS"), 405, "method"},
		{"DELETE", method("DELETE"), 405, "method"},
		{"post in lower case", method("post"), 405, "method"},
		{"PUT that says it is a POST", changed(func(r *http.Request) {
			r.Method = "PUT"
			r.Header.Set("X-HTTP-Method-Override", "POST")
		}), 405, "method"},
		{"GET of a push", method("GET"), 403, "no echostr"},
		{"cut XML", w.signed(good[:len(good)-40]), 403, inside},
		{"no XML", w.signed("success"), 403, inside},
		{"entities that grow", w.signed(`<!DOCTYPE xml [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]>` + strings.Replace(good, "@forged", "@]]>&b;<![CDATA[", 1)), 403, inside},
		{"external entity", w.signed(`<!DOCTYPE xml [<!ENTITY a SYSTEM "file:///etc/passwd">]>` + good), 403, inside},
		{"ten thousand levels", w.signed(strings.Repeat("<a>", 10000) + strings.Repeat("</a>", 10000)), 403, inside},
		{"no sender", w.signed(strings.Replace(good, openid, "", 1)), 403, inside},
		{"no time", w.signed(strings.Replace(good, strconv.FormatInt(now.Unix(), 10), "", 1)), 403, inside},
	}
	if w.mode == wechattest.Plain {
		return append(requests,
			hostileRequest{"encrypted alone", func() *http.Request {
				safe := *w
				safe.mode = wechattest.Safe
				safe.owner.EncodingAESKey = aesKey
				return safe.request([]byte(good))
			}(), 403, "encrypted, but no EncodingAESKey is set"},
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
	edit := func(old, new string) *http.Request {
		return w.with(push(), nil, func(s string) string { return strings.Replace(s, old, new, 1) })
	}
	timestamp := strconv.FormatInt(now.Unix(), 10)
	return append(requests, []hostileRequest{
		{"in clear, with its plain signature", plain(), 403, inClear},
		{"in clear, said to be raw", w.with(plain(), set("encrypt_type", "raw"), nil), 403, inClear},
		{"in clear, with the plain signature as msg_signature", w.with(plain(), func(q url.Values) { q.Set("msg_signature", q.Get("signature")) }, nil), 403, inClear},
		{"in clear, msg_signature over nothing", w.with(plain(), set("msg_signature", wechat.Signature(token, timestamp, "1", "")), nil), 403, inClear},
		{"an empty Encrypt", w.with(w.signed(good), nil, func(string) string { return strings.Replace(good, "</xml>", "<Encrypt></Encrypt></xml>", 1) }), 403, inClear},
		{"no msg_signature, but a signature", w.with(push(), func(q url.Values) { q.Del("msg_signature") }, nil), 403, badSignature},
		{"a captured msg_signature with another Encrypt", func() *http.Request {
			captured := w.with(push(), nil, nil).URL.RawQuery
			return changed(func(r *http.Request) { r.URL.RawQuery = captured })
		}(), 403, badSignature},
		{"a changed byte of Encrypt", edit("<Encrypt><![CDATA[", "<Encrypt><![CDATA[A"), 403, badSignature},
		{"two of Encrypt", edit("<Encrypt>", "<Encrypt>AAAA</Encrypt><Encrypt>"), 403, malformed},
		{"another account's appid", seal("wxfedcba9876543210", aesKey), 403, undecryptable},
		{"another EncodingAESKey", seal(appID, strings.Repeat("A", 43)), 403, undecryptable},
	}...)
}

func TestHostileRequestsAreRefused(t *testing.T) {
	inAllModes(t, func(t *testing.T, mode wechattest.Mode) {
		w := newWorld(t, mode, nil)
		for _, tt := range hostile(w) {
			t.Run(tt.name, func(t *testing.T) {
				w.log.Reset()
				response := w.serve(tt.request)
				if response.StatusCode != tt.status {
					t.Errorf("status %d, want %d", response.StatusCode, tt.status)
				}
				if body := read(t, response); tt.status == 403 && body != "Bad Token!" {
					t.Errorf("answered %q", body)
				}
				plainText(t, response)
				if want := `"outcome":"refused","status":` + strconv.Itoa(tt.status) + `,"reason":"` + tt.reason; !strings.Contains(w.log.String(), want) {
					t.Errorf("the log lacks %s: %s", want, w.log)
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

// plainText holds an answer to being nothing that a browser would run.
func plainText(t *testing.T, response *http.Response) {
	t.Helper()
	if got := response.Header.Get("Content-Type"); got != "text/plain; charset=utf-8" {
		t.Errorf("Content-Type: %q", got)
	}
	if got := response.Header.Get("X-Content-Type-Options"); got != "nosniff" {
		t.Errorf("X-Content-Type-Options: %q", got)
	}
}

// TestOddRequestsAreAccepted has what is odd but changes nothing: what is signed is what counts.
func TestOddRequestsAreAccepted(t *testing.T) {
	inAllModes(t, func(t *testing.T, mode wechattest.Mode) {
		w := newWorld(t, mode, nil)
		signature := "signature"
		if mode != wechattest.Plain {
			signature = "msg_signature"
		}
		for i, tt := range []struct {
			name   string
			change func(*http.Request) *http.Request
		}{
			{"a wrong signature behind the right one", func(r *http.Request) *http.Request {
				return w.with(r, func(q url.Values) { q.Add(signature, "0") }, nil)
			}},
			{"an array beside the signature", func(r *http.Request) *http.Request {
				return w.with(r, func(q url.Values) { q.Set(signature+"[]", "0") }, nil)
			}},
			{"encrypt_type that says otherwise", func(r *http.Request) *http.Request {
				return w.with(r, func(q url.Values) { q.Set("encrypt_type", "none") }, nil)
			}},
			{"another openid in the query", func(r *http.Request) *http.Request {
				return w.with(r, func(q url.Values) { q.Set("openid", "oSomebodyElse") }, nil)
			}},
			{"no headers", func(r *http.Request) *http.Request { clear(r.Header); return r }},
			{"another type of content, twice", func(r *http.Request) *http.Request {
				r.Header["Content-Type"] = []string{"multipart/form-data", "application/json"}
				return r
			}},
			{"an override of the method", func(r *http.Request) *http.Request {
				r.Header.Set("X-HTTP-Method-Override", "DELETE")
				return r
			}},
			{"exactly 256 KiB", func(r *http.Request) *http.Request {
				return w.with(r, nil, func(s string) string { return s + strings.Repeat(" ", webhook.MaxBody-len(s)) })
			}},
			{"exactly 256 KiB, the length unknown", func(r *http.Request) *http.Request {
				r = w.with(r, nil, func(s string) string { return s + strings.Repeat(" ", webhook.MaxBody-len(s)) })
				r.ContentLength = -1
				return r
			}},
		} {
			message := w.owner.Text(openid, now, int64(i+1), "@kept")
			if response := w.serve(tt.change(w.request(message))); response.StatusCode != 200 || len(w.records()) != i+1 {
				t.Fatalf("%s: status %d, %d records of %d", tt.name, response.StatusCode, len(w.records()), i+1)
			}
			for _, record := range w.records() {
				if !strings.Contains(record, w.service.Hash(openid)) {
					t.Errorf("%s: stored under another's name: %s", tt.name, record)
				}
			}
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
		plainText(t, response)
		if got := response.Header.Get("Content-Length"); got != strconv.Itoa(len(echostr)) {
			t.Errorf("Content-Length: %q", got)
		}
		for _, tt := range []struct {
			name, reason string
			change       func(url.Values)
			at           time.Time
		}{
			{"wrong signature", badSignature, func(q url.Values) { q.Set("signature", "0") }, now},
			{"no signature", badSignature, func(q url.Values) { q.Del("signature") }, now},
			{"a wrong signature first", badSignature, func(q url.Values) { q["signature"] = []string{"0", q.Get("signature")} }, now},
			{"no echostr", "no echostr", func(q url.Values) { q.Del("echostr") }, now},
			{"echostr as an array", "no echostr", func(q url.Values) { q["echostr[]"] = q["echostr"]; q.Del("echostr") }, now},
			{"an hour old", notNow, nil, now.Add(-time.Hour)},
			{"no query", notNow, func(q url.Values) { clear(q) }, now},
		} {
			w.log.Reset()
			response := check(tt.change, tt.at)
			if body := read(t, response); response.StatusCode != 403 || body != "Bad Token!" {
				t.Errorf("%s: status %d, %q", tt.name, response.StatusCode, body)
			}
			plainText(t, response)
			if want := `"reason":"` + tt.reason + `"`; !strings.Contains(w.log.String(), want) {
				t.Errorf("%s: the log lacks %s: %s", tt.name, want, w.log)
			}
		}
		if diff := cmp.Diff([]string{}, w.records()); diff != "" {
			t.Errorf("stored (-want +got):\n%s", diff)
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
