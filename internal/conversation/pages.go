package conversation

import (
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/guanzhu/guanzhu/pkg/wechat"
)

const (
	// MaxPages is how many pages an answer has at most. A longer one ends with an ellipsis.
	MaxPages = 10

	// linkRoom is the room that each page but the last leaves for the link to the next, in bytes.
	linkRoom = 220

	ellipsis = "…"
)

// The captions of the links. A client sends the caption as a message of the follower, who can type it as well.
const (
	showAnswer = "查看回答"
	nextPage   = "下一页"
)

// Split returns the pages of an answer: together its text, without the characters that no message may have. Each fits into
// a message together with a link. A page ends at the end of a line or a sentence if there is one in its second half.
func Split(answer string) []string {
	rest := clean(answer)
	var pages []string
	for len(rest) > wechat.MaxText {
		page := rest[:end(rest, wechat.MaxText-linkRoom)]
		if len(pages) == MaxPages-1 {
			return append(pages, wechat.CutText(rest, wechat.MaxText-len(ellipsis))+ellipsis)
		}
		pages, rest = append(pages, page), rest[len(page):]
	}
	return append(pages, rest)
}

// end returns where the first page of text ends, at most limit.
func end(text string, limit int) int {
	page := wechat.CutText(text, limit)
	if page == "" { // one long link
		return len(cut(text, limit))
	}
	for _, ends := range []string{"\n", "。！？!?…；;", " ，,、"} {
		at := strings.LastIndexAny(page, ends)
		if at < 0 {
			continue
		}
		_, size := utf8.DecodeRuneInString(page[at:])
		at += size
		for strings.HasPrefix(page[at:], "”") || strings.HasPrefix(page[at:], "」") || strings.HasPrefix(page[at:], "）") {
			at += len("”")
		}
		if at > limit/2 && wechat.CutText(text, at) == text[:at] { // not inside a link
			return at
		}
	}
	return len(page)
}

// clean returns the text as it can be sent in XML and in JSON.
func clean(text string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t':
			return r
		case r == '\u2028' || r == '\u2029': // encoding/json would escape these, which the platform does not understand
			return '\n'
		case unicode.IsControl(r) || r == '\uFFFE' || r == '\uFFFF':
			return -1
		}
		return r
	}, strings.ToValidUTF8(text, "\uFFFD"))
}

// cut returns the beginning of s that fits into so many bytes, cut at a character.
func cut(s string, size int) string { return strings.ToValidUTF8(s[:min(len(s), size)], "") }

// Page returns page n of the answer to the question id as it is sent: with a link to the next page, if there is one.
func (j *Job) Page(id string, n int) string {
	if n == len(j.Pages)-1 {
		return j.Pages[n]
	}
	caption := fmt.Sprintf("%s（%d/%d）", nextPage, n+2, len(j.Pages))
	return j.Pages[n] + "\n\n" + link(nextPage, caption, Tap{id, n + 1})
}

// WaitText returns the wait text for the question id, with a link that shows the answer.
func WaitText(wait, id string) string {
	return wechat.CutText(wait, wechat.MaxText-linkRoom) + "\n" + link(showAnswer, showAnswer, Tap{id, 0})
}

// link returns a link that sends text as a message of the follower, with an id that the platform delivers as bizmsgmenuid.
// The form is the one that WeChat's clients accept: the text percent-encoded once, double quotes, no further attributes.
func link(text, caption string, t Tap) string {
	at, msg, _ := strings.Cut(t.Job, "#")
	return fmt.Sprintf(`<a href="weixin://bizmsgmenu?msgmenucontent=%s&msgmenuid=%s%s-%s-%d">%s</a>`,
		url.PathEscape(text), idPrefix, at, msg, t.Page, caption)
}

const idPrefix = "answer-"

// ParseTap returns the request of the text if it is a tap on one of the links, or may be one. sure is true if the client sent
// the link's id. Test accounts and some clients do not.
func ParseTap(p *wechat.Text) (t Tap, sure, ok bool) {
	if rest, found := strings.CutPrefix(strings.TrimSpace(p.BizMsgMenuID), idPrefix); found {
		parts := strings.Split(rest, "-")
		if len(parts) == 3 {
			page, err := strconv.Atoi(parts[2])
			if err == nil && page >= 0 && page < MaxPages {
				return Tap{parts[0] + "#" + parts[1], page}, true, true
			}
		}
	}
	switch p.Trimmed() {
	case showAnswer:
		return Tap{}, false, true
	case nextPage:
		return Tap{Page: 1}, false, true
	}
	return Tap{}, false, false
}
