package boltstore

import (
	"context"
	"crypto/rand"
	"errors"
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
		record, f, err := b.conversation(openid)
		c = record.Current(f, s.now())
		return err
	})
	return c, err
}

// conversation returns the follower, too.
func (r records) conversation(openid string) (c table.Conversation, f table.Follower, err error) {
	_, conversationErr := r.get(table.ConversationKey(openid), &c)
	_, followerErr := r.get(table.FollowerKey(openid), &f)
	return c, f, errors.Join(conversationErr, followerErr)
}

// ChangeConversation implements answers.Store.
func (s *Store) ChangeConversation(
	ctx context.Context, openid string, at time.Time, change func(*conversation.Conversation) error,
) error {
	return s.updateFor(ctx, "change a conversation", openid, func(b records) error {
		record, f, err := b.conversation(openid)
		if err != nil {
			return err
		}
		changed := record.Current(f, s.now())
		if err := change(&changed); err != nil {
			return err
		}
		if f.FromBefore(at) || record.Version == "" && !s.mayBegin(f, at) {
			return follower.ErrNotFound
		}
		return b.put(table.ConversationKey(openid), table.NewConversation(openid, rand.Text(), changed))
	})
}

// mayBegin reports whether the follower has neither unfollowed at that time or later, nor followed later.
func (s *Store) mayBegin(f table.Follower, at time.Time) bool {
	return s.expired(f.ExpiresAt) || f.EventTime < table.Seconds(at) || f.EventTime == table.Seconds(at) && !f.Tombstone()
}
