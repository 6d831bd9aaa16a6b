package accountyaml

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/goccy/go-yaml/parser"

	"github.com/guanzhu/guanzhu/internal/autoreply"
	"github.com/guanzhu/guanzhu/internal/lazy"
	"github.com/guanzhu/guanzhu/internal/menu"
	"github.com/guanzhu/guanzhu/pkg/wechat"
)

// What is written is the YAML that Parse reads, a slice of lines each.

// yamlEntry writes an entry of a mapping whose value is a reply.
func yamlEntry(key string, r wechat.Reply) []string {
	name := scalar(key) + ":"
	switch r := r.(type) {
	case wechat.TextReply:
		return yamlText(name, string(r))
	case wechat.OneOf:
		lines := []string{name, "  " + random + ":"}
		for _, one := range r {
			lines = append(lines, prefixed("    ", item(yamlReply(one)))...)
		}
		return lines
	}
	return append([]string{name}, indented(yamlReply(r))...)
}

// yamlReply writes a reply by itself, as it is an item of a list.
func yamlReply(r wechat.Reply) []string {
	switch r := r.(type) {
	case wechat.TextReply:
		lines := yamlText("", string(r))
		lines[0] = strings.TrimPrefix(lines[0], " ")
		return lines
	case wechat.FileReply:
		return yamlMaterial(r.Reply, "file", r.File)
	case wechat.NewsReply:
		lines := []string{news + ":"}
		for _, a := range r {
			lines = append(lines, prefixed("  ", item(yamlFields(
				"title", a.Title, "description", a.Description, "picurl", a.PicURL, "url", a.URL)))...)
		}
		return lines
	case wechat.ImageReply:
		return yamlMaterial(r, "media_id", r.MediaID)
	case wechat.VoiceReply:
		return yamlMaterial(r, "media_id", r.MediaID)
	case wechat.VideoReply:
		return yamlMaterial(r, "media_id", r.MediaID)
	case wechat.MusicReply:
		return yamlMaterial(r, "thumb_media_id", r.ThumbMediaID)
	case wechat.TransferReply:
		if r.KfAccount == "" {
			return []string{transfer + ": {}"}
		}
		return append([]string{transfer + ":"}, indented(yamlFields("kf_account", r.KfAccount))...)
	case wechat.TransferAIReply:
		return []string{toAI + ": {}"}
	case *autoreply.AI:
		fields := yamlFields("base_url", r.BaseURL, "model", r.Model, "instructions", r.Instructions, "wait", r.Wait, "sorry", r.Sorry,
			"full", r.Full, "label", r.Label)
		fields = append(fields, fmt.Sprintf("memory: %d", r.Memory), fmt.Sprintf("max_tokens: %d", r.MaxTokens),
			fmt.Sprintf("daily_limit: %d", r.DailyLimit), fmt.Sprintf("account_daily_limit: %d", r.AccountLimit))
		return append([]string{ai + ":"}, indented(fields)...)
	}
	return []string{`""`} // which Parse refuses
}

func yamlMaterial(r wechat.Reply, id, value string) []string {
	kind := image
	fields := []string{id, value}
	switch r := r.(type) {
	case wechat.VoiceReply:
		kind = voice
	case wechat.VideoReply:
		kind = video
		fields = append(fields, "title", r.Title, "description", r.Description)
	case wechat.MusicReply:
		kind = music
		fields = append(fields, "title", r.Title, "description", r.Description, "musicurl", r.MusicURL, "hqmusicurl", r.HQMusicURL)
	}
	return append([]string{kind + ":"}, indented(yamlFields(fields...))...)
}

// yamlFields writes names and their texts, in turn, without those that are empty.
func yamlFields(fields ...string) []string {
	var lines []string
	for pair := range slices.Chunk(fields, 2) {
		if name, text := pair[0], pair[1]; text != "" {
			lines = append(lines, name+": "+scalar(text))
		}
	}
	return lines
}

func yamlKeywords(kind string, keywords []string) []string {
	if len(keywords) == 1 {
		return []string{kind + ": " + scalar(keywords[0])}
	}
	var all []string
	for _, k := range keywords {
		all = append(all, scalar(k))
	}
	return []string{kind + ": [" + strings.Join(all, ", ") + "]"}
}

func yamlMatchRule(rule menu.MatchRule) []string {
	lines := []string{"matchrule:"}
	for _, name := range slices.Sorted(maps.Keys(rule)) {
		lines = append(lines, "  "+scalar(name)+": "+scalar(rule[name]))
	}
	return lines
}

func yamlButtons(list string, buttons []menu.Button) []string {
	lines := []string{list + ":"}
	for _, b := range buttons {
		fields := yamlFields("name", b.Name, "type", b.Type, "key", b.Key, "url", b.URL, "appid", b.AppID, "pagepath", b.PagePath,
			"media_id", b.MediaID, "article_id", b.ArticleID)
		if len(b.SubButton) > 0 {
			fields = append(fields, yamlButtons("sub_button", b.SubButton)...)
		}
		lines = append(lines, prefixed("  ", item(fields))...)
	}
	return lines
}

// yamlText writes a text behind name: indented below it if it has several lines.
func yamlText(name, text string) []string {
	if strings.Contains(text, "\n") {
		lines := append([]string{strings.TrimSpace(name + " |-")}, indented(strings.Split(text, "\n"))...)
		if reads(lines, text) {
			return lines
		}
	}
	return []string{strings.TrimSpace(name + " " + scalar(text))}
}

// reads reports whether a text that is written so is read as it was.
func reads(lines []string, text string) bool {
	probe := slices.Clone(lines)
	probe[0] = "a: |-"
	tree, err := parser.ParseBytes([]byte(strings.Join(probe, "\n")+"\nb: c\n"), 0)
	if err != nil {
		return false
	}
	f := &file{}
	entries, ok := f.entries(tree.Docs[0].Body, theFile)
	if !ok || len(entries) != 2 {
		return false
	}
	got, ok := f.text(entries[0].value, theFile)
	return ok && len(f.problems) == 0 && got == text
}

// What needs no quotes: Chinese without a colon, and words but YAML's own.
var (
	isPlainChinese = lazy.Match(`^\p{Han}[\pL\pN，。！？、（）_-]*$`)
	isPlainWord    = lazy.Match(`^[A-Za-z][A-Za-z0-9_./-]*$`)
	isYAML         = lazy.Match(`(?i)^(true|false|null|yes|no|on|off|y|n|inf|nan)$`)
)

// scalar writes a text in one line.
func scalar(text string) string {
	if isPlainChinese(text) || isPlainWord(text) && !isYAML(text) {
		return text
	}
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range text {
		switch r {
		case '"', '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case '\n':
			b.WriteString(`\n`)
		case '\t':
			b.WriteString(`\t`)
		default:
			b.WriteRune(r)
		}
	}
	b.WriteByte('"')
	return b.String()
}

// item writes lines as an item of a list.
func item(lines []string) []string {
	if len(lines) == 0 {
		return []string{"- {}"} // which Parse refuses
	}
	out := prefixed("  ", lines)
	out[0] = "- " + lines[0]
	return out
}

func indented(lines []string) []string { return prefixed("  ", lines) }

// prefixed leaves empty lines empty.
func prefixed(prefix string, lines []string) []string {
	out := make([]string, len(lines))
	for i, line := range lines {
		if line != "" {
			out[i] = prefix + line
		}
	}
	return out
}

func indentOf(line string) string { return line[:len(line)-len(strings.TrimLeft(line, " "))] }
