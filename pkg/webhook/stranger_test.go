package webhook_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/guanzhu/guanzhu/internal/parameterstore"
	"github.com/guanzhu/guanzhu/pkg/follower"
	"github.com/guanzhu/guanzhu/pkg/wechattest"
)

// parameter is a SecureString that counts how often it is read.
type parameter struct {
	value string
	reads int
}

func (p *parameter) GetParameter(context.Context, string) (parameterstore.Parameter, error) {
	p.reads++
	return parameterstore.Parameter{Type: "SecureString", Value: p.value}, nil
}

// TestStrangersAreCheap repeats all hostile requests. They cause no call of the table or of the platform, and reload the
// secrets once a minute at most.
func TestStrangersAreCheap(t *testing.T) {
	inAllModes(t, func(t *testing.T, mode wechattest.Mode) {
		w := newFixture(t, mode, nil)
		kept := &parameter{value: `{"token":"` + token + `","app_secret":"` + appSecret + `"}`}
		if mode != wechattest.Plain {
			kept.value = `{"token":"` + token + `","app_secret":"` + appSecret + `","encoding_aes_key":"` + aesKey + `"}`
		}
		clock := now
		keeper, err := parameterstore.Open(t.Context(), "ssm:/guanzhu/test", parameterstore.Options{Reader: kept, Now: func() time.Time { return clock }})
		if err != nil {
			t.Fatal(err)
		}
		w.Service.Profiler = profilerFunc(func(context.Context, string) (follower.Profile, error) {
			t.Error("the platform is asked")
			return follower.Profile{}, follower.ErrNoPermission
		})
		w.Service.Store = noStore{} // any call panics, so the answer would be 500
		config := w.Endpoint()
		config.Secrets = keeper
		handler := endpoint(t, config)
		refuseAll := func() {
			for _, tt := range hostile(w) {
				answer := httptest.NewRecorder()
				handler.ServeHTTP(answer, tt.request)
				if answer.Code != tt.status {
					t.Errorf("%s: status %d, want %d", tt.name, answer.Code, tt.status)
				}
			}
		}
		for minute := 1; minute <= 3; minute++ {
			refuseAll()
			clock = clock.Add(time.Minute - time.Second)
			refuseAll()
			if want := 1 + minute; kept.reads != want {
				t.Fatalf("after minute %d the secrets have been read %d times, want %d", minute, kept.reads, want)
			}
			clock = clock.Add(time.Second)
		}
		answer := httptest.NewRecorder()
		if handler.ServeHTTP(answer, w.Request(w.textOf("hello"))); answer.Code != http.StatusOK {
			t.Errorf("the good push after them: status %d", answer.Code)
		}
	})
}

// noStore panics at every call.
type noStore struct{ follower.Store }
