package console

import (
	"context"
	"math/rand/v2"
	"net/http"
	"net/url"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/guanzhu/guanzhu/internal/pushing"
)

// Replay says which deliveries are sent again, and how. docs/console.md has a table of the members.
type Replay struct {
	Items    []int64 `json:"items"`
	From     int64   `json:"from"`
	Rewind   bool    `json:"rewind"`
	Message  string  `json:"message"`
	Time     string  `json:"time"`
	Copies   int     `json:"copies"`
	Shuffle  bool    `json:"shuffle"`
	Seed     uint64  `json:"seed"`
	Parallel int     `json:"parallel"`
	Target   string  `json:"target"`
}

// maxReplay is how many deliveries one Replay may send again.
const maxReplay = 200

// check returns what is wrong with the Replay.
func (r *Replay) check() error {
	switch {
	case (len(r.Items) > 0) == (r.From > 0):
		return refuse("请给出 items 或 from 之一", "give either items or from")
	case r.Message != "" && len(r.Items) != 1:
		return refuse("改过的 message 只能代替一条推送", "an edited message takes the place of one item")
	case r.Rewind && r.From == 0:
		return refuse("rewind 需要 from", "rewind needs from")
	case r.Copies < 0 || r.Copies > 3 || r.Parallel < 0 || r.Parallel > 10:
		return refuse("copies 是 1 到 3，parallel 是 1 到 10", "copies is 1 to 3, parallel 1 to 10")
	}
	if r.Target == "" {
		return nil
	}
	if u, err := url.Parse(r.Target); err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return refuse("target 是服务器地址，例如 http://127.0.0.1:3000/login/wechat", "target is an endpoint's URL, such as http://127.0.0.1:3000/login/wechat")
	}
	return nil
}

// replay sends deliveries again, and returns the new ones when they are over.
func (c *Console) replay(ctx context.Context, r Replay) ([]*Item, error) {
	if err := r.check(); err != nil {
		return nil, err
	}
	originals, err := c.originals(r)
	if err != nil {
		return nil, err
	}
	retime, err := c.retiming(r)
	if err != nil {
		return nil, err
	}
	if r.Rewind {
		if err := c.rewind(ctx, r.From); err != nil {
			return nil, err
		}
	}
	var all []*again
	var jobs []func()
	for _, original := range originals {
		a := &again{c: c, original: original, replay: r, retime: retime}
		all = append(all, a)
		if r.Copies == 0 {
			jobs = append(jobs, func() { a.deliver(ctx) })
		}
		for range r.Copies {
			jobs = append(jobs, func() { a.sendOnce(ctx) })
		}
	}
	if r.Shuffle {
		order := rand.New(rand.NewPCG(r.Seed, 0)) //nolint:gosec // an order that can be repeated, no secret
		order.Shuffle(len(jobs), func(i, j int) { jobs[i], jobs[j] = jobs[j], jobs[i] })
	}
	var group errgroup.Group
	group.SetLimit(max(r.Parallel, 1))
	for _, job := range jobs {
		group.Go(func() error {
			job()
			return nil
		})
	}
	_ = group.Wait() // no job returns an error
	items := make([]*Item, len(all))
	for n, a := range all {
		if r.Copies > 0 {
			c.finish(a.rec, a.reply, a.err)
		}
		items[n] = c.timeline.get(a.rec.item.ID)
	}
	return items, nil
}

// originals returns the deliveries that are to be sent again.
func (c *Console) originals(r Replay) ([]*Item, error) {
	var originals []*Item
	for _, id := range r.Items {
		i := c.timeline.get(id)
		if i == nil || i.Kind != Delivery {
			return nil, refuse("items 里有一个编号不是推送", "one of the items is no delivery")
		}
		originals = append(originals, i)
	}
	if r.From > 0 {
		originals = c.timeline.all(func(i *Item) bool { return i.ID >= r.From && i.Kind == Delivery })
	}
	if len(originals) == 0 || len(originals) > maxReplay {
		return nil, refuse("一次重发 1 到 200 条推送", "a replay has 1 to 200 deliveries")
	}
	return originals, nil
}

// retiming returns what changes the time of a message.
func (c *Console) retiming(r Replay) (func(message []byte, id int64) []byte, error) {
	switch r.Time {
	case "", "same":
		return func(message []byte, _ int64) []byte { return message }, nil
	case "now":
		return func(message []byte, id int64) []byte { return pushing.AsOf(message, c.clock.Now(), firstMsgID+id) }, nil
	}
	late, err := duration(r.Time)
	if err != nil {
		return nil, err
	}
	return func(message []byte, id int64) []byte {
		return pushing.AsOf(message, c.clock.Now().Add(-late), firstMsgID+id)
	}, nil
}

// again is one delivery that is sent again.
type again struct {
	c        *Console
	original *Item
	replay   Replay
	retime   func(message []byte, id int64) []byte

	begun   sync.Once
	rec     *recording
	message []byte

	mu    sync.Mutex // guards the outcome of copies
	done  bool
	reply []byte
	err   error
}

func (a *again) begin() {
	a.begun.Do(func() {
		a.rec, a.message = a.c.beginDelivery("replay", a.replay.Target, a.original.ID, func(id int64) []byte {
			message := a.original.Message
			if a.replay.Message != "" {
				message = a.replay.Message
			}
			return a.retime([]byte(message), id)
		})
		if a.replay.Rewind {
			a.c.follow(a.message)
		}
	})
}

func (a *again) deliver(ctx context.Context) {
	a.begin()
	a.c.deliver(ctx, a.rec, a.message, a.replay.Target)
}

// sendOnce delivers the message once. The follower gets the reply of the first delivery that succeeds.
func (a *again) sendOnce(ctx context.Context) {
	a.begin()
	account, mode := a.c.pusher()
	client := &http.Client{Transport: &wire{c: a.c, rec: a.rec, account: account, target: a.replay.Target}}
	sender := pushing.Account{AppID: account.AppID, Token: account.Token, EncodingAESKey: account.EncodingAESKey}
	var answer pushing.Answer
	request, err := sender.Push(ctx, a.c.endpoint(a.replay.Target), mode, a.message, a.c.clock.Now())
	if err == nil {
		answer, err = pushing.Send(client, request)
	}
	if err == nil {
		err = statusError(answer.Status)
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	switch {
	case a.done:
	case err != nil:
		a.err = err
	default:
		a.done = true
		a.reply, a.err = sender.Open(mode, a.message, answer.Body)
	}
}

// endpoint returns the URL to which pushes go: target, or the built-in account's.
func (c *Console) endpoint(target string) string {
	if target == "" {
		return c.config.AccountURL + pushPath
	}
	return target
}

func (c *Console) postReplay(r *http.Request) (any, error) {
	var in Replay
	if err := readJSON(r, maxRequest, &in); err != nil {
		return nil, err
	}
	items, err := c.replay(context.WithoutCancel(r.Context()), in)
	return map[string]any{"items": items}, err
}
