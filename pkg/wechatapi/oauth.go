package wechatapi

import (
	"context"
	"fmt"
	"net/http"
	"net/url"

	"github.com/guanzhu/guanzhu/pkg/web"
	"github.com/guanzhu/guanzhu/pkg/wechat"
)

// spentCode has the errcodes of an OAuth code that is no longer valid: the page was opened twice, or left open.
var spentCode = []int{40029, 40163, 42003}

// Exchange returns the openid of an OAuth code of scope snsapi_base. snapshot reports that the visitor sees only
// a snapshot of the page (is_snapshotuser); the platform has then made up the openid. Exchange needs no access token.
//
// A code is valid once, for five minutes. If it is invalid or too old (errcode 40029, 42003) or was used (40163), the error
// is web.ErrSpentCode. No error contains the code or the app secret.
// https://developers.weixin.qq.com/doc/service/api/webdev/access/api_snsaccesstoken
func (c *Client) Exchange(ctx context.Context, code string) (openid string, snapshot bool, err error) {
	const path = "/sns/oauth2/access_token"
	var out struct {
		OpenID   string `json:"openid"`
		Snapshot int    `json:"is_snapshotuser"`
	}
	err = c.withSecret(ctx, func(secret string) error {
		return c.send(ctx, http.MethodGet, path, url.Values{
			"appid":      {c.appID},
			"secret":     {secret},
			"code":       {code},
			"grant_type": {"authorization_code"},
		}, payload{}, &out)
	})
	switch {
	case hasCode(err, spentCode...):
		return "", false, fmt.Errorf("%w: %w", web.ErrSpentCode, err)
	case err != nil:
		return "", false, err
	case !wechat.IsOpenID(out.OpenID):
		return "", false, fmt.Errorf("wechatapi: %s: the answer has no openid; check the relay or proxy in between", path)
	}
	return out.OpenID, out.Snapshot == 1, nil
}
