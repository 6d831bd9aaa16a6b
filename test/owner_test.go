package test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// anotherAccount has no menu, no keyword 登录, personal links instead of OAuth, and texts of its own.
const anotherAccount = `
welcome: 花店欢迎您
default: 请留言
suggestion: 记下了
keywords:
  - {exact: 你好, reply: 早安}
pages: link
`

// TestAnotherAccount runs tests that read account.yaml with that of another owner, as after an upgrade of a fork. It leaves
// out the tests in account/, which belong to the owner.
func TestAnotherAccount(t *testing.T) {
	t.Parallel()
	file, err := filepath.Abs("../account/account.yaml")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	other, overlay := filepath.Join(dir, "account.yaml"), filepath.Join(dir, "overlay.json")
	replace, err := json.Marshal(map[string]map[string]string{"Replace": {file: other}})
	if err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string]string{other: anotherAccount, overlay: string(replace)} {
		if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, args := range [][]string{
		{"./functions/menu", "./functions/web", "./functions/webhook"},
		{"-run=TestPushOfFlags|TestDoctorLocal", "./cmd/guanzhu"},
	} {
		command := exec.CommandContext(t.Context(), "go", append([]string{"test", "-vet=off", "-overlay=" + overlay}, args...)...)
		command.Dir = ".."
		if out, err := command.CombinedOutput(); err != nil {
			t.Errorf("%v: %v\n%s", args, err, out)
		}
	}
}
