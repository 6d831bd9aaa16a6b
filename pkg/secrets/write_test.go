package secrets_test

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"regexp"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/ssm/types"
	"github.com/aws/smithy-go"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/guanzhu/guanzhu/pkg/secrets"
	"github.com/guanzhu/guanzhu/pkg/wechat"
)

// writer is a Writer that answers err or, without one, version.
type writer struct {
	version int64
	err     error
	got     *ssm.PutParameterInput
}

func (w *writer) PutParameter(_ context.Context, in *ssm.PutParameterInput, _ ...func(*ssm.Options)) (*ssm.PutParameterOutput, error) {
	w.got = in
	if w.err != nil {
		return nil, w.err
	}
	return &ssm.PutParameterOutput{Version: w.version}, nil
}

func TestDocumentIsWhatParseReads(t *testing.T) {
	t.Parallel()
	for name, s := range map[string]secrets.Secrets{
		"all":                 all,
		"plain mode":          other,
		"safe mode":           {Token: "t", AppSecret: "s", EncodingAESKey: aesKey},
		"previous token":      {Token: "t", AppSecret: "s", PreviousToken: "p"},
		"previous key":        {Token: "t", AppSecret: "s", EncodingAESKey: aesKey, PreviousEncodingAESKey: aesKey2},
		"characters of HTML":  {Token: "t", AppSecret: `<&>"\`},
		"link key":            {Token: "t", AppSecret: "s", LinkKey: "l"},
		"longer than a token": {Token: strings.Repeat("t", 100), AppSecret: "s"},
	} {
		document, err := secrets.Document(s)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if got, err := secrets.Parse(document); err != nil || got != s {
			t.Errorf("%s: Parse reads something else, error %v", name, err)
		}
	}
	document, err := secrets.Document(other)
	if diff := cmp.Diff(otherJSON, string(document)); err != nil || diff != "" {
		t.Errorf("error %v (-want +got):\n%s", err, diff)
	}
}

func TestDocumentRefuses(t *testing.T) {
	t.Parallel()
	for name, s := range map[string]secrets.Secrets{
		"token is missing":              {AppSecret: "HIDE"},
		"app_secret is missing":         {Token: "HIDE"},
		"app_secret contains white":     {Token: "t", AppSecret: "HIDE\n"},
		"encoding_aes_key must be":      {Token: "t", AppSecret: "s", EncodingAESKey: "HIDE"},
		"previous.encoding_aes_key mus": {Token: "t", AppSecret: "s", PreviousEncodingAESKey: "HIDE"},
	} {
		document, err := secrets.Document(s)
		if err == nil || document != nil || !strings.Contains(err.Error(), name) || strings.Contains(err.Error(), "HIDE") {
			t.Errorf("%s: %v, and %d bytes", name, err, len(document))
		}
	}
}

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
	now := secrets.Secrets{Token: "token1value", AppSecret: "s", EncodingAESKey: aesKey, LinkKey: "l"}
	both := secrets.Secrets{Token: token3, AppSecret: "s", LinkKey: "l", EncodingAESKey: key3, PreviousToken: "token1value", PreviousEncodingAESKey: aesKey}
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
		{"token", now, token3, "", secrets.Secrets{Token: token3, AppSecret: "s", LinkKey: "l", EncodingAESKey: aesKey, PreviousToken: now.Token}, nil},
		{"key", now, "", key3, secrets.Secrets{Token: now.Token, AppSecret: "s", LinkKey: "l", EncodingAESKey: key3, PreviousEncodingAESKey: aesKey}, nil},
		{"the first key", other, "", key3, secrets.Secrets{Token: other.Token, AppSecret: other.AppSecret, EncodingAESKey: key3}, nil},
		{"of nothing", secrets.Secrets{}, token3, key3, secrets.Secrets{Token: token3, EncodingAESKey: key3}, nil},
		{"back again", both, now.Token, now.EncodingAESKey, secrets.Secrets{Token: now.Token, AppSecret: "s", LinkKey: "l", EncodingAESKey: aesKey,
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
	if now.Rotating() || !both.Rotating() || both.Finish() != (secrets.Secrets{Token: token3, AppSecret: "s", LinkKey: "l", EncodingAESKey: key3}) {
		t.Error("Rotating or Finish are wrong")
	}
}

func TestRead(t *testing.T) {
	t.Parallel()
	const name = "/guanzhu/secrets"
	s, version, err := secrets.Read(t.Context(), answers(allJSON), name)
	if s != all || version != 7 || err != nil {
		t.Errorf("other secrets than the parameter, or version %d, error %v", version, err)
	}
	s, version, err = secrets.Read(t.Context(), answers(&types.ParameterNotFound{}), name)
	if s != (secrets.Secrets{}) || version != 0 || err != nil {
		t.Errorf("without a parameter: version %d, error %v", version, err)
	}
	text := answers(allJSON)
	text.kind = types.ParameterTypeString
	for want, m := range map[string]*systemsManager{
		"allow your AWS user or role ssm:GetParameter": answers(denied),
		"stored in clear":                         text,
		"aws ssm delete-parameter --name " + name: answers(`{"token":"HIDE"}`),
	} {
		s, version, err := secrets.Read(t.Context(), m, name)
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "HIDE") || version != 0 || s != (secrets.Secrets{}) {
			t.Errorf("%s: version %d, error %v", want, version, err)
		}
	}
}

func TestWrite(t *testing.T) {
	t.Parallel()
	for _, was := range []int64{0, 6} {
		w := &writer{version: was + 1}
		version, err := secrets.Write(t.Context(), w, "/guanzhu/secrets", other, was)
		if err != nil || version != was+1 {
			t.Errorf("version %d, error %v", version, err)
		}
		want := &ssm.PutParameterInput{
			Name: aws.String("/guanzhu/secrets"), Value: aws.String(otherJSON), Type: types.ParameterTypeSecureString,
			KeyId: aws.String("alias/aws/ssm"), Tier: types.ParameterTierStandard, Overwrite: aws.Bool(was > 0),
		}
		if diff := cmp.Diff(want, w.got, cmpopts.IgnoreUnexported(ssm.PutParameterInput{})); diff != "" {
			t.Errorf("request (-want +got):\n%s", diff)
		}
	}
}

func TestWriteFails(t *testing.T) {
	t.Parallel()
	code := func(code, message string) error { return &smithy.GenericAPIError{Code: code, Message: message} }
	dial := &net.OpError{Op: "dial", Err: &net.DNSError{Name: "ssm.nowhere.amazonaws.com", IsNotFound: true}}
	tests := []struct {
		name   string
		err    error
		change func(*secrets.Secrets)
		want   string
	}{
		{"no permission", code("AccessDeniedException", "no"), nil, "allow your AWS user or role ssm:PutParameter on it, and kms:Encrypt"},
		{"it exists by now", &types.ParameterAlreadyExists{}, nil, "run this again"},
		{"credentials of elsewhere", code("UnrecognizedClientException", "invalid"), nil, "AWS refuses these credentials in this region"},
		{"expired credentials", code("ExpiredTokenException", "expired"), nil, "log in again"},
		{"no such region", dial, nil, "check the spelling of the region"},
		{"no credentials", fmt.Errorf("get identity: get credentials: no EC2 IMDS role found: %w", dial), nil, "check that AWS credentials are there"},
		{"another one", code("HierarchyLevelLimitExceededException", "15"), nil, "check the parameter"},
		{"one that quotes", code("ValidationException", "Value '"+otherJSON+"' failed"), nil, "ValidationException"},
		{"one that quotes the link key", errors.New("cannot send HIDE_link"), func(s *secrets.Secrets) { s.LinkKey = "HIDE_link" }, "its text holds a secret"},
		{"one that quotes, not of AWS", errors.New("cannot send " + otherJSON), nil, "its text holds a secret"},
		{"too large", nil, func(s *secrets.Secrets) { s.AppSecret = strings.Repeat("HIDE", 1100) }, "a parameter holds 4096"},
		{"no secrets", nil, func(s *secrets.Secrets) { s.Token = "" }, "token is missing"},
		{"another write in between", nil, nil, "version 9, but version 7 was expected"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := other
			if tt.change != nil {
				tt.change(&s)
			}
			_, err := secrets.Write(t.Context(), &writer{err: tt.err, version: 9}, "/guanzhu/secrets", s, 6)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Fatalf("the error is %v, want %q in it", err, tt.want)
			}
			for _, value := range []string{"HIDE", other.Token, other.AppSecret} {
				if strings.Contains(err.Error(), value) {
					t.Errorf("the error shows a value: %v", err)
				}
			}
		})
	}
}

func TestParameterNames(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"", "guanzhu", "/", "/guanzhu/", "/a b", "ssm:/guanzhu/prod"} {
		w, m := &writer{}, answers(allJSON)
		if _, err := secrets.Write(t.Context(), w, name, other, 0); err == nil || w.got != nil {
			t.Errorf("%q is written", name)
		}
		if _, _, err := secrets.Read(t.Context(), m, name); err == nil || m.calls.Load() != 0 {
			t.Errorf("%q is read", name)
		}
	}
}
