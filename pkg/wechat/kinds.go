package wechat

import (
	"maps"
	"slices"
)

// kinds maps the name of each kind that has a type, as [Head.Kind] returns it, to a constructor of that type. To add a kind,
// add its struct and its line here, and a sample to events/. docs/pushes.md is generated from both.
//
// A kind has a type if an Official Account can receive it today and the account's owner has a reason to act on it: the
// messages and events of followers, the results of what the account sent, what the law and the platform demand (the
// authorization events), the state of the account itself (its verification), and the tool that tests the connection. All
// others are a [Raw]: cards and invoices, whose fields are flat and which few accounts use; stores, Wi-Fi, beacons, guides
// and hardware, which the platform has closed or no longer documents; and what is sent to mini programs.
var kinds = map[string]func() Push{
	// Messages: messages.go.
	"text":       func() Push { return new(Text) },
	"image":      func() Push { return new(Image) },
	"voice":      func() Push { return new(Voice) },
	"video":      func() Push { return new(Video) },
	"shortvideo": func() Push { return new(ShortVideo) },
	"location":   func() Push { return new(Location) },
	"link":       func() Push { return new(Link) },
	"file":       func() Push { return new(File) },

	// Follow, scan, location: events.go.
	"event/subscribe":   func() Push { return new(Subscribe) },
	"event/unsubscribe": func() Push { return new(Unsubscribe) },
	"event/SCAN":        func() Push { return new(Scan) },
	"event/LOCATION":    func() Push { return new(LocationReport) },

	// Menu buttons: menu.go.
	"event/CLICK":              func() Push { return new(Click) },
	"event/VIEW":               func() Push { return new(View) },
	"event/view_miniprogram":   func() Push { return new(ViewMiniProgram) },
	"event/scancode_push":      func() Push { return new(ScanCodePush) },
	"event/scancode_waitmsg":   func() Push { return new(ScanCodeWaitMsg) },
	"event/pic_sysphoto":       func() Push { return new(PicSysPhoto) },
	"event/pic_photo_or_album": func() Push { return new(PicPhotoOrAlbum) },
	"event/pic_weixin":         func() Push { return new(PicWeixin) },
	"event/location_select":    func() Push { return new(LocationSelect) },

	// Results of what the account sent: jobs.go.
	"event/TEMPLATESENDJOBFINISH": func() Push { return new(TemplateSendJobFinish) },
	"event/MASSSENDJOBFINISH":     func() Push { return new(MassSendJobFinish) },
	"event/PUBLISHJOBFINISH":      func() Push { return new(PublishJobFinish) },
	"event/FREEPUBLISHJOBFINISH":  func() Push { return new(PublishJobFinish) },

	// Subscription notices: notices.go.
	"event/subscribe_msg_popup_event":  func() Push { return new(SubscribeMsgPopup) },
	"event/subscribe_msg_change_event": func() Push { return new(SubscribeMsgChange) },
	"event/subscribe_msg_sent_event":   func() Push { return new(SubscribeMsgSent) },

	// Authorization of the account's pages: authorization.go.
	"event/user_info_modified":              func() Push { return new(UserInfoModified) },
	"event/user_authorization_revoke":       func() Push { return new(UserAuthorizationRevoke) },
	"event/user_authorization_cancellation": func() Push { return new(UserAuthorizationCancellation) },

	// The customer-service desk: service.go.
	"event/kf_create_session": func() Push { return new(KfCreateSession) },
	"event/kf_close_session":  func() Push { return new(KfCloseSession) },
	"event/kf_switch_session": func() Push { return new(KfSwitchSession) },

	// The account's verification: verification.go.
	"event/qualification_verify_success": func() Push { return new(QualificationVerifySuccess) },
	"event/qualification_verify_fail":    func() Push { return new(QualificationVerifyFail) },
	"event/naming_verify_success":        func() Push { return new(NamingVerifySuccess) },
	"event/naming_verify_fail":           func() Push { return new(NamingVerifyFail) },
	"event/annual_renew":                 func() Push { return new(AnnualRenew) },
	"event/verify_expired":               func() Push { return new(VerifyExpired) },

	// The platform's debugging tool: debug.go.
	"event/debug_demo": func() Push { return new(DebugDemo) },
}

// Kinds returns the sorted names of the kinds that have a type, as [Head.Kind] returns them.
func Kinds() []string { return slices.Sorted(maps.Keys(kinds)) }
