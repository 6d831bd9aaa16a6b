package answers_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/guanzhu/guanzhu/internal/answers"
	"github.com/guanzhu/guanzhu/internal/boltstore"
	"github.com/guanzhu/guanzhu/internal/conversation"
	"github.com/guanzhu/guanzhu/internal/world"
	"github.com/guanzhu/guanzhu/pkg/follower"
	"github.com/guanzhu/guanzhu/pkg/webhook"
	"github.com/guanzhu/guanzhu/pkg/wechat"
)

const openid = world.OpenID

// fixture is an account with one slow handler, in a bubble of package synctest.
type fixture struct {
	t       *testing.T
	store   *boltstore.Store
	queue   *answers.Local
	replier *answers.Replier
	worker  *answers.Worker
	router  *webhook.Router
	log     *world.Log

	mu       sync.Mutex
	takes    time.Duration
	answer   string
	failures int // of the next calls
	calls    int
	sent     []string
	typed    int
	refusal  error // of the platform
	dead     int   // messages whose last delivery has failed
}

func run(t *testing.T, test func(f *fixture)) {
	synctest.Test(t, func(t *testing.T) {
		f := &fixture{t: t, answer: "答", log: new(world.Log)}
		var err error
		if f.store, err = boltstore.Open(filepath.Join(t.TempDir(), "store.db"), time.Now); err != nil {
			t.Fatal(err)
		}
		defer f.store.Close()
		f.router = webhook.NewRouter()
		webhook.OnSlowText(f.router, webhook.Prefix("问"), f.handle, webhook.Wait("等"), webhook.Sorry("抱歉"))
		webhook.OnText(f.router, webhook.Exact("你好"), func(context.Context, *wechat.Text) (wechat.Reply, error) {
			return wechat.TextReply("您好"), nil
		})
		f.worker = &answers.Worker{
			Store: f.store, Router: f.router, Sender: f, Hash: func(string) string { return "hash" }, Now: time.Now, Log: f.log.Logger(),
		}
		f.queue = answers.NewLocal(f.work, 5*time.Second)
		defer f.queue.Close()
		f.replier = &answers.Replier{Store: f.store, Queue: f.queue, Now: time.Now}
		test(f)
	})
}

func (f *fixture) work(ctx context.Context, m answers.Message) error {
	err := f.worker.Handle(ctx, m)
	if err != nil && m.Receive == answers.MaxReceive {
		f.mu.Lock()
		f.dead++
		f.mu.Unlock()
	}
	return err
}

func (f *fixture) handle(ctx context.Context, p *wechat.Text) (string, error) {
	f.mu.Lock()
	f.calls++
	takes, answer, fails := f.takes, f.answer, f.failures > 0
	f.failures--
	f.mu.Unlock()
	select {
	case <-time.After(takes):
	case <-ctx.Done():
		return "", ctx.Err()
	}
	if fails {
		return "", errors.New("the model is away")
	}
	return answer, nil
}

func (f *fixture) SendText(_ context.Context, _, text string, byAI bool) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.refusal == nil {
		f.sent = append(f.sent, text)
	}
	return f.refusal
}

func (f *fixture) Typing(context.Context, string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.typed++
	return f.refusal
}

type refusal int

func (r refusal) Error() string { return fmt.Sprint("errcode ", int(r)) }
func (r refusal) Errcode() int  { return int(r) }

func text(id uint64, content string) *wechat.Text {
	return &wechat.Text{
		Message: wechat.Message{
			Head:  wechat.Head{ToUserName: world.AccountID, FromUserName: openid, CreateTime: time.Now().Unix(), MsgType: "text"},
			MsgID: id,
		},
		Content: content,
	}
}

