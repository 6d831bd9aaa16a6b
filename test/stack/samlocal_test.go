package stack

import (
	"bytes"
	"encoding/json"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/aws/aws-lambda-go/events"
	"github.com/google/go-cmp/cmp"

	"github.com/guanzhu/guanzhu/pkg/wechat"
	"github.com/guanzhu/guanzhu/pkg/wechattest"
)

// TestSamLocal does what the README tells a newcomer: sam build, then sam local invoke with a sample. template.yaml,
// samconfig.toml, events/env.json and events/subscribe.json are those of the repository.
func TestSamLocal(t *testing.T) {
	sam, endpoint := part(t, samCLI), part(t, dynamoDB)
	sample := readSample(t)

	platform := wechattest.New(wechattest.Config{AppID: appID, AppSecret: appSecret})
	platform.Follow(sample.FromUserName, profile(sample.Time()))
	dynamo, err := url.Parse(endpoint)
	if err != nil {
		t.Fatal(err)
	}
	records := createTable(t, endpoint)
	environment := localEnvironment(t, map[string]string{
		"WECHAT_API_URL":            serveContainers(t, platform),
		"AWS_ENDPOINT_URL_DYNAMODB": serveContainers(t, httputil.NewSingleHostReverseProxy(dynamo)),
		"TABLE_NAME":                records.name,
	})

	// A folder of its own: what the owner has built to deploy it is left alone.
	built := t.TempDir()
	architecture := "Architecture=" + map[string]string{"amd64": "x86_64", "arm64": "arm64"}[runtime.GOARCH]
	config, err := filepath.Abs(root + "/samconfig.toml")
	if err != nil {
		t.Fatal(err)
	}
	shared := []string{"--config-file", config, "--region", region, "--parameter-overrides", architecture}
	env := []string{
		"SAM_CLI_TELEMETRY=0", "CGO_ENABLED=0", "AWS_ACCESS_KEY_ID=" + accessKey, "AWS_SECRET_ACCESS_KEY=" + secretKey,
	}
	run(t, env, sam, append([]string{"build", "--build-dir", built}, shared...)...)
	out := run(t, env, sam, append([]string{
		"local", "invoke", "WebhookFunction", "--template", filepath.Join(built, "template.yaml"),
		"--event", "events/subscribe.json", "--env-vars", environment, "--skip-pull-image",
	}, shared...)...)

	var answer events.APIGatewayV2HTTPResponse
	if err := json.Unmarshal(lastLine(out), &answer); err != nil {
		t.Fatalf("%v in the answer %q", err, out)
	}
	if answer.StatusCode != http.StatusOK {
		t.Fatalf("status %d: %s", answer.StatusCode, answer.Body)
	}
	want := string(wechat.MarshalReply(sample.Common(), ownersAccount(t).Welcome()))
	if diff := cmp.Diff(want, answer.Body); diff != "" {
		t.Errorf("reply (-want +got):\n%s", diff)
	}
	records.wantFollower(t, sample.FromUserName, sample.Time())
}

func readSample(t *testing.T) *wechat.Subscribe {
	t.Helper()
	file, err := os.ReadFile(root + "/events/subscribe.xml")
	if err != nil {
		t.Fatal(err)
	}
	push, err := wechat.ParsePush(file)
	if err != nil {
		t.Fatal(err)
	}
	sample, ok := push.(*wechat.Subscribe)
	if !ok {
		t.Fatalf("events/subscribe.xml is a %T", push)
	}
	return sample
}

// localEnvironment is events/env.json with some values replaced, and returns its path.
func localEnvironment(t *testing.T, replace map[string]string) (path string) {
	t.Helper()
	file, err := os.ReadFile(root + "/events/env.json")
	if err != nil {
		t.Fatal(err)
	}
	var functions map[string]map[string]string
	if err := json.Unmarshal(file, &functions); err != nil {
		t.Fatal(err)
	}
	for name, value := range replace {
		if functions["WebhookFunction"][name] == "" {
			t.Errorf("events/env.json does not set %s", name)
		}
		functions["WebhookFunction"][name] = value
	}
	if file, err = json.Marshal(functions); err != nil {
		t.Fatal(err)
	}
	path = filepath.Join(t.TempDir(), "env.json")
	if err := os.WriteFile(path, file, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// serveContainers serves h to containers and returns the URL by which they reach it. On Linux the name that
// samconfig.toml gives to this machine is the address of Docker's bridge; Docker Desktop leads it to 127.0.0.1.
func serveContainers(t *testing.T, h http.Handler) (address string) {
	t.Helper()
	host := "127.0.0.1"
	if bridge, err := net.InterfaceByName("docker0"); err == nil {
		addresses, err := bridge.Addrs()
		if err != nil || len(addresses) == 0 {
			t.Fatalf("docker0 has no address: %v", err)
		}
		host = addresses[0].(*net.IPNet).IP.String()
	}
	listener, err := net.Listen("tcp", net.JoinHostPort(host, "0"))
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewUnstartedServer(h)
	server.Listener.Close()
	server.Listener = listener
	server.Start()
	t.Cleanup(server.Close)
	_, port, err := net.SplitHostPort(listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	return "http://host.docker.internal:" + port
}

func lastLine(out []byte) []byte {
	out = bytes.TrimSpace(out)
	return out[bytes.LastIndexByte(out, '\n')+1:]
}
