package wechatapi_test

import (
	"fmt"
	"io"
	"net/http"
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

// TestTexts holds the texts of refusals in both languages.
func TestTexts(t *testing.T) {
	tests := []struct {
		err    wechatapi.Error
		zh, en string
	}{
		{wechatapi.Error{Code: 45011},
			"wechatapi: /cgi-bin/user/info：errcode 45011：调用太频繁；等一分钟以上再试",
			"wechatapi: /cgi-bin/user/info: errcode 45011: the API is called too often; wait for more than a minute and try again"},
		{wechatapi.Error{Code: 65305, RID: "6921f0a3-1b2c3d4e-5f607182"},
			"wechatapi: /cgi-bin/user/info：errcode 65305：个性化菜单太多；去掉一些（rid 6921f0a3-1b2c3d4e-5f607182）",
			"wechatapi: /cgi-bin/user/info: errcode 65305: there are too many conditional menus; remove some (rid 6921f0a3-1b2c3d4e-5f607182)"},
		{wechatapi.Error{Code: 99999, IP: "203.0.113.7"},
			"wechatapi: /cgi-bin/user/info：errcode 99999：含义见 https://developers.weixin.qq.com/doc/oplatform/developers/errCode/errCode.html；要添加的 IP 是 203.0.113.7",
			"wechatapi: /cgi-bin/user/info: errcode 99999: look it up in https://developers.weixin.qq.com/doc/oplatform/developers/errCode/errCode.html; the IP address to add is 203.0.113.7"},
	}
	for _, tt := range tests {
		tt.err.API = userInfo
		if got := tt.err.In("zh"); got != tt.zh {
			t.Errorf("%q, want %q", got, tt.zh)
		}
		if got := tt.err.Error(); got != tt.en {
			t.Errorf("%q, want %q", got, tt.en)
		}
	}
}
