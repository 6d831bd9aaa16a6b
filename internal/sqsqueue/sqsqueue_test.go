package sqsqueue_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/google/go-cmp/cmp"

	"github.com/guanzhu/guanzhu/internal/answers"
	"github.com/guanzhu/guanzhu/internal/conversation"
	"github.com/guanzhu/guanzhu/internal/sqsqueue"
)

// call is what SQS is asked.
type call struct {
	Action                 string
	MessageGroupID         string
	MessageDeduplicationID string
	ReceiptHandle          string
	MessageBody            string
	VisibilityTimeout      int
}

// server is SQS. It refuses the first calls by the codes of refusals, and takes all others.
type server struct {
	refusals []string
	mu       sync.Mutex
	calls    []call
}

func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	_, action, _ := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
	c := call{Action: action}
	if err != nil || json.Unmarshal(body, &c) != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	s.mu.Lock()
	s.calls = append(s.calls, c)
	calls := len(s.calls)
	s.mu.Unlock()
	if calls <= len(s.refusals) {
		w.WriteHeader(http.StatusBadRequest)
		json.NewEncoder(w).Encode(map[string]string{"__type": s.refusals[calls-1]})
		return
	}
	io.WriteString(w, "{}")
}

func start(t *testing.T, refusals ...string) (*server, *sqsqueue.Queue) {
	s := &server{refusals: refusals}
	h := httptest.NewServer(s)
	t.Cleanup(h.Close)
	cfg := aws.Config{Region: "us-east-1", Credentials: credentials.NewStaticCredentialsProvider("k", "s", "")}
	return s, sqsqueue.New(cfg, h.URL+"/answers.fifo", h.URL)
}

// TestSend: a follower is a group, and a task has one deduplication id, whenever it is sent.
func TestSend(t *testing.T) {
	s, q := start(t)
	task := answers.Task{OpenID: "oA", Job: "1#2", SentAt: 3}
	later, retried := task, task
	later.SentAt, retried.Retry = 4, "r"
	for _, t2 := range []answers.Task{task, later, retried} {
		if err := q.Send(t.Context(), t2); err != nil {
			t.Fatal(err)
		}
	}
	ids := []string{}
	for _, c := range s.calls {
		if c.Action != "SendMessage" || c.MessageGroupID != "oA" || len(c.MessageDeduplicationID) > 128 {
			t.Errorf("SQS is asked %+v", c)
		}
		if !slices.Contains(ids, c.MessageDeduplicationID) {
			ids = append(ids, c.MessageDeduplicationID)
		}
	}
	if len(ids) != 2 {
		t.Errorf("%d deduplication ids, want 2", len(ids))
	}
	if want := `{"openid":"oA","job":"1#2","sent_at":3}`; s.calls[0].MessageBody != want {
		t.Errorf("body %s, want %s", s.calls[0].MessageBody, want)
	}
}

// TestSendAgain: a call that fails for a transient reason is made three times at most, and another one once.
func TestSendAgain(t *testing.T) {
	const busy, gone = "com.amazonaws.sqs#RequestThrottled", "com.amazonaws.sqs#QueueDoesNotExist"
	for _, tt := range []struct {
		refusals []string
		calls    int
		want     string // in the error
	}{
		{[]string{busy, busy}, 3, ""},
		{[]string{busy, busy, busy}, 3, "RequestThrottled"},
		{[]string{gone}, 1, "QueueDoesNotExist"},
	} {
		s, q := start(t, tt.refusals...)
		err := q.Send(t.Context(), answers.Task{OpenID: "oA", Job: "1#2"})
		if (err != nil) != (tt.want != "") || err != nil && !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%q: the error is %v", tt.refusals, err)
		}
		if len(s.calls) != tt.calls {
			t.Errorf("%q: %d calls, want %d", tt.refusals, len(s.calls), tt.calls)
		}
	}
}

// TestHandler: of a follower's messages those behind a failed one are reported as well, and another follower's are not.
func TestHandler(t *testing.T) {
	s, q := start(t)
	message := func(id, group, body string, receive int) events.SQSMessage {
		return events.SQSMessage{MessageId: id, ReceiptHandle: "receipt-" + id, Body: body, Attributes: map[string]string{
			"MessageGroupId": group, "ApproximateReceiveCount": strconv.Itoa(receive),
		}}
	}
	var mu sync.Mutex
	worked := map[string][]string{}
	handle := q.Handler(func(_ context.Context, m answers.Message) error {
		mu.Lock()
		defer mu.Unlock()
		worked[m.OpenID] = append(worked[m.OpenID], m.ID)
		switch m.ID {
		case "a2":
			return errors.New("the model is away")
		case "c1":
			return conversation.ErrFailed
		}
		return nil
	})
	response, err := handle(t.Context(), events.SQSEvent{Records: []events.SQSMessage{
		message("a1", "oA", `{"openid":"oA"}`, 1), message("b1", "oB", `{"openid":"oB"}`, 1), message("a2", "oA", `{"openid":"oA"}`, 2),
		message("a3", "oA", `{"openid":"oA"}`, 1), message("c1", "oC", `{"openid":"oC"}`, 4), message("d1", "oD", "no JSON", 1),
	}})
	if err != nil {
		t.Fatal(err)
	}
	var failed []string
	for _, f := range response.BatchItemFailures {
		failed = append(failed, f.ItemIdentifier)
	}
	slices.Sort(failed)
	if diff := cmp.Diff([]string{"a2", "a3", "c1", "d1"}, failed); diff != "" {
		t.Errorf("failed messages (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(map[string][]string{"oA": {"a1", "a2"}, "oB": {"b1"}, "oC": {"c1"}}, worked); diff != "" {
		t.Errorf("worked on (-want +got):\n%s", diff)
	}
	again := map[string]int{}
	for _, c := range s.calls {
		again[c.ReceiptHandle] = c.VisibilityTimeout
	}
	if diff := cmp.Diff(map[string]int{"receipt-a2": 10, "receipt-c1": 0, "receipt-d1": 0}, again); diff != "" {
		t.Errorf("seconds until a message comes again (-want +got):\n%s", diff)
	}
}
