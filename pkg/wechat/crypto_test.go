package wechat

import (
	"crypto/aes"
	"crypto/cipher"
	"encoding/base64"
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// vector is one of the official samples; testdata/vectors.json names the source of each.
type vector struct {
	ID           string `json:"id"`
	Kind         string `json:"kind"`
	Token        string `json:"token"`
	Timestamp    string `json:"timestamp"`
	Nonce        string `json:"nonce"`
	AESKey       string `json:"aes_key"`
	AppID        string `json:"appid"`
	Encrypt      string `json:"encrypt"`
	MsgSignature string `json:"msg_signature"`
	Signature    string `json:"signature"`
	Plaintext    string `json:"plaintext"`
	Random       string `json:"random"`
}

func vectors(t testing.TB) []vector {
	t.Helper()
	data, err := os.ReadFile("testdata/vectors.json")
	if err != nil {
		t.Fatal(err)
	}
	var all, push []vector
	if err := json.Unmarshal(data, &all); err != nil {
		t.Fatal(err)
	}
	for _, v := range all {
		if v.Kind != "jssdk-signature" { // of another protocol
			push = append(push, v)
		}
	}
	if len(push) < 9 {
		t.Fatalf("%d vectors, want 9 at least", len(push))
	}
	return push
}

func TestVectors(t *testing.T) {
	for _, v := range vectors(t) {
		t.Run(v.ID, func(t *testing.T) {
			if v.Signature != "" && !VerifySignature(v.Signature, v.Token, v.Timestamp, v.Nonce) {
				t.Errorf("signature %s does not verify", v.Signature)
			}
			if v.MsgSignature != "" && !VerifySignature(v.MsgSignature, v.Token, v.Timestamp, v.Nonce, v.Encrypt) {
				t.Errorf("msg_signature %s does not verify", v.MsgSignature)
			}
			if v.Encrypt == "" {
				return
			}
			c, err := NewCipher(v.AppID, v.AESKey)
			if err != nil {
				t.Fatal(err)
			}
			got, err := c.Decrypt(v.Encrypt)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(v.Plaintext, string(got)); diff != "" {
				t.Errorf("plaintext (-want +got):\n%s", diff)
			}
			if v.Random == "" {
				return
			}
			if diff := cmp.Diff(v.Encrypt, c.encrypt([16]byte([]byte(v.Random)), []byte(v.Plaintext))); diff != "" {
				t.Errorf("encrypted again (-want +got):\n%s", diff)
			}
		})
	}
}

func TestSignatureIsRefused(t *testing.T) {
	const token, timestamp, nonce = "AAAAA", "1714037059", "486452656"
	good := Signature(token, timestamp, nonce)
	tests := []struct{ name, signature, token, timestamp, nonce string }{
		{"none", "", token, timestamp, nonce},
		{"upper case", strings.ToUpper(good), token, timestamp, nonce},
		{"cut", good[:39], token, timestamp, nonce},
		{"longer", good + "0", token, timestamp, nonce},
		{"other token", good, "AAAAB", timestamp, nonce},
		{"other time", good, token, "1714037060", nonce},
		{"other nonce", good, token, timestamp, "486452657"},
		{"empty token", Signature("", timestamp, nonce), "", timestamp, nonce},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if VerifySignature(tt.signature, tt.token, tt.timestamp, tt.nonce) {
				t.Error("verified")
			}
		})
	}
	if VerifySignature(good, token, timestamp, nonce, "body") {
		t.Error("a plain signature verified an encrypted body")
	}
}

const testKey = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"

func newCipher(t testing.TB, appID string) *Cipher {
	t.Helper()
	c, err := NewCipher(appID, testKey)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestNewCipherRefuses(t *testing.T) {
	tests := []struct{ name, appID, key string }{
		{"no appid", "", testKey},
		{"no key", "wx1", ""},
		{"42 characters", "wx1", testKey[:42]},
		{"44 characters", "wx1", testKey + "A"},
		{"not base64", "wx1", strings.Replace(testKey, "a", "!", 1)},
		{"a line break", "wx1", strings.Replace(testKey, "a", "\n", 1)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if _, err := NewCipher(tt.appID, tt.key); err == nil {
				t.Error("accepted")
			} else if tt.key != "" && strings.Contains(err.Error(), tt.key) {
				t.Error("the error shows the key")
			}
		})
	}
}

