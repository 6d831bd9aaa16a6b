package wechat

// KfCreateSession, event kf_create_session, tells that an agent of the customer-service desk took over a follower's
// conversation: from now on the follower's messages go to the desk and are not pushed. It cannot be replied to.
//
// See https://developers.weixin.qq.com/doc/service/Customer_Service/Session_control.html
type KfCreateSession struct {
	Head
	KfAccount string // the agent, name@account
}

// KfCloseSession, event kf_close_session, tells that a conversation with the customer-service desk ended: messages
// are pushed again. It cannot be replied to.
//
// See https://developers.weixin.qq.com/doc/service/Customer_Service/Session_control.html
type KfCloseSession struct {
	Head
	KfAccount string // the agent, name@account
	CloseType string // who or what ended it; often missing, and its values are not documented
}

// KfSwitchSession, event kf_switch_session, tells that an agent of the customer-service desk handed a conversation to
// another. It cannot be replied to.
//
// See https://developers.weixin.qq.com/doc/service/Customer_Service/Session_control.html
type KfSwitchSession struct {
	Head
	FromKfAccount string // the agent before, name@account
	ToKfAccount   string // the agent now, name@account
}
