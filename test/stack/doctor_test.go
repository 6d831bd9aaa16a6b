package stack

import (
	"encoding/json"
	"net/http/httptest"
	"net/netip"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/guanzhu/guanzhu/internal/doctor"
	"github.com/guanzhu/guanzhu/pkg/wechattest"
)

// TestDoctorFunction invokes the function doctor as it is built for Lambda: with an account that is well, and with one
// whose whitelist lacks the function's address.
func TestDoctorFunction(t *testing.T) {
	rie, endpoint := part(t, emulator), part(t, dynamoDB)
	bootstrap := filepath.Join(t.TempDir(), "bootstrap")
	run(t, nil, "make", "bootstrap", "FUNCTION=doctor", "BOOTSTRAP="+bootstrap)
	platform := wechattest.New(wechattest.Config{AppID: appID, AppSecret: appSecret})
	api := httptest.NewServer(platform)
	t.Cleanup(api.Close)
	recorded, used := recordActions(t, endpoint)
	secrets := map[string]string{"token": "guanzhuSampleToken", "app_secret": appSecret}
	function := startInstance(t, rie, bootstrap, []string{
		"AWS_LAMBDA_LOG_FORMAT=JSON", "AWS_LAMBDA_LOG_LEVEL=DEBUG",
		"AWS_REGION=" + region, "AWS_ACCESS_KEY_ID=" + accessKey, "AWS_SECRET_ACCESS_KEY=" + secretKey,
		"WECHAT_APP_ID=" + appID, "WECHAT_SECRETS=ssm:/guanzhu/test", "WECHAT_API_URL=" + api.URL,
		"TABLE_NAME=" + createTable(t, endpoint).name, "AWS_ENDPOINT_URL_DYNAMODB=" + recorded,
		"AWS_ENDPOINT_URL_SSM=" + parameterStore(t, "/guanzhu/test", secrets), "PUBLIC_URL=https://mp.example.com",
	})
	examine := func() (findings map[string]doctor.Finding) {
		t.Helper()
		answer, err := function.invoke([]byte(`{"FixedEgress":"nat"}`))
		if err != nil {
			t.Fatal(err)
		}
		var all []doctor.Finding
		if err := json.Unmarshal(answer, &all); err != nil {
			t.Fatalf("%v in %s", err, answer)
		}
		findings = map[string]doctor.Finding{}
		for _, f := range all {
			findings[f.Check] = f
		}
		return findings
	}

	got := map[string]doctor.Status{}
	for check, f := range examine() {
		got[check] = f.Status
	}
	want := map[string]doctor.Status{
		"api": doctor.OK, "api-clock": doctor.OK, "token": doctor.OK, "token-use": doctor.OK, "profiles": doctor.OK,
		"menus": doctor.OK, "kind": doctor.OK, "quota": doctor.OK,
		"menu": doctor.Warning, // never published
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("findings (-want +got):\n%s", diff)
	}

	platform.Whitelist(netip.MustParsePrefix("203.0.113.0/24")) // and the function comes from this machine
	f := examine()["token"]
	if f.Status != doctor.Failure || !strings.Contains(f.Do.EN, "Add 127.0.0.1, the stack's output EgressAddress") ||
		!strings.Contains(f.Do.ZH, "添加 127.0.0.1（堆栈的输出 EgressAddress）") {
		t.Errorf("token: %+v", f)
	}

	for action := range used() {
		if !slices.Contains(allowed(t, "DoctorRole"), action) {
			t.Errorf("template.yaml does not allow the function %s", action)
		}
	}
	wantNothingTold(t, function.printed.String())
}
