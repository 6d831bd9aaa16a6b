// Package conversation has the stored state of a follower's slow answers, and the rules by which it changes. Each method of a
// Conversation is one step: a store reads the Conversation, makes the step and writes it back, unless another step was
// written meanwhile. So of two steps that exclude each other, the first to be written decides.
//
// A question passes the files in this order: conversation.go records it, attempt.go has the work on its answer, delivery.go
// decides who delivers the answer and when, pages.go makes the pages and their links, and retention.go ends it all.
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

// IDs returns the IDs of the jobs, oldest question first.
func (c *Conversation) IDs() []string {
	return slices.SortedFunc(maps.Keys(c.Jobs), func(a, b string) int {
		return cmp.Or(cmp.Compare(len(seconds(a)), len(seconds(b))), strings.Compare(seconds(a), seconds(b)),
			cmp.Compare(len(a), len(b)), strings.Compare(a, b))
	})
}

func seconds(id string) string {
	at, _, _ := strings.Cut(id, "#")
	return at
}
