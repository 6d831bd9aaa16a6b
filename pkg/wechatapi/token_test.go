package wechatapi_test

import (
	"context"
	"errors"
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/guanzhu/guanzhu/pkg/wechatapi"
)

func TestConcurrentCallersFetchOneToken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAccount(t)
		release := a.platform.Hold(stableToken)
		errs := a.concurrently(t, 20)
		synctest.Wait()
		release()
		for range 20 {
			wantCode(t, <-errs, 0)
		}
		a.wantCalls(t, stableToken, 1)
		if a.store.saves != 1 {
			t.Errorf("%d saves, want 1", a.store.saves)
		}
	})
}

func TestTokenIsRenewedBeforeItsEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAccount(t)
		start := time.Now()
		wantCode(t, a.profile(t), 0)
		want := start.Add(2*time.Hour - time.Minute)
		if got := a.store.stored.ValidUntil; !got.Equal(want) {
			t.Errorf("stored as valid until %v, want %v", got, want)
		}
		first := a.store.stored.Value

		time.Sleep(time.Until(want) - time.Nanosecond)
		wantCode(t, a.profile(t), 0)
		a.wantCalls(t, stableToken, 1)

		time.Sleep(time.Nanosecond)
		wantCode(t, a.profile(t), 0)
		a.wantCalls(t, stableToken, 2)
		if a.store.stored.Value == first {
			t.Error("the token is still the same")
		}
		a.wantCalls(t, userInfo, 3)
	})
}

// The platform gives a token that has begun already with what is left of its life.
func TestTokenWithLittleLifeLeft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAccount(t)
		wantCode(t, a.profile(t), 0)
		time.Sleep(2*time.Hour - 6*time.Minute)
		b := newInstance(t, a.platform, &store{})
		wantCode(t, b.profile(t), 0)
		if got, want := time.Until(b.store.stored.ValidUntil), 5*time.Minute; got != want {
			t.Errorf("stored as valid for %v, want %v", got, want)
		}
	})
}

func TestTokenOfTheStore(t *testing.T) {
	tests := []struct {
		name        string
		age         time.Duration // of the stored token
		readErr     error
		wantFetches int
		wantReads   int
	}{
		{name: "valid", wantFetches: 0, wantReads: 1},
		{name: "due for renewal", age: 2*time.Hour - time.Minute, wantFetches: 1, wantReads: 1},
		{name: "unreadable", readErr: errors.New("throttled"), wantFetches: 1, wantReads: 1},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				a := newAccount(t)
				wantCode(t, a.profile(t), 0)
				time.Sleep(test.age)
				b := newInstance(t, a.platform, a.store)
				a.store.readErr = test.readErr
				a.store.reads = 0
				for range 2 {
					wantCode(t, b.profile(t), 0)
				}
				a.wantCalls(t, stableToken, 1+test.wantFetches)
				if a.store.reads != test.wantReads {
					t.Errorf("%d reads, want %d", a.store.reads, test.wantReads)
				}
			})
		})
	}
}

func TestUnsavedTokenIsGood(t *testing.T) {
	tests := []struct {
		name string
		make func(*store)
	}{
		{"save fails", func(s *store) { s.saveErr = errors.New("throttled") }},
		{"save hangs", func(s *store) { s.saveHang = true }},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				a := newAccount(t)
				test.make(a.store)
				ctx, cancel := context.WithTimeout(t.Context(), time.Second)
				defer cancel()
				for range 2 {
					_, err := a.Profile(ctx, openid)
					wantCode(t, err, 0)
				}
				a.wantCalls(t, stableToken, 1)
			})
		})
	}
}

func TestWaiterTakesOverFromOneWhoGivesUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAccount(t)
		release := a.platform.Hold(stableToken)
		ctx, giveUp := context.WithCancel(t.Context())
		first := make(chan error, 1)
		go func() {
			_, err := a.Profile(ctx, openid)
			first <- err
		}()
		synctest.Wait()
		others := a.concurrently(t, 5)
		synctest.Wait()
		a.wantCalls(t, stableToken, 1)

		giveUp()
		if err := <-first; !errors.Is(err, context.Canceled) {
			t.Errorf("error %v, want context.Canceled", err)
		}
		synctest.Wait()
		a.wantCalls(t, stableToken, 2)
		release()
		for range 5 {
			wantCode(t, <-others, 0)
		}
		a.wantCalls(t, stableToken, 2)
	})
}

func TestWaiterGivesUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAccount(t)
		release := a.platform.Hold(stableToken)
		first := a.concurrently(t, 1)
		synctest.Wait()

		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := a.Profile(ctx, openid); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("error %v, want context.DeadlineExceeded", err)
		}
		release()
		wantCode(t, <-first, 0)
		a.wantCalls(t, stableToken, 1)
	})
}

func TestWaitersShareAFailure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAccount(t)
		a.platform.Fail(stableToken, 40164, 1)
		release := a.platform.Hold(stableToken)
		errs := a.concurrently(t, 10)
		synctest.Wait()
		release()
		for range 10 {
			wantCode(t, <-errs, 40164)
		}
		a.wantCalls(t, stableToken, 1)

		wantCode(t, a.profile(t), 0) // the failure is not kept
	})
}

func TestRefusedToken(t *testing.T) {
	tests := []struct {
		name        string
		refuse      func(account) // after a first call
		want        int           // errcode
		wantFetches int           // after the first one
		wantForced  int           // as counted in the store
		noRetry     bool
	}{
		{
			name:        "the platform has a new one",
			refuse:      func(a account) { a.platform.RevokeToken() },
			wantFetches: 1,
		},
		{
			name:        "the platform gives the same again",
			refuse:      func(a account) { a.platform.BreakToken() },
			wantFetches: 2,
			wantForced:  1,
		},
		{
			name: "as often as may be forced today",
			refuse: func(a account) {
				a.store.stored.ForcedAt = time.Now().Add(-30 * time.Second)
				a.store.stored.ForcedCount = 9
				a.platform.BreakToken()
			},
			wantFetches: 2,
			wantForced:  10,
		},
		{
			name: "forced too often today",
			refuse: func(a account) {
				a.store.stored.ForcedAt = time.Now().Add(-30 * time.Second)
				a.store.stored.ForcedCount = 10
				a.platform.BreakToken()
			},
			want:        40001,
			noRetry:     true,
			wantFetches: 1,
			wantForced:  10,
		},
		{
			name: "forced a moment ago",
			refuse: func(a account) {
				a.store.stored.ForcedAt = time.Now().Add(-29 * time.Second)
				a.store.stored.ForcedCount = 1
				a.platform.BreakToken()
			},
			want:        40001,
			noRetry:     true,
			wantFetches: 1,
			wantForced:  1,
		},
		{
			name: "another instance forces",
			refuse: func(a account) {
				a.store.lost = true
				a.platform.BreakToken()
			},
			want:        40001,
			noRetry:     true,
			wantFetches: 1,
		},
		{
			name: "no forcing without the store",
			refuse: func(a account) {
				a.store.readErr = errors.New("throttled")
				a.platform.BreakToken()
			},
			want:        40001,
			noRetry:     true,
			wantFetches: 1,
		},
		{
			name: "no token from the platform",
			refuse: func(a account) {
				a.platform.RevokeToken()
				a.platform.Fail(stableToken, 45009, 1)
			},
			want:        40001,
			noRetry:     true,
			wantFetches: 1,
		},
		{
			name:        "bad token",
			refuse:      func(a account) { a.platform.RevokeToken(); a.platform.Fail(userInfo, 40014, 1) },
			wantFetches: 1,
		},
		{
			name:        "ended token",
			refuse:      func(a account) { a.platform.RevokeToken(); a.platform.Fail(userInfo, 42001, 1) },
			wantFetches: 1,
		},
		{
			name:        "refused again",
			refuse:      func(a account) { a.platform.RevokeToken(); a.platform.Fail(userInfo, 40001, 2) },
			want:        40001,
			wantFetches: 1,
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				a := newAccount(t)
				wantCode(t, a.profile(t), 0)
				test.refuse(a)
				wantCode(t, a.profile(t), test.want)
				a.wantCalls(t, stableToken, 1+test.wantFetches)
				if got := a.store.stored.ForcedCount; got != test.wantForced {
					t.Errorf("%d forced refreshes on the day, want %d", got, test.wantForced)
				}
				wantCalls := 3
				if test.noRetry {
					wantCalls = 2
				}
				a.wantCalls(t, userInfo, wantCalls)
			})
		})
	}
}

