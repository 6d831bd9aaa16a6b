package table

import (
	"time"

	"github.com/guanzhu/guanzhu/internal/quota"
	"github.com/guanzhu/guanzhu/pkg/wechat"
)

// Asked holds the ids of one follower's questions of one day in China time.
type Asked struct {
	Key
	IDs       []string `json:"ids"                  dynamodbav:"ids,stringset"`
	ExpiresAt int64    `json:"expires_at,omitempty"`
}

// AskedAll holds the number of all followers' questions of one day in China time.
type AskedAll struct {
	Key
	Count     int   `json:"count"`
	ExpiresAt int64 `json:"expires_at,omitempty"`
}

// NewAsked returns the records, without counts, by which q is counted. They expire a day after that day's end.
func NewAsked(q quota.Question) (Asked, AskedAll) {
	at := q.At.In(wechat.ChinaTime)
	pk := "asked#" + at.Format(time.DateOnly)
	expires := dayAfter(at)
	// The hash of a follower has no #.
	return Asked{Key: Key{pk, q.FollowerHash}, ExpiresAt: expires}, AskedAll{Key: Key{pk, "#all"}, ExpiresAt: expires}
}

// dayAfter returns the end of the day that follows at's.
func dayAfter(at time.Time) int64 {
	year, month, day := at.Date()
	return time.Date(year, month, day+2, 0, 0, 0, 0, at.Location()).Unix()
}
