package table

import (
	"time"

	"github.com/guanzhu/guanzhu/internal/conversation"
)

// ConversationSK is the sort key of an openid's conversation.
const ConversationSK = "conversation"

// ConversationKey is the key of an openid's conversation.
func ConversationKey(openid string) Key { return Key{openid, ConversationSK} }

// Conversation is a follower's conversation. Each write gives it another version, so that a conversation of the same
// version is unchanged.
type Conversation struct {
	Key
	Version string `json:"version"`
	conversation.Conversation
	ExpiresAt int64 `json:"expires_at,omitempty"`
}

// NewConversation returns the record of openid's conversation.
func NewConversation(openid, version string, c conversation.Conversation) Conversation {
	return Conversation{ConversationKey(openid), version, c, Seconds(c.Expires())}
}

// Current returns the conversation with f, the zero Conversation if the record has expired. It leaves out what is from before
// the follow.
func (r Conversation) Current(f Follower, now time.Time) conversation.Conversation {
	if r.ExpiresAt != 0 && r.ExpiresAt <= now.Unix() {
		return conversation.Conversation{}
	}
	r.Forget(f.followed())
	return r.Conversation
}
