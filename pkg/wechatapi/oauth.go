package wechatapi

import (
	"context"
	"fmt"
	"net/http"
	"net/url"

	"github.com/guanzhu/guanzhu/pkg/follower"
	"github.com/guanzhu/guanzhu/pkg/wechat"
)

// spentCode are the errcodes of an OAuth code that is good no more: the page was opened twice, or left open.
var spentCode = []int{40029, 40163, 42003}

// Exchange asks who came back with an OAuth code of scope snsapi_base, and whether only to a snapshot of the page
// (is_snapshotuser): the openid is nobody's then. It takes no access token.
//
// A code is good once, for five minutes. The error of one that is not (errcode 40029, 42003), or no longer (40163), is
// follower.ErrCode. Neither the code nor the app secret is in any error.
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
		}, nil, &out)
	})
	switch {
	case hasCode(err, spentCode...):
		return "", false, fmt.Errorf("%w: %w", follower.ErrCode, err)
	case err != nil:
		return "", false, err
	case !wechat.IsOpenID(out.OpenID):
		return "", false, fmt.Errorf("wechatapi: %s: the answer holds no openid; look at the relay or proxy in between", path)
	}
	return out.OpenID, out.Snapshot == 1, nil
}
