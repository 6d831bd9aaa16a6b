package webhook

import (
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/guanzhu/guanzhu/internal/refusal"
)

// MaxBody is the size of the largest body that is read, in bytes. The platform's pushes are far smaller.
const MaxBody = 256 << 10

// window is the largest difference between a request's timestamp and the clock. It also limits how far the CreateTime of
// a push may be ahead of the clock. Within the window, a recorded request can be sent again.
const window = 10 * time.Minute

// maxNonce is the length of the longest nonce, in characters. The platform's nonces have about ten digits.
//
// The signature does not cover where its parts begin and end. With a nonce of any length, a forger could move the
// beginning of a ciphertext into the nonce.
const maxNonce = 64

// readBody reads the body of a push. It refuses a body larger than MaxBody.
func readBody(r *http.Request) ([]byte, refusal.Reason) {
	if r.ContentLength > MaxBody {
		return nil, refusal.TooLarge
	}
	size := int64(512) // if the length is not announced
	if r.ContentLength >= 0 {
		size = r.ContentLength + 1 // so that the end is seen without more room
	}
	body := make([]byte, 0, size)
	for {
		n, err := r.Body.Read(body[len(body):cap(body)])
		body = body[:len(body)+n]
		switch {
		case len(body) > MaxBody:
			return nil, refusal.TooLarge
		case err == io.EOF:
			return body, ""
		case err != nil:
			return nil, refusal.Body
		case len(body) == cap(body):
			body = slices.Grow(body, len(body)) // to twice the size
		}
	}
}

// query has the parameters that the platform sends. If a parameter is repeated, its first value counts.
type query struct {
	signature, msgSignature, timestamp, nonce, echostr string
}

// readQuery reads the query. It refuses a request that was made more than window ago.
func (h *Handler) readQuery(r *http.Request) (query, refusal.Reason) {
	q, ok := parseQuery(r.URL.RawQuery)
	if !ok {
		return query{}, refusal.Query
	}
	if len(q.nonce) > maxNonce {
		return query{}, refusal.Nonce
	}
	if !fresh(q.timestamp, h.config.Now(), h.config.AcceptOld) {
		return query{}, refusal.Stale
	}
	return q, ""
}

// parseQuery parses a query as url.ParseQuery does, without the parameters that nobody reads. It goes from the last parameter
// to the first, so that the first value of a repeated one is kept.
func parseQuery(raw string) (q query, ok bool) {
	if strings.Contains(raw, ";") {
		return query{}, false
	}
	for raw != "" {
		i := strings.LastIndexByte(raw, '&')
		pair := raw[i+1:]
		raw = raw[:max(i, 0)]
		name, value, _ := strings.Cut(pair, "=")
		name, nameErr := url.QueryUnescape(name)
		value, valueErr := url.QueryUnescape(value)
		if nameErr != nil || valueErr != nil {
			return query{}, false
		}
		switch name {
		case "signature":
			q.signature = value
		case "msg_signature":
			q.msgSignature = value
		case "timestamp":
			q.timestamp = value
		case "nonce":
			q.nonce = value
		case "echostr":
			q.echostr = value
		}
	}
	return q, true
}

// fresh reports whether timestamp is within window of now. If acceptOld is set, it may be older.
func fresh(timestamp string, now time.Time, acceptOld bool) bool {
	seconds, ok := tenDigits(timestamp)
	sent := time.Unix(seconds, 0)
	return ok && !sent.After(now.Add(window)) && (acceptOld || !sent.Before(now.Add(-window)))
}

// tenDigits parses a number of exactly ten digits. Unix times have ten digits from 2001 to 2286.
func tenDigits(s string) (n int64, ok bool) {
	if len(s) != 10 {
		return 0, false
	}
	for _, c := range []byte(s) {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = 10*n + int64(c-'0')
	}
	return n, true
}
