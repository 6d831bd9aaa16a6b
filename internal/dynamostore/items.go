package dynamostore

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/guanzhu/guanzhu/internal/table"
	"github.com/guanzhu/guanzhu/pkg/follower"
)

// item is a DynamoDB item, a key, or the values of an expression.
type item = map[string]types.AttributeValue

// pack returns a key or a record of package table as an item.
func pack(record any) item {
	packed, err := attributevalue.MarshalMapWithOptions(record, func(o *attributevalue.EncoderOptions) { o.TagKey = "json" })
	if err != nil {
		panic(fmt.Sprintf("dynamostore: %T cannot be packed: %v", record, err)) // texts, numbers and lists always can
	}
	return packed
}

// unpack reads packed into a record of package table. Its error is follower.ErrUnreadable.
func unpack(packed item, record any) error {
	err := attributevalue.UnmarshalMapWithOptions(packed, record, func(o *attributevalue.DecoderOptions) { o.TagKey = "json" })
	if err != nil {
		return follower.ErrUnreadable
	}
	return nil
}

func number(n int64) types.AttributeValue {
	return &types.AttributeValueMemberN{Value: strconv.FormatInt(n, 10)}
}

func seconds(t time.Time) types.AttributeValue { return number(table.Seconds(t)) }

func text(s string) types.AttributeValue { return &types.AttributeValueMemberS{Value: s} }

// unpackFollower returns the follower of an item, the zero Follower for a tombstone or no item.
func unpackFollower(packed item) (follower.Follower, error) {
	var record table.Follower
	err := unpack(packed, &record)
	return record.Follower(), err
}

// get reads the item at key into record, which stays as it is if there is none.
func (s *Store) get(ctx context.Context, key table.Key, record any) error {
	out, err := s.db.GetItem(ctx, &dynamodb.GetItemInput{
		TableName: s.table, Key: pack(key), ConsistentRead: aws.Bool(true),
	})
	if err != nil {
		return err
	}
	return unpack(out.Item, record)
}

// getAll returns the items that there are at keys, at most 100, in no order.
func (s *Store) getAll(ctx context.Context, keys ...table.Key) (found []item, err error) {
	left := types.KeysAndAttributes{ConsistentRead: aws.Bool(true)}
	for _, key := range keys {
		left.Keys = append(left.Keys, pack(key))
	}
	for attempt := 1; ; attempt++ {
		out, err := s.db.BatchGetItem(ctx, &dynamodb.BatchGetItemInput{
			RequestItems: map[string]types.KeysAndAttributes{*s.table: left},
		})
		if err != nil {
			return nil, err
		}
		found = append(found, out.Responses[*s.table]...)
		// The table was too busy for these, or the answer too large.
		left.Keys = out.UnprocessedKeys[*s.table].Keys
		if len(left.Keys) == 0 {
			return found, nil
		}
		if err := again(ctx, attempt); err != nil {
			return nil, err
		}
	}
}
