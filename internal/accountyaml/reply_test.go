package accountyaml_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/guanzhu/guanzhu/pkg/wechat"
)

// everyKind is an account.yaml with every kind of reply.
const everyKind = `
welcome:
  news:
    - title: 第一条
      description: "第一行\n第二行"
      picurl: https://example.com/1.jpg
      url: https://example.com/1?a=1&b=2#c
    - {title: 第二条, url: http://例子.中国/路径}
default:
  transfer_customer_service:
suggestion:
  transfer_customer_service:
    kf_account: kf2001@guanzhu
keywords:
  - exact: 图
    reply:
      image:
        media_id: MEDIA-image_1
  - exact: 声
    reply: {voice: {media_id: MEDIA-voice_1}}
  - exact: 影
    reply:
      video: {media_id: MEDIA-video_1, title: 片名, description: 简介}
  - exact: 短影
    reply: {video: {media_id: MEDIA-video_2}}
  - exact: 人
    reply: {transfer_customer_service: {}}
  - exact: 智能
    reply: {transfer_biz_ai_ivr: {}}
  - exact: 智
    reply:
      transfer_biz_ai_ivr:
  - exact: 文
    reply:
      news: [{title: 唯一, url: "https://example.com/"}]
clicks:
  music:
    music:
      title: 曲名
      description: 歌手
      musicurl: http://example.com/a.mp3
      hqmusicurl: https://example.com/a.flac
      thumb_media_id: MEDIA-thumb_1
  thumb: {music: {thumb_media_id: MEDIA-thumb_2}}
  text: 文字
  news:
    news:
      - {title: "1", url: https://example.com/1}
      - {title: "2", url: https://example.com/2}
      - {title: "3", url: https://example.com/3}
      - {title: "4", url: https://example.com/4}
      - {title: "5", url: https://example.com/5}
      - {title: "6", url: https://example.com/6}
      - {title: "7", url: https://example.com/7}
      - {title: "8", url: https://example.com/8}
`

