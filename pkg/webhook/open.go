package webhook

import (
	"time"

	"github.com/guanzhu/guanzhu/internal/refusal"
	"github.com/guanzhu/guanzhu/pkg/wechat"
)

// seal makes of a reply in clear what goes out.
type seal func(reply []byte, now time.Time) []byte

// open verifies the request and reads the push in it. What the keys are decides how, never the request: with an
// EncodingAESKey only what is encrypted and signed as such is read, since the plain signature covers no body and a
// captured one would admit any forged text.
func (k *keys) open(q query, body []byte) (wechat.Push, seal, refusal.Reason) {
	if len(k.ciphers) == 0 {
		return k.openPlain(q, body)
	}
	return k.openEncrypted(q, body)
}

func (k *keys) openPlain(q query, body []byte) (wechat.Push, seal, refusal.Reason) {
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
	return p, func(reply []byte, _ time.Time) []byte { return reply }, ""
}

func (k *keys) openEncrypted(q query, body []byte) (wechat.Push, seal, refusal.Reason) {
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
		// The platform reads the reply with the key it wrote the push with, so a rotation has no gap.
		return p, func(reply []byte, now time.Time) []byte { return cipher.Seal(reply, token, q.nonce, now) }, ""
	}
	return nil, nil, refusal.WrongKey
}
