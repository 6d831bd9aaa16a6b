package follower

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Key tells the suggestion from the others of its month, oldest first: CreateTime#MsgId#follower-hash.
func (s Suggestion) Key() string { return s.ID() + "#" + s.FollowerHash }

// ID tells the suggestion from its writer's others: CreateTime#MsgId.
func (s Suggestion) ID() string { return fmt.Sprintf("%d#%d", s.At.Unix(), s.MsgID) }

// ParseSuggestionKey returns of a suggestion what its Key says: time, MsgId and writer. It returns ErrUnreadable for what
// is no such key.
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
