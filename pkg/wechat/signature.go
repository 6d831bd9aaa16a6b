package wechat

import (
	"crypto/sha1"
	"crypto/subtle"
	"encoding/hex"
	"slices"
)

// Signature is the platform's signature of a request: the SHA-1, in lower-case hex, of the values sorted bytewise and
// concatenated. With token, timestamp and nonce alone it is the `signature` of a URL check or a plain push, which
// covers no body; with the text of the Encrypt element as well it is the `msg_signature` of an encrypted push or reply.
// timestamp and nonce are the raw strings of the query.
func Signature(token, timestamp, nonce string, encrypt ...string) string {
	var room [4]string
	parts := append(room[:0], token, timestamp, nonce)
	parts = append(parts, encrypt...)
	slices.Sort(parts)

	h := sha1.New()
	for _, p := range parts {
		h.Write([]byte(p))
	}
	var sum [sha1.Size]byte
	return hex.EncodeToString(h.Sum(sum[:0]))
}

// VerifySignature compares signature with what Signature gives, in constant time. An empty token verifies nothing: its
// signatures could be made by anyone.
func VerifySignature(signature, token, timestamp, nonce string, encrypt ...string) bool {
	want := Signature(token, timestamp, nonce, encrypt...)
	return token != "" && subtle.ConstantTimeCompare([]byte(signature), []byte(want)) == 1
}
