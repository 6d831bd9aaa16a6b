package boltstore

import (
	"time"

	"github.com/guanzhu/guanzhu/pkg/follower"
)

// key is the primary key of a record. Each record begins with it, as a DynamoDB item does.
type key struct {
	PK string `json:"pk"`
	SK string `json:"sk"`
}

func followerKey(openid string) key { return key{openid, "follower"} }
func sessionKey(openid string) key  { return key{openid, "session"} }

var accessTokenKey = key{"#account", "access-token"}

// followerItem is a follower or, where ExpiresAt is set, the tombstone of one.
type followerItem struct {
	key
	OpenID       string `json:"openid,omitempty"`
	UnionID      string `json:"unionid,omitempty"`
	SubscribedAt int64  `json:"subscribed_at,omitempty"`
	EventTime    int64  `json:"event_time"`
	Scene        string `json:"scene,omitempty"`
	QRScene      string `json:"qr_scene,omitempty"`
	Language     string `json:"language,omitempty"`
	Remark       string `json:"remark,omitempty"`
	Tags         []int  `json:"tags,omitempty"`
	Profile      string `json:"profile,omitempty"`
	PendingSince int64  `json:"pending_since,omitempty"`
	CheckedAt    int64  `json:"checked_at,omitempty"`
	ExpiresAt    int64  `json:"expires_at,omitempty"`
}

func newFollowerItem(f follower.Follower) followerItem {
	item := followerItem{
		key:          followerKey(f.OpenID),
		OpenID:       f.OpenID,
		UnionID:      f.UnionID,
		SubscribedAt: seconds(f.SubscribedAt),
		EventTime:    seconds(f.EventTime),
		Scene:        f.Scene,
		QRScene:      f.QRScene,
		Language:     f.Language,
		Remark:       f.Remark,
		Profile:      string(f.State),
		CheckedAt:    seconds(f.CheckedAt),
	}
	if len(f.Tags) > 0 {
		item.Tags = f.Tags
	}
	if f.State == follower.Pending {
		item.PendingSince = seconds(f.PendingSince)
	}
	return item
}

// follower is the zero Follower for a tombstone.
func (i followerItem) follower() follower.Follower {
	if i.tombstone() {
		return follower.Follower{}
	}
	return follower.Follower{
		OpenID: i.PK,
		Profile: follower.Profile{
			UnionID:      i.UnionID,
			Language:     i.Language,
			Scene:        i.Scene,
			QRScene:      i.QRScene,
			Remark:       i.Remark,
			Tags:         i.Tags,
			SubscribedAt: fromSeconds(i.SubscribedAt),
		},
		State:        follower.ProfileState(i.Profile),
		EventTime:    fromSeconds(i.EventTime),
		PendingSince: fromSeconds(i.PendingSince),
		CheckedAt:    fromSeconds(i.CheckedAt),
	}
}

func (i followerItem) tombstone() bool { return i.ExpiresAt != 0 }

// sessionItem's lists are DynamoDB's string sets, in order: "until#hash".
type sessionItem struct {
	key
	EstablishedAt int64    `json:"established_at"`
	EventTime     int64    `json:"event_time"`
	Devices       []string `json:"devices,omitempty"`
	Tickets       []string `json:"tickets,omitempty"`
	UsedTickets   []string `json:"used_tickets,omitempty"`
}

func newSessionItem(openid string, s follower.Session) sessionItem {
	return sessionItem{
		key:           sessionKey(openid),
		EstablishedAt: seconds(s.EstablishedAt),
		EventTime:     seconds(s.EventTime),
		Devices:       follower.Entries(s.Devices),
		Tickets:       follower.Entries(s.Tickets),
		UsedTickets:   follower.Entries(s.UsedTickets),
	}
}

func (i sessionItem) session() follower.Session {
	return follower.Session{
		EstablishedAt: fromSeconds(i.EstablishedAt),
		EventTime:     fromSeconds(i.EventTime),
		Devices:       follower.ParseEntries(i.Devices),
		Tickets:       follower.ParseEntries(i.Tickets),
		UsedTickets:   follower.ParseEntries(i.UsedTickets),
	}
}

type suggestionItem struct {
	key
	Text      *string `json:"text"`
	At        int64   `json:"at"`
	Handled   bool    `json:"handled"`
	ExpiresAt int64   `json:"expires_at"`
}

func newSuggestionItem(s follower.Suggestion) suggestionItem {
	return suggestionItem{
		key:       key{follower.SuggestionsKey(s.At), s.Key()},
		Text:      &s.Text,
		At:        seconds(s.At),
		Handled:   s.Handled,
		ExpiresAt: seconds(s.ExpiresAt),
	}
}

// suggestion is not ok for what is none.
func (i suggestionItem) suggestion() (s follower.Suggestion, ok bool) {
	s, err := follower.ParseSuggestionKey(i.SK)
	if err != nil || i.Text == nil {
		return follower.Suggestion{}, false
	}
	s.Text, s.Handled, s.ExpiresAt = *i.Text, i.Handled, fromSeconds(i.ExpiresAt)
	return s, true
}

// suggestedItem is the count of one writer's suggestions of a day: their ids, in order, as in a DynamoDB set.
type suggestedItem struct {
	key
	IDs       []string `json:"ids"`
	ExpiresAt int64    `json:"expires_at"`
}

type accessTokenItem struct {
	key
	Token       string `json:"token,omitempty"`
	ValidUntil  int64  `json:"valid_until,omitempty"`
	ForcedAt    int64  `json:"forced_at,omitempty"`
	ForcedCount int    `json:"forced_count,omitempty"`
}

// seconds is the stored form of a time; 0 is no time.
func seconds(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.Unix()
}

func fromSeconds(n int64) time.Time {
	if n == 0 {
		return time.Time{}
	}
	return time.Unix(n, 0).UTC()
}
