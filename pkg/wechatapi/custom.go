package wechatapi

import (
	"context"
	"strings"
)

const customSend = "/cgi-bin/message/custom/send"

// SendText sends a text to a follower as a customer-service message. byAI makes WeChat show below it that a third party's
// AI has made it. The text has at most wechat.MaxText bytes of UTF-8 and no control characters other than line feed and tab.
//
// The platform takes up to five messages within 48 hours of the follower's last one. Its refusal is an *Error: 45015 outside
// that time, 45047 for the sixth message, 48001 for an account that is not verified. Unlike other calls, this one reaches the
// platform at most once, unless the platform has refused it. After an error that is not a refusal, it may have reached it.
//
// https://developers.weixin.qq.com/doc/service/api/customer/message/api_sendcustommessage
func (c *Client) SendText(ctx context.Context, openid, text string, byAI bool) error {
	type content struct {
		Content string `json:"content"`
	}
	type mark struct {
		IsAI int `json:"is_ai_msg"`
	}
	body := struct {
		ToUser  string  `json:"touser"`
		MsgType string  `json:"msgtype"`
		Text    content `json:"text"`
		AI      *mark   `json:"aimsgcontext,omitempty"`
	}{ToUser: openid, MsgType: "text", Text: content{text}}
	if byAI {
		body.AI = &mark{1}
	}
	return c.Post(ctx, customSend, body, nil)
}

// Typing shows the follower that somebody is typing, until a message comes or some seconds have passed. The platform refuses
// it with 45080 if the follower has not written within 30 s, and with 45081 if it is shown already.
//
// https://developers.weixin.qq.com/doc/service/api/customer/message/api_typing
func (c *Client) Typing(ctx context.Context, openid string) error {
	return c.Post(ctx, "/cgi-bin/message/custom/typing", map[string]string{"touser": openid, "command": "Typing"}, nil)
}

// customRefusals are errcodes of customer-service messages that are no fault of anybody: the account may not send, the follower
// has not written recently or receives nothing, or somebody is shown as typing already.
var customRefusals = []int{40200, 43019, 45015, 45047, 45080, 45081, 48001, 48002, 70000}

// expected reports whether err is a refusal that the log does not need.
func expected(path string, err error) bool {
	return strings.HasPrefix(path, "/cgi-bin/message/custom/") && hasCode(err, customRefusals...)
}