// TestDecryptRefuses encrypts malformed frames with the right key.
func TestDecryptRefuses(t *testing.T) {
	c := newCipher(t, "wx2c2769f8efd9abc2")
	seal := func(frame []byte) string {
		out := make([]byte, len(frame))
		cipher.NewCBCEncrypter(c.block, c.iv[:]).CryptBlocks(out, frame)
		return base64.StdEncoding.EncodeToString(out)
	}
	frame := func(length string, message, appID string, pad int, filler byte) []byte {
		f := []byte("0123456789abcdef" + length + message + appID)
		for range pad {
			f = append(f, filler)
		}
		if len(f)%aes.BlockSize != 0 {
			t.Fatalf("the frame has %d bytes", len(f))
		}
		return f
	}
	const appID = "wx2c2769f8efd9abc2" // 18 bytes: with a 3-byte message and the head, 41
	tests := []struct{ name, encrypt string }{
		{"empty", ""},
		{"not base64", "#"},
		{"no blocks", base64.StdEncoding.EncodeToString([]byte("abc"))},
		{"half a block of 32", seal(make([]byte, 16))},
		{"padding of 0", seal(frame("\x00\x00\x00\x03", "abc", appID, 23, 0))},
		{"padding of 33", seal(frame("\x00\x00\x00\x03", "abc", appID, 55, 33))},
		{"padding not all equal", seal(append(frame("\x00\x00\x00\x03", "abc", appID, 23, 7)[:63], 23))},
		{"padding longer than the frame", seal([]byte(strings.Repeat("\x20", 32)))},
		{"length beyond the end", seal(frame("\x00\x00\x01\x00", "abc", appID, 23, 23))},
		{"length of four gigabytes", seal(frame("\xff\xff\xff\xff", "abc", appID, 23, 23))},
		{"length too short", seal(frame("\x00\x00\x00\x02", "abc", appID, 23, 23))},
		{"other appid", newCipher(t, "wx2c2769f8efd9abc3").Encrypt([]byte("abc"))},
		{"appid cut", newCipher(t, appID[:17]).Encrypt([]byte("abc"))},
		{"appid longer", newCipher(t, appID+"0").Encrypt([]byte("abc"))},
		{"other key", func() string {
			other, err := NewCipher(appID, strings.Repeat("A", 43))
			if err != nil {
				t.Fatal(err)
			}
			return other.Encrypt([]byte("abc"))
		}()},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got, err := c.Decrypt(tt.encrypt); err != errDecrypt {
				t.Errorf("got %q, %v", got, err)
			}
		})
	}
	if got, err := c.Decrypt(seal(frame("\x00\x00\x00\x03", "abc", appID, 23, 23))); err != nil || string(got) != "abc" {
		t.Errorf("the same frame, whole, gave %q, %v", got, err)
	}
}

func TestEncryptAllPaddings(t *testing.T) {
	c := newCipher(t, "wx1")
	for n := range 70 {
		message := strings.Repeat("好", n)
		got, err := c.Decrypt(c.Encrypt([]byte(message)))
		if err != nil || string(got) != message {
			t.Fatalf("%d characters: %q, %v", n, got, err)
		}
	}
	if first, second := c.Encrypt([]byte("a")), c.Encrypt([]byte("a")); first == second {
		t.Error("two encryptions of one message are equal")
	}
}

func FuzzDecrypt(f *testing.F) {
	for _, v := range vectors(f) {
		f.Add(v.Encrypt)
	}
	f.Add("")
	f.Add("AAAA")
	c := newCipher(f, "wx2c2769f8efd9abc2")
	f.Fuzz(func(t *testing.T, encrypt string) {
		if message, err := c.Decrypt(encrypt); err != nil && (err != errDecrypt || message != nil) {
			t.Fatalf("%q, %v", message, err)
		}
		message, err := c.Decrypt(c.Encrypt([]byte(encrypt)))
		if err != nil || string(message) != encrypt {
			t.Fatalf("there and back: %q, %v", message, err)
		}
	})
}
