package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	owner "github.com/guanzhu/guanzhu/account"
	"github.com/guanzhu/guanzhu/internal/autoreply"
	"github.com/guanzhu/guanzhu/pkg/wechat"
)

// TestPushOfFlags pushes to a console what the flags say.
func TestPushOfFlags(t *testing.T) {
	t.Parallel()
	account, err := owner.Load()
	if err != nil {
		t.Fatal(err)
	}
	welcome := said(t, account.Welcome())
	again := welcome
	if autoreply.HasLink(account.Welcome()) {
		again = "" // without a welcome: a link of the second in which the sender has unfollowed is refused
	}
	click, _ := account.Click("contact")
	site, _ := startConsole(t)
	for _, step := range []struct {
		args string
		want string // in the reply
	}{
		{"--follow --scan spring", welcome},
		{"--text @开门", said(t, account.Suggestion())},
		{"--click contact", said(t, click)},
		{"--scan spring", "success"},
		{"--text 你好 --from oAnotherFollower", said(t, account.Answer("你好"))},
		{"--unfollow", "success"},
		{"--follow", again},
	} {
		stdout, stderr, status := guanzhu(t, nil, append([]string{"push", "--url", site + "/login/wechat"}, strings.Fields(step.args)...)...)
		if status != 0 || !strings.Contains(stdout, "200 OK") || !strings.Contains(stdout, step.want) {
			t.Errorf("%s: status %d\n%s%s", step.args, status, stdout, stderr)
		}
	}
	for args, want := range map[string]string{
		"":                                   "name one push",
		"--text a ../../events/text.xml":     "name one push",
		"--text a --follow":                  "--text and --follow can't be used together",
		"--text a --scan b":                  "--scan goes alone or with --follow",
		"--follow --from a.b":                "an openid has",
		"--follow ../../events/follower.xml": "there is no file",
	} {
		_, stderr, status := guanzhu(t, nil, append([]string{"push", "--print"}, strings.Fields(args)...)...)
		if status != 80 || !strings.Contains(stderr, want) {
			t.Errorf("%s: status %d, %s", args, status, stderr)
		}
	}
}

// TestPushOfJSON pushes a file in the platform's JSON form.
func TestPushOfJSON(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "push.json")
	message := `{"ToUserName":"gh_0123456789ab","FromUserName":"oJSON","CreateTime":1700000000,"MsgType":"text","Content":"@开门","MsgId":1}`
	if err := os.WriteFile(file, []byte(message), 0o600); err != nil {
		t.Fatal(err)
	}
	site, _ := startConsole(t)
	stdout, stderr, status := guanzhu(t, nil, "push", "--now", "--url", site, file)
	if status != 0 || !strings.Contains(stdout, "200 OK  application/json") || !strings.Contains(stdout, `"FromUserName":"oJSON"`) ||
		strings.Contains(stdout, "1700000000") || strings.Contains(stdout, `"MsgId":1,`) {
		t.Errorf("status %d\n%s%s", status, stdout, stderr)
	}
}

// said returns what the endpoint's answer with a reply of account.yaml contains.
func said(t *testing.T, reply wechat.Reply) string {
	t.Helper()
	switch reply := reply.(type) {
	case nil:
		return "success"
	case wechat.TextReply:
		text, _, _ := strings.Cut(string(reply), autoreply.PersonalLink)
		return text
	}
	t.Logf("account.yaml has a reply that is not a text (%T): its content is not compared", reply)
	return ""
}
