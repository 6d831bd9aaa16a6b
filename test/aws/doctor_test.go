package aws

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	cwtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	ssmtypes "github.com/aws/aws-sdk-go-v2/service/ssm/types"

	"github.com/guanzhu/guanzhu/internal/consoletest"
	"github.com/guanzhu/guanzhu/internal/doctor"
	"github.com/guanzhu/guanzhu/internal/world"
	"github.com/guanzhu/guanzhu/pkg/secrets"
	"github.com/guanzhu/guanzhu/pkg/wechatapi"
	"github.com/guanzhu/guanzhu/pkg/wechattest"
)

const doctorsSecrets = `{"token":"t","app_secret":"s","encoding_aes_key":"abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"}`

// TestDoctor examines one stack in several states. Its endpoint is the console, a process of its own; what its function
// doctor would answer is made here, as moto does not run it.
func TestDoctor(t *testing.T) {
	moto(t)
	appID := fmt.Sprintf("wx%016x", rand.Uint64()) // nobody else's, as metrics stay
	parameter := "/guanzhu/" + appID
	site := console(t, appID)
	platform := wechattest.New(wechattest.Config{AppID: appID, AppSecret: "s"})
	name := deploy(t, map[string]string{"ApiEndpoint": site, "SecretsParameter": parameter, "AppId": appID})

	examine := func(language string, wantStatus int, want ...string) {
		t.Helper()
		answersOnce(t, appID, platform)
		stdout, stderr, status := guanzhu(t, "", "doctor", "--lang", language, "--stack", name)
		for _, part := range want {
			if !strings.Contains(stdout, part) {
				t.Errorf("no %q", part)
			}
		}
		if status != wantStatus || strings.Contains(stdout, "ABCDEFG") {
			t.Errorf("status %d, want %d", status, wantStatus)
		}
		if t.Failed() {
			t.Fatalf("%s%s", stdout, stderr)
		}
		if wantStatus == 0 && strings.Contains(stdout, "✗") {
			t.Errorf("it fails:\n%s", stdout)
		}
	}

	examine("en", 1, "✓ AWS stack: "+name, "✗ secrets: there is no parameter "+parameter+" in SSM\n    Write it with ", "guanzhu secrets --stack "+name+". ",
		`– token verification: not examined: fix "secrets" first`)

	putSecrets(t, parameter, doctorsSecrets)
	examine("en", 0, "✓ secrets: "+parameter+" can be read; it has an EncodingAESKey",
		"✓ requests refused in 24 hours: 0, nothing to do", "✓ alarms: no alarm", "✓ server URL: "+site+"/login/wechat",
		"✓ push: an encrypted push is answered", "✓ pages: "+site, "✓ access token: ", "✓ quotas left: ")

	putSecrets(t, parameter, strings.Replace(doctorsSecrets, `"t"`, `"another"`, 1))
	examine("zh", 1, "✗ Token 验证：403：“Token验证失败”", "guanzhu secrets")

	putSecrets(t, parameter, strings.Replace(doctorsSecrets, "}", `,"previous":{"token":"old"}}`, 1))
	refuse(t, appID, "clear_text", 2) // twice two
	refuse(t, appID, "clear_text", 2)
	refuse(t, appID, "no_key", 1)
	refuse(t, appID, "signature", 3)
	ring(t, name)
	platform.Fail("/cgi-bin/stable_token", 40164, 1)
	examine("zh", 1, "! 密钥轮换：", "guanzhu secrets finish --stack "+name+"。",
		"! 24 小时内被拒绝的请求：4 × clear_text：推送是明文：密钥里有 EncodingAESKey，微信后台却在用明文模式",
		"! 24 小时内被拒绝的请求：1 × no_key：推送是密文：微信后台在用安全模式，密钥里却没有 EncodingAESKey",
		"! 告警："+name+"-", " 正在告警：",
		"✗ 获取 access_token：errcode 40164：203.0.113.7 不在 IP 白名单里，而且函数的地址会变（FixedEgress=none）",
		"– 使用 access_token：没有检查")
}

