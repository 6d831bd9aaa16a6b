package movein

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/guanzhu/guanzhu/internal/accountyaml"
	"github.com/guanzhu/guanzhu/internal/autoreply"
	"github.com/guanzhu/guanzhu/internal/bilingual"
	"github.com/guanzhu/guanzhu/internal/errcode"
	"github.com/guanzhu/guanzhu/internal/lazy"
	"github.com/guanzhu/guanzhu/internal/media"
	"github.com/guanzhu/guanzhu/pkg/wechat"
)

// Owner has the files that the owner has already.
type Owner struct {
	Name      string // of account.yaml, for errors
	File      []byte // account.yaml; empty if there is none
	Media     fs.FS  // the folder account/media
	PublicURL string // where the follower's pages are; "" if that is not known
}

// Result has the owner's files after the import.
type Result struct {
	File  []byte            // account.yaml
	Media map[string][]byte // files to be added to account/media, by name
	Notes []Note
}

// Download returns the content of material, temporary or permanent.
type Download func(ctx context.Context, mediaID string) ([]byte, error)

// concurrency is the number of downloads at a time.
const concurrency = 6

// Import makes the owner's files from the answers. It changes nothing; entries that are there already stay as they are.
// Without a download (nil), pictures, sounds and videos are not carried over. The error is that of a file or an answer
// that cannot be read; a download that fails is a Note.
func Import(ctx context.Context, o Owner, a Answers, download Download) (Result, error) {
	if a.AutoReplies == nil && a.SelfMenu == nil && a.Menu == nil {
		return Result{}, errNoSource
	}
	c := converter{owner: o, media: map[string][]byte{}, known: map[string]string{}}
	var err error
	if len(bytes.TrimSpace(o.File)) > 0 {
		if c.current, err = accountyaml.Parse(o.Name, o.File); err != nil {
			return Result{}, err
		}
	}
	var console autoReplies
	if err := read(a.AutoReplies, "get_current_autoreply_info", &console); err != nil {
		return Result{}, err
	}
	var self selfMenu
	if err := read(a.SelfMenu, "get_current_selfmenu_info", &self); err != nil {
		return Result{}, err
	}
	ids := console.materials()
	if a.Menu == nil { // else the menu is that one
		ids = append(ids, self.materials()...)
	}
	c.fetch(ctx, download, ids)
	if a.AutoReplies != nil {
		c.autoReplies(console)
	}
	if err := c.menus(a, self); err != nil {
		return Result{}, err
	}
	c.changes.PublicURL = o.PublicURL
	file, covered, err := c.merge()
	if err != nil {
		return Result{}, err
	}
	for _, k := range covered {
		c.note(k.Rule, "关键词“%[1]s”不会用到：前面的“%[2]s”已经回复了所有这样的文字",
			"the keyword %[1]q is left out, since %[2]q, which comes first, answers all its texts", k.Keyword, k.By)
	}
	return Result{File: file, Media: c.media, Notes: c.notes}, nil
}

// merge writes the changes into the owner's file. What does not go together with the rest of the file is left out: a welcome
// without a place for the personal link that the file wants, or a rule that hides one of the owner's.
func (c *converter) merge() (file []byte, covered []accountyaml.Covered, err error) {
	file, covered, err = accountyaml.Merge(c.owner.Name, c.owner.File, c.changes)
	if err == nil {
		return file, covered, nil
	}
	welcome, rules := c.changes.Welcome, c.changes.Rules
	c.changes.Welcome, c.changes.Rules = nil, nil
	fits := func(of string) bool {
		_, _, err := accountyaml.Merge(c.owner.Name, c.owner.File, c.changes)
		if err != nil {
			c.note(of, "没有导入，和文件里的其他内容合不来：%v", "it is not carried over, since it does not go together with the rest of the file: %v", reason(err))
		}
		return err == nil
	}
	if c.changes.Welcome = welcome; !fits("welcome") {
		c.changes.Welcome = nil
	}
	for _, r := range rules {
		before := c.changes.Rules
		if c.changes.Rules = append(slices.Clone(before), r); !fits(r.Name) {
			c.changes.Rules = before
		}
	}
	return accountyaml.Merge(c.owner.Name, c.owner.File, c.changes)
}

func read(answer json.RawMessage, call string, into any) error {
	if answer == nil {
		return nil
	}
	if err := json.Unmarshal(answer, into); err != nil {
		return notAsDocumented(call, err)
	}
	return nil
}

func notAsDocumented(call string, err error) error {
	return bilingual.Errorf("%s 的应答与微信文档不符：%w", "the answer of %s is not as documented: %w", call, err)
}

