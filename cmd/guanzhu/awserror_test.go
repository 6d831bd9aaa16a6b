package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// refusingAWS answers every call with an error of the query and of the JSON protocol.
func refusingAWS(t *testing.T, code string) (env []string) {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("X-Amz-Target") != "" {
			w.WriteHeader(http.StatusBadRequest)
			fmt.Fprintf(w, `{"__type":%q,"message":"said by AWS"}`, code)
			return
		}
		w.WriteHeader(http.StatusForbidden)
		fmt.Fprintf(w, `<ErrorResponse xmlns="http://cloudformation.amazonaws.com/doc/2010-05-15/"><Error><Type>Sender</Type>`+
			`<Code>%s</Code><Message>said by AWS</Message></Error></ErrorResponse>`, code)
	}))
	t.Cleanup(server.Close)
	return []string{"AWS_ENDPOINT_URL=" + server.URL, "AWS_REGION=us-east-1", "AWS_ACCESS_KEY_ID=k", "AWS_SECRET_ACCESS_KEY=s", "HOME=" + t.TempDir()}
}

// eitherLanguage returns the language of the nth run, and its text. Both languages for each would prove nothing further.
func eitherLanguage(n int, zh, en string) (lang, text string) {
	if n%2 == 0 {
		return "zh", zh
	}
	return "en", en
}

// TestAWSRefuses holds that each command begins with what is wrong and what to do, and ends with the text of AWS.
func TestAWSRefuses(t *testing.T) {
	t.Parallel()
	for code, want := range map[string][2]string{
		"ExpiredToken":                {"AWS 登录已过期：重新登录（aws sso login）", "the AWS credentials have expired: sign in again (aws sso login)"},
		"ExpiredTokenException":       {"AWS 登录已过期", "the AWS credentials have expired"},
		"InvalidClientTokenId":        {"AWS 不接受这份凭证：检查 AWS_PROFILE", "AWS does not accept these credentials: check AWS_PROFILE"},
		"UnrecognizedClientException": {"AWS 不接受这份凭证", "AWS does not accept these credentials"},
		"AccessDenied":                {"这个 AWS 身份没有权限", "this AWS identity lacks a permission"},
	} {
		env := refusingAWS(t, code)
		for n, command := range []string{"secrets --stack s", "secrets --name /p", "plan --stack s", "suggestions --stack s", "reconcile status --stack s", "answers --stack s failed"} {
			lang, want := eitherLanguage(n, want[0], want[1])
			stdout, stderr, status := guanzhu(t, env, append(strings.Fields(command), "--lang", lang)...)
			if status != 1 || stdout != "" || !strings.HasPrefix(stderr, "guanzhu: "+want) || !strings.HasSuffix(stderr, "said by AWS\n") {
				t.Errorf("%s, %s, %s: status %d\n%s%s", code, command, lang, status, stdout, stderr)
			}
		}
		stdout, _, status := guanzhu(t, env, "doctor", "--stack", "s")
		if status != 1 || !strings.Contains(stdout, "✗ AWS stack: the stack s cannot be looked up\n    "+want[1]) {
			t.Errorf("doctor: status %d\n%s", status, stdout)
		}
	}
}

// TestWithoutAWS runs commands without credentials, without a region, with an unknown profile and without a network.
func TestWithoutAWS(t *testing.T) {
	t.Parallel()
	home, none := "HOME="+t.TempDir(), "AWS_EC2_METADATA_DISABLED=true"
	for _, tt := range []struct {
		env    []string
		zh, en string
	}{
		{[]string{home, none}, "没有设置 AWS 区域", "no AWS region is set: give your profile one (aws configure set region"},
		{[]string{home, none, "AWS_DEFAULT_REGION=us-east-1"}, "没有可用的 AWS 凭证：先登录", "there are no AWS credentials: sign in (aws configure sso"},
		{[]string{home, none, "AWS_PROFILE=nobody"}, "没有这个 AWS profile", "there is no such AWS profile: check AWS_PROFILE"},
		{[]string{home, "AWS_REGION=us-east-1", "AWS_ACCESS_KEY_ID=k", "AWS_SECRET_ACCESS_KEY=s", "AWS_MAX_ATTEMPTS=1", "AWS_ENDPOINT_URL=http://127.0.0.1:1"},
			"连接不上 AWS：检查区域的拼写", "AWS cannot be reached: check the spelling of the region"},
	} {
		for n, command := range []string{"secrets --stack s", "secrets --name /p", "answers failed --stack s"} {
			lang, want := eitherLanguage(n, tt.zh, tt.en)
			stdout, stderr, status := guanzhu(t, tt.env, append(strings.Fields(command), "--lang", lang)...)
			if status != 1 || stdout != "" || !strings.HasPrefix(stderr, "guanzhu: "+want) {
				t.Errorf("%s, %s: status %d\n%s%s", command, lang, status, stdout, stderr)
			}
		}
	}
}

func TestNoErrorOfAWS(t *testing.T) {
	t.Parallel()
	if err := explainAWS(nil); err != nil {
		t.Error(err)
	}
}
