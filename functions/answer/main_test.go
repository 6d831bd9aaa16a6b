package main

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/aws/aws-lambda-go/events"
)

func environment(table, queue string) func(string) (string, bool) {
	env := map[string]string{
		"WECHAT_APP_ID": "wx0123456789abcdef", "WECHAT_SECRETS": `{"token":"t","app_secret":"s"}`, "TABLE_NAME": "table",
		"AWS_REGION": "us-east-1", "AWS_ACCESS_KEY_ID": "k", "AWS_SECRET_ACCESS_KEY": "s", "AWS_ENDPOINT_URL_DYNAMODB": table,
		"ANSWERS_QUEUE_URL": queue,
	}
	return func(name string) (string, bool) {
		value, ok := env[name]
		return value, ok
	}
}

// TestInvoke invokes the function as the queue does, with the question of a follower who has unfollowed. Nothing is left to
// do, so the message must not come again.
func TestInvoke(t *testing.T) {
	table := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/x-amz-json-1.0")
		io.WriteString(w, "{}")
	}))
	t.Cleanup(table.Close)
	handle, err := start(t.Context(), environment(table.URL, table.URL+"/answers.fifo"))
	if err != nil {
		t.Fatal(err)
	}
	response, err := handle(t.Context(), events.SQSEvent{Records: []events.SQSMessage{{
		MessageId: "m", ReceiptHandle: "r", Body: `{"openid":"oUNFOLLOWED","job":"1795708951#1","sent_at":1795708951000}`,
		Attributes: map[string]string{"ApproximateReceiveCount": "1", "MessageGroupId": "oUNFOLLOWED"},
	}}})
	if err != nil || len(response.BatchItemFailures) != 0 {
		t.Errorf("failures %v, error %v", response.BatchItemFailures, err)
	}
}

func TestNoQueue(t *testing.T) {
	if _, err := start(t.Context(), environment("http://127.0.0.1:1", "")); err == nil || !strings.Contains(err.Error(), "ANSWERS_QUEUE_URL") {
		t.Errorf("error %v", err)
	}
}
