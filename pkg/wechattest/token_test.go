package wechattest_test

import (
	"testing"
	"time"
)

func TestStableTokenStaysTheSameUntilNearItsEnd(t *testing.T) {
	t.Parallel()
	p, clock := newPlatform()
	first, life := stable(t, p, false)
	if life != 2*time.Hour {
		t.Errorf("valid for %v, want 2 hours", life)
	}
	clock.advance(2*time.Hour - 5*time.Minute - time.Second)
	again, life := stable(t, p, false)
	if again != first || life != 5*time.Minute+time.Second {
		t.Errorf("another token or valid for %v, want the same with what is left", life)
	}
	clock.advance(time.Second)
	second, life := stable(t, p, false)
	if second == first || life != 2*time.Hour {
		t.Errorf("the same token or valid for %v, want a new one", life)
	}
	wantCode(t, p, first, 0)
	wantCode(t, p, second, 0)
	clock.advance(5 * time.Minute)
	wantCode(t, p, first, 42001)
	wantCode(t, p, second, 0)
}

func TestForcedRefresh(t *testing.T) {
	t.Parallel()
	p, clock := newPlatform()
	first, _ := stable(t, p, false)
	second, _ := stable(t, p, true)
	if second == first {
		t.Error("the same token, want another one")
	}
	wantCode(t, p, first, 40001)
	wantCode(t, p, second, 0)

	clock.advance(30*time.Second - 1)
	if token, _ := stable(t, p, true); token != second {
		t.Error("another token within 30 s, want the same")
	}
	for range 19 {
		clock.advance(30 * time.Second)
		stable(t, p, true)
	}
	clock.advance(30 * time.Second)
	if got := call(t, p, "POST", stableToken, credentials(true)).code(); got != 45009 {
		t.Errorf("errcode %d at the 21st of the day, want 45009", got)
	}
	clock.advance(8 * time.Hour) // 00:15 China time
	stable(t, p, true)
}

func TestRevokedToken(t *testing.T) {
	t.Parallel()
	p, _ := newPlatform()
	first, _ := stable(t, p, false)
	p.RevokeToken()
	wantCode(t, p, first, 40001)
	second, _ := stable(t, p, false)
	if second == first {
		t.Error("the revoked token again, want a new one")
	}
	wantCode(t, p, second, 0)
}

func TestBrokenToken(t *testing.T) {
	t.Parallel()
	p, _ := newPlatform()
	first, _ := stable(t, p, false)
	p.BreakToken()
	wantCode(t, p, first, 40001)
	if again, _ := stable(t, p, false); again != first {
		t.Error("another token, want the broken one until it is forced")
	}
	wantCode(t, p, first, 40001)
	second, _ := stable(t, p, true)
	wantCode(t, p, second, 0)
}
