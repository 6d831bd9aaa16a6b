package web

import (
	"encoding/base64"
	"net/http"
	"strings"
	"testing"
)

// TestTextsAreComplete: every page has the same parts in both languages.
func TestTextsAreComplete(t *testing.T) {
	t.Parallel()
	for name, languages := range texts {
		zh, en := languages["zh"], languages["en"]
		if zh.Title == "" || en.Title == "" || len(zh.Lines) != len(en.Lines) || len(zh.Lines) == 0 ||
			(zh.Button == "") != (en.Button == "") || (zh.SinceWord == "") != (en.SinceWord == "") || len(languages) != 2 {
			t.Errorf("%s: %+v", name, languages)
		}
		for language, words := range languages {
			if strings.Contains(words.Lines[0], keyword) {
				t.Errorf("%s in %s has no line without a keyword", name, language)
			}
		}
	}
}

// FuzzOpenDevice: any openid that is read from a cookie can be a key of the table, and only one cookie reads like that.
func FuzzOpenDevice(f *testing.F) {
	for _, seed := range []string{"", ".", "b0E.key", "b0E", "b0E=.key", "b0F.key", "AA.key", strings.Repeat("b0Eh", 60) + ".key", "b0\nE.key"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, value string) {
		openid, key, ok := openDevice(value)
		if !ok {
			if openid != "" || key != "" {
				t.Errorf("refused, and yet %q, %q", openid, key)
			}
			return
		}
		if openid == "" || len(openid) > 128 || strings.ContainsFunc(openid, func(r rune) bool { return r <= ' ' || r > '~' }) {
			t.Errorf("openid %q", openid)
		}
		if again := base64.RawURLEncoding.EncodeToString([]byte(openid)) + "." + key; again != value {
			t.Errorf("%q reads as %q", value, again)
		}
	})
}

// FuzzReadState: no cookie of a login leads to another host.
func FuzzReadState(f *testing.F) {
	for _, path := range []string{"/", "/points?a=1", "//evil", `/\evil`, "https://evil", "/\tevil", "", "/é"} {
		f.Add("0STATE." + base64.RawURLEncoding.EncodeToString([]byte(path)))
	}
	f.Fuzz(func(t *testing.T, value string) {
		r := &http.Request{Header: http.Header{"Cookie": {stateCookie + "=" + value}}}
		_, back := readState(r)
		if back[0] != '/' || len(back) > 1 && (back[1] == '/' || back[1] == '\\') || strings.ContainsAny(back, "\t\r\n\\") {
			t.Errorf("leads to %q", back)
		}
	})
}
