package wechatapi

import (
	"context"
	"fmt"
	"net/url"

	"github.com/guanzhu/guanzhu/internal/reconcile"
	"github.com/guanzhu/guanzhu/pkg/follower"
)

var _ reconcile.Platform = (*Client)(nil)

// Openids returns up to 10,000 followers of the account that come after the openid after, and the number of all followers.
// An empty after means the beginning. The next call takes next as after. It is "" at the end of the list.
// https://developers.weixin.qq.com/doc/service/api/usermanage/userinfo/api_getfans
func (c *Client) Openids(ctx context.Context, after string) (openids []string, next string, total int, err error) {
	var answer struct {
		Total int `json:"total"`
		Data  struct {
			OpenIDs []string `json:"openid"`
		} `json:"data"`
		Next string `json:"next_openid"`
	}
	query := url.Values{}
	if after != "" {
		query.Set("next_openid", after)
	}
	if err := c.Get(ctx, reconcile.ListPath, query, &answer); err != nil {
		return nil, "", 0, err
	}
	if len(answer.Data.OpenIDs) == 0 {
		answer.Next = "" // the platform may repeat the last openid
	}
	return answer.Data.OpenIDs, answer.Next, answer.Total, nil
}

// Profiles fetches the platform's records of up to 100 users. Users who do not follow the account are in gone instead. The
// platform refuses the whole call (errcode 40003) if one openid is not the account's.
// https://developers.weixin.qq.com/doc/service/api/usermanage/userinfo/api_batchuserinfo
func (c *Client) Profiles(ctx context.Context, openids []string) (profiles map[string]follower.Profile, gone []string, err error) {
	type asked struct {
		OpenID string `json:"openid"`
		Lang   string `json:"lang"`
	}
	var body struct {
		Users []asked `json:"user_list"`
	}
	for _, openid := range openids {
		body.Users = append(body.Users, asked{openid, "zh_CN"})
	}
	var answer struct {
		Users []struct {
			OpenID string `json:"openid"`
			user
		} `json:"user_info_list"`
	}
	if err := c.Post(ctx, reconcile.FetchPath, body, &answer); err != nil {
		return nil, nil, err
	}
	profiles = make(map[string]follower.Profile, len(answer.Users))
	for _, u := range answer.Users {
		switch {
		case u.Subscribe == nil:
			return nil, nil, fmt.Errorf("wechatapi: %s: the answer does not say whether a user follows", reconcile.FetchPath)
		case *u.Subscribe == 0:
			gone = append(gone, u.OpenID)
		default:
			profiles[u.OpenID] = u.profile()
		}
	}
	return profiles, gone, nil
}
