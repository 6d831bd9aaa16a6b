package sqsqueue

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"sync"

	"github.com/aws/aws-lambda-go/events"

	"github.com/guanzhu/guanzhu/internal/answers"
	"github.com/guanzhu/guanzhu/internal/conversation"
)

// Handler returns the Lambda handler that calls work for each message. Messages of one follower are worked on one after
// another, those of different followers at the same time. If work fails, the message and those of the same follower behind
// it are reported as failed, so that SQS delivers them again in their order.
func (q *Queue) Handler(
	work func(context.Context, answers.Message) error,
) func(context.Context, events.SQSEvent) (events.SQSEventResponse, error) {
	return func(ctx context.Context, event events.SQSEvent) (events.SQSEventResponse, error) {
		groups := map[string][]events.SQSMessage{}
		for _, m := range event.Records {
			group := m.Attributes["MessageGroupId"]
			groups[group] = append(groups[group], m)
		}
		var all sync.WaitGroup
		var mu sync.Mutex
		var response events.SQSEventResponse
		for _, group := range groups {
			all.Go(func() {
				failed := q.group(ctx, group, work)
				mu.Lock()
				defer mu.Unlock()
				response.BatchItemFailures = append(response.BatchItemFailures, failed...)
			})
		}
		all.Wait()
		return response, nil
	}
}

// group works on the messages of one follower and returns those that have failed.
func (q *Queue) group(
	ctx context.Context, group []events.SQSMessage, work func(context.Context, answers.Message) error,
) (failed []events.SQSBatchItemFailure) {
	for n, m := range group {
		message, err := parse(m)
		if err == nil {
			err = work(ctx, message)
		}
		if err == nil {
			continue
		}
		// Without this, the follower and the messages behind it would wait for the queue's visibility timeout.
		if againErr := q.again(ctx, m.ReceiptHandle, answers.RetryAfter(err, message.Receive)); againErr != nil {
			slog.WarnContext(ctx, "the queue delivers a message again later than it should", "error", againErr)
		}
		for _, left := range group[n:] {
			failed = append(failed, events.SQSBatchItemFailure{ItemIdentifier: left.MessageId})
		}
		return failed
	}
	return nil
}

func parse(m events.SQSMessage) (answers.Message, error) {
	receive, err := strconv.Atoi(m.Attributes["ApproximateReceiveCount"])
	if err != nil {
		return answers.Message{}, errors.New("a message of the queue has no ApproximateReceiveCount")
	}
	message := answers.Message{ID: m.MessageId, Receive: receive}
	if err := json.Unmarshal([]byte(m.Body), &message.Task); err != nil {
		return message, fmt.Errorf("a message of the queue is not a task: %w", conversation.ErrFailed)
	}
	return message, nil
}
