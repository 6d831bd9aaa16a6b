package main

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"

	"github.com/guanzhu/guanzhu/internal/sqsqueue"
)

// fakeStack is a deployed stack s whose one function, f, is the value of an output. Its answer to a payload is answer's;
// an empty one is a failure.
type fakeStack struct {
	output string
	answer func(payload string) string

	mu    sync.Mutex
	asked []string // the payloads, in order
}

// serve returns the environment of a command that asks for the stack.
func (s *fakeStack) serve(t *testing.T) (env []string) {
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	return []string{"AWS_ENDPOINT_URL=" + server.URL, "AWS_REGION=us-east-1", "AWS_ACCESS_KEY_ID=k", "AWS_SECRET_ACCESS_KEY=s",
		"HOME=" + t.TempDir(), "GUANZHU_STACK=s"}
}

func (s *fakeStack) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == "/" {
		fmt.Fprintf(w, `<DescribeStacksResponse xmlns="http://cloudformation.amazonaws.com/doc/2010-05-15/"><DescribeStacksResult><Stacks><member>
			<StackName>s</StackName><StackStatus>UPDATE_COMPLETE</StackStatus><CreationTime>2026-11-01T00:00:00Z</CreationTime>
			<Outputs><member><OutputKey>%s</OutputKey><OutputValue>f</OutputValue></member></Outputs>
			</member></Stacks></DescribeStacksResult></DescribeStacksResponse>`, s.output)
		return
	}
	if r.URL.String() != "/2015-03-31/functions/f/invocations?Qualifier=live" {
		http.Error(w, r.URL.String(), http.StatusBadRequest)
		return
	}
	payload, _ := io.ReadAll(r.Body)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked = append(s.asked, string(payload))
	answer := s.answer(string(payload))
	if answer == "" {
		w.Header().Set("X-Amz-Function-Error", "Unhandled")
		answer = `{"errorMessage":"wechatapi: /cgi-bin/menu/create: errcode 40164: the caller's address is not on the IP whitelist","errorType":"Error"}`
	}
	fmt.Fprint(w, answer)
}

// TestServiceEndpoint: the addresses of single services count as they do for the SDK's clients.
func TestServiceEndpoint(t *testing.T) {
	aws := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.Header.Get("X-Amz-Target") {
		case "AmazonSSM.GetParameter":
			fmt.Fprint(w, `{"Parameter":{"Value":"{\"token\":\"the-token\",\"app_secret\":\"s\"}"}}`)
		case "AmazonSQS.ReceiveMessage":
			fmt.Fprint(w, `{}`)
		}
	}))
	t.Cleanup(aws.Close)
	for name, value := range map[string]string{
		"HOME": t.TempDir(), "AWS_REGION": "us-east-1", "AWS_ACCESS_KEY_ID": "k", "AWS_SECRET_ACCESS_KEY": "s",
		"AWS_ENDPOINT_URL": "http://127.0.0.1:1", "AWS_ENDPOINT_URL_SSM": aws.URL, "AWS_ENDPOINT_URL_SQS": aws.URL,
	} {
		t.Setenv(name, value)
	}
	keeper, err := openSecrets(t.Context(), "ssm:/guanzhu/test")
	if err != nil || keeper.Current().Token != "the-token" {
		t.Errorf("secrets: error %v", err)
	}
	cfg, err := loadAWS(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	dead := sqsqueue.NewDeadLetters(cfg, "https://sqs.us-east-1.amazonaws.com/1/dead.fifo", endpointOf("SQS"))
	if tasks, err := dead.List(t.Context()); err != nil || len(tasks) != 0 {
		t.Errorf("dead letters: %d, error %v", len(tasks), err)
	}
}
