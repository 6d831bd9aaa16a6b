package webhook

import (
	"context"
	"time"

	"github.com/guanzhu/guanzhu/internal/refusal"
	"github.com/guanzhu/guanzhu/pkg/wechat"
)

// seal turns a reply in clear into the body of the answer, in the mode and with the key of the push.
type seal func(reply []byte, now func() time.Time) []byte

// open verifies the request and parses the push in it.
func (h *Handler) open(ctx context.Context, q query, body []byte) (p wechat.Push, s seal, why refusal.Reason) {
	why = h.withKeyring(ctx, func(k *keyring) (why refusal.Reason) {
		p, s, why = k.open(q, body)
		return why
	})
	if why == "" && p.Common().Time().After(h.config.Now().Add(window)) {
		return nil, nil, refusal.Future // it would win over every later event
	}
	return p, s, why
}

// open reads an encrypted push if there is an EncodingAESKey, else a push in clear. The request has no say in this: the
// signature of a push in clear does not cover its body, so with a captured signature anyone could send any text.
func (k *keyring) open(q query, body []byte) (wechat.Push, seal, refusal.Reason) {
	if len(k.ciphers) == 0 {
		return k.openPlain(q, body)
	}
	return k.openEncrypted(q, body)
}

func (k *keyring) openPlain(q query, body []byte) (wechat.Push, seal, refusal.Reason) {
	if _, ok := k.verify(q, q.signature); !ok {
		return nil, nil, refusal.Signature
	}
	p, err := wechat.ParsePush(body)
	if err != nil {
		if envelope, err := wechat.ReadEnvelope(body); err == nil && envelope.Encrypt != "" {
			return nil, nil, refusal.NoKey
		}
		return nil, nil, refusal.Malformed
	}
	return p, func(reply []byte, _ func() time.Time) []byte { return reply }, ""
}

func (k *keyring) openEncrypted(q query, body []byte) (wechat.Push, seal, refusal.Reason) {
	envelope, err := wechat.ReadEnvelope(body)
	if err != nil {
		return nil, nil, refusal.Malformed
	}
	if envelope.Encrypt == "" {
		return nil, nil, refusal.ClearText
	}
	token, ok := k.verify(q, q.msgSignature, envelope.Encrypt)
	if !ok {
		return nil, nil, refusal.Signature
	}
	for _, cipher := range k.ciphers {
		message, err := cipher.Decrypt(envelope.Encrypt)
		if err != nil {
			continue
		}
		p, err := wechat.ParsePush(message)
		if err != nil {
			return nil, nil, refusal.MalformedInside
		}
		// The platform decrypts the reply with the key of the push, also during a rotation.
		return p, func(reply []byte, now func() time.Time) []byte { return cipher.Seal(reply, token, q.nonce, now()) }, ""
	}
	return nil, nil, refusal.WrongKey
}
