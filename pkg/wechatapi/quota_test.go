package wechatapi_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/guanzhu/guanzhu/pkg/wechatapi"
)

const callbackIP = "/cgi-bin/getcallbackip"

// TestReach is about who answers, and what that tells.
func TestReach(t *testing.T) {
	handler := func(status int, date, body string) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.RawQuery != "" || r.Method != http.MethodGet {
				t.Errorf("%s %s", r.Method, r.URL)
			}
			w.Header()["Date"] = nil
			if date != "" {
				w.Header().Set("Date", date)
			}
			w.WriteHeader(status)
			io.WriteString(w, body)
		})
	}
	const noToken = `{"errcode":41001,"errmsg":"access_token missing"}`
	tests := []struct {
		name    string
		handler http.Handler
		date    time.Time
		err     error
	}{
		{"the platform", handler(200, "Sun, 22 Nov 2026 12:00:00 GMT", noToken), time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC), nil},
		{"without a date", handler(200, "", noToken), time.Time{}, nil},
		{"not on the whitelist", handler(200, "", `{"errcode":40164,"errmsg":"invalid ip"}`), time.Time{}, nil},
		{"HTML", handler(200, "", "<html>"), time.Time{}, wechatapi.ErrNotPlatform},
		{"other JSON", handler(200, "", `{"ok":true}`), time.Time{}, wechatapi.ErrNotPlatform},
		{"a relay's error", handler(502, "", noToken), time.Time{}, wechatapi.ErrNotPlatform},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				date, err := newInstance(t, tt.handler, &store{}).Reach(t.Context())
				if !date.Equal(tt.date) || !errors.Is(err, tt.err) {
					t.Errorf("%v, error %v, want %v, %v", date, err, tt.date, tt.err)
				}
			})
		})
	}
}

func TestReachNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAccount(t)
		defer a.platform.Hold(callbackIP)()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := a.Reach(ctx); !errors.Is(err, context.DeadlineExceeded) || strings.Contains(err.Error(), "localhost") {
			t.Errorf("error %v", err)
		}
	})
}

// TestFetchToken asks although a token is stored, and uses what it gets.
func TestFetchToken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAccount(t)
		a.store.stored.Value, a.store.stored.ValidUntil = "stale", time.Now().Add(time.Hour)
		for range 2 {
			if err := a.FetchToken(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		a.wantCalls(t, stableToken, 2)
		if err := a.CheckToken(t.Context()); err != nil {
			t.Errorf("CheckToken: %v", err)
		}
		a.wantCalls(t, stableToken, 2)
		a.wantCalls(t, callbackIP, 1)

		a.platform.Fail(stableToken, 40243, 1)
		wantCode(t, a.FetchToken(t.Context()), 40243)
		a.platform.Fail(callbackIP, 50002, 1)
		wantCode(t, a.CheckToken(t.Context()), 50002)
	})
}

func TestQuota(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAccount(t)
		a.platform.SetQuota(userInfo, 10)
		wantCode(t, a.profile(t), 0)
		daily, left, err := a.Quota(t.Context(), userInfo)
		if daily != 10 || left != 9 || err != nil {
			t.Errorf("%d of %d left, error %v", left, daily, err)
		}
		_, _, err = a.Quota(t.Context(), "/cgi-bin/getcallbackip")
		wantCode(t, err, 76021)
	})
}
