package accountyaml

import (
	"strings"

	"github.com/guanzhu/guanzhu/internal/bilingual"
	"github.com/guanzhu/guanzhu/internal/menu"
	"github.com/guanzhu/guanzhu/pkg/wechat"
)

// An Exchange is what a follower does, and what the follower gets.
type Exchange struct{ Does, Gets bilingual.Text }

// Exchanges returns what followers see of the file, each kind of act in a slice of its own: the follow, the texts by
// keyword, everything else that followers send, and the buttons of m, the file's Menu.
func (a *Account) Exchanges(m menu.Menu) [][]Exchange {
	return [][]Exchange{
		{{bilingual.New("关注", "follows"), described(a.welcome)}},
		a.keywordExchanges(),
		a.otherExchanges(),
		a.menuExchanges(m),
	}
}

// keywordExchanges has one for each rule of the file, with all its keywords.
func (a *Account) keywordExchanges() []Exchange {
	does := map[string]bilingual.Text{
		"exact":    bilingual.New("发送 %s", "sends %s"),
		"prefix":   bilingual.New("发送以 %s 开头的文字", "sends %s…"),
		"contains": bilingual.New("发送含 %s 的文字", "sends …%s…"),
	}
	var all []Exchange
	for rules := a.rules; len(rules) > 0; {
		var zh, en []string
		first := rules[0]
		for len(rules) > 0 && rules[0].item == first.item {
			zh, en = append(zh, rules[0].keyword), append(en, rules[0].keyword)
			rules = rules[1:]
		}
		words := bilingual.New(strings.Join(zh, "、"), strings.Join(en, ", "))
		all = append(all, Exchange{bilingual.Format(does[first.kind].ZH, does[first.kind].EN, words), described(first.reply)})
	}
	return all
}

func (a *Account) otherExchanges() []Exchange {
	all := []Exchange{
		{bilingual.New("发送以 @ 开头的文字", "sends @…"), described(a.suggestion)},
		{bilingual.New("发送其他文字", "sends another text"), described(a.fallback)},
	}
	names := map[string]bilingual.Text{
		"image": bilingual.New("发送图片", "sends a picture"), "voice": bilingual.New("发送语音", "sends a voice message"),
		"video": bilingual.New("发送视频", "sends a video"), "location": bilingual.New("发送位置", "sends a place"),
		"link": bilingual.New("发送链接", "sends a link"), "file": bilingual.New("发送文件", "sends a file"),
		other: bilingual.New("发送其他消息", "sends anything else"),
	}
	for _, kind := range messageKinds {
		if reply, ok := a.messages[kind]; ok {
			all = append(all, Exchange{names[kind], described(reply)})
		}
	}
	if _, ok := a.messages[other]; !ok {
		gets := bilingual.New("（不回复）", "(no reply)")
		if handsOver(a.fallback) {
			gets = described(a.fallback)
		}
		does := names[other]
		if len(a.messages) == 0 {
			does = bilingual.New("发送图片、语音等", "sends a picture, …")
		}
		all = append(all, Exchange{does, gets})
	}
	return all
}

func (a *Account) menuExchanges(m menu.Menu) []Exchange {
	all := a.buttonExchanges(bilingual.New("点 ", "taps "), m.Buttons)
	for _, c := range m.Conditional {
		of := strings.TrimSuffix(strings.TrimPrefix(c.MatchRule.String(), "for "), ":")
		all = append(all, a.buttonExchanges(bilingual.New("点（"+of+"）", "taps ("+of+") "), c.Buttons)...)
	}
	return all
}

// buttonExchanges has one for each button that does something. taps stands before its name.
func (a *Account) buttonExchanges(taps bilingual.Text, buttons []menu.Button) []Exchange {
	var all []Exchange
	for _, b := range buttons {
		taps := bilingual.New(taps.ZH+b.Name, taps.EN+b.Name)
		if len(b.SubButton) > 0 {
			all = append(all, a.buttonExchanges(bilingual.New(taps.ZH+" > ", taps.EN+" > "), b.SubButton)...)
			continue
		}
		all = append(all, Exchange{taps, a.opens(b)})
	}
	return all
}

// opens says what a button does.
func (a *Account) opens(b menu.Button) bilingual.Text {
	switch b.Type {
	case "click":
		return described(a.clicks[b.Key])
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
		return bilingual.New(strings.ReplaceAll(text, PersonalLink, "〔个人链接〕"), strings.ReplaceAll(text, PersonalLink, "[personal link]"))
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
	case *AI:
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
