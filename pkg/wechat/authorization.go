package wechat

// The events in this file concern users who logged in on the account's pages (OAuth). Their FromUserName is the platform's
// own push service, not the user. The law and the platform's terms require that an account deletes data that a user
// withdrew.

// AuthorizationEvent holds the fields that all events about the authorization of the account's pages have. The platform's
// page and its pushes differ in the case of the names.
//
// See https://developers.weixin.qq.com/doc/service/guide/h5/authorization_change.html
type AuthorizationEvent struct {
	Head
	OpenID  string `wechat:"OpenID,openid,OpenId"`    // the user; may be missing
	UnionID string `wechat:"UnionID,unionid,UnionId"` // the user, if the account is bound to an Open Platform account
	AppID   string `wechat:"AppID,appid,AppId"`       // the account
}

// UserInfoModified, event user_info_modified, reports that the platform removed a risky nickname or avatar from a user's
// profile. Fetch them again, or delete what the account stored. It cannot be replied to.
//
// See https://developers.weixin.qq.com/doc/service/guide/h5/authorization_change.html
type UserInfoModified struct {
	AuthorizationEvent
}

// UserAuthorizationRevoke, event user_authorization_revoke, reports that a user withdrew an authorization. The data that
// the account obtained with it must be deleted. It cannot be replied to.
//
// See https://developers.weixin.qq.com/doc/service/guide/h5/authorization_change.html
type UserAuthorizationRevoke struct {
	AuthorizationEvent
	// RevokeInfo names what was withdrawn: 201 address, 202 invoice, 203 card, 204 microphone, 205 nickname and avatar, 206
	// location, 207 chosen pictures or videos. Other values occur: the platform's own sample has 1.
	RevokeInfo string
}

// UserAuthorizationCancellation, event user_authorization_cancellation, reports that a user closed the WeChat account. All
// data about the user must be deleted. It cannot be replied to.
//
// See https://developers.weixin.qq.com/doc/service/guide/h5/authorization_change.html
type UserAuthorizationCancellation struct {
	AuthorizationEvent
}
