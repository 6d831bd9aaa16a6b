package wechatapi

import (
	"cmp"
	"context"
	"fmt"
	"net/url"
	"strconv"
	"time"

	"github.com/guanzhu/guanzhu/pkg/follower"
)

var _ follower.Profiler = (*Client)(nil)

// Profile fetches the platform's record of a follower. The error is follower.ErrNoPermission if the account may not call the
// API, and follower.ErrNotFound if the user does not follow the account.
// https://developers.weixin.qq.com/doc/service/api/usermanage/userinfo/api_userinfo
func (c *Client) Profile(ctx context.Context, openid string) (follower.Profile, error) {
	const path = "/cgi-bin/user/info"
	var u user
	if err := c.Get(ctx, path, url.Values{"openid": {openid}, "lang": {"zh_CN"}}, &u); err != nil {
		return follower.Profile{}, err
	}
	switch {
	case u.Subscribe == nil:
		return follower.Profile{}, fmt.Errorf("wechatapi: %s: the answer does not say whether the user follows", path)
	case *u.Subscribe == 0:
		return follower.Profile{}, fmt.Errorf("wechatapi: %s: %w", path, follower.ErrNotFound)
	}
	return u.profile(), nil
}

// user is the platform's record of a user. If the user does not follow the account, it has only subscribe, openid and
// unionid.
type user struct {
	Subscribe      *int   `json:"subscribe"`
	UnionID        string `json:"unionid"`
	Language       string `json:"language"`
	SubscribeTime  int64  `json:"subscribe_time"` // seconds
	Remark         string `json:"remark"`
	Tags           []int  `json:"tagid_list"`
	SubscribeScene string `json:"subscribe_scene"`
	QRScene        int64  `json:"qr_scene"`
	QRSceneStr     string `json:"qr_scene_str"`
}

func (u user) profile() follower.Profile {
	p := follower.Profile{
		UnionID:  u.UnionID,
		Language: u.Language,
		Scene:    u.SubscribeScene,
		QRScene:  u.QRSceneStr,
		Remark:   u.Remark,
		Tags:     u.Tags,
	}
	// A QR code's scene is a string or a number other than 0.
	if u.QRScene != 0 {
		p.QRScene = cmp.Or(p.QRScene, strconv.FormatInt(u.QRScene, 10))
	}
	if u.SubscribeTime != 0 {
		p.SubscribedAt = time.Unix(u.SubscribeTime, 0)
	}
	return p
}
