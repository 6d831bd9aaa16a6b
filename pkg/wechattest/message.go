package wechattest

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// The messages below have the form that the platform gives them
// (https://developers.weixin.qq.com/doc/subscription/guide/product/message/Receiving_event_pushes.html). As the
// platform does, they put values into CDATA raw: what users type may hold control characters and even the CDATA's end.

// Subscribe is the message of openid's follow. eventKey is empty or, for a follow through a QR code with a scene,
// qrscene_ and the scene.
func (a Account) Subscribe(openid string, at time.Time, eventKey string) []byte {
	return a.event(openid, at, "subscribe", cdata("EventKey", eventKey), ticket(eventKey))
}

// Unsubscribe is the message of openid's unfollow.
func (a Account) Unsubscribe(openid string, at time.Time) []byte {
	return a.event(openid, at, "unsubscribe", cdata("EventKey", ""))
}

// Scan is the message of a follower's scan of a QR code with a scene.
func (a Account) Scan(openid string, at time.Time, scene string) []byte {
	return a.event(openid, at, "SCAN", cdata("EventKey", scene), ticket(scene))
}

// Click is the message of a tap on the menu's click button with that key.
func (a Account) Click(openid string, at time.Time, key string) []byte {
	return a.event(openid, at, "CLICK", cdata("EventKey", key))
}

// View is the message of a tap on the menu's view button with that URL.
func (a Account) View(openid string, at time.Time, url string) []byte {
	return a.event(openid, at, "VIEW", cdata("EventKey", url), element("MenuId", "400000001"))
}

// Text is the message of a text sent to the account.
func (a Account) Text(openid string, at time.Time, msgID int64, content string) []byte {
	return a.message(openid, at, "text", cdata("Content", content), element("MsgId", strconv.FormatInt(msgID, 10)))
}

func (a Account) event(openid string, at time.Time, event string, fields ...string) []byte {
	return a.message(openid, at, "event", append([]string{cdata("Event", event)}, fields...)...)
}

func (a Account) message(openid string, at time.Time, msgType string, fields ...string) []byte {
	return []byte("<xml>" +
		cdata("ToUserName", a.ID) +
		cdata("FromUserName", openid) +
		element("CreateTime", strconv.FormatInt(at.Unix(), 10)) +
		cdata("MsgType", msgType) +
		strings.Join(fields, "") +
		"</xml>")
}

// ticket is the Ticket that goes with the scene of a QR code.
func ticket(scene string) string {
	if scene == "" {
		return ""
	}
	return cdata("Ticket", "gQH_a_sample_ticket")
}

func cdata(name, value string) string {
	return element(name, "<![CDATA["+value+"]]>")
}

func element(name, content string) string {
	return fmt.Sprintf("<%s>%s</%s>\n", name, content, name)
}
