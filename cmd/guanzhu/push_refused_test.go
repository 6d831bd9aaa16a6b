package main

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
)

// TestPushURL holds which address push takes a URL for.
func TestPushURL(t *testing.T) {
	t.Parallel()
	for value, want := range map[string]string{
		"8081":                             "http://127.0.0.1:8081/login/wechat",
		":8081":                            "http://127.0.0.1:8081/login/wechat",
		"127.0.0.1:8081":                   "http://127.0.0.1:8081/login/wechat",
		"localhost:8081/":                  "http://localhost:8081/login/wechat",
		"mp.example.com":                   "https://mp.example.com/login/wechat",
		"mp.example.com/login/wechat":      "https://mp.example.com/login/wechat",
		"http://127.0.0.1:8080/wx":         "http://127.0.0.1:8080/wx",
		"https://mp.example.com/dev/login": "https://mp.example.com/dev/login",
	} {
		stdout, stderr, status := guanzhu(t, nil, "push", "--print", "--text", "a", "--url", value)
		if status != 0 || !strings.HasPrefix(stdout, "POST "+want+"?") {
			t.Errorf("%s: status %d\n%s%s", value, status, stdout, stderr)
		}
	}
	for _, value := range []string{"ftp://127.0.0.1", "https://", "http:// host/", "https://…/login/wechat"} {
		if _, stderr, status := guanzhu(t, nil, "push", "--print", "--text", "a", "--url", value); status != 1 || !strings.Contains(stderr, "is not the address of an endpoint") {
			t.Errorf("%s: status %d, %s", value, status, stderr)
		}
	}
}

// TestPushRefused holds what push says of each answer that WeChat would not take, in both languages.
func TestPushRefused(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var status int
		var body string
		fmt.Sscanf(r.URL.Path, "/%d/%s", &status, &body)
		if status == http.StatusFound {
			w.Header().Set("Location", "https://elsewhere.example/")
		}
		w.WriteHeader(status)
		fmt.Fprint(w, strings.ReplaceAll(body, "_", " "))
	}))
	t.Cleanup(server.Close)
	for path, want := range map[string][2]string{
		"/403/Bad_Token!":  {"拒绝了签名", "refuses the signature"},
		"/403/Forbidden":   {"前面的防火墙", "in front of it"},
		"/404/":            {"路径 /404/ 不接收推送", "/404/ is not where pushes arrive"},
		"/413/":            {"256 KiB", "256 KiB"},
		"/429/":            {"请求太多", "too many requests"},
		"/500/":            {"看控制台的时间线", "the console's timeline"},
		"/502/":            {"并发上限", "concurrency limit"},
		"/503/":            {"并发上限", "concurrency limit"},
		"/504/":            {"并发上限", "concurrency limit"},
		"/302/":            {"https://elsewhere.example/", "https://elsewhere.example/"},
		"/204/":            {"只接受 200", "200 alone"},
		"/200/not-for-you": {"看不懂这个回复，请检查处理这条推送的代码：回复既不是 success，也不是 XML", "would not understand this reply"},
	} {
		for i, lang := range []string{"zh", "en"} {
			_, stderr, status := guanzhu(t, nil, "push", "--lang", lang, "--text", "a", "--url", server.URL+path)
			if status != 1 || !strings.Contains(stderr, want[i]) {
				t.Errorf("%s, %s: status %d, %s", path, lang, status, stderr)
			}
		}
	}
}

// TestPushUnanswered holds what push says if nothing answers. The text has no signature in it.
func TestPushUnanswered(t *testing.T) {
	t.Parallel()
	gone := httptest.NewServer(nil)
	gone.Close()
	for address, want := range map[string]string{
		gone.URL:                       "start `make run` in another terminal",
		"https://host.invalid":         "host.invalid is not known",
		"http://127.0.0.1:1/somewhere": "nothing runs at 127.0.0.1:1",
	} {
		_, stderr, status := guanzhu(t, nil, "push", "--text", "a", "--url", address)
		if status != 1 || !strings.Contains(stderr, want) || strings.Contains(stderr, "signature=") {
			t.Errorf("%s: status %d, %s", address, status, stderr)
		}
	}
	late := unanswered(&url.URL{Host: "host.example"}, &url.Error{Err: context.DeadlineExceeded})
	if want := "host.example does not answer within 5s, and WeChat waits no longer"; !strings.HasPrefix(late.Error(), want) {
		t.Errorf("no answer in time: %v", late)
	}
}
