// Package answers replies to texts whose handler takes longer than WeChat waits. The endpoint records a question and sends
// it to a queue (Replier); another function runs the handler (Worker). Whoever of the two writes to the conversation first
// decides who delivers the answer.
package answers

import (
	"context"
	"crypto/rand"
	"time"

	"github.com/guanzhu/guanzhu/internal/conversation"
	"github.com/guanzhu/guanzhu/pkg/wechat"
)

// Store keeps conversations.
//
// Reads are consistent. A write is durable when it returns nil. One that returns an error may or may not have been made.
// An unfollow deletes the conversation in its own transaction. Both methods leave out what is from before the follow, in case
// that unfollow was lost or is late.
type Store interface {
	// Conversation returns the follower's conversation, the zero Conversation if there is none or it has expired.
	Conversation(ctx context.Context, openid string) (conversation.Conversation, error)

	// ChangeConversation stores what change makes of the conversation. If another write comes in between, it reads again
	// and calls change again. If change returns an error, nothing is written.
	//
	// at is the time of the push for which the conversation changes. If the push is from before the follow, or there is no
	// conversation and the follower has unfollowed at that time or later, the error is follower.ErrNotFound.
	ChangeConversation(ctx context.Context, openid string, at time.Time, change func(*conversation.Conversation) error) error
}

// Retry lets a question whose handler has failed be asked again. If nobody waits for its answer, the error is
// conversation.ErrGone.
func Retry(ctx context.Context, store Store, queue Queue, t Task) error {
	if !wechat.IsOpenID(t.OpenID) {
		return conversation.ErrGone
	}
	err := store.ChangeConversation(ctx, t.OpenID, time.Time{}, func(c *conversation.Conversation) error { return c.Retry(t.Job) })
	if err != nil {
		return err
	}
	return queue.Send(ctx, Task{OpenID: t.OpenID, Job: t.Job, Retry: rand.Text(), SentAt: t.SentAt})
}
