package wechat

import "strings"

// Subscribe, event subscribe, is a follow, by a QR code or otherwise. It can be replied to.
//
// See https://developers.weixin.qq.com/doc/subscription/guide/product/message/Receiving_event_pushes.html
type Subscribe struct {
	Head
	EventKey string `wechat:"EventKey,verbatim"` // empty, or qrscene_ and the scene of the QR code; others (last_trade_no_…) occur
	Ticket   string // of the QR code, if there was one
}

// Scene returns the scene of the QR code that led to the follow, or "" if there was none.
func (s *Subscribe) Scene() string {
	scene, found := strings.CutPrefix(s.EventKey, "qrscene_")
	if !found {
		return ""
	}
	return scene
}

// Key returns the scene of the QR code, as [Subscribe.Scene] does.
func (s *Subscribe) Key() string { return s.Scene() }

// Unsubscribe, event unsubscribe, is an unfollow. The platform's terms require that the user's data be deleted. It cannot
// be replied to.
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

// Key returns the scene of the QR code.
func (s *Scan) Key() string { return s.EventKey }

// LocationReport, event LOCATION, is the location of a follower who shares it with the account. The platform sends it when
// the follower enters the conversation or every five seconds, as the account is configured. It cannot be replied to.
//
// See https://developers.weixin.qq.com/doc/subscription/guide/product/message/Receiving_event_pushes.html
type LocationReport struct {
	Head
	Latitude  float64 // degrees, north positive
	Longitude float64 // degrees, east positive
	Precision float64 // metres
}
