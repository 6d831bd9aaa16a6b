// Package events contains a sample push of each kind. NAME.xml can be read and edited. NAME.json is generated from it: the event
// that API Gateway passes to the function (payload format 2.0), for `sam local invoke`.
package events

import (
	"bytes"
	"encoding/json"
	"flag"
	"maps"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/aws/aws-lambda-go/events"
	"github.com/google/go-cmp/cmp"

	"github.com/guanzhu/guanzhu/pkg/webhook"
	"github.com/guanzhu/guanzhu/pkg/wechat"
)

var update = flag.Bool("update", false, "write NAME.json")

// token is the token in env.json. The samples are in plain mode.
const token = "guanzhuSampleToken"

func TestJSONIsMadeFromXML(t *testing.T) {
	names, err := filepath.Glob("*.xml")
	if err != nil || len(names) == 0 {
		t.Fatalf("no samples: %v", err)
	}
	for _, name := range names {
		t.Run(name, func(t *testing.T) {
			body, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			want := gatewayEvent(t, body)
			golden := strings.TrimSuffix(name, ".xml") + ".json"
			if *update {
				if err := os.WriteFile(golden, want, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			got, err := os.ReadFile(golden)
			if err != nil {
				t.Fatalf("%v: run `make events`", err)
			}
			if diff := cmp.Diff(string(want), string(got)); diff != "" {
				t.Errorf("run `make events` (-want +got):\n%s", diff)
			}
		})
	}
}

// TestEachKindHasASample compares the samples with the kinds of pushes: each kind has a sample, named after the kind in
// lower case.
func TestEachKindHasASample(t *testing.T) {
	others := map[string]string{
		"suggestion":     "text",           // a text that is a suggestion
		"location_event": "event/LOCATION", // location is the message
	}
	raw := []string{"event/ShakearoundUserShake", "event/user_get_card"} // examples of kinds without a type
	paths, err := filepath.Glob("*.xml")
	if err != nil {
		t.Fatal(err)
	}
	found := make(map[string]bool)
	for _, path := range paths {
		body, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		p, err := wechat.ParsePush(body)
		if err != nil {
			t.Errorf("%s: %v", path, err)
			continue
		}
		got, name := p.Common().Kind(), strings.TrimSuffix(path, ".xml")
		found[got] = true
		if want, ok := others[name]; ok && got != want || !ok && strings.ToLower(strings.TrimPrefix(got, "event/")) != name {
			t.Errorf("%s is a %s", path, got)
		}
	}
	if diff := cmp.Diff(slices.Sorted(slices.Values(append(wechat.Kinds(), raw...))), slices.Sorted(maps.Keys(found))); diff != "" {
		t.Errorf("(-kinds +samples):\n%s", diff)
	}
}

// TestEachEventHasItsXML finds generated files whose sample was renamed or removed.
func TestEachEventHasItsXML(t *testing.T) {
	paths, err := filepath.Glob("*.json")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range paths {
		if path == "env.json" {
			continue
		}
		if _, err := os.Stat(strings.TrimSuffix(path, ".json") + ".xml"); err != nil {
			t.Error(err)
		}
	}
}

// gatewayEvent returns the event that API Gateway makes of a push with that body.
func gatewayEvent(t *testing.T, body []byte) []byte {
	t.Helper()
	p, err := wechat.ParsePush(body)
	if err != nil {
		t.Fatal(err)
	}
	const nonce = "486452656"
	timestamp := strconv.FormatInt(p.Common().CreateTime, 10)
	query := url.Values{"signature": {wechat.Signature(token, timestamp, nonce)}, "timestamp": {timestamp}, "nonce": {nonce},
		"openid": {p.Common().FromUserName}}
	at := p.Common().Time().UTC()

	event := events.APIGatewayV2HTTPRequest{
		Version:        "2.0",
		RouteKey:       "POST " + webhook.Path,
		RawPath:        webhook.Path,
		RawQueryString: query.Encode(),
		Headers: map[string]string{"content-type": "text/xml", "host": "example.execute-api.us-east-1.amazonaws.com",
			"user-agent": "Mozilla/4.0", "content-length": strconv.Itoa(len(body))},
		QueryStringParameters: map[string]string{},
		Body:                  string(body),
		RequestContext: events.APIGatewayV2HTTPRequestContext{
			RouteKey: "POST " + webhook.Path, AccountID: "123456789012", Stage: "$default", RequestID: "sample",
			APIID: "example", DomainName: "example.execute-api.us-east-1.amazonaws.com", DomainPrefix: "example",
			Time: at.Format("02/Jan/2006:15:04:05 -0700"), TimeEpoch: at.UnixMilli(),
			HTTP: events.APIGatewayV2HTTPRequestContextHTTPDescription{Method: "POST", Path: webhook.Path,
				Protocol: "HTTP/1.1", SourceIP: "192.0.2.1", UserAgent: "Mozilla/4.0"},
		},
	}
	for name := range query {
		event.QueryStringParameters[name] = query.Get(name)
	}
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(event); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}
