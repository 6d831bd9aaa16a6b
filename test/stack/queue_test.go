package stack

import (
	"crypto/rand"
	"encoding/json"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"

	"github.com/guanzhu/guanzhu/internal/awsjson"
	"github.com/guanzhu/guanzhu/internal/sqsqueue"
)

// queue is a queue of answers with its dead letters, as template.yaml declares them, but for the visibility timeout.
type queue struct {
	client    *awsjson.Client
	url, dead string
}

func createQueue(t *testing.T, endpoint string, visibility string) queue {
	t.Helper()
	q := queue{client: sqsqueue.NewClient(aws.Config{
		Region: region, Credentials: credentials.NewStaticCredentialsProvider(accessKey, secretKey, ""),
	}, endpoint)}
	declared := at(readTemplate(t), "Resources", "AnswersQueue", "Properties")
	received := at(declared, "RedrivePolicy", "maxReceiveCount")
	create := func(name string, attributes map[string]string) string {
		t.Helper()
		attributes["FifoQueue"] = "true"
		var out struct {
			QueueURL string `json:"QueueUrl"`
		}
		in := map[string]any{"QueueName": name + ".fifo", "Attributes": attributes}
		if err := q.client.Call(t.Context(), "CreateQueue", in, &out); err != nil {
			t.Fatal(err)
		}
		return out.QueueURL
	}
	name := rand.Text()
	q.dead = create(name+"-dead", map[string]string{})
	var out struct{ Attributes struct{ QueueArn string } }
	in := map[string]any{"QueueUrl": q.dead, "AttributeNames": []string{"QueueArn"}}
	if err := q.client.Call(t.Context(), "GetQueueAttributes", in, &out); err != nil {
		t.Fatal(err)
	}
	policy, err := json.Marshal(map[string]any{"deadLetterTargetArn": out.Attributes.QueueArn, "maxReceiveCount": received})
	if err != nil {
		t.Fatal(err)
	}
	q.url = create(name, map[string]string{"VisibilityTimeout": visibility, "RedrivePolicy": string(policy)})
	return q
}

// poll does what Lambda's event source mapping does: it gives each message to an instance that is free, and deletes it
// unless the function reports it as failed or dies. A queue has one message of a group in flight. poll ends with the test.
func (q queue) poll(t *testing.T, instances ...*instance) {
	free := make(chan *instance, len(instances))
	for _, i := range instances {
		free <- i
	}
	var running sync.WaitGroup
	running.Go(func() {
		for t.Context().Err() == nil {
			messages, err := q.receive(t, q.url, 1)
			if err != nil || len(messages) == 0 {
				select {
				case <-t.Context().Done():
				case <-time.After(50 * time.Millisecond):
				}
				continue
			}
			i := <-free
			running.Go(func() {
				defer func() { free <- i }()
				q.work(t, i, messages[0])
			})
		}
	})
	t.Cleanup(running.Wait)
}

// receive returns up to so many messages of the queue at url.
func (q queue) receive(t *testing.T, url string, most int) ([]events.SQSMessage, error) {
	var out struct{ Messages []events.SQSMessage }
	in := map[string]any{"QueueUrl": url, "MaxNumberOfMessages": most, "MessageSystemAttributeNames": []string{"All"}}
	err := q.client.Call(t.Context(), "ReceiveMessage", in, &out)
	return out.Messages, err
}

func (q queue) work(t *testing.T, i *instance, m events.SQSMessage) {
	m.EventSource = "aws:sqs"
	event, err := json.Marshal(events.SQSEvent{Records: []events.SQSMessage{m}})
	if err != nil {
		t.Error(err)
		return
	}
	answer, err := i.invoke(event)
	var response events.SQSEventResponse
	if err != nil || json.Unmarshal(answer, &response) != nil || len(response.BatchItemFailures) > 0 {
		return // it comes again
	}
	in := map[string]any{"QueueUrl": q.url, "ReceiptHandle": m.ReceiptHandle}
	if err := q.client.Call(t.Context(), "DeleteMessage", in, nil); err != nil && t.Context().Err() == nil {
		t.Error(err)
	}
}

// deadLetters returns the number of dead letters, after there is one or the time is up.
func (q queue) deadLetters(t *testing.T, within time.Duration) int {
	t.Helper()
	for end := time.Now().Add(within); ; time.Sleep(100 * time.Millisecond) {
		messages, err := q.receive(t, q.dead, 10)
		if err != nil {
			t.Fatal(err)
		}
		if len(messages) > 0 || time.Now().After(end) {
			return len(messages)
		}
	}
}
