package doctor_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/smithy-go"
	"github.com/google/go-cmp/cmp"

	"github.com/guanzhu/guanzhu/internal/bilingual"
	"github.com/guanzhu/guanzhu/internal/doctor"
	"github.com/guanzhu/guanzhu/internal/parameterstore"
	"github.com/guanzhu/guanzhu/internal/refusal"
	"github.com/guanzhu/guanzhu/pkg/secrets"
)

// apiError is what the SDK returns where AWS refuses a call.
func apiError(code string) error {
	return called(&smithy.GenericAPIError{Code: code, Message: "m"})
}

// called is what the SDK returns where a call fails.
func called(err error) error {
	return &smithy.OperationError{ServiceID: "Any", OperationName: "Call", Err: err}
}

// TestSecretsOutOfReach asks for the secrets where nothing listens.
func TestSecretsOutOfReach(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(nil)
	server.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	cfg := aws.Config{Region: "us-east-1", Credentials: credentials.NewStaticCredentialsProvider("id", "key", "")}
	client := parameterstore.NewClient(cfg, server.URL)
	_, err := parameterstore.Open(ctx, "ssm:/p", parameterstore.Options{Reader: client})
	f := doctor.Secrets("/p", secrets.Secrets{}, err)[0]
	if f.Status != doctor.Failure || !strings.Contains(f.What.EN, "cannot be reached") {
		t.Errorf("%+v", f)
	}
}

