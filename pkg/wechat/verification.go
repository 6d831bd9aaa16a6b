package wechat

// The events in this file report on the verification (微信认证) of the account. No user is involved.

// QualificationVerifySuccess, event qualification_verify_success, reports that the account's subject is verified. The
// interfaces are available at once. It cannot be replied to.
//
// See https://developers.weixin.qq.com/doc/offiaccount/Account_Management/Wechat_Accreditation_Event_Push.html
type QualificationVerifySuccess struct {
	Head
	ExpiredTime int64 // end of the verification, in seconds since 1970
}

// QualificationVerifyFail, event qualification_verify_fail, reports that the verification of the account's subject failed.
// It cannot be replied to.
//
// See https://developers.weixin.qq.com/doc/offiaccount/Account_Management/Wechat_Accreditation_Event_Push.html
type QualificationVerifyFail struct {
	Head
	FailTime   int64  // in seconds since 1970
	FailReason string // in words
}

// NamingVerifySuccess, event naming_verify_success, reports that the account's name is verified. It cannot be replied to.
//
// See https://developers.weixin.qq.com/doc/offiaccount/Account_Management/Wechat_Accreditation_Event_Push.html
type NamingVerifySuccess struct {
	Head
	ExpiredTime int64 // end of the verification, in seconds since 1970
}

// NamingVerifyFail, event naming_verify_fail, reports that the verification of the account's name failed. The interfaces
// remain available. It cannot be replied to.
//
// See https://developers.weixin.qq.com/doc/offiaccount/Account_Management/Wechat_Accreditation_Event_Push.html
type NamingVerifyFail struct {
	Head
	FailTime   int64  // in seconds since 1970
	FailReason string // in words
}

// AnnualRenew, event annual_renew, reports that the verification must be renewed. It cannot be replied to.
//
// See https://developers.weixin.qq.com/doc/offiaccount/Account_Management/Wechat_Accreditation_Event_Push.html
type AnnualRenew struct {
	Head
	ExpiredTime int64 // end of the verification, in seconds since 1970
}

// VerifyExpired, event verify_expired, reports that the verification has ended. The account now has the permissions of an
// unverified one. It cannot be replied to.
//
// See https://developers.weixin.qq.com/doc/offiaccount/Account_Management/Wechat_Accreditation_Event_Push.html
type VerifyExpired struct {
	Head
	ExpiredTime int64 // end of the verification, in seconds since 1970
}