// deliver delivers a push once, as the endpoint does, and returns the reply.
func (f *fixture) deliver(p *wechat.Text) string {
	f.t.Helper()
	ctx, cancel := context.WithTimeout(f.t.Context(), 4500*time.Millisecond)
	defer cancel()
	begun := time.Now()
	reply, err := f.replier.Text(ctx, p, func(ctx context.Context) (wechat.Reply, error) {
		return f.router.Reply(ctx, p)
	})
	if err != nil {
		f.t.Fatalf("%q: %v", p.Content, err)
	}
	if took := time.Since(begun); took > 4100*time.Millisecond {
		f.t.Errorf("%q was answered after %v", p.Content, took)
	}
	if reply == nil {
		return ""
	}
	return string(reply.(wechat.TextReply))
}

// push delivers a push three times, one second apart, and returns the reply, which must be the same each time.
func (f *fixture) push(p *wechat.Text) string {
	f.t.Helper()
	var replies [3]string
	var all sync.WaitGroup
	for i := range replies {
		all.Go(func() {
			time.Sleep(time.Duration(i) * time.Second)
			replies[i] = f.deliver(p)
		})
	}
	all.Wait()
	if replies[0] != replies[1] || replies[0] != replies[2] {
		f.t.Errorf("%q was answered with %q", p.Content, replies)
	}
	return replies[0]
}

func (f *fixture) wantSent(want ...string) {
	f.t.Helper()
	f.mu.Lock()
	defer f.mu.Unlock()
	if diff := cmp.Diff(want, f.sent); diff != "" {
		f.t.Errorf("customer-service messages (-want +got):\n%s", diff)
	}
}

func (f *fixture) wantCalls(want int) {
	f.t.Helper()
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.calls != want {
		f.t.Errorf("the handler was called %d times, want %d", f.calls, want)
	}
}

var links = regexp.MustCompile(`\n+<a href="weixin://bizmsgmenu\?msgmenucontent=([^&"]+)&msgmenuid=([^"]+)">[^<]+</a>$`)

// link splits a message into its text and the id of the link at its end.
func link(message string) (text, id string) {
	at := links.FindStringSubmatchIndex(message)
	if at == nil {
		return message, ""
	}
	return message[:at[0]], message[at[4]:at[5]]
}

func tap(id uint64, linkID string) *wechat.Text {
	p := text(id, "查看回答")
	p.BizMsgMenuID = linkID
	return p
}

func TestInTime(t *testing.T) {
	for _, takes := range []time.Duration{200 * time.Millisecond, 3 * time.Second} {
		run(t, func(f *fixture) {
			f.takes = takes
			if got := f.push(text(1, "问")); got != "答" {
				t.Errorf("reply %q", got)
			}
			time.Sleep(time.Minute)
			f.wantSent()
			f.wantCalls(1)
			if got := f.push(text(2, "你好")); got != "您好" {
				t.Errorf("the next text is answered with %q", got)
			}
		})
	}
}

func TestSent(t *testing.T) {
	run(t, func(f *fixture) {
		f.takes = 30 * time.Second
		wait, id := link(f.push(text(1, "问")))
		if wait != "等" || id == "" {
			t.Errorf("reply %q with link %q", wait, id)
		}
		time.Sleep(time.Minute)
		f.wantSent("答")
		f.wantCalls(1)
		synctest.Wait() // so that the worker has written what is read here
		if f.typed != 1 {
			t.Errorf("typing was shown %d times", f.typed)
		}
		if got := f.push(tap(2, id)); strings.Contains(got, "答案") || !strings.Contains(got, "已经发给您") {
			t.Errorf("a tap after the answer: %q", got)
		}
		if got := f.push(text(3, "你好")); got != "您好" {
			t.Errorf("the next text is answered with %q", got)
		}
		f.wantSent("答")
	})
}

