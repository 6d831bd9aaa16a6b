package follower_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/guanzhu/guanzhu/pkg/follower"
	"github.com/guanzhu/guanzhu/pkg/wechat"
)

// keeper is a Store that remembers what it was given.
type keeper struct {
	follower.Store
	follower   follower.Follower
	expires    time.Time
	suggestion follower.Suggestion
}

func (k *keeper) Follow(_ context.Context, f follower.Follower, _ follower.Session) (follower.Follower, bool, error) {
	k.follower = f
	return f, true, nil
}

func (k *keeper) Unfollow(_ context.Context, _ string, _, expires time.Time) error {
	k.expires = expires
	return nil
}

func (k *keeper) AddSuggestion(_ context.Context, s follower.Suggestion) (bool, error) {
	k.suggestion = s
	return true, nil
}

// silent is a platform that does not answer.
type silent struct{}

func (silent) Profile(ctx context.Context, _ string) (follower.Profile, error) {
	<-ctx.Done()
	return follower.Profile{}, ctx.Err()
}

// TestProfileTime: of the time of a push the profile has 2 s, and never the last second, which the table may need.
func TestProfileTime(t *testing.T) {
	t.Parallel()
	for left, want := range map[time.Duration]time.Duration{
		4500 * time.Millisecond: 2 * time.Second, 2500 * time.Millisecond: 1500 * time.Millisecond, time.Second: 0,
	} {
		synctest.Test(t, func(t *testing.T) {
			store := &keeper{}
			service := follower.Service{Store: store, Profiler: silent{}, Now: time.Now}
			ctx, cancel := context.WithTimeout(t.Context(), left)
			defer cancel()
			begun := time.Now()
			p := &wechat.Subscribe{Head: wechat.Head{FromUserName: openid, CreateTime: begun.Unix()}}
			if err := service.Follow(ctx, p); err != nil {
				t.Fatal(err)
			}
			if took := time.Since(begun); took != want || store.follower.State != follower.Pending {
				t.Errorf("of %v the profile had %v, want %v; it is %s", left, took, want, store.follower.State)
			}
		})
	}
}

// TestKeptFor writes out how long things are kept: the documentation promises it.
func TestKeptFor(t *testing.T) {
	t.Parallel()
	store, now := &keeper{}, time.Unix(1_700_000_100, 0)
	service := follower.Service{Store: store, Hash: func(s string) string { return s }, Now: func() time.Time { return now }}
	unsubscribe := &wechat.Unsubscribe{Head: wechat.Head{FromUserName: openid, CreateTime: 1_700_000_000}}
	if err := service.Unfollow(t.Context(), unsubscribe); err != nil {
		t.Fatal(err)
	}
	if got := store.expires.Sub(now); got != 30*day {
		t.Errorf("an unfollow is remembered for %v", got)
	}
	if kept, err := service.Suggest(t.Context(), text(openid, 1_700_000_000, 7)); err != nil || !kept {
		t.Fatal(kept, err)
	}
	if got := store.suggestion.ExpiresAt.Sub(store.suggestion.At); got != 180*day || store.suggestion.MsgID != 7 {
		t.Errorf("suggestion %d is kept for %v", store.suggestion.MsgID, got)
	}
	for name, limits := range map[string][2]int{
		"a suggestion's text": {follower.MaxText, 4096}, "other texts": {follower.MaxValue, 1024},
		"suggestions of a day": {follower.MaxSuggestions, 20},
	} {
		if limits[0] != limits[1] {
			t.Errorf("%s: at most %d, want %d", name, limits[0], limits[1])
		}
	}
}
