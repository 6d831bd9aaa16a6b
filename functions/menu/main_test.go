package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/google/go-cmp/cmp"

	owner "github.com/guanzhu/guanzhu/account"
	"github.com/guanzhu/guanzhu/internal/menu"
	"github.com/guanzhu/guanzhu/pkg/wechattest"
)

const appID = "wx0123456789abcdef"

// TestInvoke invokes the function as Lambda does: with the owner's own menu and files, and the simulated platform.
func TestInvoke(t *testing.T) {
	ownersMenu(t, "https://host.example")
	platform := wechattest.New(wechattest.Config{AppID: appID, AppSecret: "s"})
	platform.SetMenu(`{"button":[{"type":"view","name":"旧&新","url":"https://example.com/?a=1&b=2"}]}`)
	var items []string
	function := newFunction(t, platform, "https://host.example", &items)

	answer := invoke(t, function, `{"action":"plan"}`)
	for _, part := range []string{
		`{"result":"different","diff":[`, `"- 旧&新 (view, url https://example.com/?a=1&b=2)"`, `"+ `,
	} {
		if !strings.Contains(answer, part) {
			t.Errorf("the plan %s does not contain %s", answer, part)
		}
	}
	if calls := platform.Calls("/cgi-bin/menu/create"); calls != 0 || len(items) != 0 {
		t.Errorf("the plan has published %d times and stored %q", calls, items)
	}
	for i, want := range []string{menu.Published, menu.Unchanged} {
		if answer := invoke(t, function, `{}`); !strings.HasPrefix(answer, `{"result":"`+want+`","diff":[`) {
			t.Errorf("run %d: %s, want %s", i, answer, want)
		}
	}
	if !slices.ContainsFunc(items, func(item string) bool {
		return strings.Contains(item, `"sk":{"S":"menu"}`) && strings.Contains(item, `"hash":{"S":"`)
	}) {
		t.Errorf("stored %q", items)
	}
	for payload, want := range map[string]string{
		`{"action":"delete"}`: `the action "delete" is unknown`,
		`{"action":1}`:        "cannot unmarshal",
	} {
		if _, err := function.Invoke(deadline(t), []byte(payload)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error %v, want %q in it", payload, err, want)
		}
	}
}

func TestWithoutPublicURL(t *testing.T) {
	leftOut := ownersMenu(t, "").LeftOut
	for payload, reason := range map[string]string{
		`{}`: "the account has no permission", `{"lang":"en"}`: "the account has no permission", `{"lang":"zh"}`: "账号没有这个接口的权限",
	} {
		var items []string
		platform := wechattest.New(wechattest.Config{AppID: appID, AppSecret: "s", Kind: wechattest.PersonalAccount})
		answer := invoke(t, newFunction(t, platform, "", &items), payload)
		var summary menu.Summary
		if err := json.Unmarshal([]byte(answer), &summary); err != nil {
			t.Fatal(err)
		}
		if summary.Result != menu.Refused || summary.Errcode != 48001 || !strings.Contains(summary.Reason, reason) {
			t.Errorf("%s", answer)
		}
		var want []string
		for _, text := range leftOut {
			want = append(want, text.In(strings.Trim(payload, `{"lang:}`)))
		}
		if diff := cmp.Diff(want, summary.LeftOut); diff != "" {
			t.Errorf("left out (-want +got):\n%s", diff)
		}
	}
}

