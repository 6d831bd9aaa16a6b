package conversation_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/guanzhu/guanzhu/internal/conversation"
	"github.com/guanzhu/guanzhu/pkg/wechat"
)

var begun = time.Date(2026, time.November, 26, 12, 0, 0, 0, time.UTC)

func text(n int, content string) *wechat.Text {
	return &wechat.Text{Message: wechat.Message{Head: wechat.Head{CreateTime: begun.Unix() + int64(n)}, MsgID: uint64(n + 1)}, Content: content}
}

// TestSize: whatever a follower asks and taps, and whatever the answers are, the record fits into an item of DynamoDB.
func TestSize(t *testing.T) {
	const limit = 400 << 10
	var c conversation.Conversation
	question, answer := strings.Repeat("问", 10000), strings.Repeat("答。", 100000)
	for n := range 300 {
		now := begun.Add(time.Duration(n) * time.Minute)
		p := text(n*60, question)
		job, err := c.Ask(conversation.Question{Text: p, Sorry: strings.Repeat("歉", 600), Site: "https://example.com"}, now)
		if err != nil && !errors.Is(err, conversation.ErrTooMany) {
			t.Fatal(err)
		}
		for tap := range 50 {
			c.Tapped(conversation.Tap{Job: conversation.ID(p)}, conversation.ID(text(n*60+tap, "")), true, now)
		}
		if job != nil && n%20 > 8 { // up to MaxWaiting questions wait, then all are answered
			for id, waiting := range c.Jobs {
				if waiting.State != conversation.Waiting {
					continue
				}
				a := conversation.Attempt{Message: "m", Receive: 1, Until: now}
				if _, err := c.Start(id, a, now); err != nil {
					t.Fatal(err)
				}
				if _, err := c.Finish(id, a, answer, now); err != nil {
					t.Fatal(err)
				}
			}
		}
		record, err := json.Marshal(c)
		if err != nil || len(record) > limit {
			t.Fatalf("after %d questions the record has %d bytes, error %v", n+1, len(record), err)
		}
	}
}

// TestSplit: pages fit with their links, end at sentences outside of links, and together are the answer.
func TestSplit(t *testing.T) {
	link := `<a href="https://example.com/` + strings.Repeat("x", 300) + `">。页面。</a>`
	for name, answer := range map[string]string{
		"short":           "好。",
		"no sentences":    strings.Repeat("长", 3000),
		"sentences":       strings.Repeat("第一句“真的？”第二句。", 300),
		"links":           strings.Repeat(link+"！", 20),
		"one long link":   `<a href="https://example.com/` + strings.Repeat("x", 5000) + `">页</a>`,
		"four-byte runes": strings.Repeat("😀", 2000),
		"words":           strings.Repeat("word ", 2000),
	} {
		job := conversation.Job{Pages: conversation.Split(answer)}
		for n, page := range job.Pages {
			if sent := job.Page("1795708951#18446744073709551615", n); len(sent) > wechat.MaxText || page == "" {
				t.Errorf("%s: page %d has %d bytes, %d as sent", name, n, len(page), len(sent))
			}
			if opened, closed := strings.Count(page, "<a "), strings.Count(page, "</a>"); name == "links" && opened != closed {
				t.Errorf("%s: page %d cuts a link", name, n)
			}
		}
		if got := strings.Join(job.Pages, ""); got != answer {
			t.Errorf("%s: the pages together have %d bytes, the answer %d", name, len(got), len(answer))
		}
	}
	if pages := conversation.Split(strings.Repeat("长", 20000)); len(pages) != conversation.MaxPages || !strings.HasSuffix(pages[9], "…") {
		t.Errorf("an endless answer has %d pages", len(pages))
	}
	if got := strings.Join(conversation.Split("a\x00b\u2028c\xffd"), ""); got != "ab\nc\uFFFDd" {
		t.Errorf("characters that cannot be sent: %q", got)
	}
}

// TestIDs: texts of one second without a MsgId are distinguished.
func TestIDs(t *testing.T) {
	a, b := text(0, "a"), text(0, "b")
	a.MsgID, b.MsgID = 0, 0
	if conversation.ID(a) == conversation.ID(b) {
		t.Error("two texts have one ID")
	}
}

// TestParseTap reads the links that are sent, and nothing else.
func TestParseTap(t *testing.T) {
	p := text(0, "查看回答")
	if tap, sure, ok := conversation.ParseTap(p); !ok || sure || tap.Job != "" {
		t.Errorf("the words alone: %v, %v, %v", tap, sure, ok)
	}
	for id, want := range map[string]conversation.Tap{
		"answer-1-2-0": {Job: "1#2"}, " answer-1-2-9 ": {Job: "1#2", Page: 9},
	} {
		p.BizMsgMenuID = id
		if tap, sure, ok := conversation.ParseTap(p); !ok || !sure || tap != want {
			t.Errorf("%q: %v, %v, %v", id, tap, sure, ok)
		}
	}
	for _, id := range []string{"answer-1-2", "answer-1-2--1", "answer-1-2-10", "answer-1-2-x", "101"} {
		p.Content, p.BizMsgMenuID = "x", id
		if tap, _, ok := conversation.ParseTap(p); ok {
			t.Errorf("%q is taken for %v", id, tap)
		}
	}
}
