package wechattest_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/guanzhu/guanzhu/pkg/wechattest"
)

const (
	callbackIP = "/cgi-bin/getcallbackip"
	quotaGet   = "/cgi-bin/openapi/quota/get"
)

func quotaOf(path string) string { return fmt.Sprintf(`{"cgi_path":%q}`, path) }

func TestQuotas(t *testing.T) {
	t.Parallel()
	tests := []struct {
		path string
		want float64
	}{
		{stableToken, 500_000},
		{userInfo, 5_000_000},
		{userBatch, 5_000_000},
		{userGet, 500},
		{menuCreate, 1000},
		{menuGet, 10_000},
		{menuAdd, 2000},
		{menuDel, 2000},
		{menuTry, 20_000},
	}
	for _, test := range tests {
		t.Run(test.path, func(t *testing.T) {
			t.Parallel()
			for _, kind := range []wechattest.Kind{wechattest.ServiceAccount, wechattest.PersonalAccount} {
				a := newClient(t, wechattest.Config{Kind: kind}).post(quotaGet, quotaOf(test.path))
				if q, _ := a["quota"].(map[string]any); q["daily_limit"] != test.want {
					t.Errorf("kind %d: %v, want a limit of %v", kind, a, test.want)
				}
			}
		})
	}
}

func TestQuotaIsUsedUp(t *testing.T) {
	t.Parallel()
	c := newClient(t, wechattest.Config{})
	for range 500 {
		c.wantCode(0, c.get(userGet))
	}
	c.wantCode(45009, c.get(userGet))
	c.want(`{"errcode":0,"errmsg":"ok","quota":{"daily_limit":500,"used":500,"remain":0}}`,
		c.post(quotaGet, quotaOf(userGet)))

	c.advance(8*time.Hour - 1) // just before 00:00 in China
	c.token, _ = stable(t, c, false)
	c.wantCode(45009, c.get(userGet))
	c.advance(1)
	c.wantCode(0, c.get(userGet))
	c.want(`{"errcode":0,"errmsg":"ok","quota":{"daily_limit":500,"used":1,"remain":499}}`,
		c.post(quotaGet, quotaOf(userGet)))
}

func TestQuotaCanBeSet(t *testing.T) {
	t.Parallel()
	c := newClient(t, wechattest.Config{})
	c.Follow(openid, wechattest.User{})
	info := userInfo + "?openid=" + openid
	c.SetQuota(userInfo, 2)
	c.wantCode(0, c.get(info))
	c.wantCode(0, c.post(userBatch, batch(openid)))
	c.wantCode(45009, c.post(userBatch, batch(openid)))
	c.wantCode(45009, c.get(info))
	c.SetQuota(userBatch, 3) // both share one quota
	c.wantCode(0, c.get(info))
	c.wantCode(45009, c.get(info))
	c.SetQuota(userInfo, 1)
	c.want(`{"errcode":0,"errmsg":"ok","quota":{"daily_limit":1,"used":3,"remain":0}}`,
		c.post(quotaGet, quotaOf(userBatch)))

	c.SetQuota(stableToken, 0)
	c.wantCode(45009, c.post(stableToken, credentials(false)))
	c.SetQuota(callbackIP, 0) // has no limit of its own
	c.wantCode(45009, c.get(callbackIP))
}

func TestQuotaDoesNotCountWhatIsRefused(t *testing.T) {
	t.Parallel()
	c := newClient(t, wechattest.Config{})
	c.Fail(userGet, -1, 1)
	c.wantCode(-1, c.get(userGet))
	c.wantCode(43001, c.post(userGet, "{}"))
	c.wantCode(40001, call(t, c, "GET", userGet+"?access_token=x", ""))
	c.wantCode(40003, c.get(userGet+"?next_openid=o"))
	c.want(`{"errcode":0,"errmsg":"ok","quota":{"daily_limit":500,"used":1,"remain":499}}`,
		c.post(quotaGet, quotaOf(userGet)))
	if got := c.Calls(userGet); got != 4 {
		t.Errorf("%d calls, want all 4", got)
	}
}

func TestQuotaGetRefusals(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, body string
		want       int
	}{
		{"no body", "", 44002},
		{"something else", "cgi_path", 47001},
		{"no path", "{}", 76003},
		{"no slash", quotaOf("cgi-bin/user/get"), 76003},
		{"unknown path", quotaOf("/cgi-bin/nothing"), 76021},
		{"path of a page's call", quotaOf("/sns/oauth2/access_token"), 76022},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			c := newClient(t, wechattest.Config{})
			c.wantCode(test.want, c.post(quotaGet, test.body))
		})
	}
}

func TestKinds(t *testing.T) {
	t.Parallel()
	type may struct{ Service, Personal bool }
	open, closed := may{true, true}, may{true, false}
	tests := []struct {
		path string
		want may
	}{
		{stableToken, open}, {callbackIP, open}, {quotaGet, open}, {selfmenu, open},
		{userInfo, closed}, {userBatch, closed}, {userGet, closed},
		{menuCreate, closed}, {menuGet, closed}, {menuAdd, closed}, {menuDel, closed}, {menuTry, closed},
		{"/sns/oauth2/access_token", closed},
	}
	for _, test := range tests {
		t.Run(test.path, func(t *testing.T) {
			t.Parallel()
			permitted := func(kind wechattest.Kind) bool {
				c := newClient(t, wechattest.Config{Kind: kind})
				for _, method := range []string{"GET", "POST"} {
					switch c.call(method, test.path, "").code() {
					case 48001:
						return false
					case 40066:
						t.Fatal("unknown path")
					}
				}
				return true
			}
			got := may{permitted(wechattest.ServiceAccount), permitted(wechattest.PersonalAccount)}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("permissions (-want +got):\n%s", diff)
			}
		})
	}
}
