package answers

import (
	"context"
	"crypto/rand"
	"errors"
	"maps"
	"sync"
	"time"

	"github.com/guanzhu/guanzhu/internal/conversation"
)

// Task names a question whose handler is to run. It has no texts: those stay in the table.
type Task struct {
	OpenID string `json:"openid"`
	Job    string `json:"job"`             // conversation.ID
	Retry  string `json:"retry,omitempty"` // set if the owner asks again, and different each time
	SentAt int64  `json:"sent_at"`         // milliseconds since 1970
}

// Message is a Task that a queue delivers.
type Message struct {
	Task
	ID      string // given by the queue
	Receive int    // how often this message has been delivered, 1 at first
}

// Queue delivers Tasks to a Worker.
//
// A Task that is stored when Send returns nil is delivered at least once, the Tasks of one follower in their order. Within
// five minutes, a Task that is sent again is not delivered again, as far as the queue knows. If a Worker returns an error,
// or dies, its message is delivered again, MaxReceive times in all; then it waits among the dead letters for the owner.
type Queue interface {
	Send(ctx context.Context, t Task) error
}

// MaxReceive is how often a message is delivered: once for each attempt of the handler, and once more if the last attempt
// died before it could apologize.
const MaxReceive = 4

// RetryAfter returns the time after which a queue delivers a message again after a Worker has returned err.
func RetryAfter(err error, receive int) time.Duration { return retryAfter(err, receive, 5*time.Second) }

func retryAfter(err error, receive int, wait time.Duration) time.Duration {
	switch {
	case errors.Is(err, conversation.ErrFailed): // it is on its way to the dead letters
		return 0
	case errors.Is(err, conversation.ErrBusy): // until the other worker has ended, or its time has
		return WorkFor + time.Second
	}
	return time.Duration(receive) * wait
}

// sameFor is the time within which a Local does not deliver the same Task again, as SQS's FIFO queues.
const sameFor = 5 * time.Minute

// Local is a Queue in this process. Its messages end with the process, and it keeps no dead letters. It is safe for concurrent use.
type Local struct {
	work  func(context.Context, Message) error
	wait  time.Duration
	ctx   context.Context
	stop  context.CancelFunc
	tasks sync.WaitGroup

	mu     sync.Mutex
	groups map[string][]Message // that wait, by follower; there is an entry while one is worked on
	sent   map[Task]time.Time   // in the last sameFor, for deduplication; without SentAt
}

// NewLocal returns a Local that calls work for each message, and again if it returns an error: n times wait after the nth
// time, or as RetryAfter says if another worker is busy or the message is on its way to the dead letters.
func NewLocal(work func(context.Context, Message) error, wait time.Duration) *Local {
	q := &Local{work: work, wait: wait, groups: map[string][]Message{}, sent: map[Task]time.Time{}}
	q.ctx, q.stop = context.WithCancel(context.Background())
	return q
}

// Close cancels the work and waits until it has ended.
func (q *Local) Close() {
	q.stop()
	q.tasks.Wait()
}

// Send implements Queue.
func (q *Local) Send(_ context.Context, t Task) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	same := t
	same.SentAt = 0
	maps.DeleteFunc(q.sent, func(_ Task, at time.Time) bool { return time.Since(at) >= sameFor })
	if _, ok := q.sent[same]; ok {
		return nil
	}
	q.sent[same] = time.Now()
	q.enqueue(Message{Task: t, ID: rand.Text()})
	return nil
}

func (q *Local) enqueue(m Message) {
	_, busy := q.groups[m.OpenID]
	q.groups[m.OpenID] = append(q.groups[m.OpenID], m)
	if !busy {
		q.tasks.Go(func() { q.follower(m.OpenID) })
	}
}

// follower works on the follower's messages until there are none.
func (q *Local) follower(openid string) {
	for {
		q.mu.Lock()
		waiting := q.groups[openid]
		if len(waiting) == 0 || q.ctx.Err() != nil {
			delete(q.groups, openid)
			q.mu.Unlock()
			return
		}
		q.groups[openid] = waiting[1:]
		q.mu.Unlock()
		q.deliver(waiting[0])
	}
}

func (q *Local) deliver(m Message) {
	for m.Receive = 1; m.Receive <= MaxReceive; m.Receive++ {
		ctx, cancel := context.WithTimeout(q.ctx, WorkFor)
		err := q.work(ctx, m)
		cancel()
		if err == nil {
			return
		}
		select {
		case <-time.After(retryAfter(err, m.Receive, q.wait)):
		case <-q.ctx.Done():
			return
		}
	}
}
