package account_test

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	owner "github.com/guanzhu/guanzhu/account"
	"github.com/guanzhu/guanzhu/internal/accountyaml"
	"github.com/guanzhu/guanzhu/internal/autoreply"
	"github.com/guanzhu/guanzhu/internal/world"
	"github.com/guanzhu/guanzhu/pkg/web"
	"github.com/guanzhu/guanzhu/pkg/webhook"
	"github.com/guanzhu/guanzhu/pkg/wechat"
)

// These tests check that what the owner has written can be used, not what it says.

func TestAccountYAML(t *testing.T) {
	if _, err := owner.Load(); err != nil {
		t.Fatal(err)
	}
}

func TestRoutes(t *testing.T) {
	w := world.New(t, world.Options{})
	var err error
	if w.Account, err = owner.Load(); err != nil {
		t.Fatal(err)
	}
	if _, err := webhook.New(w.Endpoint()); err != nil {
		t.Error(err)
	}
}

// TestPagesExample compiles the example in pages.go, if it is still there.
func TestPagesExample(t *testing.T) {
	file, err := os.ReadFile("pages.go")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(file), "//\tsite.HandleFollower(") {
		t.Skip("the example is gone from pages.go")
	}
	var example strings.Builder
	for _, match := range regexp.MustCompile(`(?m)^//\t(.*)$`).FindAllStringSubmatch(string(file), -1) {
		example.WriteString(match[1] + "\n")
	}
	dir := t.TempDir()
	pages, overlay := filepath.Join(dir, "pages.go"), filepath.Join(dir, "overlay.json")
	source := fmt.Sprintf(`package account

import (
	"fmt"
	"net/http"
	"time"

	"github.com/guanzhu/guanzhu/pkg/follower"
	"github.com/guanzhu/guanzhu/pkg/web"
	"github.com/guanzhu/guanzhu/pkg/wechat"
)

func Pages(site *web.Site, s Services) {
%s}
`, example.String())
	here, err := filepath.Abs("pages.go")
	if err != nil {
		t.Fatal(err)
	}
	replace, err := json.Marshal(map[string]map[string]string{"Replace": {here: pages}})
	if err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string]string{pages: source, overlay: string(replace)} {
		if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-overlay="+overlay, ".").CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

// TestPages registers the owner's pages, as the functions do.
func TestPages(t *testing.T) {
	w := world.New(t, world.Options{})
	config := w.Pages()
	config.QR = owner.QR()
	config.Pages = func(site *web.Site) { owner.Pages(site, w.Services()) }
	if _, err := web.New(config); err != nil {
		t.Error(err)
	}
}

// TestHumanDesk uncomments the example of account.yaml, if it is still there.
func TestHumanDesk(t *testing.T) {
	a := withDefault(t, "transfer_customer_service")
	if diff := cmp.Diff(wechat.Reply(wechat.TransferReply{}), a.Default()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestModel does the same with the example of a language model.
func TestModel(t *testing.T) {
	a := withDefault(t, "ai")
	if _, ok := a.Answer("郁金香多少钱？").(*autoreply.AI); !ok || len(a.AIs()) != 1 {
		t.Errorf("the default is %T", a.Default())
	}
}

// TestMessagesExample uncomments the replies to pictures and the like, if they are still there.
func TestMessagesExample(t *testing.T) {
	file, err := os.ReadFile("account.yaml")
	if err != nil {
		t.Fatal(err)
	}
	example := regexp.MustCompile(`(?m)^#messages:\n(#  .*\n)+`).FindString(string(file))
	if example == "" {
		t.Skip("the example is gone from account.yaml")
	}
	uncommented := strings.ReplaceAll("\n"+example, "\n#", "\n")
	a, err := accountyaml.Parse("account.yaml", []byte("welcome: w\ndefault: d\nsuggestion: s"+uncommented))
	if err != nil {
		t.Fatal(err)
	}
	if a.Message(&wechat.Raw{Head: wechat.Head{MsgType: "image"}}) == nil {
		t.Error("no reply to a picture")
	}
}

// withDefault returns account.yaml with the commented default of that kind in place of the other one. It skips the test if
// that is gone.
func withDefault(t *testing.T, kind string) *autoreply.Account {
	t.Helper()
	file, err := os.ReadFile("account.yaml")
	if err != nil {
		t.Fatal(err)
	}
	example := regexp.MustCompile(`(?m)^#default:\n#  ` + kind + `:.*\n(#   .*\n)*`).FindString(string(file))
	if example == "" {
		t.Skip("the example is gone from account.yaml")
	}
	var lines []string
	for line := range strings.Lines(strings.Replace(string(file), example, strings.ReplaceAll("\n"+example, "\n#", "\n"), 1)) {
		if !strings.HasPrefix(line, "default: ") {
			lines = append(lines, line)
		}
	}
	a, err := accountyaml.Parse("account.yaml", []byte(strings.Join(lines, "")))
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// TestExamples uncomments the examples of account.yaml, if they are still there.
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
