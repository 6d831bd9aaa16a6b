package wechatapi_test

import (
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/guanzhu/guanzhu/pkg/follower"
	"github.com/guanzhu/guanzhu/pkg/wechat"
	"github.com/guanzhu/guanzhu/pkg/wechattest"
)

func TestOpenids(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		platform := wechattest.New(wechattest.Config{AppID: appID, AppSecret: appSecret, PageSize: 2})
		a := newInstance(t, platform, &store{})
		a.platform = platform
		if openids, next, total, err := a.Openids(t.Context(), ""); len(openids) != 0 || next != "" || total != 0 || err != nil {
			t.Errorf("nobody follows: %q, next %q, %d in all, error %v", openids, next, total, err)
		}
		var want []string
		for n := range 5 {
			want = append(want, fmt.Sprint("oFOLLOWER-", n))
			platform.Follow(want[n], wechattest.User{})
		}
		var got []string
		for after := ""; ; {
			openids, next, total, err := a.Openids(t.Context(), after)
			if err != nil || total != 5 || len(openids) > 2 {
				t.Fatalf("after %q: %q, %d in all, error %v", after, openids, total, err)
			}
			got = append(got, openids...)
			if after = next; next == "" {
				break
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		_, _, _, err := a.Openids(t.Context(), "oSTRANGER")
		wantCode(t, err, 40003)
	})
}

func TestProfiles(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAccount(t)
		at := time.Unix(1795305600, 0)
		a.platform.Follow(openid, wechattest.User{
			UnionID: "u", Language: "zh_CN", SubscribedAt: at, Remark: "老朋友", Tags: []int{2}, SubscribeScene: "ADD_SCENE_SEARCH", QRScene: 7,
		})
		a.platform.Follow("oGONE", wechattest.User{})
		a.platform.Unfollow("oGONE")
		profiles, gone, err := a.Profiles(t.Context(), []string{openid, "oGONE", "oSTRANGER"})
		if err != nil {
			t.Fatal(err)
		}
		slices.Sort(gone)
		if diff := cmp.Diff([]string{"oGONE", "oSTRANGER"}, gone); diff != "" {
			t.Errorf("gone (-want +got):\n%s", diff)
		}
		want := map[string]follower.Profile{openid: {
			UnionID: "u", Language: "zh_CN", Scene: "ADD_SCENE_SEARCH", QRScene: "7", Remark: "老朋友", Tags: []int{2}, SubscribedAt: at,
		}}
		if diff := cmp.Diff(want, profiles); diff != "" {
			t.Errorf("profiles (-want +got):\n%s", diff)
		}
		_, _, err = a.Profiles(t.Context(), slices.Repeat([]string{openid}, 101))
		wantCode(t, err, 40032)
	})
}

func TestKeepToken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAccount(t)
		keep := func(ahead, want time.Duration, fetches int) {
			t.Helper()
			until, err := a.KeepToken(t.Context(), time.Now().Add(ahead))
			wantCode(t, err, 0)
			if got := time.Until(until); got != want || !a.store.stored.ValidUntil.Equal(until) {
				t.Errorf("valid for %v, want %v; stored until %v", got, want, a.store.stored.ValidUntil)
			}
			a.wantCalls(t, stableToken, fetches)
		}
		keep(6*time.Minute, 2*time.Hour-time.Minute, 1)
		keep(6*time.Minute, 2*time.Hour-time.Minute, 1)
		time.Sleep(2*time.Hour - 6*time.Minute) // the platform has no other one yet
		keep(6*time.Minute, 5*time.Minute, 2)
		first := a.store.stored.Value
		time.Sleep(time.Minute)
		keep(6*time.Minute, 2*time.Hour-time.Minute, 3)
		if a.store.stored.Value == first {
			t.Error("the token is still the same")
		}
		// Another instance finds it in the store, and this one calls with it.
		wantCode(t, newInstance(t, a.platform, a.store).profile(t), 0)
		wantCode(t, a.profile(t), 0)
		a.wantCalls(t, stableToken, 3)
		a.platform.Fail(stableToken, 40164, 1)
		a.store.stored = wechat.AccessToken{}
		_, err := a.KeepToken(t.Context(), time.Now())
		wantCode(t, err, 40164)
	})
}