// A converter turns the platform's replies and buttons into those of account.yaml.
type converter struct {
	owner   Owner
	current *autoreply.Account  // nil if there is none
	fetched map[string]material // by media_id
	known   map[string]string   // names of files by their content
	media   map[string][]byte
	changes accountyaml.Changes
	notes   []Note
}

// material is the result of a download.
type material struct {
	content []byte
	err     error
}

func (c *converter) note(of, zh, en string, values ...any) {
	c.notes = append(c.notes, Note{of, bilingual.Format(zh, en, values...)})
}

// fetch downloads materials, and reads the files that the owner has already.
func (c *converter) fetch(ctx context.Context, download Download, ids []string) {
	c.fetched = map[string]material{}
	if download != nil {
		var mu sync.Mutex
		var group errgroup.Group
		group.SetLimit(concurrency)
		slices.Sort(ids)
		for _, id := range slices.Compact(ids) {
			group.Go(func() error {
				content, err := download(ctx, id)
				mu.Lock()
				defer mu.Unlock()
				c.fetched[id] = material{content, err}
				return nil
			})
		}
		_ = group.Wait() // no download returns an error
	}
	if c.owner.Media == nil {
		return
	}
	entries, _ := fs.ReadDir(c.owner.Media, ".") // a folder that is not there has no files
	for _, entry := range entries {
		info, err := entry.Info()
		if err != nil || entry.IsDir() || info.Size() > media.MaxSize {
			continue
		}
		if content, err := fs.ReadFile(c.owner.Media, entry.Name()); err == nil {
			c.known[string(content)] = entry.Name()
		}
	}
}

// isMaterial reports whether a reply's content is a media_id: that of a video is, against the documentation, often a
// web address.
func (r reply) isMaterial() bool {
	switch r.Type {
	case "img", "photo", "voice", "video":
		return r.Content != "" && !isWeb(r.Content)
	}
	return false
}

func isWeb(s string) bool { return strings.HasPrefix(s, "http://") || strings.HasPrefix(s, "https://") }

func (a autoReplies) materials() (ids []string) {
	for r := range a.all {
		if r.isMaterial() {
			ids = append(ids, r.Content)
		}
	}
	return ids
}

// all are the replies of all rules, the welcome and the default.
func (a autoReplies) all(yield func(reply) bool) {
	for _, r := range []*reply{a.Follow, a.Default} {
		if r != nil && !yield(*r) {
			return
		}
	}
	for _, rule := range a.Keywords.List {
		for _, r := range rule.Replies {
			if !yield(r) {
				return
			}
		}
	}
}

func (m selfMenu) materials() (ids []string) {
	var visit func([]button)
	visit = func(buttons []button) {
		for _, b := range buttons {
			if r := b.asReply(); r.isMaterial() {
				ids = append(ids, r.Content)
			}
			visit(b.Sub.List)
		}
	}
	visit(m.Info.Buttons)
	return ids
}

// asReply is the reply of a button of a type that only the console makes.
func (b button) asReply() reply { return reply{Type: b.Type, Content: b.Value, News: b.News} }

func (c *converter) autoReplies(a autoReplies) {
	if r := a.Follow; r.empty() {
		c.note("welcome", "微信后台没有设置被关注回复，保留文件里的", "WeChat's console has no reply to a follow: the file's stays")
	} else {
		if !a.FollowOpen {
			c.note("welcome", "在微信后台是关闭的，仍然导入", "it is switched off in WeChat's console, and carried over all the same")
		}
		c.changes.Welcome = c.reply("welcome", *r, true)
	}
	if r := a.Default; r.empty() {
		c.note("default", "微信后台没有设置收到消息回复，保留文件里的", "WeChat's console has no reply to other messages: the file's stays")
	} else {
		c.changes.Default = c.reply("default", *r, false)
	}
	if !bool(a.Open) && (!a.Default.empty() || len(a.Keywords.List) > 0) {
		c.note("default", "收到消息回复和关键词回复在微信后台是关闭的，仍然导入",
			"the replies to messages and keywords are switched off in WeChat's console, and carried over all the same")
	}
	for i, r := range a.Keywords.List {
		if r.Name == "" {
			r.Name = fmt.Sprintf("rule %d", i+1)
		}
		c.rule(r)
	}
}

func (r *reply) empty() bool { return r == nil || r.Type == "" && r.Content == "" }

