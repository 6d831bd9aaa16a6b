package webhook_test

import (
	"context"
	"encoding/xml"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	owner "github.com/guanzhu/guanzhu/account"
	"github.com/guanzhu/guanzhu/internal/accountyaml"
	"github.com/guanzhu/guanzhu/pkg/webhook"
	"github.com/guanzhu/guanzhu/pkg/wechat"
	"github.com/guanzhu/guanzhu/pkg/wechattest"
)

// everyKind is an account.yaml that has every kind of reply.
const everyKind = `
welcome:
  news:
    - title: 第一条 ]]> <b>
      description: "第一行\n第二行"
      picurl: https://example.com/1.jpg
      url: https://example.com/1?a=1&b=2
    - {title: 第二条, url: https://example.com/2}
default:
  transfer_customer_service:
suggestion: {image: {media_id: MEDIA-image_1}}
keywords:
  - exact: 文
    reply: 文字
  - exact: 图文
    reply: {news: [{title: 唯一, url: https://example.com/}]}
  - exact: 人
    reply: {transfer_customer_service: {kf_account: kf2001@guanzhu}}
  - exact: 智能
    reply: {transfer_biz_ai_ivr: {}}
  - exact: 声
    reply: {voice: {media_id: MEDIA-voice_1}}
clicks:
  " 关于我们 ": 关于
  video: {video: {media_id: MEDIA-video_1, title: 片名, description: 简介}}
  music:
    music:
      title: 曲名
      description: 歌手
      musicurl: https://example.com/a.mp3
      hqmusicurl: https://example.com/a.flac
      thumb_media_id: MEDIA-thumb_1
`

// passive has the fields of all kinds of passive replies.
type passive struct {
	XMLName      xml.Name `xml:"xml"`
	ToUserName   string
	FromUserName string
	CreateTime   int64
	MsgType      string
	Content      string
	Image        *material
	Voice        *material
	Video        *material
	Music        *music
	ArticleCount int
	Articles     *articles
	TransInfo    *transInfo
}

type material struct {
	MediaID     string `xml:"MediaId"`
	Title       string
	Description string
}

type music struct {
	Title        string
	Description  string
	MusicURL     string `xml:"MusicUrl"`
	HQMusicURL   string `xml:"HQMusicUrl"`
	ThumbMediaID string `xml:"ThumbMediaId"`
}

type articles struct {
	Items []article `xml:"item"`
}

type article struct {
	Title       string
	Description string
	PicURL      string `xml:"PicUrl"`
	URL         string `xml:"Url"`
}

type transInfo struct {
	KfAccount string
}

func TestEveryKindOfReply(t *testing.T) {
	inAllModes(t, func(t *testing.T, mode wechattest.Mode) {
		w := newFixture(t, mode, func(w *fixture) {
			a, err := accountyaml.Parse("account.yaml", []byte(everyKind))
			if err != nil {
				t.Fatal(err)
			}
			w.router = owner.Routes(owner.Services{Followers: w.Service, Replies: a, API: w.API})
		})
		w.Platform.Follow(openid, profile)
		tests := []struct {
			name    string
			message []byte
			want    passive
		}{
			{"follow: two articles", w.Pusher.Subscribe(openid, now, ""),
				passive{MsgType: "news", ArticleCount: 2, Articles: &articles{[]article{
					{Title: "第一条 ]]> <b>", Description: "第一行\n第二行", PicURL: "https://example.com/1.jpg",
						URL: "https://example.com/1?a=1&b=2"},
					{Title: "第二条", URL: "https://example.com/2"},
				}}}},
			{"any text: any agent", w.textOf("在吗"), passive{MsgType: "transfer_customer_service"}},
			{"a picture: any agent", renamed(w.textOf("x"), "[text]", "[image]"), passive{MsgType: "transfer_customer_service"}},
			{"a kind unknown: any agent", renamed(w.textOf("x"), "[text]", "[hologram]"), passive{MsgType: "transfer_customer_service"}},
			{"suggestion: image", w.textOf("@更多图片"),
				passive{MsgType: "image", Image: &material{MediaID: "MEDIA-image_1"}}},
			{"keyword: text", w.textOf("文"), passive{MsgType: "text", Content: "文字"}},
			{"keyword: one article", w.textOf("图文"), passive{MsgType: "news", ArticleCount: 1,
				Articles: &articles{[]article{{Title: "唯一", URL: "https://example.com/"}}}}},
			{"keyword: one agent", w.textOf("人"),
				passive{MsgType: "transfer_customer_service", TransInfo: &transInfo{"kf2001@guanzhu"}}},
			{"keyword: the AI", w.textOf("智能"), passive{MsgType: "transfer_biz_ai_ivr"}},
			{"keyword: voice", w.textOf("声"), passive{MsgType: "voice", Voice: &material{MediaID: "MEDIA-voice_1"}}},
			{"click: a key in white space", w.Pusher.Click(openid, now, " 关于我们 "), passive{MsgType: "text", Content: "关于"}},
			{"click: video", w.Pusher.Click(openid, now, "video"),
				passive{MsgType: "video", Video: &material{MediaID: "MEDIA-video_1", Title: "片名", Description: "简介"}}},
			{"click: music", w.Pusher.Click(openid, now, "music"),
				passive{MsgType: "music", Music: &music{Title: "曲名", Description: "歌手",
					MusicURL: "https://example.com/a.mp3", HQMusicURL: "https://example.com/a.flac",
					ThumbMediaID: "MEDIA-thumb_1"}}},
		}
		for _, tt := range tests {
			status, reply := w.push(tt.message)
			if status != http.StatusOK {
				t.Fatalf("%s: status %d, log: %s", tt.name, status, w.Logs)
			}
			var got passive
			if err := xml.Unmarshal([]byte(reply), &got); err != nil {
				t.Fatalf("%s: %v in %q", tt.name, err, reply)
			}
			tt.want.XMLName = xml.Name{Local: "xml"}
			tt.want.ToUserName, tt.want.FromUserName, tt.want.CreateTime = openid, accountID, now.Unix()
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("%s (-want +got):\n%s", tt.name, diff)
			}
		}
		if status, reply := w.push(w.Pusher.Click(openid, now, "gone")); status != http.StatusOK || reply != "success" {
			t.Errorf("a click with a key unknown: status %d, %q", status, reply)
		}
	})
}