// TestTap: the account may not send, so the answer waits for a tap, with the link's id or without it, or for the next text.
func TestTap(t *testing.T) {
	for _, test := range []struct {
		name string
		next func(id string) *wechat.Text
		want string
	}{
		{"with the id", func(id string) *wechat.Text { return tap(2, id) }, "答"},
		{"without the id", func(string) *wechat.Text { return tap(2, "") }, "答"},
		{"next text", func(string) *wechat.Text { return text(2, "你好") }, "答\n\n您好"},
		{"next text without a handler", func(string) *wechat.Text { return text(2, "?") }, "答"},
	} {
		t.Run(test.name, func(t *testing.T) {
			for _, code := range []refusal{45015, 45047, 48001} {
				run(t, func(f *fixture) {
					f.takes, f.refusal = 30*time.Second, code
					_, id := link(f.push(text(1, "问")))
					time.Sleep(time.Minute)
					if got := f.push(test.next(id)); got != test.want {
						t.Errorf("errcode %d: reply %q, want %q", code, got, test.want)
					}
					if got := f.push(text(3, "你好")); got != "您好" {
						t.Errorf("errcode %d: the text after that is answered with %q", code, got)
					}
					f.wantCalls(1)
				})
			}
		})
	}
}

// overtaken is a Store in which another write comes between the first change and its own, as may happen in DynamoDB.
type overtaken struct {
	answers.Store
	other func()
}

func (s *overtaken) ChangeConversation(
	ctx context.Context, openid string, at time.Time, change func(*conversation.Conversation) error,
) error {
	if other := s.other; other != nil {
		s.other = nil
		c, err := s.Conversation(ctx, openid)
		if err != nil {
			return err
		}
		_ = change(&c) // it is not written
		other()
	}
	return s.Store.ChangeConversation(ctx, openid, at, change)
}

// TestTwoTextsAtOnce: of two texts at the same time, one gets the answer that waits.
func TestTwoTextsAtOnce(t *testing.T) {
	for _, second := range []string{"你好", "问二"} {
		run(t, func(f *fixture) {
			f.takes, f.refusal, f.answer = 30*time.Second, refusal(48001), "晴"
			f.push(text(1, "问一"))
			time.Sleep(time.Minute)
			f.replier.Store = &overtaken{f.store, func() {
				if got := f.deliver(text(2, "?")); got != "晴" {
					t.Errorf("the first text gets %q", got)
				}
			}}
			if got := f.deliver(text(3, second)); strings.Contains(got, "晴") {
				t.Errorf("%s gets the answer once more: %q", second, got)
			}
		})
	}
}

// TestTwoDays: an answer waits for 48 hours. Later, the words of the link are a text like any other.
func TestTwoDays(t *testing.T) {
	for after, want := range map[time.Duration]string{
		48*time.Hour - time.Minute: "答",
		48*time.Hour + time.Minute: "这条回答已经过期，请重新提问。",
	} {
		run(t, func(f *fixture) {
			f.refusal, f.takes = refusal(48001), 30*time.Second
			_, id := link(f.push(text(1, "问")))
			time.Sleep(after)
			if got := f.push(tap(2, id)); got != want {
				t.Errorf("%v after the question: %q, want %q", after, got, want)
			}
		})
	}
}

// TestNotAskedForADay: an account that may not send customer-service messages is not asked again for a day.
func TestNotAskedForADay(t *testing.T) {
	run(t, func(f *fixture) {
		f.refusal, f.takes = refusal(48001), 30*time.Second
		f.push(text(1, "问"))
		time.Sleep(23 * time.Hour)
		f.mu.Lock()
		f.refusal = nil
		f.mu.Unlock()
		f.push(text(2, "问"))
		time.Sleep(time.Minute)
		f.wantSent()
		time.Sleep(time.Hour)
		f.push(text(3, "问"))
		time.Sleep(time.Minute)
		f.wantSent("答")
	})
}

// TestTapEarly: a tap before the answer waits as the question did.
func TestTapEarly(t *testing.T) {
	run(t, func(f *fixture) {
		f.takes, f.refusal = 30*time.Second, refusal(48001)
		_, id := link(f.push(text(1, "问")))
		if _, again := link(f.push(tap(2, id))); again != id {
			t.Errorf("a tap before the answer leads to %q, want %q", again, id)
		}
		time.Sleep(time.Until(time.Now().Truncate(time.Minute).Add(28 * time.Second)))
		if got := f.deliver(tap(3, id)); got != "答" {
			t.Errorf("a tap just before the answer: %q", got)
		}
		f.wantCalls(1)
	})
}

