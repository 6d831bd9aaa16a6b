package stories

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"github.com/guanzhu/guanzhu/internal/answers"
	"github.com/guanzhu/guanzhu/internal/conversation"
	"github.com/guanzhu/guanzhu/internal/storetest"
	"github.com/guanzhu/guanzhu/pkg/webhook"
	"github.com/guanzhu/guanzhu/pkg/wechat"
)

// RunSlow tells stories of questions whose handler takes longer than WeChat waits, each over a store of its own and in a
// bubble of package synctest, so open must return a store in this process. The endpoint and workers die between any two
// steps, the queue loses and doubles messages, the model is slow or fails, and the platform takes or refuses
// customer-service messages. Each question that was accepted is answered once, or apologized for once.
func RunSlow(t *testing.T, open storetest.Open) {
	rapid.Check(t, func(rt *rapid.T) {
		s := slowStories.Draw(rt, "story")
		var wrong []string
		synctest.Test(t, func(t *testing.T) {
			r := newSlowRun(t, s, open)
			r.tell()
			wrong = r.wrong()
			r.queue.Close()
			if err := r.store.Close(); err != nil {
				t.Error(err)
			}
		})
		if wrong != nil {
			rt.Fatal(strings.Join(wrong, "\n"))
		}
	})
}

// slowAct is a text of the follower.
type slowAct struct {
	after    int // seconds since the act before
	question bool
	tap      bool // on the newest link; else a text that is answered at once
	takes    int  // tenths of a second, for the answer
	failures int  // of the handler
	attempts []dying
	worker   []dying // the worker's runs for a question
	lost     bool    // the queue loses the first message
	doubled  bool
}

// dying says at which of its steps a process dies, before or after it is done. 0 is never.
type dying struct {
	step  int
	after bool
}

type slowStory struct {
	acts   []slowAct
	sends  bool // the account may send customer-service messages
	unsure bool // the platform's answers to them get lost
}

var slowStories = rapid.Custom(func(t *rapid.T) slowStory {
	draw := rapid.Custom(func(t *rapid.T) slowAct {
		dies := rapid.Custom(func(t *rapid.T) dying {
			return dying{rapid.IntRange(0, 4).Draw(t, "step"), rapid.Bool().Draw(t, "after")}
		})
		kind := rapid.IntRange(0, 3).Draw(t, "kind")
		return slowAct{
			after: rapid.IntRange(0, 20).Draw(t, "after"), question: kind < 2, tap: kind == 2,
			takes:    rapid.SampledFrom([]int{1, 2, 30, 39, 40, 41, 80, 300}).Draw(t, "takes"),
			failures: rapid.SampledFrom([]int{0, 0, 0, 1, 3}).Draw(t, "failures"),
			// The last of three attempts does not die: else nobody would know that the follower got the reply.
			attempts: rapid.SliceOfN(dies, 0, 2).Draw(t, "attempts"),
			worker:   rapid.SliceOfN(dies, 0, 2).Draw(t, "worker"),
			lost:     rapid.IntRange(0, 9).Draw(t, "lost") == 9,
			doubled:  rapid.IntRange(0, 4).Draw(t, "doubled") == 4,
		}
	})
	return slowStory{
		acts:  rapid.SliceOfN(draw, 1, 6).Draw(t, "acts"),
		sends: rapid.Bool().Draw(t, "sends"), unsure: rapid.IntRange(0, 4).Draw(t, "unsure") == 4,
	}
})

// slowRun is a story while it runs.
type slowRun struct {
	t      *testing.T
	story  slowStory
	store  storetest.Store
	router *webhook.Router
	queue  *answers.Local
	worker *answers.Worker

	mu       sync.Mutex
	calls    map[uint64]int // of the handler, by MsgId
	runs     map[uint64]int // of workers
	deaths   map[uint64]int // of workers
	lost     map[uint64]bool
	seen     []string // what the follower sees, in order
	replied  map[uint64]bool
	link     string // the newest that the follower has
	problems []string
}

type process struct {
	mu    sync.Mutex
	dies  dying
	steps int
	dead  bool
}

var errDead = errors.New("the process has died")

type processKey struct{}

// step does one step of ctx's process, or dies before or after it.
func step(ctx context.Context, do func() error) error {
	p := ctx.Value(processKey{}).(*process)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.steps++
	switch {
	case p.dead:
		return errDead
	case p.steps == p.dies.step && !p.dies.after:
		p.dead = true
		return errDead
	}
	err := do()
	if p.steps == p.dies.step {
		p.dead = true
		return errDead
	}
	return err
}

