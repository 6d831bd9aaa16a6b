package wechat

import (
	"log/slog"
	"time"
)

// The platform allows 20 forced refreshes a day, 30 s apart. Half of them are left to the owner's other tools.
// https://developers.weixin.qq.com/doc/service/api/base/api_getstableaccesstoken
const (
	forceInterval = 30 * time.Second
	forcesPerDay  = 10
)

// AccessToken is the account's credential for api.weixin.qq.com. All instances of the account's functions share one. It
// records its forced refreshes, so that [AccessToken.MayForce] can observe the platform's limits.
type AccessToken struct {
	Value       string    // up to 512 characters
	ValidUntil  time.Time // when the platform stops accepting it
	ForcedAt    time.Time // the last forced refresh
	ForcedCount int       // forced refreshes on the day of ForcedAt in China
}

// Valid reports whether the token can be used at the time now.
func (t AccessToken) Valid(now time.Time) bool {
	return t.Value != "" && now.Before(t.ValidUntil)
}

// MayForce reports whether a forced refresh is allowed at the time now: 30 s after the last one, at most 10 a day in China.
// If so, mark is the token to store before the refresh. Store it only if t is still stored, so that of several instances
// only one forces.
func (t AccessToken) MayForce(now time.Time) (mark AccessToken, ok bool) {
	if now.Before(t.ForcedAt.Add(forceInterval)) {
		return t, false
	}
	if !now.Before(QuotaReset(t.ForcedAt)) {
		t.ForcedCount = 0
	}
	if t.ForcedCount >= forcesPerDay {
		return t, false
	}
	t.ForcedAt = now
	t.ForcedCount++
	return t, true
}

// String hides the token from logs and errors.
func (t AccessToken) String() string { return "access token [hidden]" }

// LogValue hides the token from structured logs.
func (t AccessToken) LogValue() slog.Value { return slog.StringValue(t.String()) }
