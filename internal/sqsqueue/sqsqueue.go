// Package sqsqueue is the queue of slow answers in SQS, a FIFO queue, and the Lambda handler that it calls.
package sqsqueue

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"github.com/guanzhu/guanzhu/internal/answers"
	"github.com/guanzhu/guanzhu/internal/transport"
)

// limits leave room for another attempt within the time of a push.
var limits = transport.Limits{Connect: time.Second, Handshake: time.Second, Header: 1500 * time.Millisecond, Call: 2 * time.Second}

// Queue is an answers.Queue. It is safe for concurrent use.
type Queue struct {
	client *sqs.Client
	url    string
}

var _ answers.Queue = (*Queue)(nil)

// New returns the queue with that URL. endpoint is SQS's own address, empty for AWS's in the config's region. New makes no
// request.
func New(cfg aws.Config, url, endpoint string) *Queue {
	return &Queue{NewClient(cfg, endpoint), url}
}

// NewClient returns a client of SQS with connections of its own.
func NewClient(cfg aws.Config, endpoint string) *sqs.Client {
	return sqs.NewFromConfig(cfg, func(o *sqs.Options) {
		if endpoint != "" {
			o.BaseEndpoint = aws.String(endpoint)
		}
		o.HTTPClient = transport.Client(limits)
	})
}

// Send implements answers.Queue. The message's group is the follower, and its deduplication id a hash of the Task.
func (q *Queue) Send(ctx context.Context, t answers.Task) error {
	body, err := json.Marshal(t)
	if err != nil {
		return err
	}
	sum := sha256.Sum256([]byte(t.OpenID + "#" + t.Job + "#" + t.Retry))
	_, err = q.client.SendMessage(ctx, &sqs.SendMessageInput{
		QueueUrl:               &q.url,
		MessageBody:            aws.String(string(body)),
		MessageGroupId:         &t.OpenID,
		MessageDeduplicationId: aws.String(hex.EncodeToString(sum[:])),
	})
	if err != nil {
		return fmt.Errorf("send to the queue of answers: %w", err)
	}
	return nil
}

// again sets the time after which SQS delivers a message again.
func (q *Queue) again(ctx context.Context, receipt string, after time.Duration) error {
	_, err := q.client.ChangeMessageVisibility(ctx, &sqs.ChangeMessageVisibilityInput{
		QueueUrl: &q.url, ReceiptHandle: &receipt, VisibilityTimeout: int32(after.Seconds()),
	})
	return err
}
