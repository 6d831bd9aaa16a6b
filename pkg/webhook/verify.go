package webhook

import (
	"context"
	"errors"

	"github.com/guanzhu/guanzhu/internal/refusal"
	"github.com/guanzhu/guanzhu/pkg/secrets"
	"github.com/guanzhu/guanzhu/pkg/wechat"
)

// keyring has what an account's secrets are used for. During a rotation it has the previous values after the current ones.
type keyring struct {
	secrets secrets.Secrets
	tokens  []string
	ciphers []*wechat.Cipher // empty in plain mode
}

// newKeyring returns the keyring of s. Without an EncodingAESKey it is in plain mode.
func newKeyring(appID string, s secrets.Secrets) (*keyring, error) {
	if s.Token == "" {
		return nil, errors.New("webhook: the token is empty, so anyone could sign requests")
	}
	k := &keyring{secrets: s, tokens: []string{s.Token}}
	if s.PreviousToken != "" {
		k.tokens = append(k.tokens, s.PreviousToken)
	}
	if s.EncodingAESKey == "" {
		return k, nil
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

// verify refuses a request whose signature is wrong. This signature does not cover a body.
func (h *Handler) verify(ctx context.Context, q query) refusal.Reason {
	return h.withKeyring(ctx, func(k *keyring) refusal.Reason {
		if _, ok := k.verify(q, q.signature); !ok {
			return refusal.Signature
		}
		return ""
	})
}

// verify returns the token with which signature was made over the query and encrypt.
func (k *keyring) verify(q query, signature string, encrypt ...string) (token string, ok bool) {
	for _, token := range k.tokens {
		if wechat.VerifySignature(signature, token, q.timestamp, q.nonce, encrypt...) {
			return token, true
		}
	}
	return "", false
}

// withKeyring calls step with the current keyring. If step refuses the request and new secrets could change that,
// withKeyring reloads the secrets and calls step again.
func (h *Handler) withKeyring(ctx context.Context, step func(*keyring) refusal.Reason) refusal.Reason {
	k := h.keyring(ctx)
	why := step(k)
	if !mayBeRotation(why) {
		return why
	}
	// If another request has reloaded the secrets since step began, Reload reports no change.
	if h.config.Secrets.Reload(ctx) || h.config.Secrets.Current() != k.secrets {
		return step(h.keyring(ctx))
	}
	return why
}

// mayBeRotation reports whether a request could be refused for this reason because the secrets have changed.
func mayBeRotation(r refusal.Reason) bool {
	switch r {
	case refusal.Signature, refusal.ClearText, refusal.NoKey, refusal.WrongKey:
		return true
	}
	return false
}

// keyring returns the keyring of the current secrets. If they cannot be used, it keeps the previous keyring.
func (h *Handler) keyring(ctx context.Context) *keyring {
	k := h.keys.Load()
	s := h.config.Secrets.Current()
	if k.secrets == s {
		return k
	}
	fresh, err := newKeyring(h.config.AppID, s)
	if err != nil {
		h.config.Log.ErrorContext(ctx, "the new secrets cannot be used; the old ones stay in use", "error", err)
		return k
	}
	h.keys.Store(fresh)
	return fresh
}
