// Package quota limits how many questions a language model is asked in a day: each has a price.
package quota

import (
	"context"
	"time"
)

// Question is a follower's text that a model is to answer, with the limits that it is under.
type Question struct {
	At           time.Time // CreateTime of the message; its day in China time counts
	ID           string    // tells it from its follower's others (conversation.ID)
	FollowerHash string    // keyed hash of the openid, so that an unfollow does not begin the count again
	PerFollower  int       // how many questions of this follower may be asked on that day
	PerAccount   int       // the same of all followers together
}

// Store counts questions by day in China time. The counts are exact for concurrent callers. When an error is returned, the
// question may have been counted; counting it again is always safe.
type Store interface {
	// CountQuestion counts the question and reports whether it may be asked: not if the limits are used up by others. A
	// question that was counted before may be asked, and is not counted again.
	CountQuestion(ctx context.Context, q Question) (allowed bool, err error)
}
