package secrets_test

import (
	"encoding/base64"
	"errors"
	"regexp"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/guanzhu/guanzhu/pkg/secrets"
	"github.com/guanzhu/guanzhu/pkg/wechat"
)

func TestNewValues(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	used := map[rune]bool{}
	for range 200 {
		token, key := secrets.NewToken(), secrets.NewEncodingAESKey()
		if !regexp.MustCompile(`^[A-Za-z0-9]{32}$`).MatchString(token) || !regexp.MustCompile(`^[A-Za-z0-9]{42}[AEIMQUYcgkosw048]$`).MatchString(key) {
			t.Fatalf("not of the platform's form: %s, %s", token, key)
		}
		if _, err := wechat.NewCipher("wx0123456789abcdef", key); err != nil {
			t.Fatal(err)
		}
		linkKey := secrets.NewLinkKey()
		if raw, err := base64.RawURLEncoding.Strict().DecodeString(linkKey); err != nil || len(raw) != 32 {
			t.Fatalf("not 32 bytes in base64url: %s", linkKey)
		}
		if seen[token] || seen[key] || seen[linkKey] {
			t.Fatal("the same twice")
		}
		seen[token], seen[key], seen[linkKey] = true, true, true
		for _, c := range token {
			used[c] = true
		}
	}
	if len(used) != 62 {
		t.Errorf("tokens are made of %d characters, want all 62", len(used))
	}
}

func TestReplace(t *testing.T) {
	t.Parallel()
	const token3, key3 = "token3value", "0BCDEFGHIJKLMNOPQRSTUVWXYZ0123456789abcdefg"
	now := secrets.Secrets{Token: "token1value", AppSecret: "s", EncodingAESKey: aesKey, LinkKey: "l", AIKey: "a"}
	both := secrets.Secrets{Token: token3, AppSecret: "s", LinkKey: "l", AIKey: "a", EncodingAESKey: key3, PreviousToken: "token1value", PreviousEncodingAESKey: aesKey}
	tests := []struct {
		name       string
		was        secrets.Secrets
		token, key string
		want       secrets.Secrets
		err        error
	}{
		{"nothing", now, "", "", now, nil},
		{"the same", now, now.Token, now.EncodingAESKey, now, nil},
		{"both", now, token3, key3, both, nil},
		{"token", now, token3, "", secrets.Secrets{Token: token3, AppSecret: "s", LinkKey: "l", AIKey: "a", EncodingAESKey: aesKey, PreviousToken: now.Token}, nil},
		{"key", now, "", key3, secrets.Secrets{Token: now.Token, AppSecret: "s", LinkKey: "l", AIKey: "a", EncodingAESKey: key3, PreviousEncodingAESKey: aesKey}, nil},
		{"the first key", other, "", key3, secrets.Secrets{Token: other.Token, AppSecret: other.AppSecret, EncodingAESKey: key3}, nil},
		{"of nothing", secrets.Secrets{}, token3, key3, secrets.Secrets{Token: token3, EncodingAESKey: key3}, nil},
		{"back again", both, now.Token, now.EncodingAESKey, secrets.Secrets{Token: now.Token, AppSecret: "s", LinkKey: "l", AIKey: "a", EncodingAESKey: aesKey,
			PreviousToken: token3, PreviousEncodingAESKey: key3}, nil},
		{"another token in between", both, "token4value", "", secrets.Secrets{}, secrets.ErrRotating},
		{"another key in between", both, "", aesKey2, secrets.Secrets{}, secrets.ErrRotating},
	}
	for _, tt := range tests {
		got, err := tt.was.Replace(tt.token, tt.key)
		if diff := cmp.Diff(tt.want, got); diff != "" || !errors.Is(err, tt.err) {
			t.Errorf("%s: error %v (-want +got):\n%s", tt.name, err, diff)
		}
	}
	if now.Rotating() || !both.Rotating() || both.Finish() != (secrets.Secrets{Token: token3, AppSecret: "s", LinkKey: "l", AIKey: "a", EncodingAESKey: key3}) {
		t.Error("Rotating or Finish are wrong")
	}
}
