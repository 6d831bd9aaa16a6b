package wechat

// The events here are about users who logged in on the account's pages (OAuth). Who it is about stands in OpenID:
// FromUserName is the platform's own push service. The platform writes the names with capitals on its page and pushes some
// in lower case, so that both are read. Data that a user withdrew must be deleted: the law demands it, and the platform's
// terms.

// UserInfoModified, event user_info_modified, tells that the platform changed a user's profile because something in
// it was a risk; a nickname or a picture that the account stored should be fetched anew or deleted. It cannot be
// replied to.
//
// See https://developers.weixin.qq.com/doc/service/guide/h5/authorization_change.html
type UserInfoModified struct {
	Head
	OpenID  string `wechat:"OpenID,openid,OpenId"`    // the user; may be missing
	UnionID string `wechat:"UnionID,unionid,UnionId"` // the user, if the account is bound to an Open Platform account
	AppID   string `wechat:"AppID,appid,AppId"`       // the account
}

// UserAuthorizationRevoke, event user_authorization_revoke, is a user's withdrawal of what was allowed to the
// account's pages: the data must be deleted. It cannot be replied to.
//
// See https://developers.weixin.qq.com/doc/service/guide/h5/authorization_change.html
type UserAuthorizationRevoke struct {
	Head
	OpenID  string `wechat:"OpenID,openid,OpenId"`    // the user; may be missing
	UnionID string `wechat:"UnionID,unionid,UnionId"` // the user, if the account is bound to an Open Platform account
	AppID   string `wechat:"AppID,appid,AppId"`       // the account
	// RevokeInfo is what was withdrawn: 201 address, 202 invoice, 203 card, 204 microphone, 205 nickname and picture, 206
	// location, 207 chosen pictures or videos. The set is open: the page's own sample has 1.
	RevokeInfo string
}

// UserAuthorizationCancellation, event user_authorization_cancellation, tells that a user closed the WeChat account:
// all data about the user must be deleted. It cannot be replied to.
//
// See https://developers.weixin.qq.com/doc/service/guide/h5/authorization_change.html
type UserAuthorizationCancellation struct {
	Head
	OpenID  string `wechat:"OpenID,openid,OpenId"`    // the user; may be missing
	UnionID string `wechat:"UnionID,unionid,UnionId"` // the user, if the account is bound to an Open Platform account
	AppID   string `wechat:"AppID,appid,AppId"`       // the account
}
