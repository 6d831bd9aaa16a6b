package dynamostore

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"time"

	"github.com/aws/smithy-go"

	"github.com/guanzhu/guanzhu/internal/awsjson"
	"github.com/guanzhu/guanzhu/internal/table"
	"github.com/guanzhu/guanzhu/internal/telemetry"
)

// service is DynamoDB. https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/Welcome.html
var service = awsjson.Service{Name: "dynamodb", Target: "DynamoDB_20120810", Version: "1.0"}

// request is the input of an operation on one item, of a write in a transaction, or of a Query or a Scan.
type request struct {
	TableName string
	IndexName string `json:",omitempty"`
	Key       item   `json:",omitempty"`
	Item      item   `json:",omitempty"`

	KeyConditionExpression    string            `json:",omitempty"`
	FilterExpression          string            `json:",omitempty"`
	UpdateExpression          string            `json:",omitempty"`
	ConditionExpression       string            `json:",omitempty"`
	ExpressionAttributeNames  map[string]string `json:",omitempty"`
	ExpressionAttributeValues item              `json:",omitempty"`

	ConsistentRead    bool `json:",omitempty"`
	ExclusiveStartKey item `json:",omitempty"`
	Limit             int  `json:",omitempty"`

	ReturnValues                        string `json:",omitempty"`
	ReturnValuesOnConditionCheckFailure string `json:",omitempty"`
}

// call lets DynamoDB perform an operation. It tries again after a transient failure, until ctx ends or its retries are used
// up. The line of ctx's request gets what it took, retries included.
func (s *Store) call(ctx context.Context, operation string, in, out any) error {
	begun := time.Now()
	defer func() { telemetry.Called(ctx, telemetry.Table, time.Since(begun)) }()
	for attempt := 1; ; attempt++ {
		err := s.db.Call(ctx, operation, in, out)
		if err == nil || !awsjson.Transient(err) && !isRefusal(err, "TransactionConflictException") {
			return err
		}
		if waitErr := again(ctx, attempt); waitErr != nil {
			return fmt.Errorf("%w; last answer: %w", waitErr, err)
		}
	}
}

// isRefusal reports whether DynamoDB has refused a request by that code.
func isRefusal(err error, code string) bool {
	refusal, ok := errors.AsType[smithy.APIError](err)
	return ok && refusal.ErrorCode() == code
}

func conditionFailed(err error) bool { return isRefusal(err, "ConditionalCheckFailedException") }

// putItem stores record if condition holds, which may be empty, and reports whether it did.
func (s *Store) putItem(ctx context.Context, record any, condition string, values item) (stored bool, err error) {
	return held(s.call(ctx, "PutItem", request{
		TableName: s.table, Item: pack(record), ConditionExpression: condition, ExpressionAttributeValues: values,
	}, nil))
}

// updateItem changes the item at key by r's expressions, and reports whether r's condition held.
func (s *Store) updateItem(ctx context.Context, key table.Key, r request) (updated bool, err error) {
	r.TableName, r.Key = s.table, pack(key)
	return held(s.call(ctx, "UpdateItem", r, nil))
}

// held tells a condition that did not hold from other errors.
func held(err error) (bool, error) {
	if conditionFailed(err) {
		return false, nil
	}
	return err == nil, err
}

// page is the answer to a Query or a Scan.
type page struct {
	Items            []item
	LastEvaluatedKey item // empty after the last page
}

// pages returns the pages of a Query or a Scan. It stops at the first error. Each page has within, retries included, if that
// is not 0.
func (s *Store) pages(ctx context.Context, operation string, r request, within time.Duration) iter.Seq2[page, error] {
	return func(yield func(page, error) bool) {
		r.TableName = s.table
		for more := true; more; more = len(r.ExclusiveStartKey) > 0 {
			p, err := s.page(ctx, operation, r, within)
			if !yield(p, err) || err != nil {
				return
			}
			r.ExclusiveStartKey = p.LastEvaluatedKey
		}
	}
}

func (s *Store) page(ctx context.Context, operation string, r request, within time.Duration) (p page, err error) {
	if within > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, within)
		defer cancel()
	}
	r.TableName = s.table
	return p, s.call(ctx, operation, r, &p)
}