// TestDoctorOfNoStack mistypes the name of a stack.
func TestDoctorOfNoStack(t *testing.T) {
	stdout, _, status := guanzhu(t, "", "doctor", "--lang", "en", "--stack", "no-such-stack")
	if status != 1 || !strings.Contains(stdout, "✗ AWS stack: the stack no-such-stack cannot be looked up\n    there is no stack no-such-stack in us-east-1") {
		t.Errorf("status %d:\n%s", status, stdout)
	}
}

// console starts guanzhu console, whose endpoint and pages are as deployed, and returns where it answers.
func console(t *testing.T, appID string) (site string) {
	t.Helper()
	command, err := build(bin)
	if err != nil {
		t.Fatal(err)
	}
	site, _ = consoletest.Start(t, command, "WECHAT_APP_ID="+appID, "WECHAT_SECRETS="+doctorsSecrets)
	return site
}

// answersOnce makes moto answer the next invocation with what the function finds at platform.
func answersOnce(t *testing.T, appID string, platform http.Handler) {
	t.Helper()
	server := httptest.NewServer(platform)
	defer server.Close()
	api, err := wechatapi.New(wechatapi.Config{AppID: appID, BaseURL: server.URL, Secrets: world.NewSecrets(secrets.Secrets{AppSecret: "s"}), Tokens: wechatapi.NoTokens{}})
	if err != nil {
		t.Fatal(err)
	}
	examination := doctor.Platform{API: api, Now: time.Now, FixedEgress: "none"}
	findings, err := json.Marshal(examination.Examine(t.Context()))
	if err != nil {
		t.Fatal(err)
	}
	answerNext(t, string(findings))
}

func putSecrets(t *testing.T, parameter, document string) {
	t.Helper()
	_, err := ssm.NewFromConfig(config(t)).PutParameter(t.Context(), &ssm.PutParameterInput{
		Name: &parameter, Value: &document, Type: ssmtypes.ParameterTypeSecureString, Overwrite: aws.Bool(true),
	})
	if err != nil {
		t.Fatal(err)
	}
}

// refuse counts refused requests, as the endpoint's log lines do.
func refuse(t *testing.T, appID, reason string, count float64) {
	t.Helper()
	// Metrics would be sent compressed, which moto does not read.
	plain := func(o *cloudwatch.Options) { o.DisableRequestCompression = true }
	_, err := cloudwatch.NewFromConfig(config(t), plain).PutMetricData(t.Context(), &cloudwatch.PutMetricDataInput{
		Namespace: aws.String("Guanzhu"),
		MetricData: []cwtypes.MetricDatum{{
			MetricName: aws.String("Refusals"), Value: &count, Timestamp: aws.Time(time.Now().Add(-time.Hour)),
			Dimensions: []cwtypes.Dimension{
				{Name: aws.String("appid"), Value: aws.String(appID)}, {Name: aws.String("reason"), Value: &reason},
			},
		}},
	})
	if err != nil {
		t.Fatal(err)
	}
}

// ring sets one of the stack's alarms to ALARM.
func ring(t *testing.T, stack string) {
	t.Helper()
	watch := cloudwatch.NewFromConfig(config(t))
	out, err := watch.DescribeAlarms(t.Context(), &cloudwatch.DescribeAlarmsInput{AlarmNamePrefix: aws.String(stack + "-")})
	if err != nil {
		t.Fatal(err)
	}
	if len(out.MetricAlarms) == 0 {
		t.Fatalf("the stack has no alarm whose name begins with %s-", stack)
	}
	_, err = watch.SetAlarmState(t.Context(), &cloudwatch.SetAlarmStateInput{
		AlarmName: out.MetricAlarms[0].AlarmName, StateValue: cwtypes.StateValueAlarm, StateReason: aws.String("a test"),
	})
	if err != nil {
		t.Fatal(err)
	}
}
