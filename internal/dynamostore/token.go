package dynamostore

import (
	"context"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"github.com/guanzhu/guanzhu/internal/table"
	"github.com/guanzhu/guanzhu/pkg/wechat"
)

// AccessToken returns the stored token, the zero AccessToken if there is none.
func (s *Store) AccessToken(ctx context.Context) (wechat.AccessToken, error) {
	var record table.AccessToken
	if err := s.get(ctx, table.AccessTokenKey, &record); err != nil {
		return wechat.AccessToken{}, fmt.Errorf("read the access token: %w", err)
	}
	return record.AccessToken(), nil
}

// SaveAccessToken stores the token and keeps the mark of the last forced refresh.
func (s *Store) SaveAccessToken(ctx context.Context, value string, validUntil time.Time) error {
	_, err := s.db.UpdateItem(ctx, &dynamodb.UpdateItemInput{
		TableName:                 s.table,
		Key:                       pack(table.AccessTokenKey),
		UpdateExpression:          aws.String("SET #token = :token, valid_until = :until"),
		ExpressionAttributeNames:  map[string]string{"#token": "token"}, // a reserved word
		ExpressionAttributeValues: item{":token": text(value), ":until": seconds(validUntil)},
	})
	if err != nil {
		return fmt.Errorf("store the access token: %w", err)
	}
	return nil
}

// MarkForced stores mark's ForcedAt and ForcedCount if the stored ForcedAt still is was's, and reports whether it was.
//
// Of several callers with the same was, at most one gets true. If the answer to the winner is lost, nobody does: the
// mark that the winner then finds may be another caller's of the same second. Nobody refreshes until the next mark.
func (s *Store) MarkForced(ctx context.Context, was, mark wechat.AccessToken) (bool, error) {
	values := item{":at": seconds(mark.ForcedAt), ":count": number(int64(mark.ForcedCount))}
	condition := "attribute_not_exists(forced_at)"
	if !was.ForcedAt.IsZero() {
		condition = "forced_at = :was"
		values[":was"] = seconds(was.ForcedAt)
	}
	_, err := s.db.UpdateItem(ctx, &dynamodb.UpdateItemInput{
		TableName:                 s.table,
		Key:                       pack(table.AccessTokenKey),
		UpdateExpression:          aws.String("SET forced_at = :at, forced_count = :count"),
		ConditionExpression:       aws.String(condition),
		ExpressionAttributeValues: values,
	})
	if err != nil && !conditionFailed(err) {
		return false, fmt.Errorf("mark a forced refresh: %w", err)
	}
	return err == nil, nil
}
