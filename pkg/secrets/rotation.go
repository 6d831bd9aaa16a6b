package secrets

import (
	"crypto/rand"
	"encoding/base64"
	"errors"
	"math/big"

	"github.com/guanzhu/guanzhu/internal/bilingual"
)

const (
	letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	digits  = "0123456789"

	// lastOfKey has the characters whose two bits beyond the 32 bytes are 0, as strict decoders require.
	lastOfKey = "AEIMQUYcgkosw048"
)

// NewToken returns a random token of 32 letters and digits, the longest that the platform's form accepts.
func NewToken() string { return random(32, letters+digits) }

// NewEncodingAESKey returns a random EncodingAESKey: 43 letters and digits.
func NewEncodingAESKey() string { return random(42, letters+digits) + random(1, lastOfKey) }

// NewLinkKey returns a random link key: 32 bytes in base64url, 43 characters.
func NewLinkKey() string {
	var key [32]byte
	rand.Read(key[:])
	return base64.RawURLEncoding.EncodeToString(key[:])
}

func random(n int, alphabet string) string {
	b := make([]byte, n)
	for i := range b {
		index, _ := rand.Int(rand.Reader, big.NewInt(int64(len(alphabet)))) // never fails
		b[i] = alphabet[index.Int64()]
	}
	return string(b)
}

// Rotating reports whether a previous token or key is still valid.
func (s Secrets) Rotating() bool { return s.PreviousToken != "" || s.PreviousEncodingAESKey != "" }

// ErrRotating is the error of a rotation that begins before the last one is finished.
var ErrRotating error = bilingual.New("上一次轮换还没有完成：微信后台可能还在用旧的值，再轮换一次会删掉它",
	"a rotation is not finished: the platform's console may still use the previous value, and another rotation would remove it")

// Replace returns s with another token and another EncodingAESKey. An empty argument keeps the value. The replaced values
// become the previous ones, so that both are valid until Finish. Replace returns ErrRotating if a previous value would be
// lost, because the platform may still use it.
func (s Secrets) Replace(token, encodingAESKey string) (Secrets, error) {
	err := errors.Join(replace(&s.Token, &s.PreviousToken, token),
		replace(&s.EncodingAESKey, &s.PreviousEncodingAESKey, encodingAESKey))
	if err != nil {
		return Secrets{}, ErrRotating
	}
	return s, nil
}

func replace(current, previous *string, value string) error {
	if value == "" || value == *current {
		return nil
	}
	if *previous != "" && *previous != value {
		return ErrRotating
	}
	*previous, *current = *current, value
	return nil
}

// Finish returns s without the previous token and key.
func (s Secrets) Finish() Secrets {
	s.PreviousToken, s.PreviousEncodingAESKey = "", ""
	return s
}
