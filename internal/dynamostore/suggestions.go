package dynamostore

import (
	"context"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/guanzhu/guanzhu/internal/table"
	"github.com/guanzhu/guanzhu/pkg/follower"
)

// AddSuggestion implements follower.Store. One transaction puts the suggestion and adds its id to the set by which the
// day's suggestions are counted, so that the count is right however often the push is delivered.
func (s *Store) AddSuggestion(ctx context.Context, suggestion follower.Suggestion) (kept bool, err error) {
	count := table.NewSuggested(suggestion)
	refused, err := s.transact(ctx,
		s.put(table.NewSuggestion(suggestion), "attribute_not_exists(pk)", nil),
		types.TransactWriteItem{Update: &types.Update{
			TableName:           s.table,
			Key:                 pack(count.Key),
			UpdateExpression:    aws.String("ADD ids :ids SET expires_at = :until"),
			ConditionExpression: aws.String("attribute_not_exists(ids) OR size(ids) < :max OR contains(ids, :id)"),
			ExpressionAttributeValues: item{
				":ids":   &types.AttributeValueMemberSS{Value: []string{suggestion.ID()}},
				":id":    text(suggestion.ID()),
				":max":   number(follower.MaxSuggestions),
				":until": number(count.ExpiresAt),
			},
		}})
	if err != nil {
		return false, fmt.Errorf("store a suggestion: %w", err)
	}
	_, there := refused[0]
	return there || len(refused) == 0, nil
}

// Suggestions returns the suggestions of month's month in China time that have not expired, oldest first, and how many
// records there cannot be read.
func (s *Store) Suggestions(ctx context.Context, month time.Time) (all []follower.Suggestion, unreadable int, err error) {
	pages := dynamodb.NewQueryPaginator(s.db, &dynamodb.QueryInput{
		TableName:              s.table,
		KeyConditionExpression: aws.String("pk = :pk"),
		FilterExpression:       aws.String("attribute_not_exists(expires_at) OR expires_at > :now"),
		ExpressionAttributeValues: item{
			":pk":  text(table.SuggestionsPK(month)),
			":now": seconds(s.now()),
		},
		ConsistentRead: aws.Bool(true),
	})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, 0, fmt.Errorf("list suggestions: %w", err)
		}
		for _, packed := range page.Items {
			suggestion, err := unpackSuggestion(packed)
			if err != nil {
				unreadable++
				continue
			}
			all = append(all, suggestion)
		}
	}
	return all, unreadable, nil
}

func unpackSuggestion(packed item) (follower.Suggestion, error) {
	if _, isText := packed["text"].(*types.AttributeValueMemberS); !isText { // unpack would make a text of a number
		return follower.Suggestion{}, follower.ErrUnreadable
	}
	var record table.Suggestion
	if err := unpack(packed, &record); err != nil {
		return follower.Suggestion{}, err
	}
	return record.Suggestion()
}

// MarkHandled marks the suggestion of s's time, MsgID and writer as handled, and reports whether there is one that has
// not expired; otherwise nothing is written. A suggestion that is handled already stays as it is.
func (s *Store) MarkHandled(ctx context.Context, suggestion follower.Suggestion) (found bool, err error) {
	_, err = s.db.UpdateItem(ctx, &dynamodb.UpdateItemInput{
		TableName:           s.table,
		Key:                 pack(table.SuggestionKey(suggestion)),
		UpdateExpression:    aws.String("SET handled = :true"),
		ConditionExpression: aws.String("attribute_exists(pk) AND expires_at > :now"),
		ExpressionAttributeValues: item{
			":true": &types.AttributeValueMemberBOOL{Value: true},
			":now":  seconds(s.now()),
		},
	})
	if err != nil && !conditionFailed(err) {
		return false, fmt.Errorf("mark a suggestion: %w", err)
	}
	return err == nil, nil
}
