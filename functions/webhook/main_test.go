package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"github.com/guanzhu/guanzhu/pkg/webhook"
	"github.com/guanzhu/guanzhu/pkg/wechattest"
)

const inline = `{"token":"tokenOfTheTests","app_secret":"secretOfTheTests"}`

var platform = wechattest.Account{AppID: "wx0123456789abcdef", Token: "tokenOfTheTests", ID: "gh_0123456789ab"}

// TestMain runs the test's binary as the function if the address of Lambda's runtime API is set, as Lambda sets it.
func TestMain(m *testing.M) {
	if os.Getenv("AWS_LAMBDA_RUNTIME_API") != "" {
		main()
		return
	}
	os.Exit(m.Run())
}

// TestOldPushes sends the function a push that was signed an hour ago. The function accepts it only on a developer's machine:
// under sam local, with secrets given inline.
func TestOldPushes(t *testing.T) {
	for _, tt := range []struct {
		name, secrets, samLocal string
		old                     int
	}{
		{"deployed", "ssm:/guanzhu/test", "", http.StatusForbidden},
		{"deployed, with secrets inline", inline, "", http.StatusForbidden},
		{"under sam local, with the secrets of a parameter", "ssm:/guanzhu/test", "true", http.StatusForbidden},
		{"said to be under sam local otherwise", inline, "1", http.StatusForbidden},
		{"under sam local, with secrets inline", inline, "true", http.StatusOK},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			statuses := invoke(t, []string{"WECHAT_SECRETS=" + tt.secrets, "AWS_SAM_LOCAL=" + tt.samLocal},
				push(t, time.Now().Add(-time.Hour)), push(t, time.Now()), push(t, time.Now().Add(time.Hour)))
			if want := []int{tt.old, http.StatusOK, http.StatusForbidden}; fmt.Sprint(statuses) != fmt.Sprint(want) {
				t.Errorf("an old push, one of now and an early one: %d, want %d", statuses, want)
			}
		})
	}
}

// push returns a text as API Gateway forwards it, signed at that time.
func push(t *testing.T, at time.Time) events.APIGatewayV2HTTPRequest {
	t.Helper()
	message := platform.Text("oTESTfollower-000000000_0001", time.Now().Add(-time.Hour), 1, "hello")
	r, err := platform.Request(t.Context(), "https://example.com"+webhook.Path, wechattest.Plain, message, at)
	if err != nil {
		t.Fatal(err)
	}
	return events.APIGatewayV2HTTPRequest{
		Version: "2.0", RawPath: r.URL.Path, RawQueryString: r.URL.RawQuery, Body: string(message),
		RequestContext: events.APIGatewayV2HTTPRequestContext{DomainName: "example.com", TimeEpoch: time.Now().UnixMilli(),
			HTTP: events.APIGatewayV2HTTPRequestContextHTTPDescription{Method: r.Method, Path: r.URL.Path}},
	}
}

// invoke starts the function as a process, sends it the requests one after the other as Lambda does, and returns the statuses of
// its answers. https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
func invoke(t *testing.T, env []string, requests ...events.APIGatewayV2HTTPRequest) (statuses []int) {
	t.Helper()
	ctx, stop := context.WithTimeout(t.Context(), time.Minute)
	defer stop()
	next, answers := make(chan events.APIGatewayV2HTTPRequest, len(requests)), make(chan int)
	for _, r := range requests {
		next <- r
	}
	lambda := http.NewServeMux()
	lambda.HandleFunc("GET /2018-06-01/runtime/invocation/next", func(w http.ResponseWriter, r *http.Request) {
		select {
		case request := <-next:
			w.Header().Set("Lambda-Runtime-Aws-Request-Id", "8448ab5c-c6f8-40b2-89f7-ece9cbcec454")
			w.Header().Set("Lambda-Runtime-Deadline-Ms", fmt.Sprint(time.Now().Add(10*time.Second).UnixMilli()))
			json.NewEncoder(w).Encode(request)
		case <-r.Context().Done():
		case <-ctx.Done():
		}
	})
	lambda.HandleFunc("POST /2018-06-01/runtime/invocation/{id}/response", func(w http.ResponseWriter, r *http.Request) {
		var response events.APIGatewayV2HTTPResponse
		if err := json.NewDecoder(r.Body).Decode(&response); err != nil {
			t.Error(err)
		}
		w.WriteHeader(http.StatusAccepted)
		select {
		case answers <- response.StatusCode:
		case <-ctx.Done():
		}
	})
	runtime := httptest.NewServer(lambda)
	defer runtime.Close()
	aws := httptest.NewServer(http.HandlerFunc(answerAWS))
	defer aws.Close()

	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	function := exec.CommandContext(ctx, self)
	function.Env = append(env, "AWS_LAMBDA_RUNTIME_API="+strings.TrimPrefix(runtime.URL, "http://"),
		"AWS_REGION=us-east-1", "AWS_ACCESS_KEY_ID=AKID", "AWS_SECRET_ACCESS_KEY=SECRET", "TABLE_NAME=followers",
		"AWS_ENDPOINT_URL_DYNAMODB="+aws.URL, "AWS_ENDPOINT_URL_SSM="+aws.URL, "WECHAT_APP_ID="+platform.AppID,
		"AWS_LAMBDA_LOG_FORMAT=JSON")
	var log bytes.Buffer
	function.Stdout, function.Stderr = &log, &log
	if err := function.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		stop()
		_ = function.Wait() // it is killed
		if t.Failed() {
			t.Log(log.String())
		}
	}()
	for range requests {
		select {
		case status := <-answers:
			statuses = append(statuses, status)
		case <-ctx.Done():
			t.Error("the function does not answer")
			return statuses
		}
	}
	return statuses
}

// answerAWS answers for Systems Manager, with the secrets in the parameter, and for DynamoDB, with an empty table.
func answerAWS(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/x-amz-json-1.1")
	if !strings.HasPrefix(r.Header.Get("X-Amz-Target"), "AmazonSSM.") {
		io.WriteString(w, "{}")
		return
	}
	json.NewEncoder(w).Encode(map[string]any{"Parameter": map[string]string{
		"Name": "/guanzhu/test", "Type": "SecureString", "Value": inline}})
}
