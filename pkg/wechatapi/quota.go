package wechatapi

import (
	"context"
	"encoding/json"
	"net/http"
	"time"
)

// Reach makes a call without secret or token. It returns the time in the answer's Date header, or the zero Time without one.
// The platform refuses the call, which is no error, because it has been reached. The error is ErrNotPlatform (errors.Is) if
// the answer comes from something else.
// https://developers.weixin.qq.com/doc/service/api/base/api_getcallbackip
func (c *Client) Reach(ctx context.Context) (date time.Time, err error) {
	head, answer, err := c.ask(ctx, http.MethodGet, callbackIPPath, nil, payload{}, maxAnswer)
	if err != nil {
		return time.Time{}, err
	}
	var status struct {
		Code *int `json:"errcode"`
	}
	if json.Unmarshal(answer, &status) != nil || status.Code == nil {
		return time.Time{}, notJSON(callbackIPPath)
	}
	date, _ = http.ParseTime(head.Get("Date")) // a relay may leave it out
	return date, nil
}

// FetchToken asks the platform for the account's current access token, without forcing a new one. The client uses that token
// from then on. An error shows that the platform refuses the appid, the app secret or the caller's address.
func (c *Client) FetchToken(ctx context.Context) error {
	token, err := c.fetchToken(ctx, false)
	if err != nil {
		return err
	}
	c.remember(token)
	return nil
}

const callbackIPPath = "/cgi-bin/getcallbackip"

// CheckToken makes a call with the access token that every account may make and that changes nothing.
// https://developers.weixin.qq.com/doc/service/api/base/api_getcallbackip
func (c *Client) CheckToken(ctx context.Context) error {
	return c.Get(ctx, callbackIPPath, nil, nil)
}

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
