package wechattest

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// The messages below have the platform's form. Like the platform, they do not escape values inside CDATA: users'
// texts may contain control characters and even the end of CDATA.
// https://developers.weixin.qq.com/doc/subscription/guide/product/message/Receiving_event_pushes.html

// Subscribe returns the message of a follow by openid. For a follow through a QR code with a scene, eventKey is qrscene_
// and the scene; else it is empty.
func (a Account) Subscribe(openid string, at time.Time, eventKey string) []byte {
	return a.event(openid, at, "subscribe", cdata("EventKey", eventKey), ticket(eventKey))
}

// Unsubscribe returns the message of an unfollow by openid.
func (a Account) Unsubscribe(openid string, at time.Time) []byte {
	return a.event(openid, at, "unsubscribe", cdata("EventKey", ""))
}

// Scan returns the message of a follower's scan of a QR code with a scene.
func (a Account) Scan(openid string, at time.Time, scene string) []byte {
	return a.event(openid, at, "SCAN", cdata("EventKey", scene), ticket(scene))
}

// Click returns the message of a tap on the menu's click button with that key.
func (a Account) Click(openid string, at time.Time, key string) []byte {
	return a.event(openid, at, "CLICK", cdata("EventKey", key))
}

// View returns the message of a tap on the menu's view button with that URL.
func (a Account) View(openid string, at time.Time, url string) []byte {
	return a.event(openid, at, "VIEW", cdata("EventKey", url), element("MenuId", "400000001"))
}

// Text returns the message of a text that openid sends to the account.
func (a Account) Text(openid string, at time.Time, msgID int64, content string) []byte {
	return a.message(openid, at, "text", cdata("Content", content), element("MsgId", strconv.FormatInt(msgID, 10)))
}

// Field is an element of a message. Its content is Value, in CDATA, or Fields.
type Field struct {
	Name   string
	Value  string
	Fields []Field
}

// Message returns a message of any type, with its other fields in this order. An event has the field Event.
func (a Account) Message(openid string, at time.Time, msgType string, fields ...Field) []byte {
	elements := make([]string, len(fields))
	for i, f := range fields {
		elements[i] = f.element()
	}
	return a.message(openid, at, msgType, elements...)
}

func (f Field) element() string {
	if f.Fields == nil {
		return cdata(f.Name, f.Value)
	}
	var inside strings.Builder
	for _, field := range f.Fields {
		inside.WriteString(field.element())
	}
	return element(f.Name, inside.String())
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

// ticket returns the Ticket of a QR code with that scene.
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
