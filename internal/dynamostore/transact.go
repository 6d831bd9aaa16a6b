package dynamostore

import (
	"context"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/guanzhu/guanzhu/internal/table"
)

// transact makes all writes or, if the condition of one fails, none. Then refused holds the stored items that failed the
// conditions by the index of the write, an empty item if there is none.
//
// The SDK never retries a canceled transaction, so transact does if the reason is transient.
func (s *Store) transact(ctx context.Context, writes ...types.TransactWriteItem) (refused map[int]item, err error) {
	for attempt := 1; ; attempt++ {
		// Each attempt has an input of its own. The SDK sets a ClientRequestToken in it, by which DynamoDB recognises the
		// SDK's own retry after a lost answer. The attempt after a cancellation is another request.
		_, err := s.db.TransactWriteItems(ctx, &dynamodb.TransactWriteItemsInput{TransactItems: writes})
		var canceled *types.TransactionCanceledException
		switch {
		case err == nil:
			return nil, nil
		case !errors.As(err, &canceled):
			return nil, err
		case transient(canceled):
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

// transient reports whether the transaction was canceled for a reason that may be gone at the next attempt. It ignores
// conditions that failed as well.
func transient(canceled *types.TransactionCanceledException) bool {
	for _, reason := range canceled.CancellationReasons {
		switch aws.ToString(reason.Code) {
		case "TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded":
			return true
		}
	}
	return false
}

// put is a write of transact. An empty condition always holds.
func (s *Store) put(record any, condition string, values item) types.TransactWriteItem {
	put := &types.Put{
		TableName:                           s.table,
		Item:                                pack(record),
		ReturnValuesOnConditionCheckFailure: types.ReturnValuesOnConditionCheckFailureAllOld,
	}
	if condition != "" {
		put.ConditionExpression, put.ExpressionAttributeValues = &condition, values
	}
	return types.TransactWriteItem{Put: put}
}

// delete is a write of transact.
func (s *Store) delete(key table.Key) types.TransactWriteItem {
	return types.TransactWriteItem{Delete: &types.Delete{TableName: s.table, Key: pack(key)}}
}
