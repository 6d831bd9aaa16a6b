package conversation

import (
	"slices"
	"time"
)

// Turn is a question that a language model has answered. A follower's last turns are kept, so that the model knows what the
// follower refers to.
type Turn struct {
	ID       string `json:"id"` // of the question
	Question string `json:"question"`
	Answer   string `json:"answer"`
	At       int64  `json:"at"` // when the answer was there
}

// How much of a turn is kept, in bytes of UTF-8. Every write of the conversation writes them again.
const (
	maxQuestion = 1 << 10
	maxAnswer   = 3 << 10
)

// Remember keeps the turn as the newest of at most keep. A turn of the same question is replaced.
func (c *Conversation) Remember(t Turn, keep int, now time.Time) {
	c.Turns = slices.DeleteFunc(c.Turns, func(old Turn) bool { return old.ID == t.ID || old.forgotten(now) })
	t.Question, t.Answer, t.At = cut(t.Question, maxQuestion), cut(t.Answer, maxAnswer), now.Unix()
	c.Turns = append(c.Turns, t)
	c.Turns = c.Turns[max(0, len(c.Turns)-keep):]
}

// Recent returns the last turns before the question of that ID, oldest first and at most so many.
func (c *Conversation) Recent(id string, most int, now time.Time) []Turn {
	var turns []Turn
	for _, t := range c.Turns {
		if t.ID != id && !t.forgotten(now) {
			turns = append(turns, t)
		}
	}
	return turns[max(0, len(turns)-most):]
}

// forgotten reports whether the turn is too old, which the store may not have noticed yet.
func (t Turn) forgotten(now time.Time) bool { return now.Sub(time.Unix(t.At, 0)) > For }
