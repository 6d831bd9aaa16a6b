package main

import (
	"strings"
	"testing"
)

// TestPushOfFlags pushes to a console what the flags say.
func TestPushOfFlags(t *testing.T) {
	t.Parallel()
	site, _ := startConsole(t)
	for _, step := range []struct {
		args string
		want string // in the reply
	}{
		{"--follow --scan spring", "欢迎关注"},
		{"--text @开门", "已经收到您的建议"},
		{"--click contact", "编辑@"},
		{"--scan spring", "success"},
		{"--text 你好 --from oAnotherFollower", "编辑@"},
		{"--unfollow", "success"},
		{"--follow", "欢迎关注"},
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
		"--follow ../../events/follower.xml": "no such file",
	} {
		_, stderr, status := guanzhu(t, nil, append([]string{"push", "--print"}, strings.Fields(args)...)...)
		if status != 80 || !strings.Contains(stderr, want) {
			t.Errorf("%s: status %d, %s", args, status, stderr)
		}
	}
}
