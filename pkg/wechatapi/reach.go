package wechatapi

import (
	"context"
	"encoding/json"
	"net/http"
	"time"
)

const callbackIPPath = "/cgi-bin/getcallbackip"

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

// CheckToken makes a call with the access token that every account may make and that changes nothing.
// https://developers.weixin.qq.com/doc/service/api/base/api_getcallbackip
func (c *Client) CheckToken(ctx context.Context) error {
	return c.Get(ctx, callbackIPPath, nil, nil)
}
