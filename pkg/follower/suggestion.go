package follower

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Suggestion is a text that a follower sent to the owner. It contains no openid, so that an unfollow leaves nothing
// personal.
type Suggestion struct {
	At           time.Time // CreateTime of the message
	MsgID        uint64    // or, if the message has none, a number made of the keyed hash of its text
	FollowerHash string    // keyed hash of the writer's openid; MsgIDs of two writers may be equal
	Text         string    // as sent, with the leading @
	Handled      bool
	ExpiresAt    time.Time
}

// Key is unique among the suggestions of a month, and sorts them by time: CreateTime#MsgId#follower-hash.
func (s Suggestion) Key() string { return s.ID() + "#" + s.FollowerHash }

// ID is unique among the suggestions of one writer: CreateTime#MsgId.
func (s Suggestion) ID() string { return fmt.Sprintf("%d#%d", s.At.Unix(), s.MsgID) }

// ParseSuggestionKey returns a Suggestion with the time, MsgId and writer of key, or ErrUnreadable if key is not a
// Suggestion's Key.
func ParseSuggestionKey(key string) (Suggestion, error) {
	parts := strings.SplitN(key, "#", 3)
	if len(parts) != 3 {
		return Suggestion{}, ErrUnreadable
	}
	at, errAt := strconv.ParseInt(parts[0], 10, 64)
	msgID, errID := strconv.ParseUint(parts[1], 10, 64)
	s := Suggestion{At: time.Unix(at, 0).UTC(), MsgID: msgID, FollowerHash: parts[2]}
	if errAt != nil || errID != nil || s.FollowerHash == "" || s.Key() != key {
		return Suggestion{}, ErrUnreadable
	}
	return s, nil
}
