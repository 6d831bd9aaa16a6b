package webhook_test

import (
	"bytes"
	"encoding/binary"
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

	"github.com/guanzhu/guanzhu/internal/refusal"
	"github.com/guanzhu/guanzhu/internal/world"
	"github.com/guanzhu/guanzhu/pkg/secrets"
	"github.com/guanzhu/guanzhu/pkg/webhook"
	"github.com/guanzhu/guanzhu/pkg/wechat"
	"github.com/guanzhu/guanzhu/pkg/wechattest"
)

// hostileRequest is a request that the platform never sends. Only the log has the reason of its refusal.
type hostileRequest struct {
	name    string
	request *http.Request
	status  int
	reason  refusal.Reason
}

// with returns r with another query or body.
func (w *fixture) with(r *http.Request, changeQuery func(url.Values), changeBody func(string) string) *http.Request {
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
	changed := httptest.NewRequest(r.Method, world.EndpointURL+"?"+q.Encode(), bytes.NewReader(body))
	changed.Header = r.Header
	return changed
}

// signed returns a push of any body, sealed and signed with the endpoint's own secrets.
func (w *fixture) signed(body string) *http.Request {
	w.Helper()
	return w.signedWith(strconv.FormatInt(now.Unix(), 10), "415670741", body)
}

// signedWith is signed with another timestamp and nonce.
func (w *fixture) signedWith(timestamp, nonce, body string) *http.Request {
	w.Helper()
	q := url.Values{"timestamp": {timestamp}, "nonce": {nonce}, "signature": {wechat.Signature(token, timestamp, nonce)}}
	if w.Mode != wechattest.Plain {
		cipher, err := wechat.NewCipher(appID, aesKey)
		if err != nil {
			w.Fatal(err)
		}
		encrypt := cipher.Encrypt([]byte(body))
		q.Set("encrypt_type", "aes")
		q.Set("msg_signature", wechat.Signature(token, timestamp, nonce, encrypt))
		body = "<xml><ToUserName>" + accountID + "</ToUserName><Encrypt>" + encrypt + "</Encrypt></xml>"
	}
	return httptest.NewRequest(http.MethodPost, world.EndpointURL+"?"+q.Encode(), strings.NewReader(body))
}

