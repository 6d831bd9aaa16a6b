package stack

import (
	"bytes"
	"cmp"
	"encoding/json"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"
	gocmp "github.com/google/go-cmp/cmp"

	"github.com/guanzhu/guanzhu/pkg/wechat"
	"github.com/guanzhu/guanzhu/test/localdb"
)

// TestSamLocal does what docs and README tell a newcomer, on what test/stack/sam-local has brought up: template.yaml,
// samconfig.toml, events/ and the functions are those of the repository.
func TestSamLocal(t *testing.T) {
	api := part(t, samLocal)
	records := table{"guanzhu-local", localdb.Client(part(t, dynamoDB))}

	t.Run("samples", func(t *testing.T) {
		for _, s := range samples(t) {
			status, body := send(t, s.request(t, api))
			if status != http.StatusOK {
				t.Errorf("%s: status %d: %s", s.name, status, body)
			}
			switch s.name {
			case "subscribe":
				if diff := gocmp.Diff(marshalled(t, []byte(s.event.Body), ownersAccount(t).Welcome()), body); diff != "" {
					t.Errorf("%s: reply (-want +got):\n%s", s.name, diff)
				}
				// The simulated platform makes up the profile.
				stored := records.items(t, openid)
				if len(stored) != 2 || stored[0]["profile"] != "complete" || stored[1]["event_time"] != float64(s.at().Unix()) {
					t.Errorf("%s: these records are stored: %v", s.name, stored)
				}
			case "unsubscribe":
				if body != "success" || len(records.items(t, openid)) != 1 {
					t.Errorf("%s: %q, and these records are left: %v", s.name, body, records.items(t, openid))
				}
			default:
				if body != "success" && !strings.HasPrefix(body, "<xml><ToUserName>") {
					t.Errorf("%s: answered by %q", s.name, body)
				}
			}
		}
	})

	t.Run("pages", func(t *testing.T) {
		for route, want := range map[string]int{
			"GET /":                  http.StatusOK, // to be opened in WeChat, it says
			"GET /api/session":       http.StatusUnauthorized,
			"GET /MP_verify_abc.txt": http.StatusNotFound,
			"GET /no/such/page":      http.StatusNotFound,
			"PUT /login/wechat":      http.StatusNotFound, // not a push
		} {
			method, path, _ := strings.Cut(route, " ")
			request, err := http.NewRequestWithContext(t.Context(), method, api+path, nil)
			if err != nil {
				t.Fatal(err)
			}
			if status, body := send(t, request); status != want {
				t.Errorf("%s: status %d, want %d: %s", route, status, want, body)
			}
		}
	})

	t.Run("invoke WebhookFunction", func(t *testing.T) {
		var answer events.APIGatewayV2HTTPResponse
		invoke(t, "WebhookFunction", "events/text.json", &answer)
		message, err := os.ReadFile(root + "/events/text.xml")
		if err != nil {
			t.Fatal(err)
		}
		push, err := wechat.ParsePush(message)
		if err != nil {
			t.Fatal(err)
		}
		want := marshalled(t, message, ownersAccount(t).Answer(push.(*wechat.Text).Content))
		if diff := gocmp.Diff(want, answer.Body); diff != "" || answer.StatusCode != http.StatusOK {
			t.Errorf("status %d, reply (-want +got):\n%s", answer.StatusCode, diff)
		}
	})

	t.Run("invoke MenuFunction", func(t *testing.T) {
		plan := filepath.Join(t.TempDir(), "plan.json")
		if err := os.WriteFile(plan, []byte(`{"action":"plan"}`), 0o600); err != nil {
			t.Fatal(err)
		}
		var summary struct{ Result string }
		if invoke(t, "MenuFunction", plan, &summary); summary.Result != "different" {
			t.Errorf("a menu that was never published is %q", summary.Result)
		}
	})
}

// invoke runs sam local invoke on what test/stack/sam-local has built.
func invoke(t *testing.T, function, event string, answer any) {
	t.Helper()
	architecture := map[string]string{"amd64": "x86_64", "arm64": "arm64"}[runtime.GOARCH]
	command := exec.CommandContext(t.Context(), part(t, samCLI), "local", "invoke", function, "--event", event,
		"--template", ".aws-sam/local/template.yaml", "--config-file", "../../samconfig.toml",
		"--region", region, "--parameter-overrides", "Architecture="+architecture)
	command.Dir = root
	var stderr bytes.Buffer
	command.Stderr = &stderr
	out, err := command.Output()
	if err != nil {
		t.Fatalf("%v\n%s", err, stderr.Bytes())
	}
	out = bytes.TrimSpace(out)
	if err := json.Unmarshal(out[bytes.LastIndexByte(out, '\n')+1:], answer); err != nil {
		t.Fatalf("%v in the answer %q\n%s", err, out, stderr.Bytes())
	}
}

// sample is one of events/NAME.json.
type sample struct {
	name  string
	event events.APIGatewayV2HTTPRequest
}

// samples returns all, in the order of their times.
func samples(t *testing.T) (all []sample) {
	t.Helper()
	paths, err := filepath.Glob(root + "/events/*.json")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range paths {
		s := sample{name: strings.TrimSuffix(filepath.Base(path), ".json")}
		if s.name == "env" {
			continue
		}
		file, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(file, &s.event); err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		all = append(all, s)
	}
	slices.SortStableFunc(all, func(a, b sample) int {
		return cmp.Compare(a.event.RequestContext.TimeEpoch, b.event.RequestContext.TimeEpoch)
	})
	return all
}

// request is what the platform sent to API Gateway for it to make this event.
func (s sample) request(t *testing.T, api string) *http.Request {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), s.event.RequestContext.HTTP.Method,
		api+s.event.RawPath+"?"+s.event.RawQueryString, strings.NewReader(s.event.Body))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", s.event.Headers["content-type"])
	return request
}

func (s sample) at() time.Time { return time.UnixMilli(s.event.RequestContext.TimeEpoch) }
