package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/guanzhu/guanzhu/internal/menu"
	"github.com/guanzhu/guanzhu/pkg/wechattest"
)

// runAsCommand, if it is set, makes the test's own binary the command.
const runAsCommand = "GUANZHU_TEST_RUN"

// environment is that of the command, with env and nothing else of the tests' own but the settings of the race detector, which
// would let each run sleep for a second at its end.
func environment(env ...string) []string {
	return append([]string{runAsCommand + "=1", "GORACE=" + os.Getenv("GORACE")}, env...)
}

func TestMain(m *testing.M) {
	if os.Getenv(runAsCommand) != "" {
		main()
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// guanzhu runs the command, in an environment that has env alone.
func guanzhu(t *testing.T, env []string, args ...string) (stdout, stderr string, status int) {
	t.Helper()
	return guanzhuIn(t, "", env, args...)
}

// guanzhuIn runs the command in a folder, "" for that of this package.
func guanzhuIn(t *testing.T, folder string, env []string, args ...string) (stdout, stderr string, status int) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	command := exec.CommandContext(t.Context(), self, args...)
	command.Env, command.Dir = environment(env...), folder
	var out, errs bytes.Buffer
	command.Stdout, command.Stderr = &out, &errs
	command.Run()
	return out.String(), errs.String(), command.ProcessState.ExitCode()
}

const menuFile = `welcome: w
default: d
suggestion: s
clicks: {help: 帮助}
menu:
  button:
    - {name: 帮助, type: click, key: help}
    - {name: 我的, type: view, url: /}
`

func write(t *testing.T, text string) (path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "account.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func wantRun(t *testing.T, wantOut, wantErr string, wantStatus int, stdout, stderr string, status int) {
	t.Helper()
	if diff := cmp.Diff(wantOut, stdout); diff != "" {
		t.Errorf("standard output (-want +got):\n%s", diff)
	}
	if !strings.Contains(stderr, wantErr) || wantErr == "" && stderr != "" {
		t.Errorf("standard error is %q, want %q in it", stderr, wantErr)
	}
	if status != wantStatus {
		t.Errorf("status %d, want %d", status, wantStatus)
	}
}

func TestCheck(t *testing.T) {
	t.Parallel()
	good := write(t, menuFile)
	const url = "PUBLIC_URL=https://host.example"
	const sees = "  follows             w\n  sends @…            s\n  sends another text  d\n  sends a picture, …  (no reply)\n  taps 帮助           帮助\n"
	tests := []struct {
		name, file, env  string
		wantOut, wantErr string
		wantStatus       int
	}{
		{"good", good, url, good + " is good. What a follower does and gets (handlers in routes.go come first):\n\n" + sees +
			"  taps 我的           opens https://host.example/\n", "", 0},
		{"a button left out", good, "", good + " is good. What a follower does and gets (handlers in routes.go come first):\n\n" + sees,
			good + ":8: 我的 is left out", 0},
		{"bad", write(t, strings.Replace(menuFile, "key: help", "key: h", 1)), "", "",
			`account.yaml:7: nothing answers the key "h"`, 1},
		{"bad elsewhere", write(t, strings.Replace(menuFile, "welcome: w", "welcome:", 1)), "", "", "account.yaml:1: welcome is empty", 1},
		{"no such file", filepath.Join(t.TempDir(), "account.yaml"), "", "", "give the path of account.yaml", 1},
		{"bad PUBLIC_URL", good, "PUBLIC_URL=host", "", "PUBLIC_URL must look like https://host", 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			stdout, stderr, status := guanzhu(t, []string{tt.env}, "check", tt.file)
			wantRun(t, tt.wantOut, tt.wantErr, tt.wantStatus, stdout, stderr, status)
		})
	}
	t.Run("JSON", func(t *testing.T) {
		t.Parallel()
		stdout, stderr, status := guanzhu(t, []string{url}, "check", "--json", good)
		wantRun(t, `{
  "mistakes": [],
  "menu": [
    "  帮助 (click, key help)",
    "  我的 (view, url https://host.example/)"
  ],
  "left_out": [],
  "warnings": []
}
`, "", 0, stdout, stderr, status)
		bad := write(t, strings.Replace(menuFile, "key: help", "key: h", 1))
		stdout, stderr, status = guanzhu(t, nil, "check", "--json", bad)
		if status != 1 || stderr != "" || !strings.Contains(stdout, "nothing answers the key") || !strings.Contains(stdout, `"menu": []`) {
			t.Errorf("status %d, %q, %q", status, stdout, stderr)
		}
	})
	t.Run("in Chinese", func(t *testing.T) {
		t.Parallel()
		if _, stderr, _ := guanzhu(t, []string{"PUBLIC_URL=host"}, "--lang", "zh", "check", good); !strings.Contains(stderr, "PUBLIC_URL 要像 https://host 这样") {
			t.Errorf("a bad PUBLIC_URL: %s", stderr)
		}
		bad := write(t, strings.Replace(menuFile, "welcome: w", "welcome: {image: {file: a.gif}}\ndeflt: d", 1))
		const first, second = "account.yaml:1：a.gif 的格式不能用在这里", "account.yaml:2：文件里不能写 \"deflt\"，可以写的有：welcome"
		for _, run := range []struct{ env, args []string }{
			{[]string{"LANG=zh_CN.UTF-8"}, []string{"check"}},
			{nil, []string{"--lang", "zh", "check"}},
			{nil, []string{"--lang", "zh", "check", "--json"}},
			{nil, []string{"--lang", "zh", "plan"}},
			{nil, []string{"--lang", "zh", "publish"}},
		} {
			stdout, stderr, status := guanzhu(t, run.env, append(run.args, bad)...)
			shown := strings.ReplaceAll(stdout+stderr, `\"`, `"`)
			if status != 1 || !strings.Contains(shown, first) || !strings.Contains(shown, second) {
				t.Errorf("%v: status %d, %s", run.args, status, shown)
			}
		}
		_, stderr, _ := guanzhu(t, nil, "--lang", "zh", "check", write(t, strings.Replace(menuFile, "welcome: w", "welcome: {image: {file: a.jpg}}", 1)))
		if !strings.Contains(stderr, "account.yaml:1：account/media 里没有文件 a.jpg") {
			t.Error(stderr)
		}
	})
	t.Run("what followers see", func(t *testing.T) {
		t.Parallel()
		var file strings.Builder
		file.WriteString(`welcome: "欢迎，{personal_link}"
default: |
  没听懂呢。
  发送“帮助”或“登录”。
suggestion: {image: {media_id: m}}
messages: {voice: {transfer_customer_service: {}}}
clicks: {c: {news: [{title: 一, url: https://example.com/1}, {title: 二, url: https://example.com/2}]}}
conditionalmenu: [{matchrule: {tag_id: 100}, button: [{name: 会员, type: view, url: https://example.com/}]}]
menu: {button: [{name: 更多, sub_button: [{name: 新品, type: click, key: c}]}]}
keywords:
  - {exact: [登录, Login], reply: {random: [a, b]}}
`)
		for i := range 12 {
			fmt.Fprintf(&file, "  - {prefix: 第%02d个很长很长很长很长的关键词, reply: 很长%s}\n", i, strings.Repeat("的回复", 50))
		}
		path := write(t, file.String())
		stdout, stderr, status := guanzhu(t, nil, "--lang", "zh", "check", path)
		row := func(i int) string {
			return fmt.Sprintf("  发送以 第%02d个很长很长很长很长…  很长的回复的回复的回复的回复的回复的回复的回复的回复的回复的回复…\n", i)
		}
		wantRun(t, path+` 没有错误。关注者会看到（routes.go 里的处理函数优先）：

  关注                            欢迎，〔个人链接〕
  发送 登录、login                随机回复 2 条之一，例如：a
`+row(0)+row(1)+row(2)+row(3)+row(4)+row(5)+row(6)+row(7)+row(8)+`  ……还有 3 条
  发送以 @ 开头的文字             图片
  发送其他文字                    没听懂呢。 发送“帮助”或“登录”。
  发送语音                        转人工客服
  发送其他消息                    （不回复）
  点 更多 > 新品                  2 条图文，第一条“一”
  点（tag_id 100）会员            打开 https://example.com/
`, path+":4：这里请关注者发送“帮助”，但没有关键词规则回复它", 0, stdout, stderr, status)
		if strings.Contains(stderr, "“登录”") {
			t.Errorf("a keyword that is answered: %s", stderr)
		}
	})
}