// TestStackFindings is what AWS tells of the stack, each with the findings that come of it: check, status, and parts of
// them in both languages.
func TestStackFindings(t *testing.T) {
	t.Parallel()
	const ok, warning, failure, skipped = doctor.OK, doctor.Warning, doctor.Failure, doctor.Skipped
	type counts map[refusal.Reason]int
	one := func(f doctor.Finding) []doctor.Finding { return []doctor.Finding{f} }
	unreached := called(&url.Error{Op: "Post", URL: "https://aws.example", Err: errors.New("connection refused")})
	late := fmt.Errorf("could not be read within 2.5s: %w", called(&smithy.CanceledError{Err: context.DeadlineExceeded}))
	plain := secrets.Secrets{Token: "t", AppSecret: "a", LinkKey: "l"}
	keyed := secrets.Secrets{Token: "t", AppSecret: "a", LinkKey: "l", EncodingAESKey: "k", PreviousToken: "p"}
	tests := []struct {
		name     string
		findings []doctor.Finding
		status   doctor.Status
		zh, en   string
	}{
		{"deployed", one(doctor.Stack("prod", "UPDATE_COMPLETE", nil)), ok, "prod", "prod"},
		{"no stack", one(doctor.Stack("prod", "", bilingual.Errorf("没有堆栈 prod", "there is no stack prod"))), failure, "没有堆栈 prod", "there is no stack prod"},
		{"never created", one(doctor.Stack("prod", "ROLLBACK_COMPLETE", nil)), failure, "先删除", "deleted first"},
		{"failed", one(doctor.Stack("prod", "UPDATE_ROLLBACK_FAILED", nil)), failure, "事件", "events"},
		{"fell back", one(doctor.Stack("prod", "UPDATE_ROLLBACK_COMPLETE", nil)), warning, "退回", "version before it is running"},
		{"in progress", one(doctor.Stack("prod", "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", nil)), warning, "等部署结束", "Wait"},

		{"secrets", doctor.Secrets("/p", plain, nil), ok, "明文模式", "plain mode"},
		{"secrets being rotated", doctor.Secrets("/p", keyed, nil)[1:], warning, "guanzhu secrets finish", "guanzhu secrets finish"},
		{"secrets without a link key", doctor.Secrets("/p", secrets.Secrets{Token: "t", AppSecret: "a"}, nil)[1:], warning, "部署当前版本，再运行 guanzhu secrets", "then run guanzhu secrets"},
		{"no secrets", doctor.Secrets("/p", secrets.Secrets{}, apiError("ParameterNotFound")), failure, "没有参数 /p", "no parameter /p"},
		{"secrets not permitted", doctor.Secrets("/p", secrets.Secrets{}, apiError("AccessDeniedException")), failure, "ssm:GetParameter", "ssm:GetParameter"},
		{"secrets throttled", doctor.Secrets("/p", secrets.Secrets{}, apiError("ThrottlingException")), failure, "ThrottlingException", "ThrottlingException"},
		{"secrets out of reach", doctor.Secrets("/p", secrets.Secrets{}, unreached), failure, "connection refused检查网络、区域", "connection refusedCheck the network, the region"},
		{"secrets late", doctor.Secrets("/p", secrets.Secrets{}, late), failure, "再试一次", "then try again"},
		{"time is over", doctor.Secrets("/p", secrets.Secrets{}, context.DeadlineExceeded), failure, "再试一次", "then try again"},
		{"bad secrets", doctor.Secrets("/p", secrets.Secrets{}, errors.New("secrets: token is missing: add it")), failure, "token is missing", "token is missing"},

		{"no refusals", doctor.Refusals(nil, nil), ok, "0 次", "0, nothing to do"},
		{"few refusals", doctor.Refusals(counts{refusal.Signature: 29, refusal.ClearText: 2}, nil), ok, "31 次", "31, nothing to do"},
		{"console in plain mode", doctor.Refusals(counts{refusal.ClearText: 3}, nil), warning, "微信后台却在用明文模式", "WeChat's console is in plain mode"},
		{"no key set", doctor.Refusals(counts{refusal.NoKey: 1}, nil), warning, "微信后台在用安全模式，密钥里却没有", "the secrets have no EncodingAESKey"},
		{"many signatures", doctor.Refusals(counts{refusal.Signature: 30}, nil), warning, "guanzhu doctor 每运行一次也会造成一次", "Each run of guanzhu doctor causes one"},
		{"another key", doctor.Refusals(counts{refusal.WrongKey: 1}, nil), warning, "解不开", "cannot be decrypted"},
		{"the code is there", doctor.Refusals(counts{refusal.Future: 2}, nil), warning, "2 × future：", "2 × future: "},
		{"metrics throttled", doctor.Refusals(nil, apiError("Throttling")), skipped, "再试一次", "api error Throttling: mCheck the network"},
		{"metrics out of reach", doctor.Refusals(nil, unreached), skipped, "再试一次", "connection refusedCheck the network"},
		{"no metrics", doctor.Refusals(nil, apiError("AccessDenied")), skipped, "cloudwatch:GetMetricData", "cloudwatch:GetMetricData"},

		{"quiet", doctor.Alarms(nil, nil), ok, "没有告警", "no alarm"},
		{"an alarm", doctor.Alarms([]doctor.Alarm{{"prod-5xx", "pushes fail"}}, nil), warning, "prod-5xx 正在告警：pushes fail", "prod-5xx is in alarm: pushes fail"},
		{"an alarm of several lines", doctor.Alarms([]doctor.Alarm{{"prod-5xx", "pushes\nfail\x1b[2J"}}, nil), warning, "pushes fail [2J", "pushes fail [2J"},
		{"no alarms to be seen", doctor.Alarms(nil, apiError("AccessDenied")), skipped, "cloudwatch:DescribeAlarms", "cloudwatch:DescribeAlarms"},

		{"alarms out of reach", doctor.Alarms(nil, unreached), skipped, "再试一次", "connection refusedCheck the network"},

		{"no output", doctor.Function(nil, "", errors.New("no output DoctorFunctionName")), failure, "template.yaml", "no output DoctorFunctionNameDeploy this version of template.yaml."},
		{"no function", doctor.Function(nil, "", apiError("ResourceNotFoundException")), failure, "template.yaml", "Deploy this version of template.yaml."},
		{"function not permitted", doctor.Function(nil, "", apiError("AccessDeniedException")), failure, "lambda:InvokeFunction", "mGrant this AWS identity lambda:InvokeFunction."},
		{"function throttled", doctor.Function(nil, "", apiError("TooManyRequestsException")), failure, "再试一次", "api error TooManyRequestsException: mCheck the network"},
		{"function out of reach", doctor.Function(nil, "", unreached), failure, "再试一次", "connection refusedCheck the network"},
		{"function timed out", doctor.Function([]byte(`{"errorType":"Sandbox.Timedout","errorMessage":"RequestId: 1 Error: Task timed out after 60.00 seconds"}`), "Unhandled", nil), failure, "NAT", "NAT"},
		{"function cannot start", doctor.Function([]byte(`{"errorType":"Runtime.ExitError","errorMessage":"RequestId: 1 Error: Runtime exited with error: exit status 1"}`), "Unhandled", nil), failure, "SecretsParameter", "exit status 1"},
		{"function not ready", doctor.Function(nil, "", apiError("ResourceConflictException")), failure, "五分钟后再运行一次", "Run this again in five minutes"},
		{"function without its network", doctor.Function(nil, "", apiError("ResourceNotReadyException")), failure, "仍未就绪（ResourceNotReadyException）", "not ready"},
		{"function refused by the platform", doctor.Function([]byte(`{"errorType":"Error","errorMessage":"wechatapi: /cgi-bin/menu/get: errcode 40125: the app secret is wrong"}`), "Unhandled", nil), failure, "用 guanzhu secrets 写入当前的 AppSecret", "Write the current app secret"},
		{"function of another version", doctor.Function([]byte(`"ok"`), "", nil), failure, "版本", "versions"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			wantSafe(t, tt.findings)
			if len(tt.findings) != 1 {
				t.Fatalf("%d findings: %+v", len(tt.findings), tt.findings)
			}
			f := tt.findings[0]
			zh, en := f.What.ZH+f.Do.ZH, f.What.EN+f.Do.EN
			if f.Status != tt.status || !strings.Contains(zh, tt.zh) || !strings.Contains(en, tt.en) {
				t.Errorf("%s: %s\n%s\nwant %s, %q, %q", f.Status, zh, en, tt.status, tt.zh, tt.en)
			}
		})
	}
}

// TestFunctionAnswer holds that findings survive the way through Lambda.
func TestFunctionAnswer(t *testing.T) {
	t.Parallel()
	want := append(doctor.Alarms([]doctor.Alarm{{Name: "a"}}, nil), doctor.Refusals(nil, nil)...)
	payload, err := json.Marshal(want)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, doctor.Function(payload, "", nil)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
