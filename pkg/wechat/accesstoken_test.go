package wechat

import (
	"fmt"
	"testing"
	"time"
)

func TestMayForce(t *testing.T) {
	noon := time.Date(2026, 11, 22, 12, 0, 0, 0, ChinaTime)
	var token AccessToken
	now, forced := noon, 0
	for range 100 { // an attempt every 20 s: every second one is allowed, ten a day
		if mark, ok := token.MayForce(now); ok {
			token = mark
			forced++
		}
		now = now.Add(20 * time.Second)
	}
	if forced != forcesPerDay {
		t.Errorf("%d forced on the first day, want %d", forced, forcesPerDay)
	}
	noon = noon.AddDate(0, 0, 2)
	for after, want := range map[time.Duration]bool{29 * time.Second: false, 30 * time.Second: true} {
		if _, ok := (AccessToken{ForcedAt: noon}).MayForce(noon.Add(after)); ok != want {
			t.Errorf("%v after the last one: %v, want %v", after, ok, want)
		}
	}
	midnight := time.Date(2026, 11, 23, 0, 0, 0, 0, ChinaTime)
	if _, ok := token.MayForce(midnight.Add(-time.Second)); ok {
		t.Error("forced again before midnight in China")
	}
	if mark, ok := token.MayForce(midnight); !ok || mark.ForcedCount != 1 {
		t.Errorf("after midnight in China: %v, count %d", ok, mark.ForcedCount)
	}
}

func TestAccessTokenIsHidden(t *testing.T) {
	token := AccessToken{Value: "76_secret"}
	for _, got := range []string{fmt.Sprint(token), fmt.Sprintf("%v %+v %s", token, &token, token), token.LogValue().String()} {
		if want := "access token [hidden]"; len(got) < len(want) || got[:len(want)] != want {
			t.Errorf("got %s", got)
		}
	}
}

func TestAccessTokenValid(t *testing.T) {
	now := time.Unix(1795305600, 0)
	for name, tt := range map[string]struct {
		token AccessToken
		want  bool
	}{
		"none":    {AccessToken{}, false},
		"good":    {AccessToken{Value: "T", ValidUntil: now.Add(time.Second)}, true},
		"ended":   {AccessToken{Value: "T", ValidUntil: now}, false},
		"no text": {AccessToken{ValidUntil: now.Add(time.Hour)}, false},
	} {
		if got := tt.token.Valid(now); got != tt.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}
