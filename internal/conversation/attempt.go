package conversation

import (
	"errors"
	"slices"
	"time"
)

// Attempt is a start of the handler by a message of the queue.
type Attempt struct {
	Message string // the queue's own id
	Receive int    // how often the message has been received
	Until   time.Time
}

// The errors of Start.
var (
	ErrGone     = errors.New("there is nothing to answer")
	ErrBusy     = errors.New("another worker answers this question")
	ErrFailed   = errors.New("the handler has failed, and the follower has an apology")
	ErrAttempts = errors.New("all attempts of the handler have failed or have ended with their process")
)

// Start begins an attempt. The last attempt ends at its time, or when the queue delivers its message once more: the queue
// does so if the worker has died.
func (c *Conversation) Start(id string, a Attempt, now time.Time) (*Job, error) {
	job := c.Jobs[id]
	switch {
	case job == nil:
		return nil, ErrGone
	case job.Failed:
		return nil, ErrFailed
	case job.State != Waiting:
		return nil, ErrGone
	case now.Unix() <= job.LeaseUntil && (job.Message != a.Message || job.Receive >= a.Receive):
		return nil, ErrBusy
	case job.Attempts >= MaxAttempts:
		return job, ErrAttempts
	}
	job.Attempts++
	job.Message, job.Receive, job.LeaseUntil = a.Message, a.Receive, a.Until.Unix()
	return job, nil
}

// Unstarted reports whether no attempt has been made yet.
func (j *Job) Unstarted() bool { return j.State == Waiting && j.Attempts == 0 }

// holds reports whether the attempt is the job's last.
func (j *Job) holds(a Attempt) bool {
	return j != nil && j.State == Waiting && j.Message == a.Message && j.Receive == a.Receive
}

// Release ends an attempt that has failed, so that the next one may begin at once.
func (c *Conversation) Release(id string, a Attempt) error {
	job := c.Jobs[id]
	if !job.holds(a) {
		return ErrGone
	}
	job.LeaseUntil = 0
	return nil
}

// Finish records the answer of the attempt. send reports whether the worker has to send it: the follower is shown the wait
// text, or all deliveries of the question are over.
func (c *Conversation) Finish(id string, a Attempt, answer string, now time.Time) (send bool, err error) {
	job := c.Jobs[id]
	if !job.holds(a) {
		return false, ErrGone
	}
	return job.done(Split(answer), false, now), nil
}

// Fail records the apology instead of an answer. send is as in Finish.
func (c *Conversation) Fail(id string, now time.Time) (send bool, err error) {
	job := c.Jobs[id]
	if job == nil || job.State != Waiting {
		return false, ErrGone
	}
	return job.done(Split(job.Sorry), true, now), nil
}

func (j *Job) done(pages []string, failed bool, now time.Time) (send bool) {
	j.finish(pages, failed)
	if !j.Waits && now.Sub(time.Unix(j.AskedAt, 0)) <= deliveries {
		j.State = Ready
		return false
	}
	j.State, j.SendingAt = Sending, now.Unix()
	return true
}

func (j *Job) finish(pages []string, failed bool) {
	j.Pages, j.Failed = pages, failed
	j.LeaseUntil = 0
	if !failed {
		j.Push, j.Sorry = nil, ""
	}
}

// Sent records how the sending of the first page has ended. A page that was not sent is delivered by a reply.
func (c *Conversation) Sent(id string, sent bool) error {
	job := c.Jobs[id]
	if job == nil || job.State != Sending {
		return ErrGone
	}
	if sent {
		job.State, job.Next = Delivered, 1
	} else {
		job.State, job.Waits = Ready, true
	}
	return nil
}

// Retry lets a question whose handler has failed be asked again. The answer is delivered after the apology.
func (c *Conversation) Retry(id string) error {
	job := c.Jobs[id]
	switch {
	case job != nil && job.Unstarted():
		return nil // an earlier call died before the question was sent to the queue
	case job == nil || !job.Failed || job.Push == nil:
		return ErrGone
	}
	*job = Job{State: Waiting, AskedAt: job.AskedAt, Push: job.Push, Sorry: job.Sorry, ByAI: job.ByAI, Waits: true}
	c.Served = slices.DeleteFunc(c.Served, func(s Served) bool { return s.Job == id })
	return nil
}
