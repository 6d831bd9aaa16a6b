package account_test

import (
	"context"
	"log/slog"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	owner "github.com/guanzhu/guanzhu/account"
	"github.com/guanzhu/guanzhu/pkg/account"
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
	router := owner.Routes(&follower.Service{}, a)
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
	a, err := account.Parse("account.yaml", []byte(strings.Join(lines, "")))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(wechat.Reply(wechat.TransferReply{}), a.Default()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
