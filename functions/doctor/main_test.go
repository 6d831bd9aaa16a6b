package main

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/lambda"

	"github.com/guanzhu/guanzhu/internal/doctor"
	"github.com/guanzhu/guanzhu/pkg/wechattest"
)

const appID = "wx0123456789abcdef"

// TestInvoke invokes the function as Lambda does, with the simulated platform and an empty table. Findings are the answer,
// not an error, and the function writes nothing.
func TestInvoke(t *testing.T) {
	platform := wechattest.New(wechattest.Config{AppID: appID, AppSecret: "s"})
	function, writes := newFunction(t, platform)
	statuses := invoke(t, function, `{}`)
	for _, check := range []string{"api", "api-clock", "token", "token-use", "profiles", "menus", "kind", "quota"} {
		if statuses[check].Status != doctor.OK {
			t.Errorf("%s: %+v", check, statuses[check])
		}
	}
	if calls := platform.Calls("/cgi-bin/menu/create"); calls != 0 {
		t.Errorf("it has published %d times", calls)
	}
	platform.Fail("/cgi-bin/getcallbackip", 40001, 2) // the other functions would then force a new token
	token := platform.Calls("/cgi-bin/stable_token")
	if f := invoke(t, function, `{}`)["token-use"]; f.Status != doctor.Failure {
		t.Errorf("the refused token: %+v", f)
	}
	if calls := platform.Calls("/cgi-bin/stable_token") - token; calls != 2 {
		t.Errorf("%d tokens were asked for, want 2: the current one, and once more whether it is that", calls)
	}
	if len(*writes) > 0 {
		t.Errorf("stored %s", *writes)
	}

	platform.Fail("/cgi-bin/stable_token", 40164, 2)
	for payload, want := range map[string]string{`{}`: "guanzhu doctor --stack", `{"FixedEgress":"none"}`: "FixedEgress=nat"} {
		f := invoke(t, function, payload)["token"]
		if f.Status != doctor.Failure || !strings.Contains(f.What.EN, "203.0.113.7") || !strings.Contains(f.Do.EN, want) {
			t.Errorf("%s: %+v", payload, f)
		}
	}
}

func TestStartRefuses(t *testing.T) {
	t.Parallel()
	if _, err := start(t.Context(), environment("WECHAT_SECRETS", "{}")); err == nil || !strings.Contains(err.Error(), "token is missing") {
		t.Errorf("error %v", err)
	}
	if _, err := start(t.Context(), environment("TABLE_NAME", "")); err == nil || !strings.Contains(err.Error(), "TABLE_NAME") {
		t.Errorf("error %v", err)
	}
}

func newFunction(t *testing.T, platform http.Handler) (function lambda.Handler, writes *[]string) {
	t.Helper()
	writes = new([]string)
	table := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if body, err := io.ReadAll(r.Body); err == nil && !strings.HasSuffix(r.Header.Get("X-Amz-Target"), ".GetItem") {
			*writes = append(*writes, string(body))
		}
		w.Header().Set("Content-Type", "application/x-amz-json-1.0")
		io.WriteString(w, "{}")
	}))
	t.Cleanup(table.Close)
	api := httptest.NewServer(platform)
	t.Cleanup(api.Close)
	handler, err := start(deadline(t), environment("WECHAT_API_URL", api.URL, "AWS_ENDPOINT_URL_DYNAMODB", table.URL))
	if err != nil {
		t.Fatal(err)
	}
	return lambda.NewHandler(handler), writes
}

func environment(more ...string) func(string) (string, bool) {
	env := map[string]string{
		"WECHAT_APP_ID": appID, "WECHAT_SECRETS": `{"token":"t","app_secret":"s"}`, "TABLE_NAME": "t", "AWS_REGION": "us-east-1",
		"AWS_ACCESS_KEY_ID": "k", "AWS_SECRET_ACCESS_KEY": "k", "LOG_LEVEL": "error", "PUBLIC_URL": "https://host.example",
	}
	for i := 0; i < len(more); i += 2 {
		env[more[i]] = more[i+1]
	}
	return func(name string) (string, bool) {
		value, ok := env[name]
		return value, ok
	}
}

// invoke returns the findings by the name of their check.
func invoke(t *testing.T, function lambda.Handler, payload string) map[string]doctor.Finding {
	t.Helper()
	answer, err := function.Invoke(deadline(t), []byte(payload))
	if err != nil {
		t.Fatal(err)
	}
	var findings []doctor.Finding
	if err := json.Unmarshal(answer, &findings); err != nil {
		t.Fatalf("%v in %s", err, answer)
	}
	byCheck := map[string]doctor.Finding{}
	for _, f := range findings {
		byCheck[f.Check] = f
	}
	return byCheck
}

// deadline returns the context of one invocation.
func deadline(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	t.Cleanup(cancel)
	return ctx
}
