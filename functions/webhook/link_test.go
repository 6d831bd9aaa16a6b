package main

import (
	"net/http"
	"net/http/httptest"
	"regexp"
	"testing"
	"time"

	"github.com/guanzhu/guanzhu/pkg/follower"
	"github.com/guanzhu/guanzhu/pkg/webhook"
	"github.com/guanzhu/guanzhu/pkg/wechattest"
)

// TestLinkKey: the deployed endpoint derives its links from the link key.
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

	account := wechattest.Account{AppID: appID, Token: "tokenOfTheTests", ID: "gh_0123456789ab"}
	r, err := account.Request(t.Context(), "https://example.com"+webhook.Path, wechattest.Plain,
		account.Text(openid, time.Now(), 7, "登录"), time.Now())
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
