package wechatapi

import "context"

// Quota returns how many calls a day the account may make of the API with this path, and how many are left. The error has
// errcode 76021 or 76022 if the platform does not count these calls.
// https://developers.weixin.qq.com/doc/service/api/apimanage/api_getapiquota
func (c *Client) Quota(ctx context.Context, path string) (daily, left int, err error) {
	var answer struct {
		Quota struct {
			Daily int `json:"daily_limit"`
			Left  int `json:"remain"`
		} `json:"quota"`
	}
	err = c.Post(ctx, "/cgi-bin/openapi/quota/get", map[string]string{"cgi_path": path}, &answer)
	return answer.Quota.Daily, answer.Quota.Left, err
}
