package main

import (
	"context"
	"encoding/base64"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"

	owner "github.com/guanzhu/guanzhu/account"
	"github.com/guanzhu/guanzhu/internal/gateway"
	"github.com/guanzhu/guanzhu/pkg/follower"
	"github.com/guanzhu/guanzhu/pkg/wechat"
)

// TestBehindTheGateway sends events as API Gateway does, through the adapter and its quirks: through OAuth and back, with
// cookies, and headers that have commas in them.
func TestBehindTheGateway(t *testing.T) {
	table := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/x-amz-json-1.0")
		switch r.Header.Get("X-Amz-Target") {
		case "DynamoDB_20120810.BatchGetItem":
			w.Write([]byte(`{"Responses":{"followers":[
				{"pk":{"S":"oFOLLOWER"},"sk":{"S":"follower"},"event_time":{"N":"1700000000"}},
				{"pk":{"S":"oFOLLOWER"},"sk":{"S":"session"},"event_time":{"N":"1700000000"}}]}}`))
		default:
			w.Write([]byte(`{}`))
		}
	}))
	defer table.Close()
	api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Write([]byte(`{"access_token":"T","openid":"oFOLLOWER","scope":"snsapi_base"}`))
	}))
	defer api.Close()
	env := map[string]string{
		"WECHAT_APP_ID": "wx0123456789abcdef", "WECHAT_SECRETS": `{"token":"tokenOfTheTests","app_secret":"a"}`,
		"WECHAT_API_URL": api.URL, "TABLE_NAME": "followers", "AWS_REGION": "us-east-1", "AWS_ACCESS_KEY_ID": "AKID",
		"AWS_SECRET_ACCESS_KEY": "SECRET", "AWS_ENDPOINT_URL_DYNAMODB": table.URL, "LOG_LEVEL": "error",
		"DOMAIN_VERIFICATION": "Ab3d",
	}
	handler, err := start(t.Context(), func(name string) (string, bool) { value, ok := env[name]; return value, ok })
	if err != nil {
		t.Fatal(err)
	}
	lambda := gateway.Handler(handler, func(ctx context.Context, _ time.Time) context.Context { return ctx }, time.Now)
	request := func(t *testing.T, method, path, query, body string, cookies ...string) events.APIGatewayV2HTTPResponse {
		t.Helper()
		response, err := lambda(t.Context(), events.APIGatewayV2HTTPRequest{
			Version: "2.0", RawPath: path, RawQueryString: query, Cookies: cookies,
			Body: base64.StdEncoding.EncodeToString([]byte(body)), IsBase64Encoded: true,
			Headers: map[string]string{
				"user-agent":      "Mozilla/5.0 (Linux) AppleWebKit/537.36 (KHTML, like Gecko) MicroMessenger/8.0.49",
				"accept-language": "fr-FR,en;q=0.9", "content-type": "application/x-www-form-urlencoded",
				"origin": "https://example.com",
			},
			RequestContext: events.APIGatewayV2HTTPRequestContext{DomainName: "example.com",
				HTTP: events.APIGatewayV2HTTPRequestContextHTTPDescription{Method: method, Path: path}},
		})
		if err != nil {
			t.Fatalf("%s %s: %v", method, path, err)
		}
		return response
	}

	t.Run("OAuth", func(t *testing.T) {
		account, err := owner.Load()
		if err != nil {
			t.Fatal(err)
		}
		if pages := account.Pages(); pages != "oauth" {
			t.Skip("account.yaml says pages: " + pages)
		}
		leave := request(t, "GET", "/", "", "")
		location := leave.Headers["Location"]
		_, state, _ := strings.Cut(location, "&state=")
		state, _, _ = strings.Cut(state, "#")
		if leave.StatusCode != http.StatusFound || len(leave.Cookies) != 1 || state == "" ||
			!strings.Contains(location, "&redirect_uri=https%3A%2F%2Fexample.com%2Flogin%2Freturn&") {
			t.Fatalf("GET /: status %d, leads to %s, cookies %q", leave.StatusCode, location, leave.Cookies)
		}
		cookie, _, _ := strings.Cut(leave.Cookies[0], ";")
		back := request(t, "GET", "/login/return", "code=CODE&state="+state, "", "a=b", cookie)
		if back.StatusCode != http.StatusSeeOther || back.Headers["Location"] != "/" || len(back.Cookies) != 2 {
			t.Errorf("the return: status %d, leads to %s, cookies %q", back.StatusCode, back.Headers["Location"], back.Cookies)
		}
	})
	if file := request(t, "GET", "/MP_verify_Ab3d.txt", "", ""); file.Body != "Ab3d" {
		t.Errorf("verification: status %d, %q", file.StatusCode, file.Body)
	}
	if missing := request(t, "GET", "/nothing", "", ""); missing.StatusCode != 404 || !strings.Contains(missing.Body, "Nothing here") {
		t.Errorf("missing: status %d, %s", missing.StatusCode, missing.Body)
	}
	if enter := request(t, "POST", "/enter", "", "ticket=none"); enter.StatusCode != http.StatusGone {
		t.Errorf("POST /enter: status %d", enter.StatusCode)
	}
}

