package console

import (
	"context"
	"strconv"
	"strings"
	"time"

	"github.com/guanzhu/guanzhu/pkg/wechattest"
)

// Action is what a user does at the phone. docs/console.md has a table of the members.
type Action struct {
	OpenID      string  `json:"openid"`
	Action      string  `json:"action"`
	Scene       string  `json:"scene"`
	Content     string  `json:"content"`
	MenuID      string  `json:"menu_id"`
	MediaID     string  `json:"media_id"`
	Latitude    float64 `json:"latitude"`
	Longitude   float64 `json:"longitude"`
	Label       string  `json:"label"`
	Title       string  `json:"title"`
	Description string  `json:"description"`
	URL         string  `json:"url"`
	Key         string  `json:"key"`
	Path        string  `json:"path"`
	Message     string  `json:"message"`
}

// firstMsgID is the MsgId of a message before the first one.
const firstMsgID = 25_000_000_000_000_000

// act lets the user act, and returns the delivery when it is over.
func (c *Console) act(ctx context.Context, a Action) (*Item, error) {
	p := c.phone(a.OpenID)
	if p == nil && a.Action != "raw" {
		return nil, errNoPhone
	}
	compose, ok := actions[a.Action]
	if !ok {
		return nil, refuse("没有这个 action：全部名称见 docs/console.zh-CN.md", "there is no such action: docs/console.md has all names")
	}
	if err := c.mayAct(a); err != nil {
		return nil, err
	}
	switch a.Action {
	case "follow":
		c.setFollows(a.OpenID, true, c.clock.Now(), a.Scene)
	case "unfollow":
		c.setFollows(a.OpenID, false, time.Time{}, "")
	case "image":
		a.URL = c.config.URL + mediaPath + a.MediaID
	}
	account, _ := c.pusher()
	rec, message := c.beginDelivery("phone", "", 0, func(id int64) []byte {
		return compose(account, a, c.clock.Now(), firstMsgID+id)
	})
	c.deliver(ctx, rec, message, "")
	return c.timeline.get(rec.item.ID), nil
}

// mayAct refuses what the user cannot do in WeChat.
func (c *Console) mayAct(a Action) error {
	c.mu.Lock()
	follows := false
	for _, p := range c.followers {
		follows = follows || p.OpenID == a.OpenID && p.Follows
	}
	c.mu.Unlock()
	switch {
	case a.Action == "follow" && follows:
		return refuse("这位用户已经关注", "this user follows already")
	case a.Action == "raw" && a.Message == "":
		return refuse("message 是空的：写上消息的 XML", "message is empty: give the XML of a message")
	case a.Action == "follow", a.Action == "raw":
		return nil
	case !follows:
		return refuse("这位用户还没有关注：先关注", "this user does not follow: follow first")
	case a.Action == "text" && a.Content == "":
		return refuse("content 是空的：写一句话", "content is empty: write something")
	case a.Action == "image" && c.media(a.MediaID) == nil:
		return refuse("没有这张图片：先用 POST /api/media 上传", "there is no such picture: upload it with POST /api/media")
	}
	return nil
}

