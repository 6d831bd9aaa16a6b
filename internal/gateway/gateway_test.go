package gateway_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"io"
	"log"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/google/go-cmp/cmp"

	"github.com/guanzhu/guanzhu/internal/gateway"
)

var now = time.UnixMilli(1795305600123)

type arrivalKey struct{}

// invoke sends event through the gateway to a handler that records the request.
func invoke(t *testing.T, event events.APIGatewayV2HTTPRequest) (events.APIGatewayV2HTTPResponse, *http.Request, string) {
	t.Helper()
	var got *http.Request
	var body []byte
	h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got = r
		var err error
		if body, err = io.ReadAll(r.Body); err != nil {
			t.Error(err)
		}
		w.Header().Set("Content-Type", "text/xml; charset=utf-8")
		w.Write([]byte("<xml>你好</xml>"))
	})
	arrived := func(ctx context.Context, at time.Time) context.Context {
		return context.WithValue(ctx, arrivalKey{}, at)
	}
	response, err := gateway.Handler(h, arrived, func() time.Time { return now })(t.Context(), event)
	if err != nil {
		t.Fatalf("the invocation fails: %v", err)
	}
	return response, got, string(body)
}

func push() events.APIGatewayV2HTTPRequest {
	return events.APIGatewayV2HTTPRequest{
		Version: "2.0", RawPath: "/login/wechat", RawQueryString: "signature=abc&nonce=1&nonce=2&openid=oSECRET", Body: "<xml/>",
		Headers: map[string]string{"content-type": "text/xml", "accept": "text/html, */*"},
		RequestContext: events.APIGatewayV2HTTPRequestContext{DomainName: "api.example.com", TimeEpoch: now.UnixMilli(),
			HTTP: events.APIGatewayV2HTTPRequestContextHTTPDescription{Method: "POST", Path: "/login/wechat"}},
	}
}

