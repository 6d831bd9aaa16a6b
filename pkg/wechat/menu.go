package wechat

// The menu buttons here open something in the client before they tell. They need a client of version 5.4 or later; older
// ones show them and do nothing.

// ScanCodePush, event scancode_push, is a tap on a menu button of type scancode_push, after the code was scanned; the
// client itself shows what the code says, or opens it. It can be replied to.
//
// See https://developers.weixin.qq.com/doc/offiaccount/Custom_Menus/Custom_Menu_Push_Events.html
type ScanCodePush struct {
	Head
	EventKey     string       `wechat:"EventKey,verbatim"` // the button's key
	ScanCodeInfo ScanCodeInfo // what was scanned
}

// Key is the button's key.
func (s *ScanCodePush) Key() string { return s.EventKey }

// ScanCodeWaitMsg, event scancode_waitmsg, is a tap on a menu button of type scancode_waitmsg, after the code was
// scanned. The client shows a waiting sign until the reply comes. It can be replied to.
//
// See https://developers.weixin.qq.com/doc/offiaccount/Custom_Menus/Custom_Menu_Push_Events.html
type ScanCodeWaitMsg struct {
	Head
	EventKey     string       `wechat:"EventKey,verbatim"` // the button's key
	ScanCodeInfo ScanCodeInfo // what was scanned
}

// Key is the button's key.
func (s *ScanCodeWaitMsg) Key() string { return s.EventKey }

// ScanCodeInfo is what a follower scanned by a menu button: a code of anyone's.
type ScanCodeInfo struct {
	ScanType   string // qrcode mostly; the set is open
	ScanResult string `wechat:"ScanResult,verbatim"` // what the code says: a URL, or any text
}

// PicSysPhoto, event pic_sysphoto, is a tap on a menu button of type pic_sysphoto, after pictures were taken by the
// camera. They follow as Image messages. It can be replied to.
//
// See https://developers.weixin.qq.com/doc/offiaccount/Custom_Menus/Custom_Menu_Push_Events.html
type PicSysPhoto struct {
	Head
	EventKey     string       `wechat:"EventKey,verbatim"` // the button's key
	SendPicsInfo SendPicsInfo // the pictures to come
}

// Key is the button's key.
func (p *PicSysPhoto) Key() string { return p.EventKey }

// PicPhotoOrAlbum, event pic_photo_or_album, is a tap on a menu button of type pic_photo_or_album, after pictures
// were taken by the camera or chosen on the phone. They follow as Image messages. It can be replied to.
//
// See https://developers.weixin.qq.com/doc/offiaccount/Custom_Menus/Custom_Menu_Push_Events.html
type PicPhotoOrAlbum struct {
	Head
	EventKey     string       `wechat:"EventKey,verbatim"` // the button's key
	SendPicsInfo SendPicsInfo // the pictures to come
}

// Key is the button's key.
func (p *PicPhotoOrAlbum) Key() string { return p.EventKey }

// PicWeixin, event pic_weixin, is a tap on a menu button of type pic_weixin, after pictures were chosen from WeChat's
// album. They follow as Image messages. It can be replied to.
//
// See https://developers.weixin.qq.com/doc/offiaccount/Custom_Menus/Custom_Menu_Push_Events.html
type PicWeixin struct {
	Head
	EventKey     string       `wechat:"EventKey,verbatim"` // the button's key
	SendPicsInfo SendPicsInfo // the pictures to come
}

// Key is the button's key.
func (p *PicWeixin) Key() string { return p.EventKey }

// SendPicsInfo announces the pictures that a follower sends by a menu button.
type SendPicsInfo struct {
	Count   int64     // how many
	PicList []Picture `wechat:"PicList>item"` // one for each
}

// Picture is one of the pictures that a SendPicsInfo announces.
type Picture struct {
	MD5 string `wechat:"PicMd5Sum"` // of the file, 32 hexadecimal digits
}

// LocationSelect, event location_select, is a tap on a menu button of type location_select, after a place was chosen.
// It follows as a Location message. It can be replied to.
//
// See https://developers.weixin.qq.com/doc/offiaccount/Custom_Menus/Custom_Menu_Push_Events.html
type LocationSelect struct {
	Head
	EventKey         string           `wechat:"EventKey,verbatim"` // the button's key
	SendLocationInfo SendLocationInfo // the place
}

// Key is the button's key.
func (l *LocationSelect) Key() string { return l.EventKey }

// SendLocationInfo is a place that a follower chose by a menu button.
type SendLocationInfo struct {
	Latitude  float64 `wechat:"Location_X"` // degrees, north positive
	Longitude float64 `wechat:"Location_Y"` // degrees, east positive
	Scale     int64   // zoom of the map
	Label     string  `wechat:"Label,verbatim"`   // the place in words
	PoiName   string  `wechat:"Poiname,verbatim"` // its name on the map; may be empty
}

// ViewMiniProgram, event view_miniprogram, is a tap on a menu button of type miniprogram, which opens the mini
// program by itself. It cannot be replied to.
//
// See https://developers.weixin.qq.com/doc/offiaccount/Custom_Menus/Custom_Menu_Push_Events.html
type ViewMiniProgram struct {
	Head
	EventKey string `wechat:"EventKey,verbatim"` // the path of the mini program's page
	MenuID   string `wechat:"MenuId"`            // of the conditional menu that the button is in
}

// Key is the path of the mini program's page.
func (v *ViewMiniProgram) Key() string { return v.EventKey }
