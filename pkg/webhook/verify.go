package webhook

import (
	"errors"
	"net/url"
	"time"

	"github.com/guanzhu/guanzhu/internal/refusal"
	"github.com/guanzhu/guanzhu/pkg/secrets"
	"github.com/guanzhu/guanzhu/pkg/wechat"
)

// window is how far a request's timestamp may be from our clock, and a push's CreateTime ahead of it. The platform's
// protocol forbids no replay; this bounds it.
const window = 10 * time.Minute

// maxNonce is the longest nonce in characters; the platform's have ten digits or so. The signature does not tell where
// one of its parts ends and the next begins, so a nonce without a bound could take the front of a ciphertext into itself.
const maxNonce = 64

// mayBeRotation tells whether secrets that have changed since they were read could explain the refusal.
func mayBeRotation(r refusal.Reason) bool {
	switch r {
	case refusal.Signature, refusal.ClearText, refusal.NoKey, refusal.WrongKey:
		return true
	}
	return false
}

// query holds what the platform puts into a request's query. Of a repeated parameter the first counts.
type query struct {
	signature, msgSignature, timestamp, nonce, echostr string
}

func readQuery(raw string) (query, refusal.Reason) {
	q, err := url.ParseQuery(raw)
	if err != nil {
		return query{}, refusal.Query
	}
	read := query{q.Get("signature"), q.Get("msg_signature"), q.Get("timestamp"), q.Get("nonce"), q.Get("echostr")}
	if len(read.nonce) > maxNonce {
		return query{}, refusal.Nonce
	}
	return read, ""
}

// fresh refuses a request that was not made now, or, if old ones are accepted, was made later than now.
func (q query) fresh(now time.Time, acceptOld bool) refusal.Reason {
	seconds, ok := tenDigits(q.timestamp)
	if !ok {
		return refusal.Stale
	}
	sent := time.Unix(seconds, 0)
	if sent.After(now.Add(window)) || sent.Before(now.Add(-window)) && !acceptOld {
		return refusal.Stale
	}
	return ""
}

// tenDigits reads a number that is written with exactly ten digits, as the seconds since 1970 are from 2001 to 2286.
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

// keys are the secrets made ready for use, the current before the previous of a rotation.
type keys struct {
	secrets secrets.Secrets
	tokens  []string
	ciphers []*wechat.Cipher // empty in plain mode
}

func newKeys(appID string, s secrets.Secrets) (*keys, error) {
	k := &keys{secrets: s, tokens: []string{s.Token}}
	if s.Token == "" {
		return nil, errors.New("webhook: the token is empty: signatures could be made by anyone")
	}
	if s.PreviousToken != "" {
		k.tokens = append(k.tokens, s.PreviousToken)
	}
	if s.EncodingAESKey == "" {
		return k, nil // the configuration decides the mode: without a key it is plain
	}
	for _, key := range []string{s.EncodingAESKey, s.PreviousEncodingAESKey} {
		if key == "" {
			continue
		}
		c, err := wechat.NewCipher(appID, key)
		if err != nil {
			return nil, err
		}
		k.ciphers = append(k.ciphers, c)
	}
	return k, nil
}

// verify returns the token under which signature is the query's (and encrypt's) signature.
func (k *keys) verify(q query, signature string, encrypt ...string) (token string, ok bool) {
	for _, token := range k.tokens {
		if wechat.VerifySignature(signature, token, q.timestamp, q.nonce, encrypt...) {
			return token, true
		}
	}
	return "", false
}
