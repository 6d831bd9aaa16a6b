package wechat

import "strings"

// Subscribe, event subscribe, is a follow, by a QR code or otherwise. It can be replied to.
//
// See https://developers.weixin.qq.com/doc/subscription/guide/product/message/Receiving_event_pushes.html
type Subscribe struct {
	Head
	EventKey string `wechat:"EventKey,verbatim"` // empty, or qrscene_ and the scene of the QR code that was scanned; others (last_trade_no_…) are seen
	Ticket   string // of the QR code, only with one
}

// Scene is the scene of the QR code that led to the follow, "" where it was none.
func (s *Subscribe) Scene() string {
	scene, found := strings.CutPrefix(s.EventKey, "qrscene_")
	if !found {
		return ""
	}
	return scene
}

// Key is the scene of the QR code, as Scene.
func (s *Subscribe) Key() string { return s.Scene() }

// Unsubscribe, event unsubscribe, is an unfollow. The platform's terms demand that the user's data be deleted. It
// cannot be replied to.
//
// See https://developers.weixin.qq.com/doc/subscription/guide/product/message/Receiving_event_pushes.html
type Unsubscribe struct {
	Head
}

// Scan, event SCAN, is a follower's scan of one of the account's parametric QR codes. It can be replied to.
//
// See https://developers.weixin.qq.com/doc/subscription/guide/product/message/Receiving_event_pushes.html
type Scan struct {
	Head
	EventKey string `wechat:"EventKey,verbatim"` // the scene, number or text, without a prefix
	Ticket   string // of the QR code
}

// Key is the scene of the QR code.
func (s *Scan) Key() string { return s.EventKey }

// LocationReport, event LOCATION, is where a follower is who allowed the account to know: when entering the
// conversation, or every five seconds, as the account is set. It cannot be replied to.
//
// See https://developers.weixin.qq.com/doc/subscription/guide/product/message/Receiving_event_pushes.html
type LocationReport struct {
	Head
	Latitude  float64 // degrees, north positive
	Longitude float64 // degrees, east positive
	Precision float64 // metres
}

// Click, event CLICK, is a tap on a menu button of type click. It can be replied to. Opening a sub-menu is no event.
//
// See https://developers.weixin.qq.com/doc/offiaccount/Custom_Menus/Custom_Menu_Push_Events.html
type Click struct {
	Head
	EventKey string `wechat:"EventKey,verbatim"` // the button's key
}

// Key is the button's key.
func (c *Click) Key() string { return c.EventKey }

// View, event VIEW, is a tap on a menu button of type view, which opens its page by itself. It cannot be replied to.
//
// See https://developers.weixin.qq.com/doc/offiaccount/Custom_Menus/Custom_Menu_Push_Events.html
type View struct {
	Head
	EventKey string `wechat:"EventKey,verbatim"` // the page's URL
	MenuID   string `wechat:"MenuId"`            // of the conditional menu that the button is in
}

// Key is the page's URL.
func (v *View) Key() string { return v.EventKey }
