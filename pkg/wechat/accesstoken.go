package wechat

import (
	"log/slog"
	"time"
)

// Limits of forced refreshes. The platform allows 20 a day, 30 s apart
// (api_getstableaccesstoken); half of the day's count is left to the owner's own tools.
const (
	ForceInterval = 30 * time.Second
	ForcesPerDay  = 10
)

// ChinaTime is the platform's clock: quotas end at its midnight, and the owner's months are counted in it.
var ChinaTime = time.FixedZone("UTC+8", 8*60*60)

// AccessToken is the account's credential for api.weixin.qq.com as it is shared by all instances of the account's
// functions. It remembers when it was forced, so that MayForce can hold to the platform's limits.
type AccessToken struct {
	Value       string    // up to 512 characters
	ValidUntil  time.Time // when the platform stops to take it
	ForcedAt    time.Time // the last forced refresh
	ForcedCount int       // how many there were on the day of ForcedAt (China time)
}

// Valid reports whether the token may be sent at the time now.
func (t AccessToken) Valid(now time.Time) bool {
	return t.Value != "" && now.Before(t.ValidUntil)
}

// MayForce reports whether a forced refresh is allowed at the time now and, if so, the mark to store before it is
// made: compare-and-swap it with t, so that of many instances one forces.
func (t AccessToken) MayForce(now time.Time) (mark AccessToken, ok bool) {
	if now.Before(t.ForcedAt.Add(ForceInterval)) {
		return t, false
	}
	if chinaDay(t.ForcedAt) != chinaDay(now) {
		t.ForcedCount = 0
	}
	if t.ForcedCount >= ForcesPerDay {
		return t, false
	}
	t.ForcedAt = now
	t.ForcedCount++
	return t, true
}

func chinaDay(t time.Time) string { return t.In(ChinaTime).Format(time.DateOnly) }

// String keeps the token out of logs and errors.
func (t AccessToken) String() string { return "access token [hidden]" }

// LogValue keeps the token out of structured logs.
func (t AccessToken) LogValue() slog.Value { return slog.StringValue(t.String()) }
