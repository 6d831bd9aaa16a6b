package wechattest

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/guanzhu/guanzhu/internal/pushing"
)

// How WeChat delivers a push: three times in all, as every published log shows. Its page says 总共重试三次, which could be
// read as three more (https://developers.weixin.qq.com/doc/subscription/guide/product/message/Passive_user_reply_message.html).
const attempts = 3

// Attempt is one delivery of a push.
type Attempt struct {
	Status int           // HTTP status; 0 where none came
	Body   []byte        // the answer as it came
	Took   time.Duration // at most 5 s
	Err    error         // why it counts as failed; nil for an answer of status 200 within 5 s
}

// Deliver sends message as WeChat does: it waits for 5 s and, as long as no answer of status 200 comes, sends the
// same message again, newly signed, three times in all. Redirects are failures.
//
// It returns the reply as OpenReply does, and all attempts. The error says why no attempt succeeded, or why the reply
// cannot be understood: WeChat sends no more then. In Plain mode it understands no encrypted reply, in Safe mode none
// in clear.
func (a Account) Deliver(
	ctx context.Context, client *http.Client, serverURL string, mode Mode, message []byte,
) (reply []byte, made []Attempt, err error) {
	for len(made) < attempts && ctx.Err() == nil {
		request, err := a.Request(ctx, serverURL, mode, message, time.Now())
		if err != nil {
			return nil, made, err
		}
		attempt := send(client, request)
		made = append(made, attempt)
		if attempt.Err == nil {
			reply, err := a.open(mode, attempt.Body)
			return reply, made, err
		}
	}
	if err := ctx.Err(); err != nil {
		return nil, made, fmt.Errorf("wechattest: delivering a push: %w", err)
	}
	_, err = a.outcome(mode, made)
	return nil, made, err
}

// Chaos is how DeliverAll departs from one delivery after the other.
type Chaos struct {
	Seed     uint64 // the same seed, number of messages and Copies make the same order
	Copies   int    // how often each message is sent, whatever is answered; WeChat sends up to 3; 0: once
	Parallel int    // so many deliveries at the same time; 0: one after the other
}

// Delivery is what DeliverAll did with one message.
type Delivery struct {
	Attempts []Attempt // in the order in which they were started
	Reply    []byte    // to the first of them that succeeded, as OpenReply returns it
	Err      error     // why no attempt succeeded, or why that reply cannot be understood
}

// DeliverAll sends the messages as WeChat does when much goes wrong: each Copies times, newly signed, shuffled, and
// several at the same time; each attempt ends after 5 s. The order is that in which the attempts are started: those
// that run at the same time may overtake each other. The result has the order of messages.
//
// It does not simulate that the platform sends nothing for a minute after many failures.
func (a Account) DeliverAll(
	ctx context.Context, client *http.Client, serverURL string, mode Mode, messages [][]byte, chaos Chaos,
) []Delivery {
	copies := max(chaos.Copies, 1)
	deliveries := make([]Delivery, len(messages))
	var order []int // the indexes of messages
	for i := range messages {
		deliveries[i].Attempts = make([]Attempt, copies)
		order = append(order, slices.Repeat([]int{i}, copies)...)
	}
	shuffle := rand.New(rand.NewPCG(chaos.Seed, 0))
	shuffle.Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })

	slots := make(chan struct{}, max(chaos.Parallel, 1))
	started := make([]int, len(messages))
	var running sync.WaitGroup
	for _, i := range order {
		attempt := &deliveries[i].Attempts[started[i]]
		started[i]++
		slots <- struct{}{}
		running.Go(func() {
			defer func() { <-slots }()
			request, err := a.Request(ctx, serverURL, mode, messages[i], time.Now())
			if err != nil {
				attempt.Err = err
				return
			}
			*attempt = send(client, request)
		})
	}
	running.Wait()
	for i := range deliveries {
		deliveries[i].Reply, deliveries[i].Err = a.outcome(mode, deliveries[i].Attempts)
	}
	return deliveries
}

// outcome is what the user sees of the attempts.
func (a Account) outcome(mode Mode, made []Attempt) (reply []byte, err error) {
	for _, attempt := range made {
		if attempt.Err == nil {
			return a.open(mode, attempt.Body)
		}
	}
	return nil, fmt.Errorf("wechattest: %d attempts failed, the last one: %w", len(made), made[len(made)-1].Err)
}

func send(client *http.Client, r *http.Request) (a Attempt) {
	start := time.Now()
	defer func() { a.Took = time.Since(start) }()
	answer, err := pushing.Send(client, r)
	if err == nil && answer.Status != http.StatusOK {
		err = fmt.Errorf("HTTP status %d %s", answer.Status, http.StatusText(answer.Status))
	}
	return Attempt{Status: answer.Status, Body: answer.Body, Err: err}
}

func (a Account) open(mode Mode, body []byte) ([]byte, error) {
	reply, err := a.sender().Open(mode, body)
	return reply, wrap(err)
}
