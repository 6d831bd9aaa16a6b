package table

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/guanzhu/guanzhu/pkg/follower"
)

// Session is a follower's session. Its lists are sets of strings in DynamoDB; see entries.
type Session struct {
	Key
	EstablishedAt int64    `json:"established_at,omitempty"`
	EventTime     int64    `json:"event_time,omitempty"`
	Devices       []string `json:"devices,omitempty"      dynamodbav:"devices,stringset"`
	Tickets       []string `json:"tickets,omitempty"      dynamodbav:"tickets,stringset"`
	UsedTickets   []string `json:"used_tickets,omitempty" dynamodbav:"used_tickets,stringset"`
}

// SessionAttributes are all of a session's but its key. A session is unchanged if they are.
var SessionAttributes = []string{"event_time", "established_at", "devices", "tickets", "used_tickets"}

// NewSession returns the record of openid's session.
func NewSession(openid string, s follower.Session) Session {
	return Session{
		Key:           SessionKey(openid),
		EstablishedAt: Seconds(s.EstablishedAt),
		EventTime:     Seconds(s.EventTime),
		Devices:       entries(s.Devices),
		Tickets:       entries(s.Tickets),
		UsedTickets:   entries(s.UsedTickets),
	}
}

// Session returns the session.
func (r Session) Session() follower.Session {
	return follower.Session{
		EstablishedAt: Time(r.EstablishedAt),
		EventTime:     Time(r.EventTime),
		Devices:       parseEntries(r.Devices),
		Tickets:       parseEntries(r.Tickets),
		UsedTickets:   parseEntries(r.UsedTickets),
	}
}

// entries returns the stored form of hashes with a time each, seconds#hash, in order.
func entries(hashes map[string]time.Time) []string {
	var list []string
	for hash, at := range hashes {
		list = append(list, fmt.Sprintf("%d#%s", at.Unix(), hash))
	}
	slices.Sort(list)
	return list
}

// parseEntries is the inverse of entries. It returns nil for an empty list.
func parseEntries(list []string) map[string]time.Time {
	if len(list) == 0 {
		return nil
	}
	hashes := make(map[string]time.Time, len(list))
	for _, entry := range list {
		at, hash, _ := strings.Cut(entry, "#")
		seconds, _ := strconv.ParseInt(at, 10, 64) // only entries writes them
		hashes[hash] = time.Unix(seconds, 0).UTC()
	}
	return hashes
}
