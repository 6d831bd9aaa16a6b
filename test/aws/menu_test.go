package aws

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
)

// TestMenuOfAStack has the stack's function menu plan and publish, whose answers are made here, as moto does not run it.
// Each is what the function answers (functions/menu, TestInvoke).
func TestMenuOfAStack(t *testing.T) {
	moto(t)
	stack := deploy(t, nil)
	const different = `{"result":"different","diff":["  关于我们 (click, key about)","- 旧 (click, key old)","+ 我的 (view, url https://host.example/)"],"drift":true}`
	const diff = "  关于我们 (click, key about)\n- 旧 (click, key old)\n+ 我的 (view, url https://host.example/)\n"
	tests := []struct {
		name, args, answer string
		stdout, stderr     string // standard error holds it
		status             int
	}{
		{"plan", "plan --stack " + stack, different, diff, "Someone else has changed the live menu since it was published.\nPublishing adds the lines with +", 2},
		{"计划", "--lang zh plan --stack " + stack, different, diff, "平台上的菜单被别处改动过。\n发布会增加带 + 的行", 2},
		{"publish", "publish --stack " + stack, strings.Replace(different, "different", "published", 1), diff, "Published. Followers see it within 5 minutes.", 0},
		{"nothing to do", "plan --stack " + stack, `{"result":"unchanged","diff":["  关于我们 (click, key about)"]}`, "  关于我们 (click, key about)\n", "nothing to publish", 0},
		{"a button left out", "publish --stack " + stack, `{"result":"published","diff":["+ a"],"left_out":["account.yaml:8: 我的 is left out"]}`, "+ a\n", "account.yaml:8: 我的 is left out\n", 0},
		{"no menu", "publish --stack " + stack, `{"result":"no menu"}`, "", "There is no menu to publish", 0},
		{"no permission", "publish --lang zh --stack " + stack, `{"result":"refused","errcode":48001,"reason":"r","ask_again":"2026-11-27T00:00:00+08:00"}`, "",
			"函数在 2026-11-27T00:00:00+08:00 之前不再询问平台。\nguanzhu: 菜单：errcode 48001：账号没有这个接口的权限\n", 1},
		{"not asked", "plan --stack " + stack, `{"result":"not asked","errcode":45009,"reason":"r","ask_again":"2026-11-27T00:00:00+08:00"}`, "",
			"errcode 45009: the day's quota of this API is used up\n", 1},
		{"another version", "plan --stack " + stack, `"ok"`, "", "deploy again, and build guanzhu again", 1},
		{"a file", "plan --stack " + stack + " my.yaml", "", "", "the menu is that of the deployed account.yaml: leave the file out", 80},
		{"no such stack", "plan --stack no-such-stack", "", "", "there is no stack no-such-stack in us-east-1", 1},
	}
	for _, tt := range tests {
		if tt.answer != "" {
			answerNext(t, tt.answer)
		}
		stdout, stderr, status := guanzhu(t, "", strings.Fields(tt.args)...)
		if stdout != tt.stdout || !strings.Contains(stderr, tt.stderr) || status != tt.status {
			t.Errorf("%s: status %d, want %d\n%s%s\nwant %s%s", tt.name, status, tt.status, stdout, stderr, tt.stdout, tt.stderr)
		}
	}
}

// answerNext makes moto answer the next invocation of a function.
func answerNext(t *testing.T, answer string) {
	t.Helper()
	body, err := json.Marshal(map[string]any{"results": []string{answer}, "region": region})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := send("moto", http.MethodPost, moto(t)+"/moto-api/static/lambda-simple/response", string(body)); err != nil {
		t.Fatal(err)
	}
}
