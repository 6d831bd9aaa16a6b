package main

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/google/go-cmp/cmp"

	"github.com/guanzhu/guanzhu/internal/doctor"
)

// asleep plays Lambda: a function that refuses the first calls with a status and an error, and then answers.
type asleep struct {
	calls  int
	status int
	code   string
}

func (l *asleep) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path != "/2015-03-31/functions/f/invocations" || r.URL.RawQuery != "Qualifier=live" {
		http.Error(w, r.URL.String(), http.StatusBadRequest)
		return
	}
	if l.calls > 0 {
		l.calls--
		w.Header().Set("X-Amzn-Errortype", l.code)
		w.WriteHeader(l.status)
		fmt.Fprint(w, `{"Type":"User","Message":"The operation cannot be performed at this time. The function is currently in the following state: Pending"}`)
		return
	}
	fmt.Fprint(w, `{"result":"unchanged"}`)
}

// callAsleep calls the function of a stack, and returns how long it waited and what it told.
func callAsleep(t *testing.T, lang language, function *asleep) (answer, notes string, waited time.Duration, err error) {
	t.Helper()
	server := httptest.NewServer(function)
	defer server.Close()
	cfg := aws.Config{
		Region: "us-east-1", BaseEndpoint: &server.URL, Credentials: credentials.NewStaticCredentialsProvider("k", "s", ""),
		Retryer: func() aws.Retryer { return aws.NopRetryer{} },
	}
	var told bytes.Buffer
	i := newInvoker(cfg, lang)
	i.notes = &told
	i.wait = func(_ context.Context, d time.Duration) error {
		waited += d
		return nil
	}
	out, err := i.call(t.Context(), "f", map[string]string{"action": "plan"})
	if err == nil {
		answer = string(out.Payload)
	}
	return answer, told.String(), waited, err
}

// TestFunctionThatWakes calls a function that nobody has called for weeks: Lambda refuses until it is ready.
func TestFunctionThatWakes(t *testing.T) {
	t.Parallel()
	tests := []struct {
		status int
		code   string
	}{
		{http.StatusConflict, "ResourceConflictException"},
		{http.StatusBadGateway, "ResourceNotReadyException"},
		{http.StatusBadGateway, "EC2ThrottledException"},
		{http.StatusConflict, "CodeArtifactUserPendingException"},
		{http.StatusConflict, "CodeArtifactUserDeletedException"},
	}
	for _, tt := range tests {
		t.Run(tt.code, func(t *testing.T) {
			t.Parallel()
			for lang, want := range map[language]string{"en": "it has been idle for long and is starting. Trying again in 10s", "zh": "正在恢复；10s 后再试"} {
				answer, notes, waited, err := callAsleep(t, lang, &asleep{calls: 3, status: tt.status, code: tt.code})
				if err != nil || answer != `{"result":"unchanged"}` || waited != 30*time.Second || strings.Count(notes, want) != 3 {
					t.Errorf("answer %q after %v, error %v, told:\n%s", answer, waited, err, notes)
				}
			}
			_, _, waited, err := callAsleep(t, "en", &asleep{calls: 100, status: tt.status, code: tt.code})
			if waited != 3*time.Minute {
				t.Errorf("waited %v, want 3 minutes", waited)
			}
			f := doctor.Function(nil, "", err)[0]
			if !strings.Contains(f.What.EN, "still not ready after some minutes ("+tt.code+")") || strings.Contains(f.Do.EN, "network,") {
				t.Errorf("%s: %s\n%s", f.Status, f.What.EN, f.Do.EN)
			}
		})
	}
}

// TestFunctionThatFails holds that nothing else is asked again.
func TestFunctionThatFails(t *testing.T) {
	t.Parallel()
	for status, code := range map[int]string{
		http.StatusForbidden: "AccessDeniedException", http.StatusNotFound: "ResourceNotFoundException",
		http.StatusTooManyRequests: "TooManyRequestsException", http.StatusInternalServerError: "ServiceException",
	} {
		if _, notes, waited, err := callAsleep(t, "en", &asleep{calls: 1, status: status, code: code}); err == nil || waited != 0 || notes != "" {
			t.Errorf("%s: waited %v, error %v, told %q", code, waited, err, notes)
		}
	}
}

// TestStackOfEnvironment holds when GUANZHU_STACK names the stack: unless that, or something else, is given.
func TestStackOfEnvironment(t *testing.T) {
	t.Setenv("GUANZHU_STACK", "from-environment")
	tests := []struct {
		args  string
		stack func(*commands) string
		want  string
	}{
		{"doctor", func(c *commands) string { return c.Doctor.Stack }, "from-environment"},
		{"doctor --stack given", func(c *commands) string { return c.Doctor.Stack }, "given"},
		{"doctor --stack=", func(c *commands) string { return c.Doctor.Stack }, ""},
		{"doctor --url http://127.0.0.1:8080/login/wechat", func(c *commands) string { return c.Doctor.Stack }, ""},
		{"suggestions", func(c *commands) string { return c.Suggestions.Stack }, "from-environment"},
		{"suggestions --table T", func(c *commands) string { return c.Suggestions.Stack }, ""},
		{"followers export", func(c *commands) string { return c.Followers.Stack }, "from-environment"},
		{"followers --table T export", func(c *commands) string { return c.Followers.Stack }, ""},
		{"restore --from T", func(c *commands) string { return c.Restore.Stack }, "from-environment"},
		{"plan", func(c *commands) string { return c.Plan.Stack }, "from-environment"},
		{"import", func(c *commands) string { return c.Import.Stack }, "from-environment"},
		{"import --from F", func(c *commands) string { return c.Import.Stack }, ""},
		{"publish --stack given", func(c *commands) string { return c.Publish.Stack }, "given"},
		{"secrets", func(c *commands) string { return c.Secrets.Write.Stack }, "from-environment"},
		{"secrets --name /p", func(c *commands) string { return c.Secrets.Write.Stack }, ""},
		{"reconcile status", func(c *commands) string { return c.Reconcile.Status.Stack }, "from-environment"},
		{"secrets finish", func(c *commands) string { return c.Secrets.Finish.Stack }, "from-environment"},
	}
	for _, tt := range tests {
		var c commands
		if _, err := newParser(&c, "en").Parse(strings.Fields(tt.args)); err != nil {
			t.Errorf("%s: %v", tt.args, err)
		} else if got := tt.stack(&c); got != tt.want {
			t.Errorf("%s: stack %q, want %q", tt.args, got, tt.want)
		}
	}
}

// TestMenuOfStackAsks holds what the stack's function is invoked with.
func TestMenuOfStackAsks(t *testing.T) {
	t.Parallel()
	var failing atomic.Bool
	stack := &fakeStack{output: "MenuFunctionName", answer: func(string) string {
		if failing.Load() {
			return ""
		}
		return `{"result":"unchanged"}`
	}}
	env := stack.serve(t)
	for _, action := range []string{"plan", "publish"} {
		stdout, stderr, status := guanzhu(t, env, action)
		wantRun(t, "", "This is the live menu", 0, stdout, stderr, status)
	}
	failing.Store(true)
	stdout, stderr, status := guanzhu(t, env, "--lang", "zh", "publish")
	wantRun(t, "", "在微信开发者平台 → 基础信息 → 开发密钥 → IP白名单 添加调用方的 IP", 1, stdout, stderr, status)
	want := []string{`{"action":"plan"}`, `{"action":""}`, `{"action":"","lang":"zh"}`}
	if diff := cmp.Diff(want, stack.asked); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
