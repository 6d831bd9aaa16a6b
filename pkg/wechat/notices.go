package wechat

// In XML the entries of these events stand within an element of the event's own name; in JSON they are a member List,
// which is an object where it is one entry and an array where it is several.

// SubscribeMsgPopup, event subscribe_msg_popup_event, is a follower's answer to a pop-up that asked to subscribe to
// notices. It cannot be replied to.
//
// See https://developers.weixin.qq.com/doc/service/guide/product/subscription_messages/push.html
type SubscribeMsgPopup struct {
	Head
	List []SubscribeMsgAnswer `wechat:"SubscribeMsgPopupEvent>List,List"` // one for each template asked about
}

// SubscribeMsgAnswer is the answer about one template.
type SubscribeMsgAnswer struct {
	TemplateID            string `wechat:"TemplateId"` // of the notice
	SubscribeStatusString string // accept or reject
	PopupScene            int64  // where the pop-up stood: 1 a page, 2 an article; the set is open: 0 has been seen
}

// SubscribeMsgChange, event subscribe_msg_change_event, is a follower's switching off of notices in the client's
// settings. It cannot be replied to.
//
// See https://developers.weixin.qq.com/doc/service/guide/product/subscription_messages/push.html
type SubscribeMsgChange struct {
	Head
	// List has one for each template. The platform's page showed the entries within SubscribeMsgPopupEvent for a time.
	List []SubscribeMsgSwitch `wechat:"SubscribeMsgChangeEvent>List,SubscribeMsgPopupEvent>List,List"`
}

// SubscribeMsgSwitch is the change of one template.
type SubscribeMsgSwitch struct {
	TemplateID            string `wechat:"TemplateId"` // of the notice
	SubscribeStatusString string // reject; the platform does not push the switching on
}

// SubscribeMsgSent, event subscribe_msg_sent_event, tells whether notices arrived. It cannot be replied to.
//
// See https://developers.weixin.qq.com/doc/service/guide/product/subscription_messages/push.html
type SubscribeMsgSent struct {
	Head
	List []SubscribeMsgResult `wechat:"SubscribeMsgSentEvent>List,List"` // one for each notice
}

// SubscribeMsgResult is the result of one notice.
type SubscribeMsgResult struct {
	TemplateID  string `wechat:"TemplateId"` // of the notice
	MsgID       uint64 // the msgid that sending it gave
	ErrorCode   int64  // 0 where it was sent
	ErrorStatus string // success, or what failed; the set is open
}