// TestAITakesTheRest checks that with the platform's AI as the default, all messages are handed over, but no events.
func TestAITakesTheRest(t *testing.T) {
	w := newFixture(t, wechattest.Plain, func(w *fixture) {
		file := strings.Replace(everyKind, "default:\n  transfer_customer_service:", "default: {transfer_biz_ai_ivr: {}}", 1)
		a, err := accountyaml.Parse("account.yaml", []byte(file))
		if err != nil {
			t.Fatal(err)
		}
		w.router = owner.Routes(owner.Services{Followers: w.Service, Replies: a, API: w.API})
	})
	for name, message := range map[string][]byte{"a text": w.textOf("在吗"), "a picture": renamed(w.textOf("x"), "[text]", "[image]")} {
		if _, reply := w.push(message); !strings.Contains(reply, "<MsgType><![CDATA[transfer_biz_ai_ivr]]></MsgType>") {
			t.Errorf("%s: %q", name, reply)
		}
	}
	if _, reply := w.push(renamed(w.Pusher.Click(openid, now, "k"), "CLICK", "brand_new_event")); reply != "success" {
		t.Errorf("an event: %q", reply)
	}
}

// TestMessages pushes every kind of message to an account whose file answers some of them, and whose code answers one.
func TestMessages(t *testing.T) {
	t.Parallel()
	inAllModes(t, func(t *testing.T, mode wechattest.Mode) {
		w := newFixture(t, mode, func(w *fixture) {
			a, err := accountyaml.Parse("account.yaml", []byte(`
welcome: 欢迎
default: 默认
suggestion: 谢谢
messages:
  image: {voice: {media_id: MEDIA-voice_1}}
  voice: 听不了
  video: 看到了
  location: "{personal_link}"
  other: 请发文字
`))
			if err != nil {
				t.Fatal(err)
			}
			w.router = owner.Routes(owner.Services{Followers: w.Service, Replies: a, API: w.API})
			webhook.On(w.router, says[*wechat.Voice]("by the code"))
		})
		w.Platform.Follow(openid, profile)
		w.push(w.Pusher.Subscribe(openid, now, ""))
		for kind, want := range map[string]string{
			"image": "MEDIA-voice_1", "voice": "by the code", "video": "看到了", "shortvideo": "看到了",
			"location": "https://example.com/enter?ticket=", "link": "请发文字", "file": "请发文字", "hologram": "请发文字",
		} {
			message := w.Pusher.Message(openid, now, kind, wechattest.Field{Name: "MsgId", Value: "7"})
			if status, reply := w.push(message); status != http.StatusOK || !strings.Contains(reply, want) {
				t.Errorf("%s: status %d, %q, want %q in it", kind, status, reply, want)
			}
		}
		for name, message := range map[string][]byte{
			"a place from the menu": w.Pusher.Message(openid, now, "event", wechattest.Field{Name: "Event", Value: "location_select"}),
			"an event unknown":      w.Pusher.Message(openid, now, "event", wechattest.Field{Name: "Event", Value: "hologram"}),
			"an event of a device":  w.Pusher.Message(openid, now, "device_event"),
		} {
			if _, reply := w.push(message); reply != "success" {
				t.Errorf("%s: %q", name, reply)
			}
		}
	})
}

// TestIncompleteReply: the log warns of a reply that cannot be sent. It says nothing of a handler that does not reply.
func TestIncompleteReply(t *testing.T) {
	for _, tt := range []struct {
		reply wechat.Reply
		want  string
	}{
		{wechat.ImageReply{}, `"unsent":"wechat.ImageReply"`},
		{wechat.NewsReply{{Title: "没有链接"}}, `"unsent":"wechat.NewsReply"`},
		{wechat.TextReply("\x01"), `"unsent":"wechat.TextReply"`},
		{nil, ""},
		{wechat.TextReply("好"), ""},
	} {
		w := newFixture(t, wechattest.Plain, func(w *fixture) {
			w.router = webhook.NewRouter()
			webhook.On(w.router, func(context.Context, *wechat.Text) (wechat.Reply, error) { return tt.reply, nil })
		})
		if status, _ := w.push(w.textOf("a")); status != http.StatusOK {
			t.Errorf("%#v: status %d", tt.reply, status)
		}
		got := w.Logs.String()
		if warned := strings.Contains(got, `"level":"WARN"`); warned != (tt.want != "") || !strings.Contains(got, tt.want) {
			t.Errorf("%#v: the log is %s", tt.reply, got)
		}
	}
}
