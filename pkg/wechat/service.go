package wechat

// KfCreateSession, event kf_create_session, reports that an agent of the customer-service desk took over a follower's
// conversation. From now on, the follower's messages go to the desk and are not pushed. It cannot be replied to.
//
// See https://developers.weixin.qq.com/doc/service/Customer_Service/Session_control.html
type KfCreateSession struct {
	Head
	KfAccount string // the agent, name@account
}

// KfCloseSession, event kf_close_session, reports that a conversation with the customer-service desk ended. Messages are
// pushed again. It cannot be replied to.
//
// See https://developers.weixin.qq.com/doc/service/Customer_Service/Session_control.html
type KfCloseSession struct {
	Head
	KfAccount string // the agent, name@account
	CloseType string // who or what ended it; often missing, values undocumented
}

// KfSwitchSession, event kf_switch_session, reports that an agent of the customer-service desk passed a conversation to
// another agent. It cannot be replied to.
//
// See https://developers.weixin.qq.com/doc/service/Customer_Service/Session_control.html
type KfSwitchSession struct {
	Head
	FromKfAccount string // the previous agent, name@account
	ToKfAccount   string // the new agent, name@account
}
