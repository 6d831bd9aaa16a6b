// Package telemetry writes the service's log and metrics. Neither contains a secret, a message text or a whole openid.
package telemetry

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"hash"
	"sync"
)

// Hasher returns a function that replaces openids in logs and keys: the same for the same follower, so that one
// follower's story can be followed, and of no use to anybody without linkKey (parameterstore.Keeper). It gives 16 hex characters.
func Hasher(linkKey string) func(openid string) string {
	mac := hmac.New(sha256.New, []byte(linkKey))
	mac.Write([]byte("guanzhu openid hash"))
	key := mac.Sum(nil)
	// One for each call at the same time: making one costs more than using it.
	type keyed struct {
		mac    hash.Hash
		buffer []byte // for what goes into mac, then for what comes out
	}
	pool := sync.Pool{New: func() any { return &keyed{mac: hmac.New(sha256.New, key)} }}
	return func(openid string) string {
		k := pool.Get().(*keyed)
		defer pool.Put(k)
		k.mac.Reset()
		k.buffer = append(k.buffer[:0], openid...)
		k.mac.Write(k.buffer)
		k.buffer = k.mac.Sum(k.buffer[:0])
		return hex.EncodeToString(k.buffer[:8])
	}
}
