package accountyaml

import (
	"strings"

	"github.com/guanzhu/guanzhu/internal/autoreply"
	"github.com/guanzhu/guanzhu/internal/bilingual"
	"github.com/guanzhu/guanzhu/internal/menu"
	"github.com/guanzhu/guanzhu/pkg/wechat"
)

// An Exchange is what a follower does, and what the follower gets.
type Exchange struct{ Does, Gets bilingual.Text }

// Exchanges returns what followers see of the file, each kind of act in a slice of its own: the follow, the texts by
// keyword, everything else that followers send, and the buttons of m, the file's Menu.
func (f *File) Exchanges(m menu.Menu) [][]Exchange {
	return [][]Exchange{
		{{bilingual.New("关注", "follows"), described(f.Data.Welcome)}},
		f.keywordExchanges(),
		f.otherExchanges(),
		f.menuExchanges(m),
	}
}

// keywordExchanges has one for each rule of the file, with all its keywords.
func (f *File) keywordExchanges() []Exchange {
	does := map[string]bilingual.Text{
		"exact":    bilingual.New("发送 %s", "sends %s"),
		"prefix":   bilingual.New("发送以 %s 开头的文字", "sends %s…"),
		"contains": bilingual.New("发送含 %s 的文字", "sends …%s…"),
	}
	var all []Exchange
	for _, rule := range f.Data.Rules {
		words := bilingual.New(strings.Join(rule.Keywords, "、"), strings.Join(rule.Keywords, ", "))
		all = append(all, Exchange{bilingual.Format(does[rule.Kind].ZH, does[rule.Kind].EN, words), described(rule.Reply)})
	}
	return all
}

func (f *File) otherExchanges() []Exchange {
	all := []Exchange{
		{bilingual.New("发送以 @ 开头的文字", "sends @…"), described(f.Data.Suggestion)},
		{bilingual.New("发送其他文字", "sends another text"), described(f.Data.Default)},
	}
	names := map[string]bilingual.Text{
		"image": bilingual.New("发送图片", "sends a picture"), "voice": bilingual.New("发送语音", "sends a voice message"),
		"video": bilingual.New("发送视频", "sends a video"), "location": bilingual.New("发送位置", "sends a place"),
		"link": bilingual.New("发送链接", "sends a link"), "file": bilingual.New("发送文件", "sends a file"),
		autoreply.Other: bilingual.New("发送其他消息", "sends anything else"),
	}
	for _, kind := range messageKinds {
		if reply, ok := f.Data.Messages[kind]; ok {
			all = append(all, Exchange{names[kind], described(reply)})
		}
	}
	if _, ok := f.Data.Messages[autoreply.Other]; !ok {
		gets := bilingual.New("（不回复）", "(no reply)")
		if autoreply.HandsOver(f.Data.Default) {
			gets = described(f.Data.Default)
		}
		does := names[autoreply.Other]
		if len(f.Data.Messages) == 0 {
			does = bilingual.New("发送图片、语音等", "sends a picture, …")
		}
		all = append(all, Exchange{does, gets})
	}
	return all
}

func (f *File) menuExchanges(m menu.Menu) []Exchange {
	all := f.buttonExchanges(bilingual.New("点 ", "taps "), m.Buttons)
	for _, c := range m.Conditional {
		of := strings.TrimSuffix(strings.TrimPrefix(c.MatchRule.String(), "for "), ":")
		all = append(all, f.buttonExchanges(bilingual.New("点（"+of+"）", "taps ("+of+") "), c.Buttons)...)
	}
	return all
}

// buttonExchanges has one for each button that does something. taps stands before its name.
func (f *File) buttonExchanges(taps bilingual.Text, buttons []menu.Button) []Exchange {
	var all []Exchange
	for _, b := range buttons {
		taps := bilingual.New(taps.ZH+b.Name, taps.EN+b.Name)
		if len(b.SubButton) > 0 {
			all = append(all, f.buttonExchanges(bilingual.New(taps.ZH+" > ", taps.EN+" > "), b.SubButton)...)
			continue
		}
		all = append(all, Exchange{taps, f.opens(b)})
	}
	return all
}

// opens says what a button does.
func (f *File) opens(b menu.Button) bilingual.Text {
	switch b.Type {
	case "click":
		return described(f.Data.Clicks[b.Key])
	case "view":
		return bilingual.Format("打开 %s", "opens %s", b.URL)
	case "miniprogram":
		return bilingual.Format("打开小程序 %s", "opens the mini program %s", b.PagePath)
	case "media_id", "view_limited", "article_id", "article_view_limited":
		return bilingual.New("素材或文章", "a material or an article")
	case "location_select":
		return bilingual.New("选择位置", "chooses a place")
	case "scancode_push", "scancode_waitmsg":
		return bilingual.New("扫码", "scans a code")
	}
	return bilingual.New("发图片", "sends pictures")
}

// described says in a line what a follower gets. It is not cut.
func described(r wechat.Reply) bilingual.Text {
	switch r := r.(type) {
	case wechat.TextReply:
		text := strings.Join(strings.Fields(string(r)), " ")
		return bilingual.New(strings.ReplaceAll(text, autoreply.PersonalLink, "〔个人链接〕"), strings.ReplaceAll(text, autoreply.PersonalLink, "[personal link]"))
	case wechat.FileReply:
		return bilingual.Format("%v %s", "%v %s", described(r.Reply), r.File)
	case wechat.ImageReply:
		return bilingual.New("图片", "a picture")
	case wechat.VoiceReply:
		return bilingual.New("语音", "a sound")
	case wechat.VideoReply:
		return titled("视频", "a video", r.Title)
	case wechat.MusicReply:
		return titled("音乐", "music", r.Title)
	case wechat.NewsReply:
		if len(r) > 1 {
			return bilingual.Format("%d 条图文，第一条“%s”", "%d articles, the first “%s”", len(r), r[0].Title)
		}
		return titled("图文", "an article", r[0].Title)
	case wechat.OneOf:
		return bilingual.Format("随机回复 %d 条之一，例如：%v", "one of %d at random, such as: %v", len(r), described(r[0]))
	case wechat.TransferReply:
		return bilingual.New("转人工客服", "the human desk")
	case wechat.TransferAIReply:
		return bilingual.New("微信的 AI 回复", "the platform's AI reply")
	case *autoreply.AI:
		return bilingual.Format("由模型 %s 回答", "an answer of the model %s", r.Model)
	}
	return bilingual.Text{}
}

func titled(zh, en, title string) bilingual.Text {
	if title == "" {
		return bilingual.New(zh, en)
	}
	return bilingual.Format("%v“%s”", "%v “%s”", bilingual.New(zh, en), title)
}
