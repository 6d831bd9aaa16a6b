package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/guanzhu/guanzhu/pkg/wechattest"
)

const consoleReplies = `{"is_add_friend_reply_open":1,"is_autoreply_open":1,
"add_friend_autoreply_info":{"type":"text","content":"欢迎"},
"message_default_autoreply_info":{"type":"img","content":"PICTURE"},
"keyword_autoreply_info":{"list":[
 {"rule_name":"价格","create_time":1,"reply_mode":"random_one","keyword_list_info":[{"type":"text","match_mode":"contain","content":"价格"}],
  "reply_list_info":[{"type":"text","content":"一"},{"type":"text","content":"二"}]},
 {"rule_name":"片子","create_time":1,"reply_mode":"reply_all","keyword_list_info":[{"type":"text","match_mode":"equal","content":"片子"}],
  "reply_list_info":[{"type":"video","content":"http:\/\/mp.weixin.qq.com\/v"}]}]}}`

func importedPlatform(kind wechattest.Kind) *wechattest.Platform {
	platform := wechattest.New(wechattest.Config{AppID: sampleAppID, AppSecret: "sample-app-secret-not-real", Kind: kind})
	picture := platform.AddTemporary([]byte("\xff\xd8\xff"))
	platform.SetAutoReplies(strings.Replace(consoleReplies, "PICTURE", picture, 1))
	platform.SetConsoleMenu(`{"button":[{"name":"关于","type":"text","value":"我们"},{"name":"主页","type":"view","url":"https://host.example/"}]}`)
	return platform
}

const importDiff = `- welcome: w # said to all
- default: d
+ # said to all
+ welcome: 欢迎
+ default:
+   image:
+     file: default.jpg
  suggestion: s
- clicks: {help: 帮助}
+ clicks:
+   help: 帮助
+   关于: 我们
  menu:
    button:
-     - {name: 帮助, type: click, key: help}
-     - {name: 我的, type: view, url: /}
+     - name: 关于
+       type: click
+       key: 关于
+     - name: 主页
+       type: view
+       url: "/"
+ 
+ keywords:
+   - contains: 价格
+     reply:
+       random:
+         - 一
+         - 二
+ media/default.jpg (3 bytes)
`

func TestImport(t *testing.T) {
	t.Parallel()
	for kind, note := range map[wechattest.Kind]string{wechattest.ServiceAccount: "", wechattest.PersonalAccount: "no menu API (errcode 48001)"} {
		env := serveMenus(t, importedPlatform(kind))
		file := write(t, strings.Replace(menuFile, "welcome: w", "welcome: w # said to all", 1))
		run := func(wantOut, wantErr string, wantStatus int, args ...string) {
			t.Helper()
			stdout, stderr, status := guanzhu(t, env, append(args, file)...)
			wantRun(t, wantOut, wantErr, wantStatus, stdout, stderr, status)
			if args[0] == "import" && (!strings.Contains(stderr, note) || !strings.Contains(stderr, `"片子": a video is not carried over`)) {
				t.Errorf("the notes are %s", stderr)
			}
		}
		run(importDiff, "Nothing is written yet", 2, "import")
		run(importDiff, "Written.", 0, "import", "--write")
		if got, err := os.ReadFile(filepath.Join(filepath.Dir(file), "media", "default.jpg")); string(got) != "\xff\xd8\xff" {
			t.Errorf("the picture is %q, error %v", got, err)
		}
		run("", "Nothing differs", 0, "import")
		run("", "Nothing differs", 0, "import", "--write")
		run(file+` is good. What a follower does and gets (handlers in routes.go come first):

  follows             欢迎
  sends …价格…        one of 2 at random, such as: 一
  sends @…            s
  sends another text  a picture default.jpg
  sends a picture, …  (no reply)
  taps 关于           我们
  taps 主页           opens https://host.example/
`, "", 0, "check")
		run("", "give the stack with --stack, or the name of its table with --table", 1, "publish")
		if err := os.Remove(filepath.Join(filepath.Dir(file), "media", "default.jpg")); err != nil {
			t.Fatal(err)
		}
		run("", file+":5: there is no file default.jpg in account/media", 1, "check")
	}
}

func TestImportInChinese(t *testing.T) {
	t.Parallel()
	env := serveMenus(t, importedPlatform(wechattest.ServiceAccount))
	_, stderr, status := guanzhu(t, env, "--lang", "zh", "import", write(t, menuFile))
	if status != 2 || !strings.Contains(stderr, "“片子”：视频没有导入：微信只给出网页 http://mp.weixin.qq.com/v，不能下载") || !strings.Contains(stderr, "--write") {
		t.Errorf("status %d: %s", status, stderr)
	}
}

