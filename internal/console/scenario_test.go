package console_test

import (
	"context"
	"encoding/json"
	"fmt"
	"go/format"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/google/go-cmp/cmp"

	"github.com/guanzhu/guanzhu/internal/console"
	"github.com/guanzhu/guanzhu/internal/gateway"
)

// TestScenario records a conversation that began earlier, with a delivery that came late, and runs it again.
func TestScenario(t *testing.T) {
	d := newDesk(t, func(c *console.Config) { c.AccountFile = "" }) // the account.yaml of the program, as RunScenario has it
	d.send("follow")
	d.advance("1h")
	suggestion := d.send("text", "content", "@建议")
	d.advance("1d")
	again := call[struct{ Items []*console.Item }](d, "POST", "/api/replay", fmt.Sprintf(`{"items":[%d]}`, suggestion.ID)).Items[0]
	unfollow := d.send("unfollow")

	body := fmt.Sprintf(`{"name":"从建议到取关","comment":"一条迟到的建议","items":[%d,%d,%d]}`, unfollow.ID, suggestion.ID, again.ID)
	file := call[struct{ File string }](d, "POST", "/api/scenarios", body).File
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for _, part := range []string{"一条迟到的建议\n", "-- given.json --\n{", "-- 1/reply.txt --\n", "-- 2/advance --\n24h0m0s\n", "-- 3/records.txt --\n",
		openid + " session -\n", "suggestions#2026-11 "} {
		if !strings.Contains(string(text), part) {
			t.Errorf("no %q in\n%s", part, text)
		}
	}
	got, err := console.RunScenario(text)
	if err != nil || string(got) != string(text) {
		t.Errorf("another run gives %v\n%s", err, got)
	}
	if got, err = console.RunScenario([]byte(strings.ReplaceAll(string(text), "@建议", "建议"))); err != nil || string(got) == string(text) {
		t.Errorf("with another text: %v\n%s", err, got)
	}
	d.refused("POST", "/api/scenarios", body, "a scenario of this name already")
	d.refused("POST", "/api/scenarios", `{"name":"../x","items":[2]}`, "a name has")
	d.refused("POST", "/api/scenarios", `{"name":"x"}`, "give the items")
	for _, wrong := range []string{"-- 1/nothing --\nx\n", "-- 1/push.xml --\nx\n", "-- 1/advance --\nsoon\n"} {
		if _, err := console.RunScenario([]byte(wrong)); err == nil {
			t.Errorf("%q runs", wrong)
		}
	}
}

// TestScenarioAfterRewind: the records before a delivery stay the same, although they were rewound since.
func TestScenarioAfterRewind(t *testing.T) {
	d := newDesk(t, nil)
	follow := d.send("follow")
	d.advance("1h")
	text := d.send("text", "content", "登录")
	scenario := func() string {
		w := d.request("GET", fmt.Sprintf("/api/items/%d/copy?as=scenario", text.ID), "")
		return w.Body.String()
	}
	before := scenario()
	if !strings.Contains(before, `"sk":"follower"`) {
		t.Fatal(before)
	}
	for range 2 {
		call[any](d, "POST", "/api/replay", fmt.Sprintf(`{"from":%d,"rewind":true}`, follow.ID))
		if diff := cmp.Diff(before, scenario()); diff != "" {
			t.Errorf("(-before +after):\n%s", diff)
		}
	}
}

func TestCopy(t *testing.T) {
	d := newDesk(t, func(c *console.Config) { c.PublicURL = "https://example.execute-api.us-east-1.amazonaws.com" })
	d.send("follow")
	i := d.send("text", "content", "it's `一句话`")
	get := func(as string) string {
		t.Helper()
		w := d.request("GET", fmt.Sprintf("/api/items/%d/copy?as=%s", i.ID, as), "")
		if w.Code != http.StatusOK {
			t.Fatalf("%s: %d %s", as, w.Code, w.Body)
		}
		return w.Body.String()
	}
	command := strings.Replace(get("curl"), "curl", "printf '%s\\n'", 1)
	printed, err := exec.CommandContext(t.Context(), "sh", "-c", command).Output()
	if err != nil || !strings.Contains(string(printed), "it's `一句话`") || !strings.Contains(string(printed), accountURL+"/login/wechat?") {
		t.Errorf("%s prints %v %s", command, err, printed)
	}

	var event events.APIGatewayV2HTTPRequest
	if err := json.Unmarshal([]byte(get("sam")), &event); err != nil {
		t.Fatal(err)
	}
	answer, err := gateway.Handler(d.Account(), func(ctx context.Context, _ time.Time) context.Context { return ctx }, time.Now)(t.Context(), event)
	if err != nil || answer.StatusCode != 200 || !strings.Contains(answer.Body, "<xml>") {
		t.Errorf("%+v, %v", answer, err)
	}

	source := get("go")
	if formatted, err := format.Source([]byte(source)); err != nil || string(formatted) != source {
		t.Errorf("%v in\n%s", err, source)
	}
	vetAccount(t, source)
	if scenario := get("scenario"); !strings.Contains(scenario, "-- 1/push.xml --") {
		t.Error(scenario)
	}
	d.refused("GET", "/api/items/1/copy?as=curl", "", "no delivery")
	d.refused("GET", fmt.Sprintf("/api/items/%d/copy?as=pdf", i.ID), "", "as is curl")
}

// vetAccount vets the folder account with this test in it.
func vetAccount(t *testing.T, source string) {
	t.Helper()
	place, err := filepath.Abs("../../account/copied_test.go")
	if err != nil {
		t.Fatal(err)
	}
	copied, overlay := filepath.Join(t.TempDir(), "copied_test.go"), filepath.Join(t.TempDir(), "overlay.json")
	replace, err := json.Marshal(map[string]map[string]string{"Replace": {place: copied}})
	if err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string]string{copied: source, overlay: string(replace)} {
		if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if out, err := exec.CommandContext(t.Context(), "go", "vet", "-overlay="+overlay, "../../account").CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}