func TestPlanAndPublish(t *testing.T) {
	t.Parallel()
	platform := wechattest.New(wechattest.Config{AppID: sampleAppID, AppSecret: "sample-app-secret-not-real"})
	platform.SetMenu(`{"button":[{"type":"click","name":"帮助","key":"help"},{"type":"click","name":"旧","key":"old"}]}`)
	env := serveMenus(t, platform)
	file := write(t, menuFile)
	const diff = "  帮助 (click, key help)\n- 旧 (click, key old)\n+ 我的 (view, url https://host.example/)\n"

	run := func(wantOut, wantErr string, wantStatus int, args ...string) {
		t.Helper()
		stdout, stderr, status := guanzhu(t, env, append(args, file)...)
		wantRun(t, wantOut, wantErr, wantStatus, stdout, stderr, status)
	}
	run(diff, "Publishing adds the lines with +", 2, "plan")
	run(diff, "发布会增加带 + 的行", 2, "--lang=zh", "plan")
	stdout, stderr, status := guanzhu(t, env, "plan", "--json", file)
	var summary menu.Summary
	if err := json.Unmarshal([]byte(stdout), &summary); err != nil || status != 2 || stderr != "" ||
		summary.Result != menu.Different || summary.Diff.String() != diff {
		t.Errorf("--json: %v, status %d, %s\n%s", err, status, stderr, stdout)
	}
	if calls := platform.Calls("/cgi-bin/menu/create"); calls != 0 {
		t.Errorf("plan has published %d times", calls)
	}
	run(diff, "Published.", 0, "publish")
	const live = "  帮助 (click, key help)\n  我的 (view, url https://host.example/)\n"
	run(live, "nothing to publish", 0, "publish")
	run(live, "nothing to publish", 0, "plan")
	if calls := platform.Calls("/cgi-bin/menu/create"); calls != 1 {
		t.Errorf("published %d times, want once", calls)
	}

	inviting := write(t, strings.Replace(menuFile, "welcome: w", "welcome: 发送“优惠”", 1))
	const warning = `:1: this tells followers to send “优惠”, and no keyword rule answers it`
	for _, command := range []string{"check", "plan", "publish"} {
		if _, stderr, status := guanzhu(t, env, command, inviting); status != 0 || !strings.Contains(stderr, warning) {
			t.Errorf("%s of a file with a warning: status %d, %s", command, status, stderr)
		}
	}
	for _, command := range []string{"check", "plan"} {
		stdout, _, _ := guanzhu(t, env, command, "--json", inviting)
		var found struct{ Warnings []string }
		if err := json.Unmarshal([]byte(stdout), &found); err != nil || len(found.Warnings) != 1 || !strings.Contains(found.Warnings[0], warning) {
			t.Errorf("%s --json of a file with a warning: error %v\n%s", command, err, stdout)
		}
	}

	platform.SetMenu("")
	platform.Fail("/cgi-bin/menu/create", 40055, 1)
	run("", file+":8: wechatapi: /cgi-bin/menu/create: errcode 40055: ", 1, "publish")
	platform.Fail("/cgi-bin/menu/get", 40164, 1)
	run("", "203.0.113.7", 1, "plan")
}