// TestNextQuestion: an answer that waits comes with the wait text of the next question.
func TestNextQuestion(t *testing.T) {
	run(t, func(f *fixture) {
		f.takes, f.refusal, f.answer = 30*time.Second, refusal(48001), "答一"
		f.push(text(1, "问一"))
		time.Sleep(time.Minute)
		synctest.Wait()
		f.answer = "答二"
		got, id := link(f.push(text(2, "问二")))
		if got != "答一\n\n等" {
			t.Errorf("reply %q", got)
		}
		time.Sleep(time.Minute)
		if got := f.push(tap(3, id)); got != "答二" {
			t.Errorf("reply %q", got)
		}
		f.wantCalls(2)
	})
}

func TestPages(t *testing.T) {
	long := strings.Repeat("这是第一句话。这是第二句话！\n", 150)
	for _, sends := range []bool{true, false} {
		run(t, func(f *fixture) {
			f.takes, f.answer = 10*time.Second, long
			if !sends {
				f.refusal = refusal(48001)
			}
			_, id := link(f.push(text(1, "问")))
			time.Sleep(time.Minute)
			synctest.Wait()
			var page string
			if sends {
				page = f.sent[0]
			} else {
				page = f.push(tap(2, id))
			}
			var all strings.Builder
			for n := uint64(3); ; n++ {
				if len(page) > wechat.MaxText {
					t.Errorf("page of %d bytes", len(page))
				}
				text, next := link(page)
				all.WriteString(text)
				if next == "" {
					break
				}
				if !strings.HasSuffix(strings.TrimSpace(text), "！") && !strings.HasSuffix(text, "。") {
					t.Errorf("a page ends with %q", text[len(text)-9:])
				}
				page = f.push(tap(n, next))
				if again := f.push(tap(n+100, next)); !strings.Contains(again, "已经发给您") {
					t.Errorf("a second tap: %q", again)
				}
			}
			// The line feeds before a link belong to the page or to the link.
			if got := strings.ReplaceAll(all.String(), "\n", ""); got != strings.ReplaceAll(long, "\n", "") {
				t.Errorf("sends %v: the pages together have %d bytes, the answer %d", sends, len(got), len(long))
			}
		})
	}
}

func TestFailures(t *testing.T) {
	for _, test := range []struct {
		name     string
		failures int
		want     string
		calls    int
		dead     int
	}{
		{"two failures", 2, "答", 3, 0},
		{"three failures", 3, "抱歉", 3, 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			run(t, func(f *fixture) {
				f.takes, f.failures = time.Second, test.failures
				f.push(text(1, "问"))
				time.Sleep(10 * time.Minute)
				f.wantSent(test.want)
				f.wantCalls(test.calls)
				f.mu.Lock()
				defer f.mu.Unlock()
				if f.dead != test.dead {
					t.Errorf("%d dead letters, want %d", f.dead, test.dead)
				}
				if strings.Contains(f.log.String(), "问") || strings.Contains(f.log.String(), openid) {
					t.Errorf("the log has a text or an openid: %s", f.log)
				}
			})
		})
	}
}

// TestUnsure: the platform does not say whether it has sent the answer. Nothing but a tap delivers it again.
func TestUnsure(t *testing.T) {
	run(t, func(f *fixture) {
		f.takes, f.refusal = 10*time.Second, errors.New("connection reset")
		_, id := link(f.push(text(1, "问")))
		time.Sleep(time.Minute)
		if got := f.push(text(2, "你好")); got != "您好" {
			t.Errorf("the next text is answered with %q", got)
		}
		if got := f.push(tap(3, id)); got != "答" {
			t.Errorf("a tap is answered with %q", got)
		}
	})
}

