// Package sqsqueue is the queue of slow answers in SQS, a FIFO queue, and the Lambda handler that it calls.
// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/Welcome.html
package sqsqueue

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/guanzhu/guanzhu/internal/answers"
	"github.com/guanzhu/guanzhu/internal/awsjson"
	"github.com/guanzhu/guanzhu/internal/pause"
	"github.com/guanzhu/guanzhu/internal/transport"
)

// limits leave room for another try within the time of a push.
var limits = transport.Limits{Connect: time.Second, Handshake: time.Second, Header: 1500 * time.Millisecond, Call: 2 * time.Second}

const (
	tries     = 3 // of a call, if it fails for a transient reason
	firstWait = 100 * time.Millisecond
)

// Queue is an answers.Queue. It is safe for concurrent use.
type Queue struct {
	sqs *awsjson.Client
	url string
}

var _ answers.Queue = (*Queue)(nil)

// New returns the queue with that URL. endpoint is SQS's own address, empty for AWS's in the config's region. New makes no
// request.
func New(cfg aws.Config, url, endpoint string) *Queue {
	return &Queue{NewClient(cfg, endpoint), url}
}

// NewClient returns a client of SQS with connections of its own.
func NewClient(cfg aws.Config, endpoint string) *awsjson.Client {
	return awsjson.New(cfg, awsjson.Service{Name: "sqs", Target: "AmazonSQS", Version: "1.0"}, endpoint, limits)
}

// Send implements answers.Queue. The message's group is the follower, and its deduplication id a hash of the Task. So a
// second try, after a lost answer, does not send the Task twice.
func (q *Queue) Send(ctx context.Context, t answers.Task) error {
	body, err := json.Marshal(t)
	if err != nil {
		return err
	}
	sum := sha256.Sum256([]byte(t.OpenID + "#" + t.Job + "#" + t.Retry))
	err = q.call(ctx, "SendMessage", map[string]any{
		"MessageBody": string(body), "MessageGroupId": t.OpenID, "MessageDeduplicationId": hex.EncodeToString(sum[:]),
	}, nil)
	if err != nil {
		return fmt.Errorf("send to the queue of answers: %w", err)
	}
	return nil
}

// again sets the time after which SQS delivers a message again.
func (q *Queue) again(ctx context.Context, receipt string, after time.Duration) error {
	return q.call(ctx, "ChangeMessageVisibility", map[string]any{
		"ReceiptHandle": receipt, "VisibilityTimeout": int(after.Seconds()),
	}, nil)
}

// call lets SQS perform an action with the queue. It tries again after a transient failure.
func (q *Queue) call(ctx context.Context, action string, in map[string]any, out any) error {
	in["QueueUrl"] = q.url
	for try, wait := 1, firstWait; ; try, wait = try+1, 2*wait {
		err := q.sqs.Call(ctx, action, in, out)
		if err == nil || try == tries || !awsjson.Transient(err) || pause.Random(ctx, wait) != nil {
			return err
		}
	}
}
