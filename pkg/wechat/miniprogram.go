package wechat

// The events here are about mini programs. They reach an Official Account's server only where one server serves both.

// WeappAuditSuccess, event weapp_audit_success, tells that a mini program's code passed the platform's review. It
// cannot be replied to.
//
// See https://developers.weixin.qq.com/doc/oplatform/Third-party_Platforms/2.0/api/code/audit_event.html
type WeappAuditSuccess struct {
	Head
	SuccTime int64 // when, in seconds since 1970
}

// WeappAuditFail, event weapp_audit_fail, tells that a mini program's code did not pass the platform's review. It
// cannot be replied to.
//
// See https://developers.weixin.qq.com/doc/oplatform/Third-party_Platforms/2.0/api/code/audit_event.html
type WeappAuditFail struct {
	Head
	Reason     string // in words, with <br>
	FailTime   int64  // when, in seconds since 1970
	ScreenShot string // media ids of pictures that show why, with | between them
}

// WeappAuditDelay, event weapp_audit_delay, tells that the platform's review of a mini program's code takes longer.
// It cannot be replied to.
//
// See https://developers.weixin.qq.com/doc/oplatform/Third-party_Platforms/2.0/api/code/audit_event.html
type WeappAuditDelay struct {
	Head
	Reason    string // in words
	DelayTime int64  // when, in seconds since 1970
}

// WxaMediaCheck, event wxa_media_check, is what the platform's check of a picture or a sound (media_check_async)
// found. The platform has had two versions of it; each field says which it is of. It cannot be replied to.
//
// See https://developers.weixin.qq.com/miniprogram/dev/OpenApiDoc/sec-center/sec-check/mediaCheckAsync.html
type WxaMediaCheck struct {
	Head
	AppID     string             `wechat:"appid"`           // the mini program; both versions
	TraceID   string             `wechat:"trace_id"`        // the trace_id that asking gave; both versions
	Version   int64              `wechat:"version"`         // 2; missing, so 0, in version 1
	ErrCode   int64              `wechat:"errcode"`         // 0 where the check was made; version 2
	ErrMsg    string             `wechat:"errmsg"`          // ok where the check was made; version 2
	Result    MediaCheckResult   `wechat:"result"`          // of all in all; version 2
	Detail    []MediaCheckDetail `wechat:"detail"`          // of each way of checking; version 2
	IsRisky   int64              `wechat:"isrisky"`         // 1 a risk, 0 none found; version 1
	ExtraInfo string             `wechat:"extra_info_json"` // empty as a rule; version 1
	// StatusCode is 0, or 4294966288 (-1008 without its sign) where the file could not be fetched; version 1.
	StatusCode int64 `wechat:"status_code"`
}

// MediaCheckResult is what a WxaMediaCheck found all in all.
type MediaCheckResult struct {
	Suggest string `wechat:"suggest"` // risky, pass or review
	// Label is 100 nothing, 10001 advertising, 20001 politics, 20002 pornography, 20003 insults, 20006 crime, 20008 fraud,
	// 20012 vulgarity, 20013 copyright, 21000 other. The set is open.
	Label int64 `wechat:"label"`
}

// MediaCheckDetail is what one way of checking found.
type MediaCheckDetail struct {
	Strategy string `wechat:"strategy"` // the way: content_model, keyword; the set is open
	ErrCode  int64  `wechat:"errcode"`  // 0 where the other fields are good
	Suggest  string `wechat:"suggest"`  // risky, pass or review
	Label    int64  `wechat:"label"`    // as MediaCheckResult's
	Prob     int64  `wechat:"prob"`     // how sure it is, 0 to 100
}
