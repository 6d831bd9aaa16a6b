package account_test

import (
	"context"
	"log/slog"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	owner "github.com/guanzhu/guanzhu/account"
	"github.com/guanzhu/guanzhu/internal/accountyaml"
	"github.com/guanzhu/guanzhu/pkg/follower"
	"github.com/guanzhu/guanzhu/pkg/secrets"
	"github.com/guanzhu/guanzhu/pkg/webhook"
	"github.com/guanzhu/guanzhu/pkg/wechat"
)

// What the owner has written is checked here, not what it says.

func TestAccountYAML(t *testing.T) {
	if _, err := owner.Load(); err != nil {
		t.Fatal(err)
	}
}

type never struct{}

func (never) Current() secrets.Secrets {
	return secrets.Secrets{Token: "token", AppSecret: "secret"}
}
func (never) Reload(context.Context) bool { return false }

func TestRoutes(t *testing.T) {
	a, err := owner.Load()
	if err != nil {
		t.Fatal(err)
	}
	router := owner.Routes(owner.Services{Followers: &follower.Service{}, Replies: a})
	_, err = webhook.New(webhook.Config{AppID: "wx0123456789abcdef", Secrets: never{}, Router: router,
		Hash: func(string) string { return "" }, Now: time.Now, Log: slog.Default()})
	if err != nil {
		t.Fatal(err)
	}
}

// TestHumanDesk uncomments the example of account.yaml, where it still stands.
func TestHumanDesk(t *testing.T) {
	file, err := os.ReadFile("account.yaml")
	if err != nil {
		t.Fatal(err)
	}
	const example = "#default:\n#  transfer"
	if !strings.Contains(string(file), example) {
		t.Skip("the example is gone from account.yaml")
	}
	var lines []string
	for line := range strings.Lines(strings.Replace(string(file), example, "default:\n  transfer", 1)) {
		if !strings.HasPrefix(line, "default: ") {
			lines = append(lines, line)
		}
	}
	a, err := accountyaml.Parse("account.yaml", []byte(strings.Join(lines, "")))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(wechat.Reply(wechat.TransferReply{}), a.Default()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestExamples uncomments the examples of account.yaml, where they still stand.
func TestExamples(t *testing.T) {
	file, err := os.ReadFile("account.yaml")
	if err != nil {
		t.Fatal(err)
	}
	text, examples, ok := strings.Cut(string(file), "\nkeywords:\n")
	for _, example := range []string{"\n#   - contains: 营业时间\n", "\n#     - name: 更多\n"} {
		ok = ok && strings.Contains(examples, example)
	}
	if !ok {
		t.Skip("the examples are gone from account.yaml")
	}
	uncommented := regexp.MustCompile(`(?m)^# (  +)`).ReplaceAllString(examples, "$1")
	a, err := accountyaml.Parse("account.yaml", []byte(text+"\nkeywords:\n"+uncommented))
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{"你好", "帮助我", "请问营业时间"} {
		if a.Answer(text) == a.Default() {
			t.Errorf("%s: no rule answers", text)
		}
	}
	m, err := a.Menu("https://host.example")
	if err != nil || len(m.Buttons) != 3 {
		t.Errorf("%d buttons, %v", len(m.Buttons), err)
	}
}
