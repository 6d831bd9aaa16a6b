package table

import (
	"time"

	"github.com/guanzhu/guanzhu/pkg/follower"
	"github.com/guanzhu/guanzhu/pkg/wechat"
)

// Suggestion is a text that a follower sent to be kept.
type Suggestion struct {
	Key
	Text      *string `json:"text"`
	At        int64   `json:"at,omitempty"`
	Handled   bool    `json:"handled"`
	ExpiresAt int64   `json:"expires_at,omitempty"`
}

// SuggestionsPK is the partition of the suggestions of at's month in China time.
func SuggestionsPK(at time.Time) string {
	return "suggestions#" + at.In(wechat.ChinaTime).Format("2006-01")
}

// SuggestionKey is the key of s.
func SuggestionKey(s follower.Suggestion) Key { return Key{SuggestionsPK(s.At), s.Key()} }

// NewSuggestion returns the record of s, within the bounds of Suggestion.Bounded.
func NewSuggestion(s follower.Suggestion) Suggestion {
	s = s.Bounded()
	return Suggestion{
		Key: SuggestionKey(s), Text: &s.Text, At: Seconds(s.At), Handled: s.Handled, ExpiresAt: Seconds(s.ExpiresAt),
	}
}

// Suggestion returns the suggestion; follower.ErrUnreadable if the item is not one.
func (r Suggestion) Suggestion() (follower.Suggestion, error) {
	s, err := follower.ParseSuggestionKey(r.SK)
	if err != nil || r.Text == nil {
		return follower.Suggestion{}, follower.ErrUnreadable
	}
	s.Text, s.Handled, s.ExpiresAt = *r.Text, r.Handled, Time(r.ExpiresAt)
	return s, nil
}

// Suggested holds the ids of one writer's suggestions of one day in China time, which are counted by it.
type Suggested struct {
	Key
	IDs       []string `json:"ids"                  dynamodbav:"ids,stringset"`
	ExpiresAt int64    `json:"expires_at,omitempty"`
}

// NewSuggested returns the record, without ids, by which s is counted. It expires a day after that day's end.
func NewSuggested(s follower.Suggestion) Suggested {
	at := s.At.In(wechat.ChinaTime)
	return Suggested{Key: Key{"suggested#" + at.Format(time.DateOnly), s.FollowerHash}, ExpiresAt: dayAfter(at)}
}
