package wechat

// MenuEvent holds the fields that all events of menu buttons have.
//
// See https://developers.weixin.qq.com/doc/offiaccount/Custom_Menus/Custom_Menu_Push_Events.html
type MenuEvent struct {
	Head
	EventKey string `wechat:"EventKey,verbatim"` // the button's key; the page's URL in View, the page's path in ViewMiniProgram
}

// Key returns the EventKey.
func (m *MenuEvent) Key() string { return m.EventKey }

// Click, event CLICK, is a tap on a menu button of type click. It can be replied to. Opening a sub-menu sends no event.
//
// See https://developers.weixin.qq.com/doc/offiaccount/Custom_Menus/Custom_Menu_Push_Events.html
type Click struct {
	MenuEvent
}

// View, event VIEW, is a tap on a menu button of type view. WeChat opens its page. It cannot be replied to.
//
// See https://developers.weixin.qq.com/doc/offiaccount/Custom_Menus/Custom_Menu_Push_Events.html
type View struct {
	MenuEvent
	MenuID string `wechat:"MenuId"` // of the conditional menu that contains the button
}

// ViewMiniProgram, event view_miniprogram, is a tap on a menu button of type miniprogram. WeChat opens its page. It cannot
// be replied to.
//
// See https://developers.weixin.qq.com/doc/offiaccount/Custom_Menus/Custom_Menu_Push_Events.html
type ViewMiniProgram struct {
	MenuEvent
	MenuID string `wechat:"MenuId"` // of the conditional menu that contains the button
}

// The buttons below open something in WeChat before the event is sent. They require a client of version 5.4 or later; an
// older one shows them and does nothing.

// ScanCodePush, event scancode_push, follows a tap on a menu button of type scancode_push and the scan of a code. WeChat
// shows or opens what the code says. It can be replied to.
//
// See https://developers.weixin.qq.com/doc/offiaccount/Custom_Menus/Custom_Menu_Push_Events.html
type ScanCodePush struct {
	MenuEvent
	ScanCodeInfo ScanCodeInfo // what was scanned
}

// ScanCodeWaitMsg, event scancode_waitmsg, follows a tap on a menu button of type scancode_waitmsg and the scan of a code.
// WeChat shows a waiting sign until the reply arrives. It can be replied to.
//
// See https://developers.weixin.qq.com/doc/offiaccount/Custom_Menus/Custom_Menu_Push_Events.html
type ScanCodeWaitMsg struct {
	MenuEvent
	ScanCodeInfo ScanCodeInfo // what was scanned
}

// ScanCodeInfo is what a follower scanned with a menu button. The code can be anyone's.
type ScanCodeInfo struct {
	ScanType   string // usually qrcode; other values occur
	ScanResult string `wechat:"ScanResult,verbatim"` // what the code says: a URL, or any text
}

// PicSysPhoto, event pic_sysphoto, follows a tap on a menu button of type pic_sysphoto and the taking of photos. The
// pictures arrive as Image messages. It can be replied to.
//
// See https://developers.weixin.qq.com/doc/offiaccount/Custom_Menus/Custom_Menu_Push_Events.html
type PicSysPhoto struct {
	MenuEvent
	SendPicsInfo SendPicsInfo // the pictures that will arrive
}

// PicPhotoOrAlbum, event pic_photo_or_album, follows a tap on a menu button of type pic_photo_or_album and the taking or
// choosing of photos. The pictures arrive as Image messages. It can be replied to.
//
// See https://developers.weixin.qq.com/doc/offiaccount/Custom_Menus/Custom_Menu_Push_Events.html
type PicPhotoOrAlbum struct {
	MenuEvent
	SendPicsInfo SendPicsInfo // the pictures that will arrive
}

// PicWeixin, event pic_weixin, follows a tap on a menu button of type pic_weixin and the choosing of photos in WeChat's
// album. The pictures arrive as Image messages. It can be replied to.
//
// See https://developers.weixin.qq.com/doc/offiaccount/Custom_Menus/Custom_Menu_Push_Events.html
type PicWeixin struct {
	MenuEvent
	SendPicsInfo SendPicsInfo // the pictures that will arrive
}

// SendPicsInfo announces the pictures that a follower sends with a menu button.
type SendPicsInfo struct {
	Count   int64     // the number of pictures
	PicList []Picture `wechat:"PicList>item"` // one for each picture
}

// Picture is one of the pictures that a SendPicsInfo announces.
type Picture struct {
	MD5 string `wechat:"PicMd5Sum"` // of the file, 32 hexadecimal digits
}

// LocationSelect, event location_select, follows a tap on a menu button of type location_select and the choice of a place.
// The place arrives as a Location message too. It can be replied to.
//
// See https://developers.weixin.qq.com/doc/offiaccount/Custom_Menus/Custom_Menu_Push_Events.html
type LocationSelect struct {
	MenuEvent
	SendLocationInfo SendLocationInfo // the place
}

// SendLocationInfo is a place that a follower chose with a menu button.
type SendLocationInfo struct {
	Latitude  float64 `wechat:"Location_X"` // degrees, north positive
	Longitude float64 `wechat:"Location_Y"` // degrees, east positive
	Scale     int64   // zoom level of the map
	Label     string  `wechat:"Label,verbatim"`   // the place in words
	PoiName   string  `wechat:"Poiname,verbatim"` // its name on the map; may be empty
}
