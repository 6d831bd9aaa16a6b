package accountyaml

import (
	"net/url"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/goccy/go-yaml/ast"

	"github.com/guanzhu/guanzhu/internal/bilingual"
	"github.com/guanzhu/guanzhu/pkg/wechat"
)

// What a reply answers. To a message, the platform shows only one article. It does not transfer events.
type purpose int

const (
	toMessage purpose = iota
	toText            // a message that is a text, which a language model may answer
	toEvent
)

// The kinds of reply other than a text, by their names in the file and on the platform.
const (
	image    = "image"
	voice    = "voice"
	video    = "video"
	music    = "music"
	news     = "news"
	transfer = "transfer_customer_service"
	toAI     = "transfer_biz_ai_ivr"
	random   = "random"
	ai       = "ai"
)

const replyKinds = image + ", " + voice + ", " + video + ", " + music + ", " + news + ", " + transfer + ", " + toAI + ", " + random + ", " + ai

// reply reads a reply: a text, or a mapping of one of the other kinds. After a problem, the result is not valid.
func (f *file) reply(n ast.Node, what bilingual.Text, to purpose) wechat.Reply {
	m, ok := n.(*ast.MappingNode)
	if !ok {
		return f.textReply(n, what)
	}
	if len(m.Values) != 1 {
		f.problem(lineOf(n), "%s要写 %s 中的一种，这里有 %d 种",
			"%s needs exactly one of %s, this one has %d", what, replyKinds, len(m.Values))
	}
	entries, _ := f.entries(n, what)
	var r wechat.Reply
	for _, e := range entries {
		r = f.richReply(e, to)
	}
	return r
}

func (f *file) textReply(n ast.Node, what bilingual.Text) wechat.Reply {
	text, ok := f.shown(n, what)
	if !ok {
		return nil
	}
	f.checkLength(text, what, lineOf(n))
	s := sentenceOf(n, text)
	f.checkPlaceholders(s, what)
	f.sentences = append(f.sentences, s)
	return wechat.TextReply(text)
}

func (f *file) checkLength(text string, what bilingual.Text, line int) {
	if size := sent(text); size > wechat.MaxText {
		f.problem(line, "%s有 %d 字节，一条回复最多 %d 字节（一个汉字 3 字节，一个个人链接按 %d 字节算）：请减少 %d 字节",
			"%s has %d bytes of UTF-8, and a reply at most %d (a Chinese character has 3, "+
				"a personal link counts as %d): shorten it by %d", what, size, wechat.MaxText, linkRoom, size-wechat.MaxText)
	}
}

func (f *file) richReply(e entry, to purpose) wechat.Reply {
	switch e.key {
	case image:
		r := f.material(e, "media_id")
		return f.withFile(e, r, wechat.ImageReply{MediaID: r["media_id"]})
	case voice:
		r := f.material(e, "media_id")
		return f.withFile(e, r, wechat.VoiceReply{MediaID: r["media_id"]})
	case video:
		r := f.material(e, "media_id", "title", "description")
		return f.withFile(e, r, wechat.VideoReply{MediaID: r["media_id"], Title: r["title"], Description: r["description"]})
	case music:
		r := f.material(e, "thumb_media_id", "title", "description", "musicurl", "hqmusicurl")
		return f.withFile(e, r, wechat.MusicReply{Title: r["title"], Description: r["description"], MusicURL: r["musicurl"],
			HQMusicURL: r["hqmusicurl"], ThumbMediaID: r["thumb_media_id"]})
	case random:
		return f.random(e, to)
	case news:
		return f.news(e.value, to)
	case transfer, toAI:
		return f.transfer(e, to)
	case ai:
		return f.ai(e, to)
	}
	f.problem(e.line, "没有 %q 这种回复，可以用的有：%s；以 { 开头的文字要放在引号里",
		"%q is no kind of reply: use one of %s, or put a text that begins with { in quotes",
		e.key, replyKinds)
	return nil
}

func (f *file) news(n ast.Node, to purpose) wechat.Reply {
	list, ok := n.(*ast.SequenceNode)
	if !ok {
		f.problem(lineOf(n), "news 要写成图文列表，每条以“- title: …”开头",
			"news must be a list of articles, each beginning with \"- title: …\"")
		return nil
	}
	switch count := len(list.Values); {
	case to != toEvent && count != 1:
		f.problem(lineOf(n), "用来回复消息的 news 只能有一条图文，这里有 %d 条：微信只显示第一条",
			"news in reply to a message has exactly one article, this one has %d: "+
				"WeChat shows the first alone", count)
	case count == 0 || count > wechat.MaxArticles:
		f.problem(lineOf(n), "news 应有 1 至 %d 条图文，这里有 %d 条",
			"news has 1 to %d articles, this one has %d", wechat.MaxArticles, count)
	}
	var articles wechat.NewsReply
	for _, item := range list.Values {
		a := f.fields(item, anArticle, []string{"title", "url"}, "description", "picurl")
		articles = append(articles, wechat.Article{Title: a["title"], Description: a["description"],
			PicURL: a["picurl"], URL: a["url"]})
	}
	return articles
}

// transfer reads a hand-over: to the customer-service desk, with nothing below it to any agent, or to the platform's AI.
func (f *file) transfer(e entry, to purpose) wechat.Reply {
	if to == toEvent {
		f.problem(e.line, "关注和菜单点击不是消息，%s 转不了：请换一种回复",
			"a follow or a click is no message that %s could hand over: use another reply", e.key)
	}
	var r map[string]string
	if _, ok := e.value.(*ast.NullNode); !ok {
		r = f.transferFields(e)
	}
	if e.key == toAI {
		return wechat.TransferAIReply{}
	}
	return wechat.TransferReply{KfAccount: r["kf_account"]}
}

