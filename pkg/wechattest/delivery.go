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

// attempts is how often WeChat sends a push in all. Its page says 总共重试三次, which could also mean three more attempts. Every
// published log shows three in all.
// https://developers.weixin.qq.com/doc/subscription/guide/product/message/Passive_user_reply_message.html
const attempts = 3

// Attempt is one delivery of a push.
type Attempt struct {
	Status int           // the HTTP status, 0 if there was no answer
	Body   []byte        // the answer as it was received
	Took   time.Duration // at most 5 s
	Err    error         // nil if the answer came within 5 s and has status 200
}

// Deliver sends message as WeChat does. If an attempt gets no answer with status 200 within 5 s, Deliver signs and sends the
// message again, three times in all. A redirect counts as a failure.
//
// Deliver returns all attempts and the reply in the form of OpenReply. It returns an error if every attempt fails. It also
// returns one if WeChat would not understand the reply: an encrypted reply in Plain mode, or a reply in clear in Safe mode.
func (a Account) Deliver(
	ctx context.Context, client *http.Client, serverURL string, mode Mode, message []byte,
) (reply []byte, made []Attempt, err error) {
	for len(made) < attempts && ctx.Err() == nil {
		request, err := a.Request(ctx, serverURL, mode, message, a.now())
		if err != nil {
			return nil, made, err
		}
		attempt := send(client, request)
		made = append(made, attempt)
		if attempt.Err == nil {
			reply, err := a.open(mode, message, attempt.Body)
			return reply, made, err
		}
	}
	if err := ctx.Err(); err != nil {
		return nil, made, fmt.Errorf("wechattest: delivering a push: %w", err)
	}
	_, err = a.outcome(mode, message, made)
	return nil, made, err
}

// Chaos decides the order of deliveries. The zero Chaos sends each message once, one at a time.
type Chaos struct {
	Seed     uint64 // equal seeds give equal orders for as many messages and copies
	Copies   int    // how often each message is sent, whatever the answers; WeChat sends up to 3 copies; 1 if 0
	Parallel int    // the number of deliveries at the same time; 1 if 0
}

// Delivery is the delivery of one message by DeliverAll.
type Delivery struct {
	Attempts []Attempt // in the order in which they started
	Reply    []byte    // the reply to the first successful attempt, in the form of OpenReply
	Err      error     // as returned by Deliver
}

// DeliverAll sends the messages in any order, repeatedly and several at the same time, as WeChat does when much goes wrong.
// It signs each copy, and each attempt ends after 5 s. chaos decides the order in which attempts start. Attempts at
// the same time may overtake each other. The result has the order of messages.
//
// WeChat sends nothing for a minute after many failures. DeliverAll does not simulate this.
func (a Account) DeliverAll(
	ctx context.Context, client *http.Client, serverURL string, mode Mode, messages [][]byte, chaos Chaos,
) []Delivery {
	deliveries := make([]Delivery, len(messages))
	for i := range messages {
		deliveries[i].Attempts = make([]Attempt, max(chaos.Copies, 1))
	}
	slots := make(chan struct{}, max(chaos.Parallel, 1))
	started := make([]int, len(messages))
	var running sync.WaitGroup
	for _, i := range chaos.order(len(messages)) {
		attempt := &deliveries[i].Attempts[started[i]]
		started[i]++
		slots <- struct{}{}
		running.Go(func() {
			defer func() { <-slots }()
			request, err := a.Request(ctx, serverURL, mode, messages[i], a.now())
			if err != nil {
				attempt.Err = err
				return
			}
			*attempt = send(client, request)
		})
	}
	running.Wait()
	for i := range deliveries {
		deliveries[i].Reply, deliveries[i].Err = a.outcome(mode, messages[i], deliveries[i].Attempts)
	}
	return deliveries
}

// order returns the indexes of n messages, each as often as its message is sent.
func (c Chaos) order(n int) []int {
	var order []int
	for i := range n {
		order = append(order, slices.Repeat([]int{i}, max(c.Copies, 1))...)
	}
	shuffle := rand.New(rand.NewPCG(c.Seed, 0))
	shuffle.Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
	return order
}

// outcome returns the reply that the user sees.
func (a Account) outcome(mode Mode, message []byte, made []Attempt) (reply []byte, err error) {
	for _, attempt := range made {
		if attempt.Err == nil {
			return a.open(mode, message, attempt.Body)
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

func (a Account) open(mode Mode, message, body []byte) ([]byte, error) {
	reply, err := a.sender().Open(mode, message, body)
	return reply, wrap(err)
}
