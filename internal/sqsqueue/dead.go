package sqsqueue

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"github.com/guanzhu/guanzhu/internal/answers"
	"github.com/guanzhu/guanzhu/internal/conversation"
)

// hidden is the time in seconds for which a dead letter that is looked at is hidden from others.
const hidden = 60

// DeadLetters is the queue of the questions whose handler has failed.
type DeadLetters struct {
	client *sqs.Client
	url    string
}

// NewDeadLetters returns the dead letters at that URL. It makes no request.
func NewDeadLetters(cfg aws.Config, url string) *DeadLetters {
	return &DeadLetters{NewClient(cfg, ""), url}
}

// List returns the dead letters. They stay where they are.
func (d *DeadLetters) List(ctx context.Context) ([]answers.Task, error) {
	var tasks []answers.Task
	var receipts []*string
	for {
		messages, err := d.receive(ctx)
		if err != nil {
			return nil, err
		}
		if len(messages) == 0 {
			break
		}
		for _, m := range messages {
			receipts = append(receipts, m.ReceiptHandle)
			tasks = append(tasks, taskOf(m))
		}
	}
	var errs []error
	for _, receipt := range receipts {
		_, err := d.client.ChangeMessageVisibility(ctx, &sqs.ChangeMessageVisibilityInput{QueueUrl: &d.url, ReceiptHandle: receipt})
		errs = append(errs, err)
	}
	return tasks, errors.Join(errs...)
}

// Retry lets each dead letter's question be asked again by queue, and removes the letter. It returns the numbers of
// questions that are asked again and of those that nobody waits for any longer: their follower has unfollowed, or they are
// too old.
func (d *DeadLetters) Retry(ctx context.Context, store answers.Store, queue answers.Queue) (retried, gone int, err error) {
	for {
		messages, err := d.receive(ctx)
		if err != nil || len(messages) == 0 {
			return retried, gone, err
		}
		for _, m := range messages {
			switch err := answers.Retry(ctx, store, queue, taskOf(m)); {
			case errors.Is(err, conversation.ErrGone):
				gone++
			case err != nil:
				return retried, gone, err
			default:
				retried++
			}
			_, err := d.client.DeleteMessage(ctx, &sqs.DeleteMessageInput{QueueUrl: &d.url, ReceiptHandle: m.ReceiptHandle})
			if err != nil {
				return retried, gone, fmt.Errorf("remove a dead letter: %w", err)
			}
		}
	}
}

func (d *DeadLetters) receive(ctx context.Context) ([]types.Message, error) {
	out, err := d.client.ReceiveMessage(ctx, &sqs.ReceiveMessageInput{
		QueueUrl: &d.url, MaxNumberOfMessages: 10, VisibilityTimeout: hidden,
	})
	if err != nil {
		return nil, fmt.Errorf("read the dead letters: %w", err)
	}
	return out.Messages, nil
}

// taskOf returns the task of a message, the zero Task if it is none.
func taskOf(m types.Message) (t answers.Task) {
	_ = json.Unmarshal([]byte(aws.ToString(m.Body)), &t)
	return t
}
