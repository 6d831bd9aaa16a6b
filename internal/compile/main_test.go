package main

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/guanzhu/guanzhu/internal/bilingual"
)

// everything has every kind of entry and of reply, and texts that Go source must escape.
const everything = `
welcome:
  news:
    - {title: 一, url: "https://example.com/", description: 二, picurl: "https://example.com/a.png"}
    - {title: "\"` + "`" + `\\", url: "{personal_link}"}
default:
  ai: {base_url: "https://api.example.com/v1", model: m, instructions: "一\n二", memory: 0, label: AI 🌷}
suggestion: {random: [一, {image: {file: a.jpg}}, {voice: {media_id: v}}, {video: {file: b.mp4, title: t, description: d}}]}
messages:
  image: {music: {file: c.jpg, title: t, description: d, musicurl: "https://example.com/m", hqmusicurl: "https://example.com/h"}}
  voice: {video: {media_id: v}}
  file: {voice: {file: d.mp3}}
  other: {transfer_customer_service: {kf_account: a@b}}
keywords:
  - exact: [Hello, "%s %d ` + "`" + `", "\"a\\b"]
    reply: "\ttab, \u2028, \ufeff, \u202e, \u00a0, 🎉👩‍👩‍👧, {personal_link} \\x00 %v"
  - prefix: 图
    reply: {image: {media_id: i}}
  - contains: 人工
    reply: {transfer_customer_service: {}}
  - contains: 智能
    reply: {transfer_biz_ai_ivr: {}}
  - exact: 问
    reply: {ai: {base_url: "https://api.example.com/v1", model: other}}
clicks:
  k: |
    第一行

    第三行
  "k\n\x01\0\r2": {music: {thumb_media_id: t}}
menu:
  button:
    - {name: 页, type: view, url: /}
    - name: 更多
      sub_button:
        - {name: 小程序, type: miniprogram, url: "https://example.com/", appid: wx0123456789abcdef, pagepath: p/q}
        - {name: 图, type: media_id, media_id: m}
        - {name: 文, type: article_id, article_id: a}
    - {name: 点, type: click, key: k}
conditionalmenu:
  - button: [{name: 会员, type: view, url: /vip}]
    matchrule: {tag_id: 100, client_platform_type: 1}
menu_drift: tell
pages: link
`

// check is the program that compares the accounts: those of its packages, which are copies of internal/compiled, with the files.
const check = `package main

import (
	"fmt"
	"os"
	"reflect"

	"github.com/google/go-cmp/cmp"

	"github.com/guanzhu/guanzhu/internal/accountyaml"
	"github.com/guanzhu/guanzhu/internal/autoreply"
	a "github.com/guanzhu/guanzhu/internal/compile/check/a"
	b "github.com/guanzhu/guanzhu/internal/compile/check/b"
)

func main() {
	for i, load := range []func(string, []byte) (*autoreply.Account, error){a.Load, b.Load} {
		name := os.Args[i+1]
		text, err := os.ReadFile(name)
		if err != nil {
			panic(err)
		}
		parsed, err := accountyaml.Parse(name, text)
		if err != nil {
			panic(err)
		}
		compiled, err := load("", nil)
		if err != nil {
			panic(err)
		}
		fmt.Print(cmp.Diff(parsed, compiled, cmp.Exporter(func(reflect.Type) bool { return true })))
		for _, ai := range compiled.AIs() {
			if compiled.Answer("问") != ai && compiled.Default() != ai {
				fmt.Println("AIs has another AI than the replies")
			}
		}
	}
}
`

// TestCompiled compiles the account.yaml of the repository, and another one, and compares what comes with what is parsed.
func TestCompiled(t *testing.T) {
	dir := t.TempDir()
	shipped, own := "../../account/account.yaml", filepath.Join(dir, "account.yaml")
	replace := map[string]string{}
	put := func(path, content string) {
		here, err := filepath.Abs(path)
		if err != nil {
			t.Fatal(err)
		}
		replace[here] = filepath.Join(dir, strings.ReplaceAll(path, "/", "_"))
		write(t, replace[here], content)
	}
	write(t, own, everything)
	put("check/main.go", check)
	for name, from := range map[string]string{"a": shipped, "b": own} {
		to := filepath.Join(dir, "data.go")
		if err := compile(from, to); err != nil {
			t.Fatal(err)
		}
		for path, file := range map[string]string{"data.go": to, "compiled.go": "../compiled/compiled.go"} {
			put("check/"+name+"/"+path, read(t, file))
		}
	}
	overlay, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, "overlay.json"), string(overlay))
	out, err := exec.CommandContext(t.Context(), "go", "run", "-tags=compiled", "-overlay="+filepath.Join(dir, "overlay.json"),
		"./check", shipped, own).CombinedOutput()
	if err != nil || len(out) > 0 {
		t.Errorf("%v; parsed and compiled (-want +got):\n%s", err, out)
	}
}

// TestMistake: a mistake stops the build, and leaves no account of an earlier one.
func TestMistake(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	from, to := filepath.Join(dir, "account.yaml"), filepath.Join(dir, "data.go")
	write(t, from, "welcome: w\ndefault: d\nsuggestion: s\n")
	if err := compile(from, to); err != nil {
		t.Fatal(err)
	}
	write(t, from, "welcome: w\ndefault: {nonsense: d}\nsuggestion: s\n")
	err := compile(from, to)
	if err == nil || !strings.HasPrefix(err.Error(), from+`:2: "nonsense" is no kind of reply`) {
		t.Errorf("got %v", err)
	}
	if zh := bilingual.Explain(err, bilingual.Chinese); !strings.HasPrefix(zh, from+`:2：没有 "nonsense" 这种回复`) {
		t.Errorf("in Chinese: %s", zh)
	}
	if _, err := os.Stat(to); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the file of the build before is still there: %v", err)
	}
}

func read(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}