func newSlowRun(t *testing.T, s slowStory, open storetest.Open) *slowRun {
	r := &slowRun{
		t: t, story: s, store: open(t, time.Now), router: webhook.NewRouter(),
		calls: map[uint64]int{}, runs: map[uint64]int{}, deaths: map[uint64]int{}, lost: map[uint64]bool{}, replied: map[uint64]bool{},
	}
	webhook.OnSlowText(r.router, webhook.Prefix("问"), r.answer, webhook.Wait("等"), webhook.Sorry("抱歉"))
	webhook.On(r.router, func(context.Context, *wechat.Text) (wechat.Reply, error) { return wechat.TextReply("收到"), nil })
	r.worker = &answers.Worker{
		Store: steps{r.store}, Router: r.router, Sender: r, Hash: hash, Now: time.Now, Log: discard,
	}
	r.queue = answers.NewLocal(r.work, 5*time.Second)
	return r
}

// act returns the act of a message.
func (r *slowRun) act(id uint64) slowAct { return r.story.acts[id-1] }

func answerTo(id uint64) string { return fmt.Sprintf("答%d。", id) }

// answer is the slow handler.
func (r *slowRun) answer(ctx context.Context, p *wechat.Text) (string, error) {
	r.mu.Lock()
	r.calls[p.MsgID]++
	fails := r.calls[p.MsgID] <= r.act(p.MsgID).failures
	r.mu.Unlock()
	select {
	case <-time.After(time.Duration(r.act(p.MsgID).takes) * 100 * time.Millisecond):
	case <-ctx.Done():
		return "", ctx.Err()
	}
	if fails {
		return "", errors.New("the model is away")
	}
	return answerTo(p.MsgID), nil
}

// work is a worker's process.
func (r *slowRun) work(ctx context.Context, m answers.Message) error {
	id := idOf(m.Job)
	r.mu.Lock()
	p := &process{}
	if n := r.runs[id]; n < len(r.act(id).worker) {
		p.dies = r.act(id).worker[n]
	}
	r.runs[id]++
	r.mu.Unlock()
	err := r.worker.Handle(context.WithValue(ctx, processKey{}, p), m)
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.dead {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.deaths[id]++
		return errDead
	}
	return err
}

func idOf(job string) uint64 {
	_, number, _ := strings.Cut(job, "#")
	id, _ := strconv.ParseUint(number, 10, 64) // only conversation.ID makes them
	return id
}

// Send is the queue as the endpoint sees it.
func (r *slowRun) Send(ctx context.Context, task answers.Task) error {
	return step(ctx, func() error {
		id := idOf(task.Job)
		r.mu.Lock()
		loses := r.act(id).lost && !r.lost[id]
		r.lost[id] = r.lost[id] || loses
		r.mu.Unlock()
		if loses {
			return nil
		}
		if r.act(id).doubled {
			go func() {
				_ = r.work(context.WithoutCancel(ctx), answers.Message{Task: task, ID: "double", Receive: 1}) // the other message comes again
			}()
		}
		return r.queue.Send(ctx, task)
	})
}

// SendText is the platform. What it has taken, the follower sees.
func (r *slowRun) SendText(ctx context.Context, _, text string, _ bool) error {
	err := step(ctx, func() error {
		if !r.story.sends {
			return noPermission{}
		}
		r.see(text)
		return nil
	})
	if err == nil && r.story.unsure {
		return errors.New("the connection is cut before the answer")
	}
	return err
}

// Typing shows nothing.
func (r *slowRun) Typing(context.Context, string) error { return nil }

type noPermission struct{}

func (noPermission) Error() string { return "errcode 48001" }
func (noPermission) Errcode() int  { return 48001 }

// steps makes steps of the operations of a store.
type steps struct{ answers.Store }

func (s steps) Conversation(ctx context.Context, openid string) (c conversation.Conversation, err error) {
	return c, step(ctx, func() error {
		c, err = s.Store.Conversation(ctx, openid)
		return err
	})
}

func (s steps) ChangeConversation(
	ctx context.Context, openid string, at time.Time, change func(*conversation.Conversation) error,
) error {
	return step(ctx, func() error { return s.Store.ChangeConversation(ctx, openid, at, change) })
}

