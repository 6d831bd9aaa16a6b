package wechat

// The events here tell how the verification (微信认证) of the account goes. Nobody is to be answered.

// QualificationVerifySuccess, event qualification_verify_success, tells that the account's subject is verified; the
// interfaces are open at once. It cannot be replied to.
//
// See https://developers.weixin.qq.com/doc/offiaccount/Account_Management/Wechat_Accreditation_Event_Push.html
type QualificationVerifySuccess struct {
	Head
	ExpiredTime int64 // when the verification ends, in seconds since 1970
}

// QualificationVerifyFail, event qualification_verify_fail, tells that the verification of the account's subject
// failed. It cannot be replied to.
//
// See https://developers.weixin.qq.com/doc/offiaccount/Account_Management/Wechat_Accreditation_Event_Push.html
type QualificationVerifyFail struct {
	Head
	FailTime   int64  // when, in seconds since 1970
	FailReason string // in words
}

// NamingVerifySuccess, event naming_verify_success, tells that the account's name is verified. It cannot be replied
// to.
//
// See https://developers.weixin.qq.com/doc/offiaccount/Account_Management/Wechat_Accreditation_Event_Push.html
type NamingVerifySuccess struct {
	Head
	ExpiredTime int64 // when the verification ends, in seconds since 1970
}

// NamingVerifyFail, event naming_verify_fail, tells that the verification of the account's name failed; the
// interfaces stay open. It cannot be replied to.
//
// See https://developers.weixin.qq.com/doc/offiaccount/Account_Management/Wechat_Accreditation_Event_Push.html
type NamingVerifyFail struct {
	Head
	FailTime   int64  // when, in seconds since 1970
	FailReason string // in words
}

// AnnualRenew, event annual_renew, tells that the verification is to be renewed. It cannot be replied to.
//
// See https://developers.weixin.qq.com/doc/offiaccount/Account_Management/Wechat_Accreditation_Event_Push.html
type AnnualRenew struct {
	Head
	ExpiredTime int64 // when the verification ends, in seconds since 1970
}

// VerifyExpired, event verify_expired, tells that the verification has ended: the account is as one that was never
// verified. It cannot be replied to.
//
// See https://developers.weixin.qq.com/doc/offiaccount/Account_Management/Wechat_Accreditation_Event_Push.html
type VerifyExpired struct {
	Head
	ExpiredTime int64 // when the verification ended, in seconds since 1970
}
