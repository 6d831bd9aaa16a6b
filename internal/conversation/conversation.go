// Package conversation has the stored state of a follower's slow answers, and the rules by which it changes. Each method of a
// Conversation is one step: a store reads the Conversation, makes the step and writes it back, unless another step was
// written meanwhile. So of two steps that exclude each other, the first to be written decides.
//
// Times are seconds since 1970.
package conversation

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/guanzhu/guanzhu/pkg/wechat"
)

const (
	// For is how long an answer can be fetched, counted from its question.
	For = 48 * time.Hour
	// MaxWaiting is how many of a follower's questions may wait for their answers.
	MaxWaiting = 10
	// MaxAttempts is how often a handler is started for one question.
	MaxAttempts = 3

	maxJobs   = 40       // that are kept of one follower
	maxKept   = 96 << 10 // bytes of answers when a question is recorded; an item of DynamoDB has at most 400 KB
	maxServed = 60
	maxText   = 4 << 10
	maxSite   = 256

	// repeats is the time within which the platform may deliver a push again, with room to spare.
	repeats = 20 * time.Minute
	// deliveries is the time that the three deliveries of a push take.
	deliveries = 20 * time.Second
	// sendingFor is the time after which a process that was sending an answer has died.
	sendingFor = 30 * time.Second
	// giveUp is the time after which no worker will come for a question: all attempts have ended, or the queue has lost it.
	giveUp = 30 * time.Minute
)

// Conversation is the stored state of a follower's slow answers.
type Conversation struct {
	Jobs   map[string]*Job `json:"jobs,omitempty"` // by ID
	Served []Served        `json:"served,omitempty"`
	Turns  []Turn          `json:"turns,omitempty"` // oldest first
}

// Job is a question and its answer.
type Job struct {
	State   State    `json:"state"`
	AskedAt int64    `json:"asked_at"` // when its push arrived
	Push    *Push    `json:"push,omitempty"`
	Sorry   string   `json:"sorry,omitempty"`
	Waits   bool     `json:"waits,omitempty"` // the follower is shown the wait text
	Pages   []string `json:"pages,omitempty"`
	Next    int      `json:"next,omitempty"` // the page that is delivered next
	Failed  bool     `json:"failed,omitempty"`
	ByAI    bool     `json:"by_ai,omitempty"`

	Attempts   int    `json:"attempts,omitempty"`
	Message    string `json:"message,omitempty"` // of the queue, by which the last attempt was started
	Receive    int    `json:"receive,omitempty"` // how often the message had been received then
	LeaseUntil int64  `json:"lease_until,omitempty"`
	SendingAt  int64  `json:"sending_at,omitempty"`
}

// State is how far a Job is.
type State string

const (
	Waiting   State = "waiting"   // for its answer
	Ready     State = "ready"     // to be delivered by a reply
	Sending   State = "sending"   // as a customer-service message
	Delivered State = "delivered" // at least its first page
)

// Push is the part of the question that the handler needs. It is deleted when the answer is there.
type Push struct {
	To        string `json:"to"` // the account's original id
	Text      string `json:"text"`
	MenuID    string `json:"menu_id,omitempty"`
	MsgID     uint64 `json:"msg_id"`
	MsgDataID string `json:"msg_data_id,omitempty"`
	Idx       int64  `json:"idx,omitempty"`
	At        int64  `json:"at"`             // CreateTime
	Site      string `json:"site,omitempty"` // the origin of the pages
	JSON      bool   `json:"json,omitempty"`
}

// Served records the page that a push was answered with, so that its repeated deliveries get the same.
type Served struct {
	Push string `json:"push"` // ID of the push
	Job  string `json:"job"`
	Page int    `json:"page"` // noPage for a tap that came before the answer
	At   int64  `json:"at"`
}

const noPage = -1

// ID returns CreateTime#MsgId, which tells a follower's texts apart. A number made of the text takes the place of a MsgId
// that is missing.
func ID(p *wechat.Text) string {
	msgID := p.MsgID
	if msgID == 0 {
		sum := sha256.Sum256([]byte(p.Content))
		msgID = binary.BigEndian.Uint64(sum[:])
	}
	return fmt.Sprintf("%d#%d", p.CreateTime, msgID)
}

// Question is a question for Ask to record.
type Question struct {
	Text  *wechat.Text
	Site  string
	Sorry string
	ByAI  bool
}

// ErrTooMany is the error of Ask if MaxWaiting of the follower's questions have no answer yet.
var ErrTooMany = errors.New("too many questions wait for their answers")

// Ask records the question, once. It returns its Job.
func (c *Conversation) Ask(q Question, now time.Time) (*Job, error) {
	id := ID(q.Text)
	if job := c.Jobs[id]; job != nil {
		return job, nil
	}
	c.prune(now)
	waiting := 0
	for _, job := range c.Jobs {
		if job.State == Waiting {
			waiting++
		}
	}
	if waiting >= MaxWaiting {
		return nil, ErrTooMany
	}
	t := q.Text
	job := &Job{
		State: Waiting, AskedAt: now.Unix(), Sorry: q.Sorry, ByAI: q.ByAI,
		Push: &Push{To: t.ToUserName, Text: cut(t.Content, maxText), MenuID: cut(t.BizMsgMenuID, maxSite), MsgID: t.MsgID,
			MsgDataID: cut(t.MsgDataID, maxSite), Idx: t.Idx, At: t.CreateTime, Site: cut(q.Site, maxSite), JSON: t.JSON},
	}
	if c.Jobs == nil {
		c.Jobs = map[string]*Job{}
	}
	c.Jobs[id] = job
	return job, nil
}

// Received returns the push as the endpoint received it from openid.
func (p *Push) Received(openid string) *wechat.Text {
	return &wechat.Text{
		Message: wechat.Message{
			Head:  wechat.Head{ToUserName: p.To, FromUserName: openid, CreateTime: p.At, MsgType: "text", JSON: p.JSON},
			MsgID: p.MsgID, MsgDataID: p.MsgDataID, Idx: p.Idx,
		},
		Content: p.Text, BizMsgMenuID: p.MenuID,
	}
}

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
	c.Served = slices.DeleteFunc(c.Served, func(old Served) bool { return s.At-old.At > int64(repeats.Seconds()) })
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
	for _, id := range c.ids() {
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
	ids := c.ids()
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

// ids returns the IDs of the jobs, oldest question first.
func (c *Conversation) ids() []string {
	return slices.SortedFunc(maps.Keys(c.Jobs), func(a, b string) int {
		return cmp.Or(cmp.Compare(len(seconds(a)), len(seconds(b))), strings.Compare(seconds(a), seconds(b)),
			cmp.Compare(len(a), len(b)), strings.Compare(a, b))
	})
}

func seconds(id string) string {
	at, _, _ := strings.Cut(id, "#")
	return at
}

// prune deletes the questions that nobody can ask for any longer.
func (c *Conversation) prune(now time.Time) {
	c.Served = slices.DeleteFunc(c.Served, func(s Served) bool { return now.Unix()-s.At > int64(repeats.Seconds()) })
	c.pruneJobs(now)
	kept := 0
	for _, id := range slices.Backward(c.ids()) { // the newest answers stay
		for _, page := range c.Jobs[id].Pages {
			kept += len(page)
		}
		if kept > maxKept && c.Jobs[id].State != Waiting {
			delete(c.Jobs, id)
		}
	}
}

func (c *Conversation) pruneJobs(now time.Time) {
	for _, id := range c.ids() {
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
