package sqsqueue

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/guanzhu/guanzhu/internal/answers"
	"github.com/guanzhu/guanzhu/internal/conversation"
)

// hidden is the time in seconds for which a dead letter that is looked at is hidden from others.
const hidden = 60

// DeadLetters is the queue of the questions whose handler has failed.
type DeadLetters struct{ queue *Queue }

// NewDeadLetters returns the dead letters at that URL. endpoint is as in New. NewDeadLetters makes no request.
func NewDeadLetters(cfg aws.Config, url, endpoint string) *DeadLetters {
	return &DeadLetters{New(cfg, url, endpoint)}
}

// List returns the dead letters, of one follower ten at most: SQS shows no others of a follower while those are looked at. They
// stay where they are.
// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/FIFO-queues-understanding-logic.html
func (d *DeadLetters) List(ctx context.Context) ([]answers.Task, error) {
	var tasks []answers.Task
	var receipts []string
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
		errs = append(errs, d.queue.again(ctx, receipt, 0))
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
			if err := d.queue.call(ctx, "DeleteMessage", map[string]any{"ReceiptHandle": m.ReceiptHandle}, nil); err != nil {
				return retried, gone, fmt.Errorf("remove a dead letter: %w", err)
			}
		}
	}
}

// letter is a message of SQS.
type letter struct{ Body, ReceiptHandle string }

func (d *DeadLetters) receive(ctx context.Context) ([]letter, error) {
	var out struct{ Messages []letter }
	err := d.queue.call(ctx, "ReceiveMessage", map[string]any{"MaxNumberOfMessages": 10, "VisibilityTimeout": hidden}, &out)
	if err != nil {
		return nil, fmt.Errorf("read the dead letters: %w", err)
	}
	return out.Messages, nil
}

// taskOf returns the task of a letter, the zero Task if it is none.
func taskOf(l letter) (t answers.Task) {
	_ = json.Unmarshal([]byte(l.Body), &t)
	return t
}