func (f *file) transferFields(e entry) map[string]string {
	if e.key == transfer {
		return f.fields(e.value, asIs(transfer), nil, "kf_account")
	}
	if m, ok := e.value.(*ast.MappingNode); !ok || len(m.Values) > 0 {
		f.problem(lineOf(e.value), "%s 下面不写内容：写成“%s: {}”",
			"%s has nothing below it: write \"%s: {}\"", toAI, toAI)
	}
	return nil
}

// fields reads the fields of a reply, each a text. One name means the same in every kind of reply.
func (f *file) fields(n ast.Node, what bilingual.Text, required []string, optional ...string) map[string]string {
	entries, ok := f.entries(n, what, slices.Concat(required, optional)...)
	if !ok {
		return nil
	}
	fields := make(map[string]string, len(entries))
	for _, e := range entries {
		text, ok := f.shown(e.value, asIs(e.key))
		if !ok {
			continue
		}
		f.checkField(e.key, sentenceOf(e.value, text))
		fields[e.key] = text
	}
	for _, name := range required {
		if !slices.ContainsFunc(entries, func(e entry) bool { return e.key == name }) {
			f.problem(lineOf(n), "%s缺少 %s：加上“%s: …”",
				"%s has no %s: add \"%s: …\"", what, name, name)
		}
	}
	return fields
}

// checkField checks what a field of a reply says.
func (f *file) checkField(name string, s sentence) {
	text, line := s.text, s.line
	switch placeholder := anyPlaceholder(text); {
	case placeholder == "", name == "media_id", name == "thumb_media_id":
	case name == "url" && text == placeholder:
		f.checkPlaceholders(s, asIs(name))
		return
	default:
		f.problem(line, "这里的 %s 不会换成链接，会原样发出：个人链接只能写在文字回复里，或者单独作为图文的 url",
			"%s is sent as it is here: a personal link has its place in a text reply, or as the whole url of an article", placeholder)
	}
	switch name {
	case "title", "description":
		f.sentences = append(f.sentences, s)
	case "media_id", "thumb_media_id":
		f.checkMediaID(name, text, line)
	case "url", "picurl", "musicurl", "hqmusicurl":
		if !isWebAddress(text) {
			f.problem(line, "%s 不是网址：请写完整的“https://…”",
				"%s is no address of the web: write it in full, \"https://…\"", name)
		}
	case "kf_account":
		if !isKfAccount(text) {
			f.problem(line, "kf_account 不是完整的客服账号：写成“客服账号@公众号微信号”",
				"kf_account is no full account of an agent: write it as name@account, "+
					"where account is the Official Account's WeChat ID")
		}
	}
}

// isMediaID reports whether a text may be the id of a material: the platform's consist of these characters.
func isMediaID(text string) bool {
	return !strings.ContainsFunc(text, func(r rune) bool {
		return r != '_' && r != '-' && (r < '0' || '9' < r) && (r|0x20 < 'a' || 'z' < r|0x20)
	})
}

func (f *file) checkMediaID(name, text string, line int) {
	switch {
	case strings.ContainsFunc(text, invisible):
		f.problem(line, "%s 里有空格或看不见的字符：只写微信给出的 id 本身",
			"%s contains white space, or something as invisible: write the id alone, as the platform gave it", name)
	case !isMediaID(text), strings.EqualFold(text, name), strings.EqualFold(text, "media_id"):
		f.problem(line, "%s 不是素材的 id：微信给出的 id 只有字母、数字、- 和 _；account/media 里的文件请用“file: 文件名”",
			"%s is no id of a material: those that the platform gives have letters, digits, - and _ alone; for a file in account/media, write \"file: …\"", name)
	}
}

func isWebAddress(s string) bool {
	u, err := url.Parse(s)
	return err == nil && (u.Scheme == "https" || u.Scheme == "http") && u.Hostname() != "" &&
		!strings.ContainsFunc(s, invisible)
}

func isKfAccount(s string) bool {
	name, account, _ := strings.Cut(s, "@")
	return name != "" && account != "" && !strings.Contains(account, "@") && !strings.ContainsFunc(s, invisible)
}

// invisible reports whether r is white space or another invisible character, as may surround a copied id or address.
func invisible(r rune) bool { return unicode.IsSpace(r) || !unicode.IsGraphic(r) }

// shown reads a text of a reply. It must not be blank or have characters that a reply cannot have. Line breaks at its end, which
// YAML's | leaves, are removed.
func (f *file) shown(n ast.Node, what bilingual.Text) (text string, ok bool) {
	text, ok = f.text(n, what)
	if !ok {
		return "", false
	}
	text = strings.TrimRight(text, "\n")
	if strings.TrimSpace(text) == "" {
		f.problem(lineOf(n), "%s是空的：请填写",
			"%s is empty: write its text", what)
		return "", false
	}
	if i := strings.IndexFunc(text, unfit); i >= 0 {
		r, _ := utf8.DecodeRuneInString(text[i:])
		f.problem(sentenceOf(n, text).lineAt(i), "%s有控制字符 %U，是第 %d 个字符：请删掉",
			"%s contains the control character %U as its character %d: remove it",
			what, r, utf8.RuneCountInString(text[:i])+1)
	}
	return text, true
}

// unfit reports whether a reply cannot have r: XML forbids most control characters, and a chat shows none.
func unfit(r rune) bool {
	return r != '\n' && r != '\t' && (unicode.IsControl(r) || r == '\uFFFE' || r == '\uFFFF')
}
