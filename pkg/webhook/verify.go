package webhook

import (
	"errors"
	"net/url"
	"strconv"
	"time"

	"github.com/guanzhu/guanzhu/pkg/secrets"
	"github.com/guanzhu/guanzhu/pkg/wechat"
)

// window is how far a request's timestamp may be from our clock. The platform's protocol forbids no replay; this bounds it.
const window = 10 * time.Minute

// refusal is why a request is refused. It goes to the log and into a metric, never to who sent the request.
type refusal string

const (
	badMethod      refusal = "method"
	badBody        refusal = "unreadable body"
	tooLarge       refusal = "larger than 256 KiB"
	badQuery       refusal = "unreadable query"
	badSignature   refusal = "signature"
	stale          refusal = "timestamp outside ten minutes"
	noEchostr      refusal = "no echostr"
	clearText      refusal = "clear text, but an EncodingAESKey is set"
	noKey          refusal = "encrypted, but no EncodingAESKey is set"
	undecryptable  refusal = "not decryptable"
	malformed      refusal = "malformed push"
	malformedInner refusal = "malformed push inside the encryption"
)

// Reasons are all reasons for which requests are refused, as the log and the metric Refusals name them.
func Reasons() []string {
	var names []string
	for _, r := range []refusal{
		badMethod, badBody, tooLarge, badQuery, badSignature, stale, noEchostr, clearText, noKey, undecryptable,
		malformed, malformedInner,
	} {
		names = append(names, string(r))
	}
	return names
}

// advice is what the account's owner can do, if the platform itself is refused.
func (r refusal) advice() string {
	switch r {
	case badSignature:
		return "if it is the platform, the token in its console is not the one in the secrets"
	case clearText:
		return "set the platform's console to compatible or safe mode"
	case noKey:
		return "add the EncodingAESKey of the platform's console to the secrets"
	case undecryptable:
		return "the EncodingAESKey in the secrets is not the console's, or the push is another account's"
	}
	return ""
}

// mayBeRotation tells whether secrets that have changed since they were read could explain the refusal.
func (r refusal) mayBeRotation() bool {
	switch r {
	case badSignature, clearText, noKey, undecryptable:
		return true
	}
	return false
}

// query holds what the platform puts into a request's query. Of a repeated parameter the first counts.
type query struct {
	signature, msgSignature, timestamp, nonce, echostr string
}

func readQuery(raw string) (query, refusal) {
	q, err := url.ParseQuery(raw)
	if err != nil {
		return query{}, badQuery
	}
	return query{q.Get("signature"), q.Get("msg_signature"), q.Get("timestamp"), q.Get("nonce"), q.Get("echostr")}, ""
}

// fresh refuses a request that was not made now.
func (q query) fresh(now time.Time) refusal {
	seconds, err := strconv.ParseInt(q.timestamp, 10, 64)
	if err != nil {
		return stale
	}
	if sent := time.Unix(seconds, 0); sent.Before(now.Add(-window)) || sent.After(now.Add(window)) {
		return stale
	}
	return ""
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
