package wechat

// WifiConnected, event WifiConnected, tells that a user came online by the account's Wi-Fi. No reply to it is
// documented. The platform's page is gone; the fields are those that public clients of the protocol read.
type WifiConnected struct {
	Head
	ConnectTime int64  // when, in seconds since 1970
	ExpireTime  int64  // until when, in seconds since 1970; 0 in the samples
	VendorID    string `wechat:"VendorId"` // who runs the network
	PlaceID     string `wechat:"PlaceId"`  // the shop
	DeviceNo    string // the router
}

// ShakearoundUserShake, event ShakearoundUserShake, tells that a user shook the phone near one of the account's
// beacons. No reply to it is documented.
//
// See https://developers.weixin.qq.com/doc/offiaccount/en/Shake_Nearby/Shake_Event_Notifications.html
type ShakearoundUserShake struct {
	Head
	ChosenBeacon  Beacon   // whose page was shown
	AroundBeacons []Beacon `wechat:"AroundBeacons>AroundBeacon"` // up to five of the account's beacons nearby
}

// Beacon is a Bluetooth beacon, named by its three ids.
type Beacon struct {
	UUID     string  `wechat:"Uuid"` // of the account's beacons
	Major    int64   // 0 to 65535
	Minor    int64   // 0 to 65535
	Distance float64 // from the user, in metres
}

// GuideQRCodeScan, event guide_qrcode_scan_event, tells that a user scanned the QR code of one of the account's
// shopping guides (顾问). The feature is closed. No reply to it is documented.
//
// See https://developers.weixin.qq.com/doc/offiaccount/Shopping_Guide/guide-account/shopping-guide.onGuideCreateQrCode.html
type GuideQRCodeScan struct {
	Head
	GuideAccount string `wechat:"GuideScanEvent>qrcode_guide_account,qrcode_guide_account"` // the guide's WeChat account
	GuideOpenID  string `wechat:"GuideScanEvent>qrcode_guide_openid,qrcode_guide_openid"`   // the guide, where bound by openid
	OpenID       string `wechat:"GuideScanEvent>openid,openid"`                             // the user
	// Action is 1 the guide is no longer valid, 2 the user is bound to the guide now, 3 was so already, 4 is bound to
	// another. The set is open: the page's own sample has 11.
	Action     int64  `wechat:"GuideScanEvent>action,action"`
	QRCodeInfo string `wechat:"GuideScanEvent>qrcode_info,qrcode_info,verbatim"` // what the account gave when it made the code
}

// DebugDemo, event debug_demo, is what the platform's debugging tool (消息推送 → 调试工具) pushes. It cannot be
// replied to by a Reply: the page's example answers with an element demo_resp.
//
// See https://developers.weixin.qq.com/doc/subscription/guide/dev/push/encryption.html
type DebugDemo struct {
	Head
	DebugStr string `wechat:"debug_str,verbatim"` // what was typed into the tool
}
