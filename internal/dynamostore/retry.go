package dynamostore

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	mathrand "math/rand/v2"
	"slices"
	"time"

	"github.com/guanzhu/guanzhu/internal/awsjson"
	"github.com/guanzhu/guanzhu/internal/pause"
	"github.com/guanzhu/guanzhu/internal/table"
	"github.com/guanzhu/guanzhu/pkg/follower"
)

// attemptTimeout bounds each step of an attempt: the connection, the TLS handshake, the wait for the answer's header.
// DynamoDB takes milliseconds for each. A connection that a frozen function held may be dead without anybody knowing, and
// the 5 s that WeChat waits for a reply must leave room for another attempt.
const attemptTimeout = time.Second

// backoff returns how long to wait after an attempt, numbered from 1: up to 50 ms after the first and never more than
// 250 ms. It is random, so that two writers that met in a conflict do not meet again.
func backoff(attempt int) time.Duration {
	return mathrand.N(min(25*time.Millisecond<<min(attempt, 4), 250*time.Millisecond))
}

// again waits before the next attempt and takes a retry for it.
func again(ctx context.Context, attempt int) error {
	if err := follower.TakeRetry(ctx); err != nil {
		return err
	}
	return pause.For(ctx, backoff(attempt))
}

// write is a write of transact: a Put, an Update, a Delete or a ConditionCheck.
type write map[string]request

// reason is why a write of a canceled transaction was not made. Item is the stored one that failed the condition.
type reason struct {
	Code string
	Item item
}

// transact makes all writes or, if the condition of one fails, none. Then refused holds the stored items that failed the
// conditions by the index of the write, an empty item if there is none.
func (s *Store) transact(ctx context.Context, writes ...write) (refused map[int]item, err error) {
	for attempt := 1; ; attempt++ {
		// By the token, DynamoDB recognises another try after a lost answer. The attempt after a cancellation is another request.
		in := map[string]any{"TransactItems": writes, "ClientRequestToken": rand.Text()}
		err := s.call(ctx, "TransactWriteItems", in, nil)
		reasons := cancellation(err)
		switch {
		case reasons == nil:
			return nil, err
		case transient(reasons):
			if waitErr := again(ctx, attempt); waitErr != nil {
				return nil, fmt.Errorf("%w; last answer: %w", waitErr, err)
			}
			continue
		}
		refused := map[int]item{}
		for n, r := range reasons {
			switch r.Code {
			case "ConditionalCheckFailed":
				refused[n] = r.Item
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

// cancellation returns the reasons, one for each write, if err says that a transaction was canceled.
func cancellation(err error) []reason {
	refusal, ok := errors.AsType[*awsjson.Refusal](err)
	if !ok || refusal.ErrorCode() != "TransactionCanceledException" {
		return nil
	}
	var out struct{ CancellationReasons []reason }
	if refusal.Unmarshal(&out) != nil {
		return nil
	}
	return out.CancellationReasons
}

// transient reports whether the transaction was canceled for a reason that may be gone at the next attempt. It ignores
// conditions that failed as well.
func transient(reasons []reason) bool {
	return slices.ContainsFunc(reasons, func(r reason) bool {
		return r.Code == "TransactionConflict" || r.Code == "ThrottlingError" || r.Code == "ProvisionedThroughputExceeded"
	})
}

// allOld has a refusal hold the stored item that failed the condition.
const allOld = "ALL_OLD"

// put is a write of transact. An empty condition always holds.
func (s *Store) put(record any, condition string, values item) write {
	return write{"Put": {
		TableName: s.table, Item: pack(record), ConditionExpression: condition, ExpressionAttributeValues: values,
		ReturnValuesOnConditionCheckFailure: allOld,
	}}
}

// delete is a write of transact.
func (s *Store) delete(key table.Key) write {
	return write{"Delete": {TableName: s.table, Key: pack(key)}}
}