// TestLost: the queue loses a question. A tap sends it again while that makes sense, and apologizes later.
func TestLost(t *testing.T) {
	run(t, func(f *fixture) {
		f.replier.Queue = lossy{}
		_, id := link(f.push(text(1, "问")))
		f.replier.Queue = f.queue
		if got := f.push(tap(2, id)); got != "" {
			t.Errorf("reply %q, want none beside the customer-service message", got)
		}
		f.wantSent("答")
	})
	run(t, func(f *fixture) {
		f.replier.Queue = lossy{}
		_, id := link(f.push(text(1, "问")))
		time.Sleep(time.Hour)
		if got := f.push(tap(2, id)); got != "抱歉" {
			t.Errorf("reply %q", got)
		}
		f.wantCalls(0)
	})
}

type lossy struct{}

func (lossy) Send(context.Context, answers.Task) error { return nil }

// TestOrder: a follower's questions are answered in order, another follower's at the same time.
func TestOrder(t *testing.T) {
	run(t, func(f *fixture) {
		f.takes = 20 * time.Second
		other := text(3, "问")
		other.FromUserName = "oOther"
		var all sync.WaitGroup
		for _, p := range []*wechat.Text{text(1, "问"), text(2, "问"), other} {
			all.Go(func() { f.push(p) })
		}
		all.Wait()
		time.Sleep(16 * time.Second)
		f.wantSent("答", "答")
		time.Sleep(time.Minute)
		f.wantSent("答", "答", "答")
	})
}

// TestUnfollow: an unfollow while the handler works leaves nothing.
func TestUnfollow(t *testing.T) {
	run(t, func(f *fixture) {
		f.takes = 10 * time.Second
		f.push(text(1, "问"))
		if err := f.store.Unfollow(t.Context(), openid, time.Now(), time.Now().Add(time.Hour)); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		f.wantSent()
		c, err := f.store.Conversation(t.Context(), openid)
		if err != nil || len(c.Jobs) != 0 {
			t.Errorf("%d jobs, error %v", len(c.Jobs), err)
		}
	})
}

// TestFollowedAgain: a late delivery of a question from before an unfollow gets no reply, also beside newer questions. The
// same goes for other texts.
func TestFollowedAgain(t *testing.T) {
	run(t, func(f *fixture) {
		follow := func() {
			t.Helper()
			now := time.Now()
			p := follower.Follower{OpenID: openid, Profile: follower.Profile{SubscribedAt: now}, EventTime: now}
			if _, _, err := f.store.Follow(t.Context(), p, follower.Session{EventTime: now}); err != nil {
				t.Fatal(err)
			}
		}
		follow()
		old, hello, early := text(1, "问"), text(2, "你好"), tap(3, "")
		f.push(old)
		time.Sleep(time.Second)
		follow() // the unfollow in between is late
		f.takes, f.refusal = 10*time.Second, refusal(48001)
		f.push(text(4, "问"))
		if got := f.push(old); got != "" {
			t.Errorf("the old question is answered with %q", got)
		}
		time.Sleep(time.Minute)
		for _, p := range []*wechat.Text{hello, early} {
			if got := f.deliver(p); got != "" {
				t.Errorf("%q from before is answered with %q", p.Content, got)
			}
		}
		if got := f.push(tap(5, "")); got != "答" {
			t.Errorf("the new question is answered with %q", got)
		}
		f.wantCalls(2)
	})
}

func TestTooMany(t *testing.T) {
	run(t, func(f *fixture) {
		f.takes = time.Minute
		var all sync.WaitGroup
		sorry := 0
		for id := range uint64(11) {
			all.Go(func() {
				if f.deliver(text(id+1, "问")) == "抱歉" {
					f.mu.Lock()
					sorry++
					f.mu.Unlock()
				}
			})
		}
		all.Wait()
		if sorry != 1 {
			t.Errorf("%d of 11 questions were refused", sorry)
		}
	})
}
