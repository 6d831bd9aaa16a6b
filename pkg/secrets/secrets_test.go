package secrets_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/guanzhu/guanzhu/pkg/secrets"
)

// Keys for tests. The last character of aesKey has bits beyond the 32 bytes, as in most of the platform's keys.
const (
	aesKey  = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"
	aesKey2 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789abcdefg"
)

var all = secrets.Secrets{
	Token:                  "token1value",
	AppSecret:              "appsecret1value",
	EncodingAESKey:         aesKey,
	PreviousToken:          "token0value",
	PreviousEncodingAESKey: aesKey2,
	LinkKey:                "linkkey1value",
	AIKey:                  "sk-aikey1value",
}

const otherJSON = `{"token":"token2value","app_secret":"appsecret2value"}`

var other = secrets.Secrets{Token: "token2value", AppSecret: "appsecret2value"}

const allJSON = `{"token": "token1value", "app_secret": "appsecret1value", "encoding_aes_key": "` + aesKey + `",
	"link_key": "linkkey1value", "ai_key": "sk-aikey1value", "previous": {"token": "token0value", "encoding_aes_key": "` + aesKey2 + `"}}`

func TestParse(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, json string
		want       secrets.Secrets
	}{
		{"all", allJSON, all},
		{"plain mode", ` {"app_secret":"s","token":"t"}` + "\n", secrets.Secrets{Token: "t", AppSecret: "s"}},
		{"previous token alone", `{"token":"t","app_secret":"s","previous":{"token":"p"}}`,
			secrets.Secrets{Token: "t", AppSecret: "s", PreviousToken: "p"}},
		{"previous key alone", `{"token":"t","app_secret":"s","previous":{"encoding_aes_key":"` + aesKey + `"}}`,
			secrets.Secrets{Token: "t", AppSecret: "s", PreviousEncodingAESKey: aesKey}},
		{"optional values empty", `{"token":"t","app_secret":"s","encoding_aes_key":"","previous":{"token":"","encoding_aes_key":""}}`,
			secrets.Secrets{Token: "t", AppSecret: "s"}},
		{"a link key", `{"token":"t","app_secret":"s","link_key":"l"}`, secrets.Secrets{Token: "t", AppSecret: "s", LinkKey: "l"}},
		{"previous empty", `{"token":"t","app_secret":"s","previous":{}}`, secrets.Secrets{Token: "t", AppSecret: "s"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := secrets.Parse([]byte(tt.json))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

func TestParseRefuses(t *testing.T) {
	t.Parallel()
	const (
		noObject = "secrets: the value must be one JSON object"
		basics   = `"token":"HIDE1","app_secret":"HIDE2"`
	)
	tests := []struct {
		name, json string
		want       string // beginnings of the error's lines, separated by |
	}{
		{"nothing", "", noObject},
		{"no JSON", `HIDE1`, noObject},
		{"no object", `["HIDE1"]`, noObject},
		{"null", `null`, noObject},
		{"cut off", `{"token":"HIDE1","app_secret":"HI`, noObject},
		{"unclosed", `{` + basics, noObject},
		{"no names", `{HIDE1}`, noObject},
		{"closed by another brace", `{` + basics + `]`, noObject},
		{"trailing data", `{` + basics + `} HIDE3`, noObject},
		{"a second object", `{` + basics + `}{"encoding_aes_key":"HIDE3"}`, noObject},
		{"empty object", `{}`, "secrets: token is missing|secrets: app_secret is missing"},
		{"no token", `{"app_secret":"HIDE2"}`, "secrets: token is missing"},
		{"no app secret", `{"token":"HIDE1"}`, "secrets: app_secret is missing"},
		{"empty values", `{"token":"","app_secret":"","encoding_aes_key":"","previous":{"token":"","encoding_aes_key":""}}`,
			"secrets: token is missing|secrets: app_secret is missing"},
		{"other types", `{"token":7777,"app_secret":["HIDE2"],"encoding_aes_key":null,"previous":"HIDE3"}`,
			"secrets: token must be a string|secrets: app_secret must be a string|" +
				"secrets: encoding_aes_key must be a string|secrets: previous must be one JSON object"},
		{"unknown name", `{` + basics + `,"encoding_aeskey":"HIDE3"}`, "secrets: the name of member 3 is unknown"},
		{"name of another case", `{` + basics + `,"Encoding_AES_Key":"HIDE3"}`, "secrets: the name of member 3 is unknown"},
		{"value as a name", `{` + basics + `,"HIDE3":"token"}`, "secrets: the name of member 3 is unknown"},
		{"link key of another type", `{` + basics + `,"link_key":7777}`, "secrets: link_key must be a string"},
		{"link key with white space", `{` + basics + `,"link_key":"HIDE3 "}`, "secrets: link_key contains white space"},
		{"AI key with white space", `{` + basics + `,"ai_key":"sk-HIDE3\n"}`, "secrets: ai_key contains white space"},
		{"link key in previous", `{` + basics + `,"previous":{"link_key":"HIDE3"}}`,
			"secrets: the name of previous.member 1 is unknown"},
		{"unknown name in previous", `{` + basics + `,"previous":{"app_secret":"HIDE3"}}`,
			"secrets: the name of previous.member 1 is unknown"},
		{"repeated name", `{` + basics + `,"token":"HIDE3"}`, "secrets: token appears twice"},
		{"white space copied along", `{"token":"HIDE1\n","app_secret":" HIDE2"}`,
			"secrets: token contains white space|secrets: app_secret contains white space"},
		{"beyond ASCII", `{"token":"ＨHIDE1","app_secret":"HIDE2\u200b"}`,
			"secrets: token contains white space or a character that is not ASCII|secrets: app_secret contains"},
		{"key too short", `{` + basics + `,"encoding_aes_key":"` + aesKey[1:] + `"}`,
			"secrets: encoding_aes_key must be the EncodingAESKey of the platform's settings, 43 letters and digits, " +
				"but has 42 characters"},
		{"key too long", `{` + basics + `,"encoding_aes_key":"` + aesKey + `="}`, "secrets: encoding_aes_key must be"},
		{"key of other characters", `{` + basics + `,"encoding_aes_key":"+` + aesKey[1:] + `"}`,
			"secrets: encoding_aes_key must be"},
		{"previous key too short", `{` + basics + `,"previous":{"encoding_aes_key":"` + aesKey[1:] + `"}}`,
			"secrets: previous.encoding_aes_key must be"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s, err := secrets.Parse([]byte(tt.json))
			if err == nil || s != (secrets.Secrets{}) {
				t.Fatalf("Parse accepts it, or returns values together with the error %v", err)
			}
			want, got := strings.Split(tt.want, "|"), strings.Split(err.Error(), "\n")
			for i := range min(len(want), len(got)) {
				if strings.HasPrefix(got[i], want[i]) {
					got[i] = want[i]
				}
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
			for _, value := range []string{"HI", "7777", aesKey[1:]} {
				if strings.Contains(err.Error(), value) {
					t.Errorf("the error shows a value: %v", err)
				}
			}
		})
	}
}

func TestSecretsAreNotShown(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	holder := struct{ S secrets.Secrets }{all}
	for _, handler := range []slog.Handler{slog.NewJSONHandler(&log, nil), slog.NewTextHandler(&log, nil)} {
		slog.New(handler).Info("m", "secrets", all, "pointer", &all, "within", holder)
	}
	asJSON, _ := json.Marshal(holder)
	for name, text := range map[string]string{
		"slog": log.String(),
		"%v":   fmt.Sprint(all, &all, holder),
		"%+v":  fmt.Sprintf("%+v %+v", all, holder),
		"%#v":  fmt.Sprintf("%#v %#v", all, holder),
		"%s":   fmt.Sprintf("%s %q", all, holder),
		"JSON": string(asJSON),
	} {
		for _, value := range []string{all.Token, all.AppSecret, all.EncodingAESKey, all.PreviousToken, all.LinkKey, all.AIKey} {
			if strings.Contains(text, value) {
				t.Errorf("%s shows %q", name, value)
			}
		}
		if name != "JSON" && !strings.Contains(text, "secrets [hidden]") {
			t.Errorf("%s shows nothing instead: %s", name, text)
		}
	}
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
		"AI key":              {Token: "t", AppSecret: "s", AIKey: "sk-1"},
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