// Another program has just forced a refresh, so that ours brings nothing new.
func TestForcedInVain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAccount(t)
		force := fmt.Sprintf(`{"grant_type":"client_credential","appid":%q,"secret":%q,"force_refresh":true}`,
			appID, appSecret)
		a.platform.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("POST", stableToken, strings.NewReader(force)))
		wantCode(t, a.profile(t), 0)
		a.platform.BreakToken()
		if err, ok := a.profile(t).(*wechatapi.Error); !ok || err.Code != 40001 {
			t.Errorf("error %v, want the platform's refusal as it is", err)
		}
		a.wantCalls(t, stableToken, 4)
		a.wantCalls(t, userInfo, 2)
		if a.store.saves != 1 {
			t.Errorf("%d saves, want 1", a.store.saves)
		}
	})
}

func TestRefusedTokenIsReplacedByTheStores(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAccount(t)
		wantCode(t, a.profile(t), 0)
		b := newInstance(t, a.platform, a.store)
		wantCode(t, b.profile(t), 0)
		a.platform.RevokeToken()
		wantCode(t, b.profile(t), 0)
		a.wantCalls(t, stableToken, 2)

		wantCode(t, a.profile(t), 0)
		a.wantCalls(t, stableToken, 2)
	})
}

func TestOneRefreshForAllCallsInFlight(t *testing.T) {
	tests := []struct {
		name        string
		refuse      func(account)
		wantFetches int
		want        int // errcode
	}{
		{"new token", func(a account) { a.platform.RevokeToken() }, 1, 0},
		{"forced token", func(a account) { a.platform.BreakToken() }, 2, 0},
		{"no other token", func(a account) { a.store.lost = true; a.platform.BreakToken() }, 1, 40001},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				a := newAccount(t)
				wantCode(t, a.profile(t), 0)

				releaseCalls := a.platform.Hold(userInfo)
				errs := a.concurrently(t, 20)
				synctest.Wait()
				test.refuse(a)
				releaseToken := a.platform.Hold(stableToken)
				releaseCalls()
				synctest.Wait() // all have been refused, one asks for a token
				releaseToken()
				for range 20 {
					wantCode(t, <-errs, test.want)
				}
				a.wantCalls(t, stableToken, 1+test.wantFetches)
			})
		})
	}
}

// One who merely needs a token does not get the error of one whose token was refused.
func TestWaiterWithAnotherNeed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAccount(t)
		wantCode(t, a.profile(t), 0)
		time.Sleep(time.Until(a.store.stored.ValidUntil) - time.Second)
		a.platform.RevokeToken()
		a.platform.Fail(stableToken, 45009, 1)
		release := a.platform.Hold(stableToken)
		refused := a.concurrently(t, 1)
		synctest.Wait()

		time.Sleep(time.Second) // now the token in memory has come to its end, too
		other := a.concurrently(t, 1)
		synctest.Wait()
		a.wantCalls(t, stableToken, 2)
		release()
		wantCode(t, <-refused, 40001)
		wantCode(t, <-other, 0)
		a.wantCalls(t, stableToken, 3)
	})
}

func TestAppSecretIsReadAgain(t *testing.T) {
	tests := []struct {
		name        string
		code        int
		next        string
		want        int // errcode
		wantCalls   int
		wantReloads int
	}{
		{"wrong secret, another is there", 40125, "another", 0, 2, 1},
		{"wrong credential, another is there", 40001, "another", 0, 2, 1},
		{"wrong secret, no other", 40125, "", 40125, 1, 1},
		{"something else", 40013, "another", 40013, 1, 0},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				a := newAccount(t)
				a.secrets.current, a.secrets.next = "outdated", test.next
				if test.next != "" {
					a.secrets.next = appSecret
				}
				a.platform.Fail(stableToken, test.code, 1)
				wantCode(t, a.profile(t), test.want)
				a.wantCalls(t, stableToken, test.wantCalls)
				if diff := cmp.Diff(test.wantReloads, a.secrets.reloads); diff != "" {
					t.Errorf("reloads (-want +got):\n%s", diff)
				}
			})
		})
	}
}

func TestAppSecretThatIsWrongEvenAnew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAccount(t)
		a.secrets.current, a.secrets.next = "outdated", "wrong too"
		wantCode(t, a.profile(t), 40125)
		a.wantCalls(t, stableToken, 2)
	})
}
