package dynamostore

import (
	"context"
	"fmt"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/guanzhu/guanzhu/internal/quota"
	"github.com/guanzhu/guanzhu/internal/table"
)

// CountQuestion implements quota.Store. One transaction changes both counts.
func (s *Store) CountQuestion(ctx context.Context, q quota.Question) (allowed bool, err error) {
	one, all := table.NewAsked(q)
	refused, err := s.transact(ctx,
		types.TransactWriteItem{Update: &types.Update{
			TableName:           s.table,
			Key:                 pack(one.Key),
			UpdateExpression:    aws.String("ADD ids :ids SET expires_at = :until"),
			ConditionExpression: aws.String("attribute_not_exists(ids) OR (size(ids) < :max AND NOT contains(ids, :id))"),
			ExpressionAttributeValues: item{
				":ids":   &types.AttributeValueMemberSS{Value: []string{q.ID}},
				":id":    text(q.ID),
				":max":   number(int64(q.PerFollower)),
				":until": number(one.ExpiresAt),
			},
			ReturnValuesOnConditionCheckFailure: types.ReturnValuesOnConditionCheckFailureAllOld,
		}},
		types.TransactWriteItem{Update: &types.Update{
			TableName:                 s.table,
			Key:                       pack(all.Key),
			UpdateExpression:          aws.String("ADD #count :one SET expires_at = :until"),
			ConditionExpression:       aws.String("attribute_not_exists(#count) OR #count < :max"),
			ExpressionAttributeNames:  map[string]string{"#count": "count"}, // a reserved word
			ExpressionAttributeValues: item{":one": number(1), ":max": number(int64(q.PerAccount)), ":until": number(all.ExpiresAt)},
		}})
	if err != nil {
		return false, fmt.Errorf("count a question: %w", err)
	}
	if old, ok := refused[0]; ok {
		if err := unpack(old, &one); err != nil {
			return false, fmt.Errorf("count a question: %w", err)
		}
		return slices.Contains(one.IDs, q.ID), nil
	}
	return len(refused) == 0, nil
}
