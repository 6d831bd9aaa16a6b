package conversation

import (
	"maps"
	"slices"
	"strconv"
	"time"
)

// prune deletes the questions that nobody can ask for any longer.
func (c *Conversation) prune(now time.Time) {
	c.pruneServed(now.Unix())
	c.pruneJobs(now)
	kept := 0
	for _, id := range slices.Backward(c.IDs()) { // the newest answers stay
		for _, page := range c.Jobs[id].Pages {
			kept += len(page)
		}
		if kept > maxKept && c.Jobs[id].State != Waiting {
			delete(c.Jobs, id)
		}
	}
}

// pruneServed deletes what no repeated delivery will ask for any longer.
func (c *Conversation) pruneServed(now int64) {
	c.Served = slices.DeleteFunc(c.Served, func(s Served) bool { return now-s.At > int64(repeats.Seconds()) })
}

func (c *Conversation) pruneJobs(now time.Time) {
	for _, id := range c.IDs() {
		job := c.Jobs[id]
		switch age := now.Sub(time.Unix(job.AskedAt, 0)); {
		case age > For, len(c.Jobs) >= maxJobs && job.State == Delivered:
			delete(c.Jobs, id)
		case job.State == Delivered && job.Next >= len(job.Pages) && !c.serves(id):
			job.Pages = nil
			if age > repeats {
				job.Push = nil
			}
		}
	}
}

func (c *Conversation) serves(id string) bool {
	return slices.ContainsFunc(c.Served, func(s Served) bool { return s.Job == id })
}

// Forget drops what is from before the follow at that time, in seconds. The unfollow before that follow would have deleted it,
// but was lost or has yet to come.
func (c *Conversation) Forget(followed int64) {
	before := func(id string) bool {
		at, err := strconv.ParseInt(seconds(id), 10, 64)
		return err == nil && at < followed
	}
	maps.DeleteFunc(c.Jobs, func(id string, _ *Job) bool { return before(id) })
	c.Turns = slices.DeleteFunc(c.Turns, func(t Turn) bool { return before(t.ID) })
}

// Expires returns when nothing of the conversation is needed any longer, the zero Time if there is nothing.
func (c *Conversation) Expires() time.Time {
	var last int64
	for _, job := range c.Jobs {
		last = max(last, job.AskedAt)
	}
	for _, turn := range c.Turns {
		last = max(last, turn.At)
	}
	if last == 0 {
		return time.Time{}
	}
	return time.Unix(last, 0).Add(For)
}