// rule makes of a rule of the console one of the file, or two, since those have one way of comparing each.
func (c *converter) rule(r rule) {
	var replies wechat.OneOf
	all := r.Mode != "random_one"
	if all && r.Mode != "reply_all" {
		c.note(r.Name, "不认识的回复方式 %s，按“回复全部”处理", "its mode %s is not known: taken for reply_all", shown(r.Mode))
	}
	for i, one := range r.Replies {
		converted := c.reply(r.Name, one, false)
		switch {
		case converted == nil:
		case all && len(replies) > 0:
			c.note(r.Name, "第 %d 条回复没有导入：一条消息只能回复一条", "its reply %d is not carried over: a message gets one reply", i+1)
		default:
			replies = append(replies, converted)
		}
	}
	if len(replies) == 0 {
		c.note(r.Name, "没有可以导入的回复，整条规则没有导入", "the rule is not carried over, since no reply of it is")
		return
	}
	var answer wechat.Reply = replies
	if len(replies) == 1 {
		answer = replies[0]
	}
	keywords := map[string][]string{}
	for _, k := range r.Keywords {
		if kind, text := c.keyword(r.Name, k); kind != "" {
			keywords[kind] = append(keywords[kind], text)
		}
	}
	if len(keywords) == 0 {
		c.note(r.Name, "没有可以导入的关键词（微信有时不返回），请手工写入", "it has no keywords that can be carried over (the platform leaves them out at times): write the rule by hand")
	}
	for _, kind := range slices.Sorted(maps.Keys(keywords)) {
		c.changes.Rules = append(c.changes.Rules, accountyaml.Rule{Name: r.Name, Kind: kind, Keywords: keywords[kind], Reply: answer})
	}
}

// keyword returns how a keyword is compared in the file, "" if it is not carried over.
func (c *converter) keyword(name string, k keyword) (kind, text string) {
	kind, ok := map[string]string{"contain": "contains", "equal": "exact"}[k.Match]
	if !ok {
		c.note(name, "关键词“%s”没有导入：不认识的匹配方式 %s", "the keyword %s is not carried over: its match mode %s is not known", shown(k.Content), shown(k.Match))
		return "", ""
	}
	if k.Type != "text" && k.Type != "" {
		c.note(name, "类型为 %s 的关键词没有导入：关键词只能是文字", "a keyword of type %s is not carried over: keywords are texts", shown(k.Type))
		return "", ""
	}
	text = strings.TrimSpace(k.Content)
	if kind == "contains" && text != k.Content {
		c.note(name, "关键词“%s”去掉了前后的空白", "the keyword %s loses the white space around it", shown(k.Content))
	}
	probe := accountyaml.Changes{Rules: []accountyaml.Rule{{Kind: kind, Keywords: []string{text}, Reply: wechat.TextReply("x")}}}
	if why := problem(probe); why != nil {
		c.note(name, "关键词“%s”没有导入：%v", "the keyword %s is not carried over: %v", shown(k.Content), why)
		return "", ""
	}
	return kind, text
}

// problem returns why account.yaml cannot hold the changes.
func problem(c accountyaml.Changes) error {
	_, _, err := accountyaml.Merge("account.yaml", nil, c)
	return reason(err)
}

// reason is the first mistake of a file, without its place, or else err.
func reason(err error) error {
	if mistake, ok := errors.AsType[*accountyaml.Mistake](err); ok {
		return mistake.What
	}
	return err
}

// reply converts a reply to a follow or a click (event), or to a message. If account.yaml cannot say it, reply adds a note and
// returns nil.
func (c *converter) reply(of string, r reply, event bool) wechat.Reply {
	var converted wechat.Reply
	switch r.Type {
	case "text":
		converted = wechat.TextReply(oneLineEnd(r.Content))
		if strings.Contains(r.Content, autoreply.PersonalLink) {
			c.note(of, "文字里有 %[1]s，没有导入：它在这里有别的意思", "a text is not carried over: it contains %[1]s, which means something else here", autoreply.PersonalLink)
			return nil
		}
	case "img", "photo":
		converted = c.file(of, r, media.Image)
	case "voice":
		converted = c.file(of, r, media.Voice)
	case "video":
		converted = c.file(of, r, media.Video)
	case "news":
		converted = c.news(of, r, event)
	default:
		c.note(of, "不认识的回复类型 %s，没有导入", "a reply of the type %s is not carried over: it is not known", shown(r.Type))
	}
	if converted == nil {
		return nil
	}
	probe := accountyaml.Changes{Default: converted}
	if event {
		probe = accountyaml.Changes{Welcome: converted}
	}
	if why := problem(probe); why != nil {
		c.note(of, "一条回复没有导入：%v", "a reply is not carried over: %v", why)
		return nil
	}
	return converted
}

func oneLineEnd(text string) string {
	text = strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(text)
	return strings.TrimRight(text, "\n")
}