// hostile returns requests that the endpoint must refuse. If it accepted one of the pushes, it would store a suggestion.
func hostile(w *fixture) []hostileRequest {
	good := string(w.textOf("@forged"))
	push := func() *http.Request { return w.Request([]byte(good)) }
	set := func(name, value string) func(url.Values) {
		return func(q url.Values) { q.Set(name, value) }
	}
	signature := "signature"
	if w.Mode != wechattest.Plain {
		signature = "msg_signature"
	}
	at := func(d time.Duration) *http.Request {
		r, err := w.Pusher.Request(w.Context(), world.EndpointURL, w.Mode, []byte(good), now.Add(d))
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
	timestamp := strconv.FormatInt(now.Unix(), 10)
	stamped := func(timestamp string) *http.Request { return w.signedWith(timestamp, "415670741", good) }
	raw := func(more string) *http.Request { return changed(func(r *http.Request) { r.URL.RawQuery += more }) }
	body := func(size int) *http.Request {
		return w.with(push(), nil, func(string) string { return strings.Repeat("a", size) })
	}
	inside := refusal.Malformed // for a body that is wrong but correctly signed and sealed
	if w.Mode != wechattest.Plain {
		inside = refusal.MalformedInside
	}
	requests := []hostileRequest{
		{"no query", w.with(push(), func(q url.Values) { clear(q) }, nil), 403, refusal.Stale},
		{"no signature", w.with(push(), func(q url.Values) { q.Del(signature) }, nil), 403, refusal.Signature},
		{"empty signature", w.with(push(), set(signature, ""), nil), 403, refusal.Signature},
		{"wrong signature", w.with(push(), set(signature, strings.Repeat("0", 40)), nil), 403, refusal.Signature},
		{"signature in upper case", w.with(push(), func(q url.Values) { q.Set(signature, strings.ToUpper(q.Get(signature))) }, nil), 403, refusal.Signature},
		{"signature with a space behind it", w.with(push(), func(q url.Values) { q.Set(signature, q.Get(signature)+" ") }, nil), 403, refusal.Signature},
		{"signature as an array", w.with(push(), array(signature), nil), 403, refusal.Signature},
		{"signature in a header", changed(func(r *http.Request) {
			q := r.URL.Query()
			r.Header.Set(signature, q.Get(signature))
			q.Del(signature)
			r.URL.RawQuery = q.Encode()
		}), 403, refusal.Signature},
		{"a wrong signature before the right one", w.with(push(), repeat(signature, "0"), nil), 403, refusal.Signature},
		{"other nonce", w.with(push(), set("nonce", "1"), nil), 403, refusal.Signature},
		{"no nonce", w.with(push(), func(q url.Values) { q.Del("nonce") }, nil), 403, refusal.Signature},
		{"nonce as an array", w.with(push(), array("nonce"), nil), 403, refusal.Signature},
		{"another nonce before the right one", w.with(push(), repeat("nonce", "1"), nil), 403, refusal.Signature},
		{"other timestamp", w.with(push(), set("timestamp", strconv.FormatInt(now.Unix()+1, 10)), nil), 403, refusal.Signature},
		{"timestamp with a sign", w.with(push(), func(q url.Values) { q.Set("timestamp", "+"+q.Get("timestamp")) }, nil), 403, refusal.Stale},
		{"no timestamp", w.with(push(), func(q url.Values) { q.Del("timestamp") }, nil), 403, refusal.Stale},
		{"timestamp as an array", w.with(push(), array("timestamp"), nil), 403, refusal.Stale},
		{"an old timestamp before the right one", w.with(push(), repeat("timestamp", "1"), nil), 403, refusal.Stale},
		{"timestamp not a number", w.with(push(), set("timestamp", "now"), nil), 403, refusal.Stale},
		{"timestamp beyond 64 bits", w.with(push(), set("timestamp", strings.Repeat("9", 20)), nil), 403, refusal.Stale},
		{"timestamp in milliseconds", at(time.Duration(now.UnixMilli()-now.Unix()) * time.Second), 403, refusal.Stale},
		{"timestamp with a sign, signed", stamped("+" + timestamp), 403, refusal.Stale},
		{"timestamp with a sign in place of a digit, signed", stamped("+" + timestamp[1:]), 403, refusal.Stale},
		{"timestamp with a leading zero, signed", stamped("0" + timestamp), 403, refusal.Stale},
		{"timestamp with a blank, signed", stamped(timestamp + " "), 403, refusal.Stale},
		{"timestamp of nine digits, signed", stamped(timestamp[:9]), 403, refusal.Stale},
		{"empty timestamp, signed", stamped(""), 403, refusal.Stale},
		{"timestamp and nonce swapped", w.with(push(), func(q url.Values) {
			q["timestamp"], q["nonce"] = []string{"415670741"}, q["timestamp"]
		}, nil), 403, refusal.Stale},
		{"nonce of 65 characters, signed", w.signedWith(timestamp, strings.Repeat("1", 65), good), 403, refusal.Nonce},
		{"a nonce of 65 characters before the right one", w.with(push(), repeat("nonce", strings.Repeat("1", 65)), nil), 403, refusal.Nonce},
		{"ten minutes and a second old", at(-10*time.Minute - time.Second), 403, refusal.Stale},
		{"ten minutes and a second early", at(10*time.Minute + time.Second), 403, refusal.Stale},
		{"eleven minutes old", at(-11 * time.Minute), 403, refusal.Stale},
		{"eleven minutes early", at(11 * time.Minute), 403, refusal.Stale},
		{"query that does not parse", raw("&%zz"), 403, refusal.Query},
		{"query with a semicolon", raw(";a=1"), 403, refusal.Query},
		{"a follow from the future", w.Request(w.Pusher.Subscribe(openid, now.Add(10*time.Minute+time.Second), "")), 403, refusal.Future},
		{"an unfollow from the future", w.Request(w.Pusher.Unsubscribe(openid, now.Add(time.Hour))), 403, refusal.Future},
		{"a suggestion from the future", w.Request(w.Pusher.Text(openid, now.AddDate(100, 0, 0), 1, "@forged")), 403, refusal.Future},
		{"a suggestion from the future in JSON", w.signed(inJSON(now.Add(11*time.Minute), "@forged")), 403, refusal.Future},
		{"empty body", body(0), 403, refusal.Malformed},
		{"body just under 256 KiB, no XML", body(256<<10 - 1), 403, refusal.Malformed},
		{"body of 256 KiB, no XML", body(256 << 10), 403, refusal.Malformed},
		{"body just over 256 KiB", body(256<<10 + 1), 413, refusal.TooLarge},
		{"body of 4 MiB, signed", w.with(push(), nil, func(s string) string { return s + strings.Repeat(" ", 4<<20) }), 413, refusal.TooLarge},
		{"body of 4 MiB, its length unknown", changed(func(r *http.Request) {
			*r = *w.with(r, nil, func(s string) string { return s + strings.Repeat(" ", 4<<20) })
			r.ContentLength = -1
		}), 413, refusal.TooLarge},
		{"a length of a tebibyte", changed(func(r *http.Request) { r.ContentLength = 1 << 40 }), 413, refusal.TooLarge},
		{"body that is cut off", changed(func(r *http.Request) {
			r.Body = io.NopCloser(io.MultiReader(io.LimitReader(r.Body, 40), iotest.ErrReader(io.ErrUnexpectedEOF)))
		}), 400, refusal.Body},
		{"the query as a form in the body", changed(func(r *http.Request) {
			*r = *w.with(r, func(q url.Values) { clear(q) }, func(string) string { return r.URL.RawQuery })
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		}), 403, refusal.Stale},
		{"PUT", method("PUT"), 405, refusal.Method},
		{"HEAD", method("HEAD"), 405, refusal.Method},
		{"OPTIONS", method("OPTIONS"), 405, refusal.Method},
		{"DELETE", method("DELETE"), 405, refusal.Method},
		{"post in lower case", method("post"), 405, refusal.Method},
		{"PUT that says it is a POST", changed(func(r *http.Request) {
			r.Method = "PUT"
			r.Header.Set("X-HTTP-Method-Override", "POST")
		}), 405, refusal.Method},
		{"GET of a push", method("GET"), 403, refusal.Echostr},
		{"cut XML", w.signed(good[:len(good)-40]), 403, inside},
		{"no XML", w.signed("success"), 403, inside},
		{"entities that grow", w.signed(`<!DOCTYPE xml [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]>` + strings.Replace(good, "@forged", "@]]>&b;<![CDATA[", 1)), 403, inside},
		{"external entity", w.signed(`<!DOCTYPE xml [<!ENTITY a SYSTEM "file:///etc/passwd">]>` + good), 403, inside},
		{"ten thousand levels", w.signed(strings.Repeat("<a>", 10000) + strings.Repeat("</a>", 10000)), 403, inside},
		{"no sender", w.signed(strings.Replace(good, openid, "", 1)), 403, inside},
		{"no time", w.signed(strings.Replace(good, strconv.FormatInt(now.Unix(), 10), "", 1)), 403, inside},
	}
	if w.Mode == wechattest.Plain {
		return append(requests,
			hostileRequest{"encrypted alone", func() *http.Request {
				safe := *w.World
				safe.Mode, safe.Pusher.EncodingAESKey = wechattest.Safe, aesKey
				return safe.Request([]byte(good))
			}(), 403, refusal.NoKey},
		)
	}
	seal := func(appID, key string) *http.Request {
		forged := *w.World
		forged.Pusher.AppID, forged.Pusher.EncodingAESKey = appID, key
		return forged.Request([]byte(good))
	}
	plain := func() *http.Request {
		clear := *w.World
		clear.Mode = wechattest.Plain
		return clear.Request([]byte(good))
	}
	edit := func(old, new string) *http.Request {
		return w.with(push(), nil, func(s string) string { return strings.Replace(s, old, new, 1) })
	}
	return append(requests, []hostileRequest{
		{"in clear, with its plain signature", plain(), 403, refusal.ClearText},
		{"in clear, said to be raw", w.with(plain(), set("encrypt_type", "raw"), nil), 403, refusal.ClearText},
		{"in clear, with the plain signature as msg_signature", w.with(plain(), func(q url.Values) { q.Set("msg_signature", q.Get("signature")) }, nil), 403, refusal.ClearText},
		{"in clear, msg_signature over nothing", w.with(plain(), set("msg_signature", wechat.Signature(token, timestamp, "1", "")), nil), 403, refusal.ClearText},
		{"an empty Encrypt", w.with(w.signed(good), nil, func(string) string { return strings.Replace(good, "</xml>", "<Encrypt></Encrypt></xml>", 1) }), 403, refusal.ClearText},
		{"no msg_signature, but a signature", w.with(push(), func(q url.Values) { q.Del("msg_signature") }, nil), 403, refusal.Signature},
		{"a captured msg_signature with another Encrypt", func() *http.Request {
			captured := w.with(push(), nil, nil).URL.RawQuery
			return changed(func(r *http.Request) { r.URL.RawQuery = captured })
		}(), 403, refusal.Signature},
		{"a changed byte of Encrypt", edit("<Encrypt><![CDATA[", "<Encrypt><![CDATA[A"), 403, refusal.Signature},
		{"two of Encrypt", edit("<Encrypt>", "<Encrypt>AAAA</Encrypt><Encrypt>"), 403, refusal.Malformed},
		{"another account's appid", seal("wxfedcba9876543210", aesKey), 403, refusal.WrongKey},
		{"another EncodingAESKey", seal(appID, strings.Repeat("A", 43)), 403, refusal.WrongKey},
	}...)
}

func TestHostileRequestsAreRefused(t *testing.T) {
	inAllModes(t, func(t *testing.T, mode wechattest.Mode) {
		w := newFixture(t, mode, nil)
		for _, tt := range hostile(w) {
			t.Run(tt.name, func(t *testing.T) {
				w.Logs.Reset()
				response := w.serve(tt.request)
				if response.StatusCode != tt.status {
					t.Errorf("status %d, want %d", response.StatusCode, tt.status)
				}
				if body := read(t, response); tt.status == 403 && body != "Bad Token!" {
					t.Errorf("answered %q", body)
				}
				plainText(t, response)
				if allow := response.Header.Get("Allow"); (allow == "GET, POST") != (tt.status == 405) {
					t.Errorf("Allow: %q", allow)
				}
				if want := `"outcome":"refused","status":` + strconv.Itoa(tt.status) + `,"reason":"` + string(tt.reason) + `"`; !strings.Contains(w.Logs.String(), want) {
					t.Errorf("the log lacks %s: %s", want, w.Logs)
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

// plainText checks that a browser would not run the answer.
func plainText(t *testing.T, response *http.Response) {
	t.Helper()
	if got := response.Header.Get("Content-Type"); got != "text/plain; charset=utf-8" {
		t.Errorf("Content-Type: %q", got)
	}
	if got := response.Header.Get("X-Content-Type-Options"); got != "nosniff" {
		t.Errorf("X-Content-Type-Options: %q", got)
	}
}

// TestOddRequestsAreAccepted has requests that are odd in parts that do not matter.
func TestOddRequestsAreAccepted(t *testing.T) {
	inAllModes(t, func(t *testing.T, mode wechattest.Mode) {
		w := newFixture(t, mode, nil)
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
			{"a nonce of 64 characters", func(*http.Request) *http.Request {
				return w.signedWith(strconv.FormatInt(now.Unix(), 10), strings.Repeat("1", 64), string(w.Pusher.Text(openid, now, 100, "@kept")))
			}},
			{"sent ten minutes ago", func(*http.Request) *http.Request {
				return w.signedWith(strconv.FormatInt(now.Unix()-600, 10), "1", string(w.Pusher.Text(openid, now, 101, "@kept")))
			}},
			{"sent by a clock ten minutes ahead", func(*http.Request) *http.Request {
				at := now.Add(10 * time.Minute)
				return w.signedWith(strconv.FormatInt(at.Unix(), 10), "1", string(w.Pusher.Text(openid, at, 102, "@kept")))
			}},
			{"exactly 256 KiB", func(r *http.Request) *http.Request {
				return w.with(r, nil, func(s string) string { return s + strings.Repeat(" ", 256<<10-len(s)) })
			}},
			{"exactly 256 KiB, the length unknown", func(r *http.Request) *http.Request {
				r = w.with(r, nil, func(s string) string { return s + strings.Repeat(" ", 256<<10-len(s)) })
				r.ContentLength = -1
				return r
			}},
		} {
			message := w.Pusher.Text(openid, now, int64(i+1), "@kept")
			if response := w.serve(tt.change(w.Request(message))); response.StatusCode != 200 || len(w.records()) != i+1 {
				t.Fatalf("%s: status %d, %d records of %d", tt.name, response.StatusCode, len(w.records()), i+1)
			}
			for _, record := range w.records() {
				if !strings.Contains(record, w.Service.Hash(openid)) {
					t.Errorf("%s: stored under another's name: %s", tt.name, record)
				}
			}
		}
	})
}

// TestOnlyTheEncryptedPartIsRead changes the clear fields of a push in compatible mode, which no signature covers.
func TestOnlyTheEncryptedPartIsRead(t *testing.T) {
	w := newFixture(t, wechattest.Compatible, nil)
	r := w.with(w.Request(w.textOf("hello")), nil, func(s string) string { return strings.Replace(s, "<![CDATA[hello]]>", "<![CDATA[@forged]]>", 1) })
	if response := w.serve(r); response.StatusCode != http.StatusOK {
		t.Fatalf("status %d", response.StatusCode)
	}
	if diff := cmp.Diff([]string{}, w.records()); diff != "" {
		t.Errorf("stored (-want +got):\n%s", diff)
	}
}

// TestPlainReadsTheClearFields is the first step from plain to safe mode: the console is in compatible mode, but the secrets
// do not have the key yet.
func TestPlainReadsTheClearFields(t *testing.T) {
	w := newFixture(t, wechattest.Plain, nil)
	w.Mode, w.Pusher.EncodingAESKey = wechattest.Compatible, aesKey
	if got := w.says(w.textOf("hello")); got != defaultReply {
		t.Errorf("answered %q", got)
	}
}

// TestCiphertextMovedIntoTheNonce has a text that contains a whole message. It becomes the push if the beginning of the
// ciphertext is cut off. The signature remains correct if that beginning is moved to the end of the nonce.
func TestCiphertextMovedIntoTheNonce(t *testing.T) {
	w := newFixture(t, wechattest.Safe, nil)
	const moved = 288 // bytes: a multiple of the block sizes of cipher, padding and base64
	head, tail, _ := strings.Cut(string(w.textOf("MARK")), "MARK")
	forged := head + "@forged"
	// 16 random bytes and the length come before a message, 20 bytes in all.
	text := strings.Repeat("x", moved+16-20-len(head)) +
		string(binary.BigEndian.AppendUint32(nil, uint32(len(forged)+len(tail)))) + forged
	message := head + text + tail

	for range 1000 { // the signature sorts its parts: by chance, nonce and ciphertext come one after the other
		r := w.Request([]byte(message))
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Fatal(err)
		}
		envelope, err := wechat.ReadEnvelope(body)
		if err != nil {
			t.Fatal(err)
		}
		q := r.URL.Query()
		nonce, encrypt := q.Get("nonce")+envelope.Encrypt[:moved/3*4], envelope.Encrypt[moved/3*4:]
		if !wechat.VerifySignature(q.Get("msg_signature"), token, q.Get("timestamp"), nonce, encrypt) {
			continue
		}
		q.Set("nonce", nonce)
		body = []byte(strings.Replace(string(body), envelope.Encrypt, encrypt, 1))
		r = httptest.NewRequest(http.MethodPost, world.EndpointURL+"?"+q.Encode(), bytes.NewReader(body))
		if response := w.serve(r); response.StatusCode != http.StatusForbidden {
			t.Errorf("status %d", response.StatusCode)
		}
		if diff := cmp.Diff([]string{}, w.records()); diff != "" {
			t.Errorf("stored (-want +got):\n%s", diff)
		}
		if want := `"reason":"nonce"`; !strings.Contains(w.Logs.String(), want) {
			t.Errorf("the log lacks %s: %s", want, w.Logs)
		}
		return
	}
	t.Fatal("no signature stays right")
}

func TestRandomBytesGiveNo5xx(t *testing.T) {
	inAllModes(t, func(t *testing.T, mode wechattest.Mode) {
		w := newFixture(t, mode, nil)
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
				w.with(w.Request([]byte(good)), nil, func(string) string { return string(body) }),
			} {
				if response := w.serve(r); response.StatusCode >= 500 {
					t.Fatalf("status %d, log: %s", response.StatusCode, w.Logs)
				}
			}
		}
	})
}

func TestURLCheck(t *testing.T) {
	const echostr = `<script>alert(1)</script>&"5927782489140518125`
	inAllModes(t, func(t *testing.T, mode wechattest.Mode) {
		w := newFixture(t, mode, nil)
		check := func(change func(url.Values), at time.Time) *http.Response {
			r, err := w.Pusher.Check(t.Context(), world.EndpointURL, at)
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
			name   string
			reason refusal.Reason
			change func(url.Values)
			at     time.Time
		}{
			{"wrong signature", refusal.Signature, func(q url.Values) { q.Set("signature", "0") }, now},
			{"no signature", refusal.Signature, func(q url.Values) { q.Del("signature") }, now},
			{"a wrong signature first", refusal.Signature, func(q url.Values) { q["signature"] = []string{"0", q.Get("signature")} }, now},
			{"no echostr", refusal.Echostr, func(q url.Values) { q.Del("echostr") }, now},
			{"echostr as an array", refusal.Echostr, func(q url.Values) { q["echostr[]"] = q["echostr"]; q.Del("echostr") }, now},
			{"an hour old", refusal.Stale, nil, now.Add(-time.Hour)},
			{"no query", refusal.Stale, func(q url.Values) { clear(q) }, now},
		} {
			w.Logs.Reset()
			response := check(tt.change, tt.at)
			if body := read(t, response); response.StatusCode != 403 || body != "Bad Token!" {
				t.Errorf("%s: status %d, %q", tt.name, response.StatusCode, body)
			}
			plainText(t, response)
			if want := `"reason":"` + string(tt.reason) + `"`; !strings.Contains(w.Logs.String(), want) {
				t.Errorf("%s: the log lacks %s: %s", tt.name, want, w.Logs)
			}
		}
		if diff := cmp.Diff([]string{}, w.records()); diff != "" {
			t.Errorf("stored (-want +got):\n%s", diff)
		}
	})
}

// TestRotation changes the secrets of a running endpoint. It accepts pushes with the old and with the new ones, and replies
// to each with the secrets of the push.
func TestRotation(t *testing.T) {
	w := newFixture(t, wechattest.Safe, nil)
	old := w.Pusher
	fresh := old
	fresh.Token, fresh.EncodingAESKey = "anotherToken", strings.Repeat("B", 43)
	w.Secrets.Replace(secrets.Secrets{Token: fresh.Token, AppSecret: appSecret, EncodingAESKey: fresh.EncodingAESKey,
		PreviousToken: old.Token, PreviousEncodingAESKey: old.EncodingAESKey})

	for i, account := range []wechattest.Account{old, fresh, old, fresh} {
		w.Pusher = account
		if got := w.says(w.textOf("hello")); got != defaultReply {
			t.Errorf("push %d: answered %q", i, got)
		}
	}
	if w.Secrets.Reloads() != 1 {
		t.Errorf("the secrets were read again %d times, want once", w.Secrets.Reloads())
	}
	w.Secrets.Replace(secrets.Secrets{Token: fresh.Token, AppSecret: appSecret, EncodingAESKey: fresh.EncodingAESKey})
	w.Secrets.Reload(t.Context())
	w.Pusher = old
	if status, _ := w.push(w.textOf("hello")); status != 403 {
		t.Errorf("after the rotation the old secrets give status %d", status)
	}
}

// TestRotationReadByAnother has a request that fails while another one reloads the secrets. Its own Reload reports no change.
func TestRotationReadByAnother(t *testing.T) {
	w := newFixture(t, wechattest.Safe, nil)
	next := secrets.Secrets{Token: "anotherToken", AppSecret: appSecret, EncodingAESKey: strings.Repeat("B", 43)}
	w.Secrets.ReplaceElsewhere(next)
	w.Pusher.Token, w.Pusher.EncodingAESKey = next.Token, next.EncodingAESKey
	if got := w.says(w.textOf("hello")); got != defaultReply {
		t.Errorf("answered %q", got)
	}
}

// TestKeyIsSet is the second step from plain to safe mode: the key reaches a running endpoint. TestKeyIsRemoved is the way
// back. In TestKeyIsReplaced the key alone changes.
func TestKeyIsSet(t *testing.T) {
	w := newFixture(t, wechattest.Plain, nil)
	w.rotatesTo(secrets.Secrets{Token: token, AppSecret: appSecret, EncodingAESKey: aesKey}, wechattest.Safe)
}

func TestKeyIsRemoved(t *testing.T) {
	w := newFixture(t, wechattest.Safe, nil)
	w.rotatesTo(secrets.Secrets{Token: token, AppSecret: appSecret}, wechattest.Plain)
}

func TestKeyIsReplaced(t *testing.T) {
	w := newFixture(t, wechattest.Safe, nil)
	w.rotatesTo(secrets.Secrets{Token: token, AppSecret: appSecret, EncodingAESKey: strings.Repeat("B", 43)}, wechattest.Safe)
}

// rotatesTo changes the platform's settings and the secrets, and checks that the endpoint reloads them.
func (w *fixture) rotatesTo(next secrets.Secrets, mode wechattest.Mode) {
	w.Helper()
	w.Secrets.Replace(next)
	w.Mode, w.Pusher.EncodingAESKey = mode, next.EncodingAESKey
	for range 2 {
		if got := w.says(w.textOf("hello")); got != defaultReply {
			w.Errorf("answered %q", got)
		}
	}
	if w.Secrets.Reloads() != 1 {
		w.Errorf("the secrets were read again %d times, want once", w.Secrets.Reloads())
	}
}

// TestAcceptOld checks which timestamps AcceptOld admits.
func TestAcceptOld(t *testing.T) {
	w := newFixture(t, wechattest.Plain, nil)
	config := w.config(w.router)
	config.AcceptOld = true
	w.handler = endpoint(t, config)
	for at, want := range map[time.Time]int{
		now.AddDate(-10, 0, 0):       http.StatusOK,
		now.Add(11 * time.Minute):    http.StatusForbidden,
		time.Unix(999_999_999, 0):    http.StatusForbidden,
		time.Unix(10_000_000_000, 0): http.StatusForbidden,
	} {
		r := w.signedWith(strconv.FormatInt(at.Unix(), 10), "1", string(w.textOf("hello")))
		if response := w.serve(r); response.StatusCode != want {
			t.Errorf("signed at %v: status %d, want %d", at, response.StatusCode, want)
		}
	}
}

func TestNewRefuses(t *testing.T) {
	w := newFixture(t, wechattest.Plain, nil)
	good := w.config(webhook.NewRouter())
	if _, err := webhook.New(good); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name   string
		change func(*webhook.Config)
		want   string
	}{
		{"nothing", func(c *webhook.Config) { *c = webhook.Config{} },
			"webhook: the Config lacks AppID, Secrets, Router (of NewRouter), Hash, Now, Log"},
		{"no appid", func(c *webhook.Config) { c.AppID = "" }, "webhook: the Config lacks AppID"},
		{"no secrets", func(c *webhook.Config) { c.Secrets = nil }, "webhook: the Config lacks Secrets"},
		{"no router", func(c *webhook.Config) { c.Router = nil }, "webhook: the Config lacks Router (of NewRouter)"},
		{"the zero router", func(c *webhook.Config) { c.Router = new(webhook.Router) }, "webhook: the Config lacks Router (of NewRouter)"},
		{"no hash", func(c *webhook.Config) { c.Hash = nil }, "webhook: the Config lacks Hash"},
		{"no clock", func(c *webhook.Config) { c.Now = nil }, "webhook: the Config lacks Now"},
		{"no log", func(c *webhook.Config) { c.Log = nil }, "webhook: the Config lacks Log"},
		{"empty token", func(c *webhook.Config) { c.Secrets = world.NewSecrets(secrets.Secrets{AppSecret: appSecret}) },
			"webhook: the token is empty, so anyone could sign requests"},
		{"bad key", func(c *webhook.Config) {
			c.Secrets = world.NewSecrets(secrets.Secrets{Token: token, EncodingAESKey: "short"})
		}, "wechat: an EncodingAESKey has 43 characters A-Z, a-z, 0-9"},
		{"bad key and no log", func(c *webhook.Config) {
			c.Secrets = world.NewSecrets(secrets.Secrets{Token: token, EncodingAESKey: "short"})
			c.Log = nil
		}, "webhook: the Config lacks Log\nwechat: an EncodingAESKey has 43 characters A-Z, a-z, 0-9"},
	} {
		config := good
		tt.change(&config)
		if _, err := webhook.New(config); fmt.Sprint(err) != tt.want {
			t.Errorf("%s: got %v, want %s", tt.name, err, tt.want)
		}
	}
}