// tell tells the story, and what the follower does in the end to get all answers.
func (r *slowRun) tell() {
	var all sync.WaitGroup
	for n, a := range r.story.acts {
		time.Sleep(time.Duration(a.after) * time.Second)
		p := r.text(uint64(n+1), "你好")
		switch {
		case a.question:
			p.Content = "问"
		case a.tap:
			p.Content, p.BizMsgMenuID = "查看回答", r.newest()
		}
		all.Go(func() { r.push(p, a.attempts) })
	}
	all.Wait()
	time.Sleep(time.Hour)
	for n := range len(r.story.acts) + 2 {
		r.push(r.text(uint64(1000+n), "你好"), nil)
		time.Sleep(time.Minute)
	}
	// Of an answer that may have been sent only the link is left.
	for n, a := range r.story.acts {
		if a.question && !r.has(answerTo(uint64(n+1))) {
			p := r.text(uint64(2000+n), "查看回答")
			p.BizMsgMenuID = r.linkOf(uint64(n + 1))
			r.push(p, nil)
		}
	}
}

func (r *slowRun) text(id uint64, content string) *wechat.Text {
	return &wechat.Text{
		Message: wechat.Message{
			Head:  wechat.Head{ToUserName: platform.ID, FromUserName: openid(0), CreateTime: time.Now().Unix(), MsgType: "text"},
			MsgID: id,
		},
		Content: content,
	}
}

var slowLink = regexp.MustCompile(`msgmenuid=(answer-\d+-(\d+)-\d+)`)

// push delivers a push as WeChat does: again after a failure, three times in all.
func (r *slowRun) push(p *wechat.Text, deaths []dying) {
	replier := &answers.Replier{Store: steps{r.store}, Queue: r, Now: time.Now}
	for n := range 3 {
		proc := &process{}
		if n < len(deaths) {
			proc.dies = deaths[n]
		}
		ctx, cancel := context.WithTimeout(context.WithValue(context.Background(), processKey{}, proc), 4500*time.Millisecond)
		begun := time.Now()
		reply, err := replier.Text(ctx, p, func(ctx context.Context) (wechat.Reply, error) { return r.router.Reply(ctx, p) })
		cancel()
		if took := time.Since(begun); took > 4100*time.Millisecond {
			r.problem("message %d was answered after %v", p.MsgID, took)
		}
		if proc.dead {
			time.Sleep(5*time.Second - time.Since(begun))
			continue
		}
		if err != nil {
			r.problem("message %d: %v", p.MsgID, err)
			return
		}
		if text, ok := reply.(wechat.TextReply); ok {
			r.see(string(text))
		}
		r.mu.Lock()
		r.replied[p.MsgID] = true
		r.mu.Unlock()
		return
	}
	r.problem("message %d was never answered", p.MsgID)
}

func (r *slowRun) see(text string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.seen = append(r.seen, text)
	if link := slowLink.FindStringSubmatch(text); link != nil {
		r.link = link[1]
	}
}

func (r *slowRun) newest() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.link
}

// linkOf returns the link that the follower got for a question, "" for none.
func (r *slowRun) linkOf(id uint64) string {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, text := range r.seen {
		if link := slowLink.FindStringSubmatch(text); link != nil && link[2] == fmt.Sprint(id) {
			return link[1]
		}
	}
	return ""
}

func (r *slowRun) has(answer string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return strings.Contains(strings.Join(r.seen, "\n"), answer)
}

func (r *slowRun) problem(format string, values ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.problems = append(r.problems, fmt.Sprintf(format, values...))
}

// wrong compares what the follower has seen with what was promised.
func (r *slowRun) wrong() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	wrong := r.problems
	all := strings.Join(r.seen, "\n")
	unanswered := 0
	for n, a := range r.story.acts {
		id := uint64(n + 1)
		if !a.question {
			continue
		}
		times := strings.Count(all, answerTo(id))
		maybe := 0 // a tap shows again what may not have arrived
		if r.story.sends && (r.story.unsure || len(a.worker) > 0) {
			maybe = 1
		}
		switch {
		case times == 0:
			unanswered++
			if a.failures < conversation.MaxAttempts && r.deaths[id]+a.failures < conversation.MaxAttempts && !a.lost {
				wrong = append(wrong, fmt.Sprintf("question %d has no answer", id))
			}
		case times > 1+maybe:
			wrong = append(wrong, fmt.Sprintf("question %d is answered %d times", id, times))
		}
		if may := min(conversation.MaxAttempts, 1+a.failures+r.deaths[id]); r.calls[id] > may {
			wrong = append(wrong, fmt.Sprintf("the handler of question %d was called %d times, at most %d are allowed", id, r.calls[id], may))
		}
	}
	if sorry := strings.Count(all, "抱歉"); sorry < unanswered || !r.story.sends && sorry != unanswered {
		wrong = append(wrong, fmt.Sprintf("%d apologies for %d questions without an answer", sorry, unanswered))
	}
	if wrong != nil {
		wrong = append(wrong, fmt.Sprintf("%+v", r.story), "the follower saw:\n"+all)
	}
	return wrong
}
