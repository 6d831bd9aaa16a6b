package conversation

import (
	"slices"
	"strconv"
	"time"
)

// Earlier returns the page of an earlier question's answer with which the push was answered before, "" if there is none.
func (c *Conversation) Earlier(push string) string {
	for _, s := range c.Served {
		if s.Push == push && s.Job != push {
			return c.page(s)
		}
	}
	return ""
}

func (c *Conversation) page(s Served) string {
	job := c.Jobs[s.Job]
	if job == nil || s.Page < 0 || s.Page >= len(job.Pages) {
		return ""
	}
	return job.Page(s.Job, s.Page)
}

// Deliver returns the next page of the job, by the push of that ID, and records that.
func (c *Conversation) Deliver(id, push string, now time.Time) string {
	job := c.Jobs[id]
	page := job.Next
	job.State, job.Next = Delivered, page+1
	c.serve(Served{push, id, page, now.Unix()})
	return job.Page(id, page)
}

// serve records s in the place of those that no delivery will ask for.
func (c *Conversation) serve(s Served) {
	c.pruneServed(s.At)
	c.Served = append(c.Served[max(0, len(c.Served)-maxServed+1):], s)
}

// Reply decides about the reply to the question itself. Its answer is the reply if it is there in time. If it is not and
// last is true, the reply is the wait text, and the worker delivers. Neither means that the question has yet to wait.
func (c *Conversation) Reply(id string, last bool, now time.Time) (page string, wait bool) {
	job := c.Jobs[id]
	for _, s := range c.Served {
		if s.Push == id && s.Job == id {
			return c.page(s), false
		}
	}
	switch {
	case job.Waits || job.State == Sending || job.State == Delivered:
		return "", true
	case job.State == Ready:
		return c.Deliver(id, id, now), false
	}
	job.Waits = last
	return "", last
}

// Undelivered returns the ID of the oldest question whose answer nobody else delivers now, "" if there is none. The
// question of the push itself is not meant.
func (c *Conversation) Undelivered(push string, now time.Time) string {
	for _, id := range c.IDs() {
		if job := c.Jobs[id]; id != push && job.open(now) && job.State == Ready {
			return id
		}
	}
	return ""
}

// open reports whether the first page of the job is to be delivered by a reply. A question that no worker will come for
// gets its apology.
func (j *Job) open(now time.Time) bool {
	asked := time.Unix(j.AskedAt, 0)
	switch j.State {
	case Waiting:
		if now.Sub(asked) > giveUp && now.Unix() > j.LeaseUntil {
			j.finish([]string{j.Sorry}, true)
			j.State = Ready
			return true
		}
	case Ready:
		return j.Waits || now.Sub(asked) > deliveries
	case Sending:
		return now.Sub(time.Unix(j.SendingAt, 0)) > sendingFor
	}
	return false
}

// Tap is the request of a tapped link, or of its text in a message.
type Tap struct {
	Job  string // ID; "" if the client did not send it
	Page int    // 0 for the answer's beginning
}

// Outcome is the result of a tap.
type Outcome int

const (
	Nothing Outcome = iota // there is no such answer, or it has expired
	Page                   // the page
	Pending                // the answer is not there yet, or is being sent: decide again
	Later                  // the same, and the time is up
	Seen                   // the page has been delivered before
	Sent                   // the page has been sent since the tap
)

// Tapped decides about the reply to the push of that ID, which is the Tap. If the answer is not there yet and last is true,
// the decision is that the follower has to tap again. id is the job's ID, if there is a job.
func (c *Conversation) Tapped(tap Tap, push string, last bool, now time.Time) (id, page string, outcome Outcome) {
	for _, s := range c.Served {
		if s.Push != push {
			continue
		}
		if page := c.page(s); page != "" {
			return s.Job, page, Page
		}
		return s.Job, "", Later
	}
	if id = tap.Job; id == "" {
		if id = c.meant(tap.Page, now); id == "" {
			return "", "", Nothing
		}
		tap.Page = c.Jobs[id].Next
	}
	job := c.Jobs[id]
	switch {
	case job == nil:
		return "", "", Nothing
	case tap.Page < job.Next:
		if at, _ := strconv.ParseInt(seconds(push), 10, 64); job.SendingAt >= at {
			return id, "", Sent
		}
		return id, "", Seen
	case job.State == Delivered && job.Next < len(job.Pages), job.open(now):
		return id, c.Deliver(id, push, now), Page
	case job.State == Delivered:
		return "", "", Nothing
	case last:
		c.serve(Served{push, id, noPage, now.Unix()})
		return id, "", Later
	}
	return id, "", Pending
}

// meant returns the job that a tap without an ID means: the oldest whose beginning has not been delivered or, for a later
// page, the newest that has more pages.
func (c *Conversation) meant(page int, now time.Time) string {
	ids := c.IDs()
	if page > 0 {
		slices.Reverse(ids)
	}
	for _, id := range ids {
		job := c.Jobs[id]
		if page == 0 && job.State != Delivered && (job.Waits || job.open(now)) ||
			page > 0 && job.State == Delivered && job.Next < len(job.Pages) {
			return id
		}
	}
	return ""
}
