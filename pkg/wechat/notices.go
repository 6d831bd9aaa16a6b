package wechat

// In XML, the entries of these events are in an element with the event's name. In JSON, they are a member List: an object if
// there is one entry, an array if there are several.

// SubscribeMsgPopup, event subscribe_msg_popup_event, is a follower's answer to a pop-up that offers to subscribe to
// notices. It cannot be replied to.
//
// See https://developers.weixin.qq.com/doc/service/guide/product/subscription_messages/push.html
type SubscribeMsgPopup struct {
	Head
	List []SubscribeMsgAnswer `wechat:"SubscribeMsgPopupEvent>List,List"` // one for each template offered
}

// SubscribeMsgAnswer is the answer about one template.
type SubscribeMsgAnswer struct {
	TemplateID            string `wechat:"TemplateId"` // of the notice
	SubscribeStatusString string // accept or reject
	PopupScene            int64  // the pop-up's place: 1 a page, 2 an article; other values occur, such as 0
}

// SubscribeMsgChange, event subscribe_msg_change_event, reports that a follower switched notices off in WeChat's settings.
// It cannot be replied to.
//
// See https://developers.weixin.qq.com/doc/service/guide/product/subscription_messages/push.html
type SubscribeMsgChange struct {
	Head
	// List has one entry for each template. The platform's page once showed the entries in SubscribeMsgPopupEvent.
	List []SubscribeMsgSwitch `wechat:"SubscribeMsgChangeEvent>List,SubscribeMsgPopupEvent>List,List"`
}

// SubscribeMsgSwitch is the change of one template.
type SubscribeMsgSwitch struct {
	TemplateID            string `wechat:"TemplateId"` // of the notice
	SubscribeStatusString string // reject; the platform does not push that a notice was switched on
}

// SubscribeMsgSent, event subscribe_msg_sent_event, reports whether notices arrived. It cannot be replied to.
//
// See https://developers.weixin.qq.com/doc/service/guide/product/subscription_messages/push.html
type SubscribeMsgSent struct {
	Head
	List []SubscribeMsgResult `wechat:"SubscribeMsgSentEvent>List,List"` // one for each notice
}

// SubscribeMsgResult is the result of one notice.
type SubscribeMsgResult struct {
	TemplateID  string `wechat:"TemplateId"` // of the notice
	MsgID       uint64 // the msgid that the call returned
	ErrorCode   int64  // 0 if the notice was sent
	ErrorStatus string // success, or the reason of the failure; the values are open
}
