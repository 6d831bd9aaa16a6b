package dynamostore

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/guanzhu/guanzhu/internal/conversation"
	"github.com/guanzhu/guanzhu/internal/table"
	"github.com/guanzhu/guanzhu/pkg/follower"
	"github.com/guanzhu/guanzhu/pkg/wechat"
)

// Conversation implements answers.Store.
func (s *Store) Conversation(ctx context.Context, openid string) (conversation.Conversation, error) {
	record, f, err := s.conversation(ctx, openid)
	if err != nil {
		return conversation.Conversation{}, fmt.Errorf("read a conversation: %w", err)
	}
	return record.Current(f, s.now()), nil
}

// conversation returns the follower, too.
func (s *Store) conversation(ctx context.Context, openid string) (c table.Conversation, f table.Follower, err error) {
	if !wechat.IsOpenID(openid) {
		return c, f, follower.ErrOpenID
	}
	found, err := s.getAll(ctx, table.ConversationKey(openid), table.FollowerKey(openid))
	for _, packed := range found {
		var key table.Key
		err = errors.Join(err, unpack(packed, &key))
		switch key.SK {
		case table.ConversationSK:
			err = errors.Join(err, unpack(packed, &c))
		case table.FollowerSK:
			err = errors.Join(err, unpack(packed, &f))
		}
	}
	return c, f, err
}

// ChangeConversation implements answers.Store.
func (s *Store) ChangeConversation(
	ctx context.Context, openid string, at time.Time, change func(*conversation.Conversation) error,
) error {
	version := "" // of the last try
	err := untilStored(ctx, func() (stored bool, err error) {
		record, f, err := s.conversation(ctx, openid)
		if err != nil {
			return false, err
		}
		if version != "" && record.Version == version {
			return true, nil // the answer to the last try was lost
		}
		changed := record.Current(f, s.now())
		if err := change(&changed); err != nil {
			return false, err
		}
		if f.FromBefore(at) {
			return false, follower.ErrNotFound
		}
		version = rand.Text()
		return s.putConversation(ctx, record.Version, at, table.NewConversation(openid, version, changed))
	})
	if err != nil {
		return fmt.Errorf("change a conversation: %w", err)
	}
	return nil
}

// putConversation stores record if the stored one still has the version old. If there is none, it begins a conversation.
func (s *Store) putConversation(ctx context.Context, old string, at time.Time, record table.Conversation) (stored bool, err error) {
	if old == "" {
		return s.beginConversation(ctx, at, record)
	}
	_, err = s.db.PutItem(ctx, &dynamodb.PutItemInput{
		TableName:                 s.table,
		Item:                      pack(record),
		ConditionExpression:       aws.String("version = :old"),
		ExpressionAttributeValues: item{":old": text(old)},
	})
	return held(err)
}

// beginConversation stores record if there is no conversation and the follower has neither unfollowed at that time or
// later, nor followed later.
func (s *Store) beginConversation(ctx context.Context, at time.Time, record table.Conversation) (stored bool, err error) {
	refused, err := s.transact(ctx,
		types.TransactWriteItem{ConditionCheck: &types.ConditionCheck{
			TableName: s.table,
			Key:       pack(table.FollowerKey(record.PK)),
			ConditionExpression: aws.String("attribute_not_exists(event_time) OR event_time < :t OR expires_at <= :now" +
				" OR (event_time = :t AND attribute_not_exists(expires_at))"),
			ExpressionAttributeValues:           item{":t": seconds(at), ":now": seconds(s.now())},
			ReturnValuesOnConditionCheckFailure: types.ReturnValuesOnConditionCheckFailureAllOld,
		}},
		s.put(record, "attribute_not_exists(pk)", nil))
	if err != nil {
		return false, err
	}
	if _, ok := refused[0]; ok {
		return false, follower.ErrNotFound
	}
	return len(refused) == 0, nil
}
