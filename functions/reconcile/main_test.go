package main

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/lambda"

	"github.com/guanzhu/guanzhu/internal/reconcile"
	"github.com/guanzhu/guanzhu/pkg/wechattest"
)

const (
	appID    = "wx0123456789abcdef"
	follower = "oFOLLOWER_from_before_000001"
)

// table is a table that stores nothing and records what was written.
type table struct {
	mu     sync.Mutex
	writes []string
}

func (t *table) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	_, operation, _ := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
	if err == nil && (operation == "TransactWriteItems" || operation == "UpdateItem") {
		t.mu.Lock()
		t.writes = append(t.writes, operation+" "+string(body))
		t.mu.Unlock()
	}
	w.Header().Set("Content-Type", "application/x-amz-json-1.0")
	io.WriteString(w, "{}")
}

func (t *table) wrote(parts ...string) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, write := range t.writes {
		all := true
		for _, part := range parts {
			all = all && strings.Contains(write, part)
		}
		if all {
			return true
		}
	}
	return false
}

// TestInvoke invokes the function as the schedule does.
func TestInvoke(t *testing.T) {
	platform := wechattest.New(wechattest.Config{AppID: appID, AppSecret: "s"})
	platform.Follow(follower, wechattest.User{UnionID: "uUNION", Language: "zh_CN", SubscribedAt: time.Unix(1_795_305_600, 0)})
	var tbl table
	function := newFunction(t, platform, &tbl)

	var summary reconcile.Summary
	if err := json.Unmarshal(invoke(t, function, `{}`), &summary); err != nil {
		t.Fatal(err)
	}
	if summary.Result != reconcile.Done || summary.Added != 1 || summary.Pass == nil || summary.Pass.Total != 1 || summary.Menu == nil {
		t.Errorf("%+v", summary)
	}
	for name, parts := range map[string][]string{
		"the follower":   {"TransactWriteItems", follower, `"unionid":{"S":"uUNION"}`, `"checked_at"`},
		"the session":    {"TransactWriteItems", follower, `"sk":{"S":"session"}`, `"established_at"`},
		"the lease":      {"UpdateItem", `"#account"`, `"reconcile"`, "lease_until"},
		"the checkpoint": {"UpdateItem", "checkpoint", `\"ended\"`},
		"the token":      {"UpdateItem", "access-token"},
	} {
		if !tbl.wrote(parts...) {
			t.Errorf("%s was not written", name)
		}
	}
	if calls := platform.Calls("/cgi-bin/menu/create"); calls != 0 {
		t.Errorf("a menu that was never published was published %d times", calls)
	}
	if answer := string(invoke(t, function, `{"action":"status"}`)); !strings.HasPrefix(answer, `{"result":"done"`) {
		t.Errorf("status: %s", answer)
	}
	if _, err := function.Invoke(deadline(t), []byte(`{"action":"delete"}`)); err == nil || !strings.Contains(err.Error(), "unknown") {
		t.Errorf("error %v", err)
	}
	platform.Fail("/cgi-bin/user/get", 40164, 1)
	if _, err := function.Invoke(deadline(t), []byte(`{"action":"full"}`)); err == nil || !strings.Contains(err.Error(), "whitelist") {
		t.Errorf("error %v", err)
	}
}

func TestPersonalAccount(t *testing.T) {
	platform := wechattest.New(wechattest.Config{AppID: appID, AppSecret: "s", Kind: wechattest.PersonalAccount})
	answer := string(invoke(t, newFunction(t, platform, &table{}), `{}`))
	if !strings.HasPrefix(answer, `{"result":"waiting"`) || !strings.Contains(answer, `"errcode":48001`) {
		t.Errorf("%s", answer)
	}
}

func TestStartRefuses(t *testing.T) {
	for _, value := range []string{"0", "many", "51"} {
		if _, err := start(t.Context(), environment("RECONCILE_CONCURRENCY", value)); err == nil ||
			!strings.Contains(err.Error(), "RECONCILE_CONCURRENCY must be a number from 1 to 50") {
			t.Errorf("%q: error %v", value, err)
		}
	}
}

func newFunction(t *testing.T, platform, table http.Handler) lambda.Handler {
	t.Helper()
	db, api := httptest.NewServer(table), httptest.NewServer(platform)
	t.Cleanup(db.Close)
	t.Cleanup(api.Close)
	handler, err := start(deadline(t), environment("WECHAT_API_URL", api.URL, "AWS_ENDPOINT_URL_DYNAMODB", db.URL))
	if err != nil {
		t.Fatal(err)
	}
	return lambda.NewHandler(handler)
}

func environment(more ...string) func(string) (string, bool) {
	env := map[string]string{
		"WECHAT_APP_ID": appID, "WECHAT_SECRETS": `{"token":"t","app_secret":"s"}`, "TABLE_NAME": "t", "AWS_REGION": "us-east-1",
		"AWS_ACCESS_KEY_ID": "k", "AWS_SECRET_ACCESS_KEY": "k", "LOG_LEVEL": "error",
		"PUBLIC_URL": "https://host.example",
	}
	for i := 0; i < len(more); i += 2 {
		env[more[i]] = more[i+1]
	}
	return func(name string) (string, bool) {
		value, ok := env[name]
		return value, ok
	}
}

func invoke(t *testing.T, function lambda.Handler, payload string) []byte {
	t.Helper()
	answer, err := function.Invoke(deadline(t), []byte(payload))
	if err != nil {
		t.Fatal(err)
	}
	return answer
}

func deadline(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	return ctx
}
