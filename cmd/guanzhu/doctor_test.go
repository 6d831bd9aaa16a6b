package main

import (
	"encoding/json"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"testing"

	owner "github.com/guanzhu/guanzhu/account"
	ownerfiles "github.com/guanzhu/guanzhu/account/media"
	"github.com/guanzhu/guanzhu/internal/consoletest"
	"github.com/guanzhu/guanzhu/internal/doctor"
	"github.com/guanzhu/guanzhu/internal/media"
	"github.com/guanzhu/guanzhu/pkg/wechattest"
)

// startConsole runs the console and returns the address at which it answers, and the text that it prints at its start.
func startConsole(t *testing.T, env ...string) (site, text string) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return consoletest.Start(t, self, environment(env...)...)
}

// hasMenu reports whether account.yaml has a menu. The owner may have removed it.
func hasMenu(t *testing.T) bool {
	t.Helper()
	account, err := owner.Load()
	if err != nil {
		t.Fatal(err)
	}
	m, err := account.Menu("")
	if err != nil {
		t.Fatal(err)
	}
	return len(m.Buttons) > 0
}

// hasFiles reports whether the owner has files to publish.
func hasFiles(t *testing.T) bool {
	t.Helper()
	account, err := owner.Load()
	if err != nil {
		t.Fatal(err)
	}
	return len(media.All(ownerfiles.Files, account.Files())) > 0
}

var findingLine = regexp.MustCompile(`(?m)^(✓|!|✗|–) `)

// TestDoctorLocal examines the console, a process of its own, and the simulated platform.
func TestDoctorLocal(t *testing.T) {
	t.Parallel()
	for name, secrets := range map[string]string{
		"plain":      sampleSecrets,
		"with a key": `{"token":"t","app_secret":"sample-app-secret-not-real","encoding_aes_key":"abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"}`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			platform := wechattest.New(wechattest.Config{AppID: sampleAppID, AppSecret: "sample-app-secret-not-real"})
			api := httptest.NewServer(platform)
			t.Cleanup(api.Close)
			env := []string{"WECHAT_SECRETS=" + secrets, "WECHAT_API_URL=" + api.URL}
			site, _ := startConsole(t, env[0])
			url := "--url=" + site + "/login/wechat"

			stdout, stderr, status := guanzhu(t, env, "doctor", url)
			if status != 0 || stderr != "" || hasMenu(t) && !strings.Contains(stdout, "! menu: the live menu is not that of account.yaml\n"+
				"    Show the difference: guanzhu plan --public-url "+site+" --api-url "+api.URL+" ; then publish: guanzhu publish --public-url "+site+" --api-url "+api.URL+"\n") {
				t.Errorf("before the menu is published: status %d\n%s%s", status, stdout, stderr)
			}
			if hasFiles(t) {
				t.Skip("account/media has files, which are published only with a stack's table")
			}
			_, stderr, status = guanzhu(t, append(env, "PUBLIC_URL="+site), "publish", "../../account/account.yaml")
			if status != 0 {
				t.Fatal(stderr)
			}
			for _, language := range []string{"LANG=en_US.UTF-8", "LANG=zh_CN.UTF-8"} {
				stdout, stderr, status := guanzhu(t, append(env, language), "doctor", url)
				marks := strings.Join(findingLine.FindAllString(stdout, -1), "")
				if status != 0 || stderr != "" || strings.Trim(marks, "✓ ") != "" || len(marks) < 15*len("✓ ") {
					t.Errorf("status %d\n%s%s", status, stdout, stderr)
				}
				if zh := strings.Contains(stdout, "✓ 菜单："); zh != strings.Contains(language, "zh") {
					t.Errorf("%s: %s", language, stdout)
				}
			}
			stdout, stderr, status = guanzhu(t, env, "doctor", "--json", url)
			var findings []doctor.Finding
			if err := json.Unmarshal([]byte(stdout), &findings); err != nil || status != 0 || stderr != "" || len(findings) < 15 {
				t.Errorf("--json: %v, status %d, %s, %d findings:\n%s", err, status, stderr, len(findings), stdout)
			}
			if strings.Contains(stdout, "not-real") {
				t.Errorf("it prints a secret:\n%s", stdout)
			}

			platform.Fail("/cgi-bin/stable_token", 40164, 2)
			for language, want := range map[string]string{
				"zh": "✗ 获取 access_token：errcode 40164：203.0.113.7 不在 IP 白名单里\n    在微信开发者平台 → 基础信息 → 开发密钥 → IP白名单 添加 203.0.113.7，",
				"en": "✗ access token: errcode 40164: 203.0.113.7 is not on the IP whitelist\n    Add 203.0.113.7 ",
			} {
				stdout, stderr, status := guanzhu(t, env, "doctor", "--lang", language, url)
				if status != 1 || !strings.Contains(stdout, want) || !strings.Contains(stderr, map[string]string{"zh": "有 1 项不通过", "en": "1 of "}[language]) {
					t.Errorf("status %d, want 1 and %q\n%s%s", status, want, stdout, stderr)
				}
			}
		})
	}
}