func TestRequest(t *testing.T) {
	response, r, body := invoke(t, push())
	got := []string{r.Method, r.Host, r.URL.Path, r.URL.RawQuery, r.Header.Get("Content-Type"), body}
	want := []string{"POST", "api.example.com", "/login/wechat", "signature=abc&nonce=1&nonce=2&openid=oSECRET", "text/xml", "<xml/>"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if response.StatusCode != 200 || response.Body != "<xml>你好</xml>" || response.IsBase64Encoded {
		t.Errorf("answered %+v", response)
	}
	// A quirk of the adapter: a header with commas arrives as several, so all Values must be joined.
	if got := strings.Join(r.Header.Values("Accept"), ", "); got != "text/html, */*" {
		t.Errorf("Accept: %q", got)
	}
}

func TestBase64Body(t *testing.T) {
	const message = "<xml>\x02\xff?</xml>" // in base64 it has characters that differ between the alphabets, and padding
	encoded := base64.StdEncoding.EncodeToString([]byte(message))
	large := strings.Repeat("a", 1<<20)
	for _, tt := range []struct {
		name, body string
		isBase64   bool
		want       string
		status     int
	}{
		{"binary", encoded, true, message, 200},
		{"empty", "", true, "", 200},
		{"large: the limit is the handler's, which sees all of it", base64.StdEncoding.EncodeToString([]byte(large)), true, large, 200},
		{"not said to be base64: stays as it is", encoded, false, encoded, 200},
		{"encoded twice: decoded once", base64.StdEncoding.EncodeToString([]byte(encoded)), true, encoded, 200},
		{"said to be base64, and is not", "<xml/>", true, "", 400},
		{"the alphabet of URLs", base64.URLEncoding.EncodeToString([]byte("<xml>\xff\xff\xff")), true, "", 400},
		{"without padding", strings.TrimRight(encoded, "="), true, "", 400},
		{"cut off", encoded[:len(encoded)-2], true, "", 400},
	} {
		t.Run(tt.name, func(t *testing.T) {
			event := push()
			event.Body, event.IsBase64Encoded = tt.body, tt.isBase64
			response, r, body := invoke(t, event)
			if response.StatusCode != tt.status || (r != nil) != (tt.status == 200) || body != tt.want {
				t.Errorf("status %d, handled: %v, %d bytes of body, want %d", response.StatusCode, r != nil, len(body), len(tt.want))
			}
		})
	}
}

func TestArrival(t *testing.T) {
	for name, tt := range map[string]struct{ epoch, want time.Time }{
		"now":                      {now, now},
		"a cold start ago":         {now.Add(-3 * time.Second), now.Add(-3 * time.Second)},
		"five seconds ago":         {now.Add(-5 * time.Second), now.Add(-5 * time.Second)},
		"six seconds ago":          {now.Add(-6 * time.Second), now},
		"when sam local started":   {now.Add(-time.Minute), now},
		"by a clock that is ahead": {now.Add(time.Second), now},
		"not told":                 {time.UnixMilli(0), now},
	} {
		event := push()
		event.RequestContext.TimeEpoch = tt.epoch.UnixMilli()
		_, r, _ := invoke(t, event)
		if got := r.Context().Value(arrivalKey{}).(time.Time); !got.Equal(tt.want) {
			t.Errorf("%s: arrived at %v, want %v", name, got, tt.want)
		}
	}
}

// TestQueryThatIsNone: an invalid query is removed and not printed, because it contains the follower's openid.
func TestQueryThatIsNone(t *testing.T) {
	for name, query := range map[string]string{"escape": "openid=oSECRET&a=%zz", "semicolon": "openid=oSECRET;a", "control": "openid=oSECRET&a=\x7f"} {
		t.Run(name, func(t *testing.T) {
			event := push()
			event.RawQueryString, event.QueryStringParameters = query, map[string]string{"openid": "oSECRET"}
			var response events.APIGatewayV2HTTPResponse
			var request *http.Request
			printed := capture(t, func() { response, request, _ = invoke(t, event) })
			if response.StatusCode != http.StatusOK || request.URL.RawQuery != "" {
				t.Errorf("status %d, handled with %q", response.StatusCode, request.URL.RawQuery)
			}
			if strings.Contains(printed, "oSECRET") {
				t.Errorf("printed %q", printed)
			}
		})
	}
}

// TestWhatCannotBeConverted: such a request is refused and not printed, because it contains the follower's openid.
func TestWhatCannotBeConverted(t *testing.T) {
	tests := map[string]func(*events.APIGatewayV2HTTPRequest){
		"path":        func(e *events.APIGatewayV2HTTPRequest) { e.RawPath = "/oSECRET%zz" },
		"method":      func(e *events.APIGatewayV2HTTPRequest) { e.RequestContext.HTTP.Method = "P OST" },
		"base64 body": func(e *events.APIGatewayV2HTTPRequest) { e.Body, e.IsBase64Encoded = "oSECRET!", true },
	}
	for name, change := range tests {
		t.Run(name, func(t *testing.T) {
			event := push()
			change(&event)
			var response events.APIGatewayV2HTTPResponse
			var request *http.Request
			printed := capture(t, func() { response, request, _ = invoke(t, event) })
			if response.StatusCode != http.StatusBadRequest || request != nil {
				t.Errorf("status %d, handled: %v", response.StatusCode, request != nil)
			}
			if strings.Contains(printed, "oSECRET") {
				t.Errorf("printed %q", printed)
			}
		})
	}
}

// capture returns what f prints to standard output and to the standard logger.
func capture(t *testing.T, f func()) string {
	t.Helper()
	file, err := os.CreateTemp(t.TempDir(), "stdout")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	var logged bytes.Buffer
	log.SetOutput(&logged)
	stdout := os.Stdout
	os.Stdout = file
	f()
	os.Stdout = stdout
	log.SetOutput(os.Stderr)
	printed, err := os.ReadFile(file.Name())
	if err != nil {
		t.Fatal(err)
	}
	return logged.String() + string(printed)
}