// TestImport: what guanzhu import asks through the function.
func TestImport(t *testing.T) {
	var items []string
	platform := wechattest.New(wechattest.Config{AppID: appID, AppSecret: "s", Kind: wechattest.PersonalAccount})
	picture := platform.AddTemporary([]byte("\xff\xd8\xff"))
	large := platform.AddTemporary(append([]byte("\xff\xd8\xff"), make([]byte, 4<<20)...))
	platform.SetAutoReplies(`{"is_autoreply_open":1}`)
	platform.SetConsoleMenu(`{"button":[{"name":"a","type":"text","value":"b"}]}`)
	function := newFunction(t, platform, "", &items)
	want := `{"result":"import","autoreplies":{"is_autoreply_open":1},"selfmenu":{"is_menu_open":0,` +
		`"selfmenu_info":{"button":[{"type":"text","name":"a","value":"b"}]}},"no_menu_call":48001}`
	if diff := cmp.Diff(want, invoke(t, function, `{"action":"import"}`)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(`{"result":"download","content":"/9j/"}`, invoke(t, function, `{"action":"download","media_id":"`+picture+`"}`)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for mediaID, want := range map[string]string{"gone": "40007", large: "at most 4194304 pass through the function"} {
		_, err := function.Invoke(deadline(t), []byte(`{"action":"download","media_id":"`+mediaID+`"}`))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %q in it", err, want)
		}
	}
}

// ownersMenu returns the menu of account.yaml. It skips the test if that has none: the owner may have removed it.
func ownersMenu(t *testing.T, publicURL string) menu.Menu {
	t.Helper()
	account, err := owner.Load()
	if err != nil {
		t.Fatal(err)
	}
	m, err := account.Menu(publicURL)
	if err != nil {
		t.Fatal(err)
	}
	if len(m.Buttons) == 0 {
		t.Skip("account.yaml has no menu to publish")
	}
	return m
}

func TestStartRefuses(t *testing.T) {
	t.Parallel()
	if _, err := start(t.Context(), environment("PUBLIC_URL", "host.example")); err == nil ||
		!strings.Contains(err.Error(), "PUBLIC_URL must look like https://host") {
		t.Errorf("error %v", err)
	}
}

func newFunction(t *testing.T, platform http.Handler, publicURL string, items *[]string) lambda.Handler {
	t.Helper()
	stored := map[string]json.RawMessage{} // by sort key
	table := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var call struct {
			Item json.RawMessage
			Key  struct{ SK struct{ S string } }
		}
		body, err := io.ReadAll(r.Body)
		if err != nil || json.Unmarshal(body, &call) != nil {
			t.Errorf("a call of the table: %v, %q", err, body)
		}
		w.Header().Set("Content-Type", "application/x-amz-json-1.0")
		switch item := stored[call.Key.SK.S]; {
		case strings.HasSuffix(r.Header.Get("X-Amz-Target"), ".PutItem"):
			*items = append(*items, string(body))
			if json.Unmarshal(call.Item, &call.Key) == nil {
				stored[call.Key.SK.S] = call.Item
			}
			io.WriteString(w, "{}")
		case item != nil && strings.HasSuffix(r.Header.Get("X-Amz-Target"), ".GetItem"):
			fmt.Fprintf(w, `{"Item":%s}`, item)
		default:
			io.WriteString(w, "{}")
		}
	}))
	t.Cleanup(table.Close)
	api := httptest.NewServer(platform)
	t.Cleanup(api.Close)
	handler, err := start(deadline(t), environment("PUBLIC_URL", publicURL, "WECHAT_API_URL", api.URL,
		"AWS_ENDPOINT_URL_DYNAMODB", table.URL))
	if err != nil {
		t.Fatal(err)
	}
	return lambda.NewHandler(handler)
}

func environment(more ...string) func(string) (string, bool) {
	env := map[string]string{
		"WECHAT_APP_ID": appID, "WECHAT_SECRETS": `{"token":"t","app_secret":"s"}`, "TABLE_NAME": "t", "AWS_REGION": "us-east-1",
		"AWS_ACCESS_KEY_ID": "k", "AWS_SECRET_ACCESS_KEY": "k", "LOG_LEVEL": "error",
	}
	for i := 0; i < len(more); i += 2 {
		env[more[i]] = more[i+1]
	}
	return func(name string) (string, bool) {
		value, ok := env[name]
		return value, ok
	}
}

func invoke(t *testing.T, function lambda.Handler, payload string) string {
	t.Helper()
	answer, err := function.Invoke(deadline(t), []byte(payload))
	if err != nil {
		t.Fatal(err)
	}
	return string(answer)
}

// deadline returns the context of one invocation.
func deadline(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	t.Cleanup(cancel)
	return ctx
}
