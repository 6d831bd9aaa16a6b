package follower

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/guanzhu/guanzhu/pkg/wechat"
)

// What is packed into one text is packed here, so that all stores write the same.

// SuggestionsKey is the key under which the suggestions of at's month in China time are kept together.
func SuggestionsKey(at time.Time) string {
	return "suggestions#" + at.In(wechat.ChinaTime).Format("2006-01")
}

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

// Entry is the stored form of a hash in one of a Session's maps: until#hash, the time in seconds.
func Entry(hash string, until time.Time) string { return fmt.Sprintf("%d#%s", until.Unix(), hash) }

// Entries is the stored form of one of a Session's maps, sorted; nil for an empty one.
func Entries(hashes map[string]time.Time) []string {
	var entries []string
	for hash, until := range hashes {
		entries = append(entries, Entry(hash, until))
	}
	slices.Sort(entries)
	return entries
}

// ParseEntries returns the map of which Entries made entries, nil for none.
func ParseEntries(entries []string) map[string]time.Time {
	if len(entries) == 0 {
		return nil
	}
	hashes := make(map[string]time.Time, len(entries))
	for _, entry := range entries {
		until, hash, _ := strings.Cut(entry, "#")
		seconds, _ := strconv.ParseInt(until, 10, 64) // only Entry writes them
		hashes[hash] = time.Unix(seconds, 0).UTC()
	}
	return hashes
}
