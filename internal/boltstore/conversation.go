package boltstore

import (
	"context"
	"crypto/rand"
	"time"

	"github.com/guanzhu/guanzhu/internal/conversation"
	"github.com/guanzhu/guanzhu/internal/table"
	"github.com/guanzhu/guanzhu/pkg/follower"
	"github.com/guanzhu/guanzhu/pkg/wechat"
)

// Conversation implements answers.Store.
func (s *Store) Conversation(ctx context.Context, openid string) (c conversation.Conversation, err error) {
	err = s.view(ctx, "read a conversation", func(b records) error {
		if !wechat.IsOpenID(openid) {
			return follower.ErrOpenID
		}
		var record table.Conversation
		_, err := b.get(table.ConversationKey(openid), &record)
		c = record.Current(s.now())
		return err
	})
	return c, err
}

// ChangeConversation implements answers.Store.
func (s *Store) ChangeConversation(
	ctx context.Context, openid string, at time.Time, change func(*conversation.Conversation) error,
) error {
	return s.updateFor(ctx, "change a conversation", openid, func(b records) error {
		var record table.Conversation
		found, err := b.get(table.ConversationKey(openid), &record)
		if err != nil {
			return err
		}
		changed := record.Current(s.now())
		if err := change(&changed); err != nil {
			return err
		}
		if !found {
			if err := s.mayBegin(b, openid, at); err != nil {
				return err
			}
		}
		return b.put(table.ConversationKey(openid), table.NewConversation(openid, rand.Text(), changed))
	})
}

// mayBegin returns follower.ErrNotFound if the follower has unfollowed at that time or later, or followed later.
func (s *Store) mayBegin(b records, openid string, at time.Time) error {
	var f table.Follower
	found, err := b.get(table.FollowerKey(openid), &f)
	switch {
	case err != nil || !found || s.expired(f.ExpiresAt):
		return err
	case f.EventTime > table.Seconds(at), f.EventTime == table.Seconds(at) && f.Tombstone():
		return follower.ErrNotFound
	}
	return nil
}
