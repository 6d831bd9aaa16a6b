package wechatapi

import (
	"context"
	"encoding/json"
	"net/http"
	"time"
)

// Reach makes a call that needs neither secret nor token, and returns the time that the answer's Date header tells, the
// zero Time if it tells none. That the platform refuses the call is no error: it has been reached. The error is
// ErrNotPlatform (errors.Is) for an answer that is not its own, else why there was none.
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
	date, _ = http.ParseTime(head.Get("Date")) // the zero Time where a relay does not hand it on
	return date, nil
}

// FetchToken asks the platform for the account's current access token, whatever is stored and never by force, and calls
// with it from then on. So it tells whether the platform accepts appid, app secret and the caller's address.
func (c *Client) FetchToken(ctx context.Context) error {
	token, err := c.fetchToken(ctx, false)
	if err != nil {
		return err
	}
	c.remember(token)
	return nil
}

const callbackIPPath = "/cgi-bin/getcallbackip"

// CheckToken makes a call that every account may make with its access token, and that changes nothing.
// https://developers.weixin.qq.com/doc/service/api/base/api_getcallbackip
func (c *Client) CheckToken(ctx context.Context) error {
	return c.Get(ctx, callbackIPPath, nil, nil)
}

// Quota asks how many calls of the API with this path the account has a day, and how many of them are left. The error
// has errcode 76021 or 76022 where the platform counts none for it.
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