func (c *converter) news(of string, r reply, event bool) wechat.Reply {
	most := 1
	if event {
		most = wechat.MaxArticles
	}
	var news wechat.NewsReply
	for _, a := range r.News.List {
		if len(news) == most {
			c.note(of, "图文“%s”没有导入：这里最多 %d 条", "the article %s is not carried over: here at most %d are shown", shown(a.Title), most)
			continue
		}
		article := wechat.Article{Title: oneLineEnd(a.Title), Description: oneLineEnd(a.Digest), PicURL: a.CoverURL, URL: a.ContentURL}
		if problem(accountyaml.Changes{Default: wechat.NewsReply{article}}) != nil {
			article.PicURL = ""
			if why := problem(accountyaml.Changes{Default: wechat.NewsReply{article}}); why != nil {
				c.note(of, "图文“%s”没有导入：%v", "the article %s is not carried over: %v", shown(a.Title), why)
				continue
			}
			if a.CoverURL != "" {
				c.note(of, "图文“%s”的封面没有导入：不是网址", "the cover of the article %s is not carried over: it is no address of the web", shown(a.Title))
			}
		}
		news = append(news, article)
	}
	if len(news) == 0 {
		if len(r.News.List) == 0 {
			c.note(of, "图文没有内容，没有导入", "a news reply without articles is not carried over")
		}
		return nil
	}
	return news
}

// file returns the reply with the downloaded material.
func (c *converter) file(of string, r reply, kind media.Kind) wechat.Reply {
	noun := map[media.Kind]bilingual.Text{
		media.Image: bilingual.New("图片", "a picture"), media.Voice: bilingual.New("语音", "a sound"), media.Video: bilingual.New("视频", "a video"),
	}[kind]
	m, ok := c.fetched[r.Content]
	var why bilingual.Text
	switch {
	case isWeb(r.Content):
		why = bilingual.New("微信只给出网页 "+shown(r.Content)+"，不能下载", "the platform gives its page alone, "+shown(r.Content)+", from which it cannot be downloaded")
	case !ok:
		why = bilingual.New("没有连接微信，不能下载", "it cannot be downloaded without the platform")
	case errcode.Of(m.err) == 40007:
		why = bilingual.New("素材已过期（3 天）或不存在：重新查询，再导入", "the material is gone (its id is good for three days): ask the platform again, and import then")
	case m.err != nil:
		why = bilingual.Format("下载失败：%v", "the download failed: %v", m.err)
	default:
		name, err := c.named(of, kind, m.content)
		if err == nil {
			file := wechat.FileReply{File: name, Reply: wechat.ImageReply{}}
			switch kind {
			case media.Voice:
				file.Reply = wechat.VoiceReply{}
			case media.Video:
				file.Reply = wechat.VideoReply{}
			}
			return file
		}
		why = bilingual.TextOf(err)
	}
	c.notes = append(c.notes, Note{of, bilingual.New(
		noun.ZH+"没有导入："+why.ZH+"。可以把文件放进 account/media，再写 file: 文件名",
		noun.EN+" is not carried over: "+why.EN+"; you can put the file into account/media, and write file: NAME")})
	return nil
}

// named returns the name of the file that has, or will have, the content, or the mistake in it.
func (c *converter) named(of string, kind media.Kind, content []byte) (name string, err error) {
	if name, ok := c.known[string(content)]; ok && media.CheckName(kind, name) == nil {
		return name, media.Check(kind, name, content)
	}
	extension := media.ExtensionOf(content)
	base := strings.Trim(unfit().ReplaceAllString(of, "-"), "- .")
	if base == "" {
		base = string(kind)
	}
	for i := 1; ; i++ {
		name = base + extension
		if i > 1 {
			name = fmt.Sprintf("%s-%d%s", base, i, extension)
		}
		if !c.taken(name) {
			break
		}
	}
	if err := media.CheckName(kind, name); err != nil {
		return "", err
	}
	if err := media.Check(kind, name, content); err != nil {
		return "", err
	}
	c.known[string(content)], c.media[name] = name, content
	return name, nil
}

// unfit are the characters that a file's name does without.
var unfit = lazy.Regexp(`[^\pL\pN_-]+`)

func (c *converter) taken(name string) bool {
	for _, known := range c.known {
		if strings.EqualFold(known, name) {
			return true
		}
	}
	return strings.EqualFold(name, "media.go")
}

// shown is a text of the platform as it can be part of a line on a terminal.
func shown(text string) string {
	if unprintable(text) {
		return fmt.Sprintf("%q", text)
	}
	return text
}

var unprintable = lazy.Match(`[^\pL\pM\pN\pP\pS ]`)
