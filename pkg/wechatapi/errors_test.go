package wechatapi_test

import (
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"github.com/guanzhu/guanzhu/pkg/wechatapi"
)

func TestRefusal(t *testing.T) {
	const rid = "6921f0a3-1b2c3d4e-5f607182"
	tests := []struct {
		name   string
		code   int
		errmsg string
		want   wechatapi.Error
	}{
		{
			name: "with a rid", code: 48001, errmsg: "api unauthorized rid: " + rid,
			want: wechatapi.Error{RID: rid},
		},
		{
			name: "without a rid", code: 40013, errmsg: "invalid appid hint: [abc]",
			want: wechatapi.Error{},
		},
		{
			name: "what is no rid", code: 40013, errmsg: "invalid rid: not-a-rid",
			want: wechatapi.Error{},
		},
		{
			name: "IPv4", code: 40164,
			errmsg: "invalid ip 203.0.113.7 ipv6 ::ffff:203.0.113.7, not in whitelist rid: " + rid,
			want:   wechatapi.Error{RID: rid, IP: "203.0.113.7"},
		},
		{
			name: "IPv6", code: 40164, errmsg: "invalid ip 2001:db8::7 ipv6 2001:db8::7, not in whitelist",
			want: wechatapi.Error{IP: "2001:db8::7"},
		},
		{
			name: "IPv4 as IPv6", code: 61004, errmsg: "access clientip is not registered requestIP: ::ffff:203.0.113.7.",
			want: wechatapi.Error{IP: "203.0.113.7"},
		},
		{
			name: "no address", code: 40164, errmsg: "invalid ip 300.1.1.1, not in whitelist",
			want: wechatapi.Error{},
		},
		{
			name: "an address that is not asked for", code: 45011, errmsg: "too often from 203.0.113.7",
			want: wechatapi.Error{},
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				err := refusal(t, test.code, test.errmsg)
				test.want.API, test.want.Code = userInfo, test.code
				if diff := cmp.Diff(test.want, *err); diff != "" {
					t.Errorf("error (-want +got):\n%s", diff)
				}
				for _, part := range []string{userInfo, fmt.Sprint(test.code), test.want.RID, test.want.IP} {
					if !strings.Contains(err.Error(), part) {
						t.Errorf("the text %q does not hold %q", err, part)
					}
				}
			})
		})
	}
}

// refusal returns the error of a call that the platform refuses.
func refusal(t *testing.T, code int, errmsg string) *wechatapi.Error {
	a := newInstance(t, withToken("T", func(w http.ResponseWriter, r *http.Request) {
		io.WriteString(w, fmt.Sprintf(`{"errcode":%d,"errmsg":%q}`, code, errmsg))
	}), &store{})
	err, ok := a.profile(t).(*wechatapi.Error)
	if !ok {
		t.Fatal("no refusal, want one")
	}
	return err
}

func TestExplanations(t *testing.T) {
	want := []int{-1, 40001, 40003, 40007, 40013, 40014, 40015, 40016, 40017, 40018, 40019, 40020, 40021, 40022,
		40023, 40024, 40025, 40026, 40027, 40028, 40029, 40033, 40054, 40055, 40119, 40120, 40125, 40155, 40163,
		40164, 40165, 40166, 40243, 42001, 42003, 45009, 45010, 45011, 45064, 46002, 46003, 48001, 50002, 53600,
		61004, 65301, 65302, 65303, 65304, 65305, 65306, 65307, 65308, 65309, 65310, 65311, 65312, 65313, 65314,
		65316, 65317, 65320, 89501, 89503, 89506, 89507}
	got := wechatapi.Explained()
	slices.Sort(got)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("explained errcodes (-want +got):\n%s", diff)
	}
	for _, code := range got {
		// What it means and what to do.
		text := (&wechatapi.Error{API: userInfo, Code: code}).Error()
		if meaning, remedy, ok := strings.Cut(text, "; "); !ok || meaning == "" || remedy == "" {
			t.Errorf("%q does not say what to do", text)
		}
	}
	unknown := (&wechatapi.Error{API: userInfo, Code: 99999}).Error()
	if !strings.Contains(unknown, "errcode 99999: look it up in https://developers.weixin.qq.com/") {
		t.Errorf("%q does not say where to look", unknown)
	}
}