// actions have the message of each action.
var actions = map[string]func(w wechattest.Account, a Action, at time.Time, msgID int64) []byte{
	"follow": func(w wechattest.Account, a Action, at time.Time, _ int64) []byte {
		scene := a.Scene
		if scene != "" {
			scene = "qrscene_" + scene
		}
		return w.Subscribe(a.OpenID, at, scene)
	},
	"unfollow": func(w wechattest.Account, a Action, at time.Time, _ int64) []byte { return w.Unsubscribe(a.OpenID, at) },
	"text": func(w wechattest.Account, a Action, at time.Time, msgID int64) []byte {
		if a.MenuID == "" {
			return w.Text(a.OpenID, at, msgID, a.Content)
		}
		return w.Message(a.OpenID, at, "text", field("Content", a.Content), number("MsgId", msgID), field("bizmsgmenuid", a.MenuID))
	},
	"image": message("image", func(a Action) []wechattest.Field {
		return []wechattest.Field{field("PicUrl", a.URL), field("MediaId", a.MediaID)}
	}),
	"voice": message("voice", func(Action) []wechattest.Field {
		return []wechattest.Field{field("MediaId", "console-voice"), field("Format", "amr")}
	}),
	"video":      message("video", video),
	"shortvideo": message("shortvideo", video),
	"location": message("location", func(a Action) []wechattest.Field {
		return []wechattest.Field{degrees("Location_X", a.Latitude), degrees("Location_Y", a.Longitude), number("Scale", 15), field("Label", a.Label)}
	}),
	"link": message("link", func(a Action) []wechattest.Field {
		return []wechattest.Field{field("Title", a.Title), field("Description", a.Description), field("Url", a.URL)}
	}),
	"file": message("file", func(a Action) []wechattest.Field {
		return []wechattest.Field{field("Title", a.Title), field("Description", ""), field("FileKey", "console-file"),
			field("FileMd5", strings.Repeat("0", 32)), number("FileTotalLen", 1024)}
	}),
	"report_location": event("LOCATION", func(a Action) []wechattest.Field {
		return []wechattest.Field{degrees("Latitude", a.Latitude), degrees("Longitude", a.Longitude), degrees("Precision", 60)}
	}),
	"scan": func(w wechattest.Account, a Action, at time.Time, _ int64) []byte {
		return w.Scan(a.OpenID, at, a.Scene)
	},
	"click": func(w wechattest.Account, a Action, at time.Time, _ int64) []byte {
		return w.Click(a.OpenID, at, a.Key)
	},
	"view": func(w wechattest.Account, a Action, at time.Time, _ int64) []byte { return w.View(a.OpenID, at, a.URL) },
	"miniprogram": event("view_miniprogram", func(a Action) []wechattest.Field {
		return []wechattest.Field{field("EventKey", a.Path), field("MenuId", "400000001")}
	}),
	"scancode_push":      event("scancode_push", scanned),
	"scancode_waitmsg":   event("scancode_waitmsg", scanned),
	"pic_sysphoto":       event("pic_sysphoto", pictures),
	"pic_photo_or_album": event("pic_photo_or_album", pictures),
	"pic_weixin":         event("pic_weixin", pictures),
	"location_select": event("location_select", func(a Action) []wechattest.Field {
		return []wechattest.Field{field("EventKey", a.Key), {Name: "SendLocationInfo", Fields: []wechattest.Field{
			degrees("Location_X", a.Latitude), degrees("Location_Y", a.Longitude), number("Scale", 15),
			field("Label", a.Label), field("Poiname", "")}}}
	}),
	"raw": func(_ wechattest.Account, a Action, _ time.Time, _ int64) []byte { return []byte(a.Message) },
}

func message(msgType string, fields func(Action) []wechattest.Field) func(wechattest.Account, Action, time.Time, int64) []byte {
	return func(w wechattest.Account, a Action, at time.Time, msgID int64) []byte {
		return w.Message(a.OpenID, at, msgType, append(fields(a), number("MsgId", msgID))...)
	}
}

func event(name string, fields func(Action) []wechattest.Field) func(wechattest.Account, Action, time.Time, int64) []byte {
	return func(w wechattest.Account, a Action, at time.Time, _ int64) []byte {
		return w.Message(a.OpenID, at, "event", append([]wechattest.Field{field("Event", name)}, fields(a)...)...)
	}
}

func video(Action) []wechattest.Field {
	return []wechattest.Field{field("MediaId", "console-video"), field("ThumbMediaId", "console-thumb")}
}

func scanned(a Action) []wechattest.Field {
	return []wechattest.Field{field("EventKey", a.Key), {Name: "ScanCodeInfo", Fields: []wechattest.Field{
		field("ScanType", "qrcode"), field("ScanResult", a.Content)}}}
}

func pictures(a Action) []wechattest.Field {
	return []wechattest.Field{field("EventKey", a.Key), {Name: "SendPicsInfo", Fields: []wechattest.Field{
		number("Count", 1), {Name: "PicList", Fields: []wechattest.Field{{Name: "item", Fields: []wechattest.Field{
			field("PicMd5Sum", strings.Repeat("0", 32))}}}}}}}
}

func field(name, value string) wechattest.Field { return wechattest.Field{Name: name, Value: value} }

func number(name string, value int64) wechattest.Field {
	return field(name, strconv.FormatInt(value, 10))
}

func degrees(name string, value float64) wechattest.Field {
	return field(name, strconv.FormatFloat(value, 'f', -1, 64))
}