// TestThrottledTable: a page gives up soon, so that a flood of visitors keeps neither the functions nor the table busy.
func TestThrottledTable(t *testing.T) {
	var calls atomic.Int32
	var throttled atomic.Bool
	table := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		calls.Add(1)
		w.Header().Set("Content-Type", "application/x-amz-json-1.0")
		if !throttled.Load() {
			w.Write([]byte(`{}`))
			return
		}
		w.WriteHeader(http.StatusBadRequest)
		w.Write([]byte(`{"__type":"com.amazonaws.dynamodb.v20120810#ThrottlingException","message":"Rate exceeded"}`))
	}))
	defer table.Close()
	env := map[string]string{
		"WECHAT_APP_ID": "wx0123456789abcdef", "WECHAT_SECRETS": `{"token":"tokenOfTheTests","app_secret":"a","link_key":"l"}`,
		"TABLE_NAME": "followers", "AWS_REGION": "us-east-1", "AWS_ACCESS_KEY_ID": "AKID",
		"AWS_SECRET_ACCESS_KEY": "SECRET", "AWS_ENDPOINT_URL_DYNAMODB": table.URL, "LOG_LEVEL": "error",
	}
	handler, err := start(t.Context(), func(name string) (string, bool) { value, ok := env[name]; return value, ok })
	if err != nil {
		t.Fatal(err)
	}
	throttled.Store(true)
	lambda := gateway.Handler(handler, func(ctx context.Context, _ time.Time) context.Context { return ctx }, time.Now)
	cookie := "__Host-guanzhu=" + base64.RawURLEncoding.EncodeToString([]byte("oFOLLOWER")) + "." + follower.NewKey()
	push := &wechat.Text{}
	push.FromUserName, push.CreateTime, push.MsgID = "oFOLLOWER", time.Now().Unix(), 7
	tickets, err := follower.NewTickets("l")
	if err != nil {
		t.Fatal(err)
	}
	for route, query := range map[string]string{
		"GET /": "", "GET /api/session": "", "GET /login/return": "", "POST /logout": "", "POST /enter": "ticket=" + tickets.Seal(push),
	} {
		calls.Store(0)
		method, path, _ := strings.Cut(route, " ")
		response, err := lambda(t.Context(), events.APIGatewayV2HTTPRequest{
			Version: "2.0", RawPath: path, RawQueryString: query, Cookies: []string{cookie},
			RequestContext: events.APIGatewayV2HTTPRequestContext{DomainName: "example.com",
				HTTP: events.APIGatewayV2HTTPRequestContextHTTPDescription{Method: method, Path: path}},
		})
		if err != nil || response.StatusCode != http.StatusServiceUnavailable || response.Headers["Retry-After"] != "5" {
			t.Errorf("%s: status %d, Retry-After %q, error %v", route, response.StatusCode, response.Headers["Retry-After"], err)
		}
		if n := calls.Load(); n != 4 {
			t.Errorf("%s: the table was asked %d times, want 4", route, n)
		}
	}
}