// TestDoctorOfNothing runs doctor while nothing has been started, and with wrong flags.
func TestDoctorOfNothing(t *testing.T) {
	t.Parallel()
	closed := httptest.NewServer(nil)
	closed.Close()
	stdout, _, status := guanzhu(t, nil, "doctor", "--url", closed.URL+"/login/wechat")
	for _, want := range []string{
		"✗ connection: ", "\n    Start it with make run", `– push: not examined: fix "connection" first`,
		`– pages: not examined: fix "connection" first`, "– platform's API: not examined: this is the sample account",
	} {
		if !strings.Contains(stdout, want) {
			t.Errorf("no %q in\n%s", want, stdout)
		}
	}
	if status != 1 {
		t.Errorf("status %d, want 1", status)
	}
	for _, args := range [][]string{{"--lang", "fr"}, {"--stack", "a", "--url", "http://b"}} {
		if _, stderr, status := guanzhu(t, nil, append([]string{"doctor"}, args...)...); status != 80 || !strings.Contains(stderr, "doctor --help") {
			t.Errorf("%q: status %d, %s", args, status, stderr)
		}
	}
	if help, _, status := guanzhu(t, nil, "doctor", "--help"); status != 0 || !strings.Contains(help, "Exit status: 0 without a ✗, 1 with one") {
		t.Errorf("status %d, help:\n%s", status, help)
	}
}

func TestLanguage(t *testing.T) {
	t.Parallel()
	tests := []struct {
		args, all, lang string
		want            language
	}{
		{"check", "", "zh_CN.UTF-8", "zh"},
		{"check --lang auto", "en_US.UTF-8", "zh_CN.UTF-8", "en"},
		{"check", "zh_TW", "C", "zh"},
		{"check", "", "", "en"},
		{"check --lang=en", "zh_CN", "", "en"},
		{"check --lang zh", "C", "", "zh"},
		{"--lang=zh --help", "", "", "zh"},
		{"check --lang=fr", "", "zh_CN", "zh"},
	}
	for _, tt := range tests {
		environment := map[string]string{"LC_ALL": tt.all, "LANG": tt.lang}
		if got := languageOf(strings.Fields(tt.args), func(name string) string { return environment[name] }); got != tt.want {
			t.Errorf("%+v: %s", tt, got)
		}
	}
}

func TestProgramName(t *testing.T) {
	t.Parallel()
	for called, want := range map[string]string{
		"guanzhu": "guanzhu", "bin/guanzhu": "bin/guanzhu", "/opt/bin/guanzhu": "/opt/bin/guanzhu", "/tmp/go-build/exe/main": "guanzhu",
	} {
		if got := programName(called); got != want {
			t.Errorf("%s: %s, want %s", called, got, want)
		}
	}
}

// TestNamed holds that commands in texts are those that can be pasted.
func TestNamed(t *testing.T) {
	was := os.Args[0]
	defer func() { os.Args[0] = was }()
	os.Args[0] = "bin/guanzhu"
	flags := map[string]string{"secrets": "--stack prod", "plan": "--stack prod", "publish": "--stack prod"}
	for text, want := range map[string]string{
		"Run guanzhu secrets finish.":           "Run bin/guanzhu secrets finish --stack prod.",
		"看差别：guanzhu plan ；再发布：guanzhu publish": "看差别：bin/guanzhu plan --stack prod ；再发布：bin/guanzhu publish --stack prod",
		"see `guanzhu followers export`":        "see `bin/guanzhu followers export`",
		"deploy again, and build guanzhu again": "deploy again, and build guanzhu again",
		"source <(guanzhu completion zsh)":      "source <(guanzhu completion zsh)", // of a shell that starts in any folder
		"<debug_str>guanzhu</debug_str>":        "<debug_str>guanzhu</debug_str>",
	} {
		if got := complete(text, flags); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
