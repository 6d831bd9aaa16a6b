package wechat

import (
	"crypto/sha1"
	"crypto/subtle"
	"encoding/hex"
	"slices"
)

// Signature returns the platform's signature of a request: the SHA-1 of the values sorted bytewise and concatenated, in
// lower-case hexadecimal. timestamp and nonce are the strings of the query, unchanged.
//
// Without encrypt, it is the signature of a URL check or a plain push, and does not cover the body. With the text of the
// Encrypt element, it is the msg_signature of an encrypted push or reply.
// https://developers.weixin.qq.com/doc/subscription/guide/dev/push/encryption.html
func Signature(token, timestamp, nonce string, encrypt ...string) string {
	s := signature(token, timestamp, nonce, encrypt)
	return string(s[:])
}

func signature(token, timestamp, nonce string, encrypt []string) (s [2 * sha1.Size]byte) {
	var room [4]string
	parts := append(room[:0], token, timestamp, nonce)
	parts = append(parts, encrypt...)
	slices.Sort(parts)

	all := make([]byte, 0, 1024) // enough for most encrypted texts
	for _, p := range parts {
		all = append(all, p...)
	}
	sum := sha1.Sum(all)
	hex.Encode(s[:], sum[:])
	return s
}

// VerifySignature reports whether claimed is what [Signature] returns for the other arguments. It compares in constant
// time. With an empty token it returns false, because anyone could make such a signature.
func VerifySignature(claimed, token, timestamp, nonce string, encrypt ...string) bool {
	want := signature(token, timestamp, nonce, encrypt)
	return token != "" && subtle.ConstantTimeCompare([]byte(claimed), want[:]) == 1
}