func TestEveryKindOfReply(t *testing.T) {
	t.Parallel()
	a := parse(t, everyKind)
	var eight wechat.NewsReply
	for _, n := range []string{"1", "2", "3", "4", "5", "6", "7", "8"} {
		eight = append(eight, wechat.Article{Title: n, URL: "https://example.com/" + n})
	}
	want := map[string]wechat.Reply{
		"welcome": wechat.NewsReply{
			{Title: "第一条", Description: "第一行\n第二行", PicURL: "https://example.com/1.jpg",
				URL: "https://example.com/1?a=1&b=2#c"},
			{Title: "第二条", URL: "http://例子.中国/路径"},
		},
		"default":    wechat.TransferReply{},
		"suggestion": wechat.TransferReply{KfAccount: "kf2001@guanzhu"},
		"图":          wechat.ImageReply{MediaID: "MEDIA-image_1"},
		"声":          wechat.VoiceReply{MediaID: "MEDIA-voice_1"},
		"影":          wechat.VideoReply{MediaID: "MEDIA-video_1", Title: "片名", Description: "简介"},
		"短影":         wechat.VideoReply{MediaID: "MEDIA-video_2"},
		"人":          wechat.TransferReply{},
		"智能":         wechat.TransferAIReply{},
		"智":          wechat.TransferAIReply{},
		"文":          wechat.NewsReply{{Title: "唯一", URL: "https://example.com/"}},
		"music": wechat.MusicReply{Title: "曲名", Description: "歌手", MusicURL: "http://example.com/a.mp3",
			HQMusicURL: "https://example.com/a.flac", ThumbMediaID: "MEDIA-thumb_1"},
		"thumb": wechat.MusicReply{ThumbMediaID: "MEDIA-thumb_2"},
		"text":  wechat.TextReply("文字"),
		"news":  eight,
	}
	got := map[string]wechat.Reply{"welcome": a.Welcome(), "default": a.Answer("else"), "suggestion": a.Suggestion()}
	for _, text := range []string{"图", "声", "影", "短影", "人", "智能", "智", "文"} {
		got[text] = a.Answer(text)
	}
	for _, key := range []string{"music", "thumb", "text", "news"} {
		got[key], _ = a.Click(key)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// Each reply of the table stands as the welcome (line 1 is welcome:, the reply begins on line 2), and as the default.
func TestReplyRefused(t *testing.T) {
	t.Parallel()
	const needsOne = "exactly one of image, voice, video, music, news, transfer_customer_service, transfer_biz_ai_ivr, random, ai, this one has "
	tests := []struct {
		name, reply string
		want        string // as in TestParseRefuses, WHAT being welcome or default
	}{
		{"of no kind", "{}", ":2: WHAT needs " + needsOne + "0"},
		{"of two kinds", "image: {media_id: a}\nvoice: {media_id: b}", ":2: WHAT needs " + needsOne + "2"},
		{"of one kind twice", "image: {media_id: a}\nimage: {media_id: b}",
			":2: WHAT needs " + needsOne + `2|:3: "image" is there already, on line 2`},
		{"of an unknown kind", "picture: {media_id: a}", `:2: "picture" is no kind of reply: use one of image, `},
		{"of a kind for events", "mpnews: {media_id: a}", `:2: "mpnews" is no kind of reply`},
		{"text in braces", "{您好}", `:2: "您好" is no kind of reply`},
		{"kind of no text", "1: a", ":2: the name 1 must be a text"},
		{"alias", "image: &a {media_id: *b}", `:2: image must be made of lines "media_id: …"`},

		{"short form", "image: MEDIA_ID", `:2: image must be made of lines "media_id: …"`},
		{"nothing", "voice:", `:2: voice must be made of lines "media_id: …"`},
		{"empty", "video: {}", ":2: video has no media_id: add "},
		{"without its required field", "music:\n  title: a\n  musicurl: https://example.com/a.mp3",
			":3: music has no thumb_media_id"},
		{"unknown field", "video:\n  media_id: a\n  thumb_media_id: b",
			`:4: "thumb_media_id" is unknown in video: use media_id, title, description`},
		{"field misspelt", "image: {mediaid: a}",
			`:2: "mediaid" is unknown in image: use media_id|:2: image has no media_id`},
		{"field twice", "image:\n  media_id: a\n  media_id: b", `:4: "media_id" is there already, on line 3`},
		{"fields of other types", "video:\n  media_id: 1\n  title: [a]\n  description: true",
			":3: media_id must be a text, and YAML takes 1|:4: title must be a text|:5: description must be a text"},
		{"fields with nothing", "video:\n  media_id:\n  title: ' '\n  description: |\n",
			":3: media_id is empty|:4: title is empty|:5: description is empty"},
		{"media_id with white space", "image: {media_id: 'a b'}", ":2: media_id contains white space"},
		{"thumb_media_id with white space", `music: {thumb_media_id: "a\tb"}`,
			":2: thumb_media_id contains white space"},
		{"media_id that is a file", "image: {media_id: 地图.jpg}", ":2: media_id is no id of a material: those that the platform gives have"},
		{"media_id that is an address", "voice: {media_id: 'https://example.com/a.mp3'}", ":2: media_id is no id of a material"},
		{"media_id of the documentation", "image: {media_id: MEDIA_ID}", ":2: media_id is no id of a material"},
		{"thumb_media_id of the documentation", "music: {thumb_media_id: '{THUMB_MEDIA_ID}'}", ":2: thumb_media_id is no id of a material"},
		{"media_id copied with a mark", `voice: {media_id: "\ufeffa"}`,
			":2: media_id contains white space, or something as invisible"},
		{"url copied with a mark", `news: [{title: a, url: "https://example.com/\u200b"}]`,
			":2: url is no address of the web"},
		{"control character", `video: {media_id: a, title: "b\x07"}`,
			":2: title contains the control character U+0007 as its character 2"},

		{"news, no list", "news: {title: a, url: 'https://example.com/'}", ":2: news must be a list of articles"},
		{"news, no articles", "news: [a]", `:2: an article must be made of lines "title: …", "url: …", `},
		{"article without a title", "news:\n- url: https://example.com/", ":3: an article has no title"},
		{"article without an url", "news:\n- title: a\n  picurl: https://example.com/", ":3: an article has no url"},
		{"article, unknown field", "news:\n- title: a\n  url: https://example.com/\n  image: b",
			`:5: "image" is unknown in an article`},

		{"url of another scheme", "news:\n- title: a\n  url: weixin://dl/business\n  picurl: //example.com/1.jpg",
			":4: url is no address of the web|:5: picurl is no address of the web"},
		{"url without a host", "music:\n  thumb_media_id: a\n  musicurl: https:///a\n  hqmusicurl: http://:80/",
			":4: musicurl is no address of the web|:5: hqmusicurl is no address of the web"},
		{"url with white space", "news:\n- title: a\n  url: https://example.com/a b\n  picurl: example.com",
			":4: url is no address of the web|:5: picurl is no address of the web"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			for what, other := range map[string]string{"welcome": "default", "default": "welcome"} {
				yaml := what + ":\n" + indent(tt.reply, "  ") + other + ": o\nsuggestion: s\n"
				refused(t, yaml, strings.ReplaceAll(tt.want, "WHAT", what))
			}
		})
	}

	articles := func(count int) string {
		return "news:\n" + strings.Repeat("- {title: t, url: 'https://example.com/'}\n", count)
	}
	places := []struct{ name, yaml, want string }{
		{"no article", "welcome:\n  news: []\ndefault:\n  news: []\nsuggestion: s\n",
			":2: news has 1 to 8 articles, this one has 0|" +
				":4: news in reply to a message has exactly one article, this one has 0"},
		{"two articles to a message", required + "keywords:\n- exact: a\n  reply:\n" + indent(articles(2), "    "),
			":8: news in reply to a message has exactly one article, this one has 2"},
		{"two articles as the suggestion", "welcome: w\ndefault: d\nsuggestion:\n" + indent(articles(2), "  "),
			":5: news in reply to a message has exactly one article"},
		{"nine articles to a click", required + "clicks:\n  k:\n" + indent(articles(9), "    "),
			":7: news has 1 to 8 articles, this one has 9"},
		{"a follow handed over", "welcome:\n  transfer_customer_service: {}\ndefault: d\nsuggestion: s\n",
			":2: a follow or a click is no message that transfer_customer_service could hand over"},
		{"a click handed over", required + "clicks:\n  k:\n    transfer_customer_service:\n",
			":6: a follow or a click is no message"},
		{"a follow handed over to the AI", "welcome:\n  transfer_biz_ai_ivr: {}\ndefault: d\nsuggestion: s\n",
			":2: a follow or a click is no message that transfer_biz_ai_ivr could hand over"},
		{"a click handed over to the AI", required + "clicks:\n  k: {transfer_biz_ai_ivr: {}}\n",
			":5: a follow or a click is no message that transfer_biz_ai_ivr could hand over"},
		{"to an AI of one's own", "welcome: w\ndefault:\n  transfer_biz_ai_ivr:\n    model: m\nsuggestion: {transfer_biz_ai_ivr: all}\n",
			":4: transfer_biz_ai_ivr has nothing below it|:5: transfer_biz_ai_ivr has nothing below it"},
		{"to somebody unclear", "welcome: w\ndefault: {transfer_customer_service: {kf_account: kf2001}}\n" +
			"suggestion: {transfer_customer_service: {kf_account: 'kf@'}}\nkeywords:\n" +
			"- exact: a\n  reply: {transfer_customer_service: {kf_account: '@account'}}\n" +
			"- exact: b\n  reply: {transfer_customer_service: {kf_account: a@b@c}}\n" +
			"- exact: c\n  reply: {transfer_customer_service: {kf_account: a b@c}}\n" +
			"- exact: d\n  reply: {transfer_customer_service: {kf_account: }}\n" +
			"- exact: e\n  reply: {transfer_customer_service: a@b}\n",
			":2: kf_account is no full account|:3: kf_account is no full account|:6: kf_account is no full account|" +
				":8: kf_account is no full account|:10: kf_account is no full account|:12: kf_account is empty|" +
				":14: transfer_customer_service must be made of lines \"kf_account: …\""},
		{"everything at once", "welcome:\n  image: {}\n  voice: {media_id: a b}\n" +
			"default:\n  news:\n  - title: ''\n    url: x\n  - b: c\nsuggestion:\n",
			":2: welcome needs " + needsOne + "2|:2: image has no media_id|:3: media_id contains white space|" +
				":6: news in reply to a message has exactly one article|:6: title is empty|:7: url is no address|" +
				":8: \"b\" is unknown in an article|:8: an article has no title|:8: an article has no url|" +
				":9: suggestion is empty"},
	}
	for _, tt := range places {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			refused(t, tt.yaml, tt.want)
		})
	}
}

func indent(lines, by string) string {
	return by + strings.ReplaceAll(strings.TrimSuffix(lines, "\n"), "\n", "\n"+by) + "\n"
}