// TestImportSaved imports saved answers, without any account.
func TestImportSaved(t *testing.T) {
	t.Parallel()
	save := func(text string) string {
		name := filepath.Join(t.TempDir(), "answer.json")
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return name
	}
	replies, selfMenu := save(consoleReplies), save(`{"is_menu_open":0,"selfmenu_info":{"button":[{"name":"更多","sub_button":{"list":[{"name":"关于","type":"text","value":"我们"}]}}]}}`)
	apiMenu := save(`{"menu":{"button":[{"type":"click","name":"帮助","key":"help","sub_button":[]},{"type":"click","name":"旧","key":"old","sub_button":[]}]}}`)
	file := write(t, menuFile)
	stdout, stderr, status := guanzhu(t, nil, "import", "--from", replies, "--from", selfMenu, "--write", file)
	if status != 0 || !strings.Contains(stdout, "+       sub_button:") || !strings.Contains(stderr, `"default": a picture is not carried over: it cannot be downloaded without the platform`) {
		t.Errorf("status %d\n%s%s", status, stdout, stderr)
	}
	stdout, stderr, status = guanzhu(t, nil, "import", "--from", apiMenu, file)
	if status != 2 || !strings.Contains(stderr, `"旧": its reply (key old) came from another server`) || strings.Contains(stdout, "help:") && !strings.Contains(stdout, "  help: 帮助") {
		t.Errorf("status %d\n%s%s", status, stdout, stderr)
	}
	for _, tt := range []struct{ from, want, wantChinese string }{
		{save(`{"errcode":48001,"errmsg":"api unauthorized"}`), "this is a refusal, errcode 48001", "微信拒绝了这次调用，errcode 48001"},
		{save(`{"tags":[]}`), "this is no answer of get_current_autoreply_info, get_current_selfmenu_info or menu/get", "不是 get_current_autoreply_info、"},
		{save(`<html>`), "this is not the JSON of an answer", "不是应答的 JSON"},
		{"no-such-file", "there is no no-such-file: check the path", "没有 no-such-file：检查路径"},
	} {
		_, stderr, status := guanzhu(t, nil, "import", "--from", tt.from, file)
		if status != 1 || !strings.Contains(stderr, tt.want) {
			t.Errorf("status %d: %s, want %q", status, stderr, tt.want)
		}
		if _, stderr, _ := guanzhu(t, nil, "--lang", "zh", "import", "--from", tt.from, file); !strings.Contains(stderr, tt.wantChinese) {
			t.Errorf("in Chinese: %s, want %q", stderr, tt.wantChinese)
		}
	}
	if _, stderr, status := guanzhu(t, nil, "import", "--from", replies, "--from", replies, file); status != 1 || !strings.Contains(stderr, "another file has an answer of the same call already") {
		t.Errorf("twice the same: status %d: %s", status, stderr)
	}
	if _, stderr, status := guanzhu(t, nil, "import", "--from", replies, "--stack", "s", file); status != 80 {
		t.Errorf("two sources: status %d: %s", status, stderr)
	}
	if _, stderr, status := guanzhu(t, nil, "import", file); status != 1 || !strings.Contains(stderr, "WECHAT_APP_ID") {
		t.Errorf("the sample account: status %d: %s", status, stderr)
	}
}

// TestImportRefused: what remains to an account that may not ask.
func TestImportRefused(t *testing.T) {
	t.Parallel()
	platform := importedPlatform(wechattest.ServiceAccount)
	platform.Fail("/cgi-bin/get_current_autoreply_info", 48001, 1)
	file := write(t, menuFile)
	stdout, stderr, status := guanzhu(t, serveMenus(t, platform), "import", "--write", file)
	wantRun(t, "", "import them with --from; or copy the replies from WeChat's console by hand", 1, stdout, stderr, status)
	if got := read(t, file); got != menuFile {
		t.Errorf("the file has changed:\n%s", cmp.Diff(menuFile, got))
	}
}

// TestImportOfStack: the stack's function asks and downloads.
func TestImportOfStack(t *testing.T) {
	t.Parallel()
	stack := &fakeStack{output: "MenuFunctionName", answer: func(request string) string {
		if strings.Contains(request, "download") {
			return `{"result":"download","content":"/9j/"}`
		}
		return `{"result":"import","autoreplies":` + strings.ReplaceAll(consoleReplies, "\n", "") + `,"no_menu_call":48001}`
	}}
	file := write(t, menuFile)
	stdout, stderr, status := guanzhu(t, stack.serve(t), "import", "--write", file)
	if status != 0 || !strings.Contains(stdout, "+ media/default.jpg (3 bytes)") || !strings.Contains(stderr, "no menu API (errcode 48001)") {
		t.Errorf("status %d\n%s%s", status, stdout, stderr)
	}
	want := []string{`{"action":"import"}`, `{"action":"download","media_id":"PICTURE"}`}
	if diff := cmp.Diff(want, stack.asked); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
