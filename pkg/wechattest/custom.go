package wechattest

import (
	"net/url"
	"slices"
	"time"
)

// CustomMessage is a customer-service message that the platform has taken.
type CustomMessage struct {
	OpenID string
	Text   string
	ByAI   bool // it is marked as made by an AI
}

// The platform takes maxCustom customer-service messages within customFor of a follower's last message, and shows that
// somebody is typing only within typingFor of it.
// https://developers.weixin.qq.com/doc/subscription/guide/product/kf/intro
const (
	maxCustom = 5
	customFor = 48 * time.Hour
	typingFor = 30 * time.Second
	maxText   = 2048 // bytes; measured, not documented
)

// window is a follower's last message and the account's messages since then.
type window struct {
	wrote  time.Time
	sent   int
	typing bool
}

// Wrote tells the platform that the follower has sent a message at that time, which the account may answer with
// customer-service messages. With EveryoneFollows, everyone has just written.
func (p *Platform) Wrote(openid string, at time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.setWindow(openid, &window{wrote: at})
}

// CustomMessages returns the customer-service messages that the platform has taken, in their order.
func (p *Platform) CustomMessages() []CustomMessage {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.custom)
}

func (p *Platform) setWindow(openid string, w *window) {
	if p.windows == nil {
		p.windows = map[string]*window{}
	}
	p.windows[openid] = w
}

func (p *Platform) window(openid string) *window {
	if p.windows[openid] == nil {
		w := &window{}
		if p.config.EveryoneFollows {
			w.wrote = p.config.Now()
		}
		p.setWindow(openid, w)
	}
	return p.windows[openid]
}

// customSend takes texts only: other messages have no user here.
// https://developers.weixin.qq.com/doc/service/api/customer/message/api_sendcustommessage
func (p *Platform) customSend(_ url.Values, body []byte) (any, int) {
	var in struct {
		ToUser  string
		MsgType string
		Text    struct{ Content string }
		AI      struct {
			IsAI int `json:"is_ai_msg"`
		} `json:"aimsgcontext"`
	}
	if errcode := decode(body, &in); errcode != 0 {
		return nil, errcode
	}
	u, known := p.user(in.ToUser)
	w := p.window(in.ToUser)
	switch {
	case !known:
		return nil, 40003
	case in.MsgType != "text" || in.Text.Content == "":
		return nil, 44004
	case len(in.Text.Content) > maxText:
		return nil, 45002
	case !u.follows || p.config.Now().Sub(w.wrote) > customFor:
		return nil, 45015
	case w.sent >= maxCustom:
		return nil, 45047
	}
	w.sent++
	w.typing = false
	p.custom = append(p.custom, CustomMessage{in.ToUser, in.Text.Content, in.AI.IsAI == 1})
	return done, 0
}

// https://developers.weixin.qq.com/doc/service/api/customer/message/api_typing
func (p *Platform) customTyping(_ url.Values, body []byte) (any, int) {
	var in struct{ ToUser, Command string }
	if errcode := decode(body, &in); errcode != 0 {
		return nil, errcode
	}
	_, known := p.user(in.ToUser)
	w := p.window(in.ToUser)
	switch {
	case !known:
		return nil, 40003
	case in.Command != "Typing" && in.Command != "CancelTyping":
		return nil, 45072
	case p.config.Now().Sub(w.wrote) > typingFor:
		return nil, 45080
	case w.typing && in.Command == "Typing":
		return nil, 45081
	}
	w.typing = in.Command == "Typing"
	return done, 0
}
