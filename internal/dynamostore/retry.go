package dynamostore

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/ratelimit"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/smithy-go/middleware"

	"github.com/guanzhu/guanzhu/internal/telemetry"
	"github.com/guanzhu/guanzhu/internal/transport"
	"github.com/guanzhu/guanzhu/pkg/follower"
)

// attemptTimeout bounds each step of an attempt: to connect, to agree on TLS, to begin the answer. DynamoDB takes
// milliseconds for each; a connection that a frozen function held may be dead without knowing it, and the 5 s that the
// platform waits for a reply must leave room to try again.
const attemptTimeout = time.Second

// httpClient gives up an attempt that stalls, together with its connection, so that the next one takes another.
func httpClient(timeout time.Duration) aws.HTTPClient {
	return inOnePiece{transport.Client(transport.Limits{Connect: timeout, Handshake: timeout, Header: timeout, Call: 3 * timeout})}
}

// inOnePiece sends header and body together. The SDK's own body type is unknown to net/http, which therefore sends it
// after the header; and where the answer comes quickly, the SDK closes it before net/http has seen its end, which costs
// the warm connection.
type inOnePiece struct{ client aws.HTTPClient }

func (c inOnePiece) Do(r *http.Request) (*http.Response, error) {
	if r.Body != nil {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return nil, err
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
	}
	return c.client.Do(r)
}

// tellDurations adds each operation, its tries and waits included, to the one line that the log has for its request.
func tellDurations(stack *middleware.Stack) error {
	return stack.Initialize.Add(middleware.InitializeMiddlewareFunc("TellDurations", func(
		ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler,
	) (middleware.InitializeOutput, middleware.Metadata, error) {
		begun := time.Now()
		defer func() { telemetry.Called(ctx, telemetry.Table, time.Since(begun)) }()
		return next.HandleInitialize(ctx, in)
	}), middleware.Before)
}

// patient is the SDK's standard judgement of what is worth retrying, with another limit than the SDK's: it retries until
// ctx ends, or until the retries are used up that follower.WithRetries gave the request.
type patient struct{ aws.RetryerV2 }

func newPatient() patient {
	standard := retry.NewStandard(func(o *retry.StandardOptions) {
		o.RateLimiter = ratelimit.None
		o.Backoff = retry.BackoffDelayerFunc(func(attempt int, _ error) (time.Duration, error) {
			return backoff(attempt), nil
		})
		o.Retryables = append(o.Retryables,
			retry.RetryableErrorCode{Codes: map[string]struct{}{"TransactionConflictException": {}}},
			retry.IsErrorRetryableFunc(func(err error) aws.Ternary {
				if errors.Is(err, io.ErrUnexpectedEOF) { // the connection was cut within the answer
					return aws.TrueTernary
				}
				return aws.UnknownTernary
			}))
	})
	return patient{standard}
}

// MaxAttempts returns 0, which is no limit.
func (patient) MaxAttempts() int { return 0 }

// GetRetryToken is called before each retry. The SDK joins its error to the one that was to be retried.
func (patient) GetRetryToken(ctx context.Context, _ error) (func(error) error, error) {
	return func(error) error { return nil }, follower.TakeRetry(ctx)
}

// backoff is the time to wait after the attempt of that number, from 1: random, so that those who met in a conflict do
// not meet again, up to 50 ms after the first and never more than 250 ms.
func backoff(attempt int) time.Duration {
	return rand.N(min(25*time.Millisecond<<min(attempt, 4), 250*time.Millisecond))
}

// transact makes all of the writes or, if the condition of one fails, none. Then refused holds, by the write's index, the
// item that stood against it, which DynamoDB sends along; it is empty if there was none.
//
// The SDK does not retry a canceled transaction, whatever its reason, so this does.
func (s *Store) transact(ctx context.Context, writes ...types.TransactWriteItem) (refused map[int]item, err error) {
	for attempt := 1; ; attempt++ {
		// The input is made anew each time: the SDK sets a ClientRequestToken in it, by which DynamoDB takes the SDK's
		// own retries after a lost answer for one request. The next try after a cancellation is another request.
		_, err := s.db.TransactWriteItems(ctx, &dynamodb.TransactWriteItemsInput{TransactItems: writes})
		var canceled *types.TransactionCanceledException
		switch {
		case err == nil:
			return nil, nil
		case !errors.As(err, &canceled):
			return nil, err
		case passing(canceled):
			if waitErr := again(ctx, attempt); waitErr != nil {
				return nil, fmt.Errorf("%w; last answer: %w", waitErr, err)
			}
			continue
		}
		refused := map[int]item{}
		for n, reason := range canceled.CancellationReasons {
			switch aws.ToString(reason.Code) {
			case "ConditionalCheckFailed":
				refused[n] = reason.Item
			case "", "None":
			default:
				return nil, err
			}
		}
		if len(refused) == 0 {
			return nil, err
		}
		return refused, nil
	}
}

// put is a write of transact; an empty condition is none.
func (s *Store) put(record item, condition string, values item) types.TransactWriteItem {
	put := &types.Put{
		TableName:                           s.table,
		Item:                                record,
		ReturnValuesOnConditionCheckFailure: types.ReturnValuesOnConditionCheckFailureAllOld,
	}
	if condition != "" {
		put.ConditionExpression, put.ExpressionAttributeValues = &condition, values
	}
	return types.TransactWriteItem{Put: put}
}

// passing reports whether the transaction was canceled for a reason that time heals. A failed condition beside such a
// reason is tried again as well.
func passing(canceled *types.TransactionCanceledException) bool {
	for _, reason := range canceled.CancellationReasons {
		switch aws.ToString(reason.Code) {
		case "TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded":
			return true
		}
	}
	return false
}

// again waits before the try that follows the attempt of that number, and takes a retry for it.
func again(ctx context.Context, attempt int) error {
	if err := follower.TakeRetry(ctx); err != nil {
		return err
	}
	timer := time.NewTimer(backoff(attempt))
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
