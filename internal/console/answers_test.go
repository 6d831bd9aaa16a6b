package console_test

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/guanzhu/guanzhu/internal/autoreply"
	"github.com/guanzhu/guanzhu/internal/console"
	"github.com/guanzhu/guanzhu/pkg/wechat"
)

// slowly is an assistant that takes its time.
type slowly time.Duration

func (s slowly) Answer(ctx context.Context, _ *autoreply.AI, _ *wechat.Text) (string, error) {
	select {
	case <-time.After(time.Duration(s)):
		return "四十二", nil
	case <-ctx.Done():
		return "", ctx.Err()
	}
}

// talkative is an assistant that logs.
type talkative struct{ log *slog.Logger }

func (a *talkative) Answer(ctx context.Context, _ *autoreply.AI, _ *wechat.Text) (string, error) {
	a.log.InfoContext(ctx, "thinking", "depth", 3)
	a.log.Info("outside of all requests")
	return "四十二", nil
}

// TestLog: what the owner's code logs in a request is on the timeline, and nothing else.
func TestLog(t *testing.T) {
	a, outside := new(talkative), new(strings.Builder)
	d := newDesk(t, func(c *console.Config) { c.SetAssistant(a) })
	a.log = d.Log(slog.NewTextHandler(outside, nil)).With("shop", 7)
	d.write(strings.Replace(yaml, "default: 收到\n", asking, 1))
	d.Reload()
	d.send("follow")
	if got := content(d.send("text", "content", "六乘七？")); !strings.Contains(got, "四十二") {
		t.Fatalf("%q", got)
	}
	var lines []string
	for _, i := range d.items() {
		for _, s := range call[*console.Item](d, "GET", fmt.Sprintf("/api/items/%d", i.ID), "").Steps {
			if s.Name == "thinking" || s.Name == "outside of all requests" {
				lines = append(lines, string(s.Line))
			}
		}
	}
	if len(lines) != 1 || !strings.Contains(lines[0], `"shop":7,"depth":3`) {
		t.Errorf("the timeline has %q", lines)
	}
	if got := outside.String(); !strings.Contains(got, `msg="outside of all requests" appid=wx0123456789abcdef shop=7`) || strings.Contains(got, "thinking") {
		t.Errorf("outside has %q", got)
	}
}

const asking = "default:\n  ai:\n    base_url: https://model.example\n    model: m\n    wait: 请稍候\n"

// TestSlowAnswer: an answer that takes too long for the passive reply comes as a customer-service message.
func TestSlowAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t, func(c *console.Config) { c.SetAssistant(slowly(20 * time.Second)) })
		d.write(strings.Replace(yaml, "default: 收到\n", asking, 1))
		d.Reload()
		d.send("follow")
		question := d.send("text", "content", "六乘七？")
		if !strings.Contains(content(question), "请稍候") || question.Failed || question.Attempts[0].MS < 3900 || question.Attempts[0].MS > 4500 {
			t.Errorf("%q after %v ms", content(question), question.Attempts[0].MS)
		}
		time.Sleep(time.Minute) // of the bubble
		synctest.Wait()
		var task, message *console.Item
		for _, i := range d.items() {
			switch {
			case i.Kind == console.Task && i.Title == "answer a question":
				task = i
			case i.Kind == console.Message:
				message = i
			}
		}
		if task == nil || !task.Done || task.Failed || task.OpenID != openid {
			t.Errorf("task %+v", task)
		}
		if message == nil || !strings.Contains(content(message), "四十二") || message.OpenID != openid {
			t.Errorf("message %+v", message)
		}
	})
}
