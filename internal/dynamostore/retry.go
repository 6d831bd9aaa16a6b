package dynamostore

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/ratelimit"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/smithy-go/middleware"

	"github.com/guanzhu/guanzhu/internal/pause"
	"github.com/guanzhu/guanzhu/internal/telemetry"
	"github.com/guanzhu/guanzhu/internal/transport"
	"github.com/guanzhu/guanzhu/pkg/follower"
)

// attemptTimeout bounds each step of an attempt: the connection, the TLS handshake, the wait for the answer's header.
// DynamoDB takes milliseconds for each. A connection that a frozen function held may be dead without anybody knowing, and
// the 5 s that WeChat waits for a reply must leave room for another attempt.
const attemptTimeout = time.Second

// httpClient gives up an attempt that stalls together with its connection, so that the next attempt takes another one.
func httpClient(timeout time.Duration) aws.HTTPClient {
	return inOnePiece{transport.Client(transport.Limits{Connect: timeout, Handshake: timeout, Header: timeout, Call: 3 * timeout})}
}

// inOnePiece sends header and body together. net/http does not know the type of the SDK's body, so it would send the body
// after the header. If the answer then comes quickly, the SDK closes the body before net/http has read its end, which
// costs the warm connection.
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

// noteDurations adds the duration of each operation, retries included, to the log line of its request.
func noteDurations(stack *middleware.Stack) error {
	return stack.Initialize.Add(middleware.InitializeMiddlewareFunc("NoteDurations", func(
		ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler,
	) (middleware.InitializeOutput, middleware.Metadata, error) {
		begun := time.Now()
		defer func() { telemetry.Called(ctx, telemetry.Table, time.Since(begun)) }()
		return next.HandleInitialize(ctx, in)
	}), middleware.Before)
}

// retryUntilDeadline retries the errors that the SDK's standard Retryer retries, but not only three times: until ctx ends, or
// until the retries of follower.WithRetries are used up.
type retryUntilDeadline struct{ aws.RetryerV2 }

func newRetryUntilDeadline() retryUntilDeadline {
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
	return retryUntilDeadline{standard}
}

// MaxAttempts returns 0, which means no limit.
func (retryUntilDeadline) MaxAttempts() int { return 0 }

// GetRetryToken is called before each retry. The SDK joins its error to the one that was to be retried.
func (retryUntilDeadline) GetRetryToken(ctx context.Context, _ error) (func(error) error, error) {
	return func(error) error { return nil }, follower.TakeRetry(ctx)
}

// backoff returns how long to wait after an attempt, numbered from 1: up to 50 ms after the first and never more than
// 250 ms. It is random, so that two writers that met in a conflict do not meet again.
func backoff(attempt int) time.Duration {
	return rand.N(min(25*time.Millisecond<<min(attempt, 4), 250*time.Millisecond))
}

// again waits before the next attempt and takes a retry for it.
func again(ctx context.Context, attempt int) error {
	if err := follower.TakeRetry(ctx); err != nil {
		return err
	}
	return pause.For(ctx, backoff(attempt))
}
