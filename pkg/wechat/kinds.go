package wechat

import (
	"maps"
	"slices"
)

// kinds is the table of all pushes that have a type: message types by their name, events as event/ and theirs, in the
// platform's own case. To add a kind, add its struct and its line here; docs/pushes.md is made from both, and a sample in
// events/ is asked for.
//
// The messages of the platform's closed hardware service (music, hardware, device_text, device_event) have no type: they
// are Raw.
var kinds = map[string]func() Push{
	// Messages: messages.go.
	"text":            func() Push { return new(Text) },
	"image":           func() Push { return new(Image) },
	"voice":           func() Push { return new(Voice) },
	"video":           func() Push { return new(Video) },
	"shortvideo":      func() Push { return new(ShortVideo) },
	"location":        func() Push { return new(Location) },
	"link":            func() Push { return new(Link) },
	"miniprogrampage": func() Push { return new(MiniProgramPage) },
	"file":            func() Push { return new(File) },

	// Follow, scan, plain menu buttons: events.go.
	"event/subscribe":   func() Push { return new(Subscribe) },
	"event/unsubscribe": func() Push { return new(Unsubscribe) },
	"event/SCAN":        func() Push { return new(Scan) },
	"event/LOCATION":    func() Push { return new(LocationReport) },
	"event/CLICK":       func() Push { return new(Click) },
	"event/VIEW":        func() Push { return new(View) },

	// Menu buttons that open something: menu.go.
	"event/scancode_push":      func() Push { return new(ScanCodePush) },
	"event/scancode_waitmsg":   func() Push { return new(ScanCodeWaitMsg) },
	"event/pic_sysphoto":       func() Push { return new(PicSysPhoto) },
	"event/pic_photo_or_album": func() Push { return new(PicPhotoOrAlbum) },
	"event/pic_weixin":         func() Push { return new(PicWeixin) },
	"event/location_select":    func() Push { return new(LocationSelect) },
	"event/view_miniprogram":   func() Push { return new(ViewMiniProgram) },

	// Results of what the account sent: jobs.go.
	"event/TEMPLATESENDJOBFINISH": func() Push { return new(TemplateSendJobFinish) },
	"event/MASSSENDJOBFINISH":     func() Push { return new(MassSendJobFinish) },
	"event/PUBLISHJOBFINISH":      func() Push { return new(PublishJobFinish) },
	"event/FREEPUBLISHJOBFINISH":  func() Push { return new(PublishJobFinish) },

	// Subscription notices: notices.go.
	"event/subscribe_msg_popup_event":  func() Push { return new(SubscribeMsgPopup) },
	"event/subscribe_msg_change_event": func() Push { return new(SubscribeMsgChange) },
	"event/subscribe_msg_sent_event":   func() Push { return new(SubscribeMsgSent) },

	// Users of the account's pages: authorization.go.
	"event/user_info_modified":              func() Push { return new(UserInfoModified) },
	"event/user_authorization_revoke":       func() Push { return new(UserAuthorizationRevoke) },
	"event/user_authorization_cancellation": func() Push { return new(UserAuthorizationCancellation) },

	// The customer-service desk: service.go.
	"event/kf_create_session":      func() Push { return new(KfCreateSession) },
	"event/kf_close_session":       func() Push { return new(KfCloseSession) },
	"event/kf_switch_session":      func() Push { return new(KfSwitchSession) },
	"event/user_enter_tempsession": func() Push { return new(UserEnterTempSession) },

	// The account's verification: verification.go.
	"event/qualification_verify_success": func() Push { return new(QualificationVerifySuccess) },
	"event/qualification_verify_fail":    func() Push { return new(QualificationVerifyFail) },
	"event/naming_verify_success":        func() Push { return new(NamingVerifySuccess) },
	"event/naming_verify_fail":           func() Push { return new(NamingVerifyFail) },
	"event/annual_renew":                 func() Push { return new(AnnualRenew) },
	"event/verify_expired":               func() Push { return new(VerifyExpired) },

	// Cards and vouchers: cards.go.
	"event/card_pass_check":              func() Push { return new(CardPassCheck) },
	"event/card_not_pass_check":          func() Push { return new(CardNotPassCheck) },
	"event/user_get_card":                func() Push { return new(UserGetCard) },
	"event/user_gifting_card":            func() Push { return new(UserGiftingCard) },
	"event/user_del_card":                func() Push { return new(UserDelCard) },
	"event/user_consume_card":            func() Push { return new(UserConsumeCard) },
	"event/user_pay_from_pay_cell":       func() Push { return new(UserPayFromPayCell) },
	"event/user_view_card":               func() Push { return new(UserViewCard) },
	"event/user_enter_session_from_card": func() Push { return new(UserEnterSessionFromCard) },
	"event/update_member_card":           func() Push { return new(UpdateMemberCard) },
	"event/card_sku_remind":              func() Push { return new(CardSkuRemind) },
	"event/card_pay_order":               func() Push { return new(CardPayOrder) },
	"event/submit_membercard_user_info":  func() Push { return new(SubmitMemberCardUserInfo) },
	"event/giftcard_pay_done":            func() Push { return new(GiftCardPayDone) },
	"event/giftcard_send_to_friend":      func() Push { return new(GiftCardSendToFriend) },
	"event/giftcard_user_accept":         func() Push { return new(GiftCardUserAccept) },
	"event/card_merchant_check_result":   func() Push { return new(CardMerchantCheckResult) },

	// Invoices: invoices.go.
	"event/user_authorize_invoice":            func() Push { return new(UserAuthorizeInvoice) },
	"event/update_invoice_status":             func() Push { return new(UpdateInvoiceStatus) },
	"event/cloud_invoice_invoiceresult_event": func() Push { return new(CloudInvoiceResult) },
	"event/submit_invoice_title":              func() Push { return new(SubmitInvoiceTitle) },

	// Stores: stores.go.
	"event/poi_check_notify":          func() Push { return new(PoiCheckNotify) },
	"event/merchant_order":            func() Push { return new(MerchantOrder) },
	"event/apply_merchant_audit_info": func() Push { return new(ApplyMerchantAudit) },
	"event/create_map_poi_audit_info": func() Push { return new(CreateMapPoiAudit) },
	"event/add_store_audit_info":      func() Push { return new(AddStoreAudit) },
	"event/modify_store_audit_info":   func() Push { return new(ModifyStoreAudit) },

	// Mini programs: miniprogram.go.
	"event/weapp_audit_success": func() Push { return new(WeappAuditSuccess) },
	"event/weapp_audit_fail":    func() Push { return new(WeappAuditFail) },
	"event/weapp_audit_delay":   func() Push { return new(WeappAuditDelay) },
	"event/wxa_media_check":     func() Push { return new(WxaMediaCheck) },

	// Others: others.go.
	"event/WifiConnected":           func() Push { return new(WifiConnected) },
	"event/ShakearoundUserShake":    func() Push { return new(ShakearoundUserShake) },
	"event/guide_qrcode_scan_event": func() Push { return new(GuideQRCodeScan) },
	"event/debug_demo":              func() Push { return new(DebugDemo) },
}

// Kinds returns the names of all pushes that have a type of their own, sorted, as Head's Kind gives them.
func Kinds() []string { return slices.Sorted(maps.Keys(kinds)) }