func TestMenuWithoutPermission(t *testing.T) {
	t.Parallel()
	platform := wechattest.New(wechattest.Config{AppID: sampleAppID, AppSecret: "sample-app-secret-not-real",
		Kind: wechattest.PersonalAccount})
	env := serveMenus(t, platform)
	stdout, stderr, status := guanzhu(t, env, "publish", write(t, menuFile))
	wantRun(t, "", "errcode 48001: the account has no permission", 1, stdout, stderr, status)
	stdout, stderr, status = guanzhu(t, append(env, "LANG=zh_CN.UTF-8"), "publish", write(t, menuFile))
	wantRun(t, "", "errcode 48001：账号没有这个接口的权限\n", 1, stdout, stderr, status)
}

// TestMenuOfTheSample runs plan without any setting.
func TestMenuOfTheSample(t *testing.T) {
	t.Parallel()
	stdout, stderr, status := guanzhu(t, nil, "plan", write(t, menuFile))
	wantRun(t, "", "set WECHAT_APP_ID and WECHAT_SECRETS", 1, stdout, stderr, status)
}

// serveMenus returns the environment of a command that is to ask platform.
func serveMenus(t *testing.T, platform http.Handler) []string {
	server := httptest.NewServer(platform)
	t.Cleanup(server.Close)
	return []string{"WECHAT_API_URL=" + server.URL, "PUBLIC_URL=https://host.example"}
}

// TestSecretsOfAWSWithoutARegion is what the value of a deployed stack leads to on a machine without AWS.
func TestSecretsOfAWSWithoutARegion(t *testing.T) {
	t.Parallel()
	env := []string{"WECHAT_APP_ID=wx1111111111111111", "WECHAT_SECRETS=ssm:/guanzhu/prod", "HOME=" + t.TempDir()}
	for _, args := range [][]string{
		{"plan", write(t, menuFile)}, {"console", "--addr", "127.0.0.1:0"}, {"push", "../../events/text.xml"},
		{"platform", "--addr", "127.0.0.1:0"}, {"doctor"},
	} {
		stdout, stderr, status := guanzhu(t, env, args...)
		wantRun(t, "", "no AWS region is set", 1, stdout, stderr, status)
	}
}
