package main

import (
	"net/http"
	"net/http/httptest"
	"regexp"
	"testing"
	"time"

	owner "github.com/guanzhu/guanzhu/account"
	"github.com/guanzhu/guanzhu/internal/autoreply"
	"github.com/guanzhu/guanzhu/pkg/follower"
	"github.com/guanzhu/guanzhu/pkg/webhook"
	"github.com/guanzhu/guanzhu/pkg/wechattest"
)

// TestLinkKey: the deployed endpoint derives its links from the link key. The reply to 登录 or to a follow has the link,
// unless the owner has removed it from account.yaml.
func TestLinkKey(t *testing.T) {
	const appID, openid = "wx0123456789abcdef", "oFOLLOWER"
	table := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/x-amz-json-1.0")
		w.Write([]byte(`{}`))
	}))
	defer table.Close()
	env := map[string]string{
		"WECHAT_APP_ID": appID, "WECHAT_SECRETS": `{"token":"tokenOfTheTests","app_secret":"a","link_key":"l"}`,
		"TABLE_NAME": "followers", "AWS_REGION": "us-east-1", "AWS_ACCESS_KEY_ID": "AKID",
		"AWS_SECRET_ACCESS_KEY": "SECRET", "AWS_ENDPOINT_URL_DYNAMODB": table.URL, "LOG_LEVEL": "error",
	}
	handler, err := start(t.Context(), func(name string) (string, bool) { value, ok := env[name]; return value, ok })
	if err != nil {
		t.Fatal(err)
	}

	replies, err := owner.Load()
	if err != nil {
		t.Fatal(err)
	}
	account := wechattest.Account{AppID: appID, Token: "tokenOfTheTests", ID: "gh_0123456789ab"}
	push := account.Text(openid, time.Now(), 7, "登录")
	if !autoreply.HasLink(replies.Answer("登录")) {
		if !autoreply.HasLink(replies.Welcome()) {
			t.Skip("account.yaml has no personal link in its reply to 登录, nor in its welcome")
		}
		push = account.Subscribe(openid, time.Now(), "")
	}
	r, err := account.Request(t.Context(), "https://example.com"+webhook.Path, wechattest.Plain, push, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	answer := httptest.NewRecorder()
	handler.ServeHTTP(answer, r)
	match := regexp.MustCompile(`/enter\?ticket=([A-Za-z0-9_-]+)`).FindStringSubmatch(answer.Body.String())
	if match == nil {
		t.Fatalf("no link: status %d, %s", answer.Code, answer.Body)
	}
	tickets, err := follower.NewTickets("l")
	if err != nil {
		t.Fatal(err)
	}
	if whose, _, ok := tickets.Open(match[1]); !ok || whose != openid {
		t.Error("the link is sealed with another key")
	}
}
