package stories

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	owner "github.com/guanzhu/guanzhu/account"
	"github.com/guanzhu/guanzhu/internal/accountyaml"
	"github.com/guanzhu/guanzhu/internal/autoreply"
	"github.com/guanzhu/guanzhu/internal/storetest"
	"github.com/guanzhu/guanzhu/internal/telemetry"
	"github.com/guanzhu/guanzhu/pkg/follower"
	"github.com/guanzhu/guanzhu/pkg/secrets"
	"github.com/guanzhu/guanzhu/pkg/webhook"
	"github.com/guanzhu/guanzhu/pkg/wechat"
	"github.com/guanzhu/guanzhu/pkg/wechattest"
)

// Run tells stories to the endpoint, each over a store of its own.
//
// Step by step, one delivery at a time runs up to its next call. A story that fails then fails every time, so it is shortened
// until nothing can be left out. In parallel, all deliveries run freely, and a story that fails is shown as it is.
func Run(t *testing.T, open storetest.Open) {
	tell(t, stories, open, (*run).check)
}

func tell(t *testing.T, stories *rapid.Generator[story], open storetest.Open, check func(*run, context.Context) string) {
	for name, parallel := range map[string]bool{"step by step": false, "in parallel": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rapid.Check(t, func(rt *rapid.T) {
				s := stories.Draw(rt, "story")
				r := newRun(t, s, open)
				rt.Cleanup(func() {
					if err := r.store.Close(); err != nil {
						t.Error(err)
					}
				})
				if parallel {
					r.inParallel()
				} else {
					r.stepByStep()
				}
				wrong := check(r, t.Context())
				if wrong == "" {
					return
				}
				happened := "what happened:\n  " + strings.Join(r.trace, "\n  ")
				if parallel { // the next time it may go well
					t.Fatalf("%s\n%v\n%s", wrong, s, happened)
				}
				rt.Log(happened) // rapid shows the story itself
				rt.Fatal(wrong)
			})
		})
	}
}

const (
	appID     = "wx0123456789abcdef"
	token     = "tokenOfTheStories"
	appSecret = "0123456789abcdef0123456789abcdef"
	unionID   = "uUNION"
	hello     = "一句悄悄话"
	wish      = "@希望周末也开门"

	replies = `
welcome: 欢迎
default: 收到
suggestion: 谢谢
keywords:
  - exact: 登录
    reply: "{personal_link}"
clicks:
  about: 关于
`
)

func openid(who int) string { return fmt.Sprintf("oSTORYfollower-000000000_%04d", who) }

var (
	hash     = telemetry.Hasher(appSecret)
	platform = wechattest.Account{AppID: appID, Token: token, ID: "gh_0123456789ab"}
)

func (p push) message() []byte {
	who, at := openid(p.who), second(p.at)
	switch p.what {
	case follow:
		key := ""
		if p.scene != "" {
			key = "qrscene_" + p.scene
		}
		return platform.Subscribe(who, at, key)
	case unfollow:
		return platform.Unsubscribe(who, at)
	case suggest:
		return platform.Text(who, at, p.id, wish)
	case ask:
		return platform.Text(who, at, p.id, "登录")
	case earn:
		return platform.Text(who, at, p.id, checkIn)
	case tap:
		return platform.Click(who, at, "about")
	case view:
		return platform.View(who, at, "https://example.com/")
	case scan:
		return platform.Scan(who, at, "spring")
	case cancel:
		return authorization("user_authorization_cancellation", who, at)
	case revoke:
		return authorization("user_authorization_revoke", who, at)
	default:
		return platform.Text(who, at, p.id, hello)
	}
}

// authorization is an event about a user that the platform's own push service sends.
func authorization(event, who string, at time.Time) []byte {
	return fmt.Appendf(nil, "<xml><ToUserName><![CDATA[%s]]></ToUserName><FromUserName><![CDATA[oPUSHservice-0000000000000001]]></FromUserName>"+
		"<CreateTime>%d</CreateTime><MsgType><![CDATA[event]]></MsgType><Event><![CDATA[%s]]></Event>"+
		"<OpenID><![CDATA[%s]]></OpenID><AppID><![CDATA[%s]]></AppID><RevokeInfo><![CDATA[205]]></RevokeInfo></xml>",
		platform.ID, at.Unix(), event, who, appID)
}

// run is a story that is being told. Its mutex guards what the deliveries share.
type run struct {
	story    story
	store    storetest.Store
	handlers []http.Handler
	work     []*work

	mu    sync.Mutex
	now   int // seconds
	calls int // numbers the beginnings and ends of writes
	log   bytes.Buffer
	trace []string
	wrong []string

	writes  map[int][]span          // by push: its writes that were made
	applied map[int]int             // by push: how many of them stored a new follow
	begun   map[sessionOf]time.Time // when each session began, as first seen
	lost    map[int]int             // by follower: when the session was deleted, in numbers of writes
}

// span is when a write was made, in numbers that grow.
type span struct{ begun, ended int }

// sessionOf names a session by the follower and the time of the event that began it.
type sessionOf struct {
	openid string
	event  int64
}

// work is a delivery at work.
type work struct {
	delivery
	run    *run
	cancel context.CancelFunc
	calls  int

	fetched bool // the profile came
	failed  bool // a write returned an error
	killed  bool
	faulted bool
	late    bool // waits for the end of all others
	ended   bool
	status  int
	reply   string

	resume, rest chan struct{} // nil in parallel
}

type workKey struct{}

func newRun(t *testing.T, s story, open storetest.Open) *run {
	r := &run{story: s, now: 30, writes: map[int][]span{}, applied: map[int]int{}, begun: map[sessionOf]time.Time{}, lost: map[int]int{}}
	r.store = open(t, r.clock)
	says, err := accountyaml.Parse("account.yaml", []byte(replies))
	if err != nil {
		t.Fatal(err)
	}
	log := slog.New(slog.NewJSONHandler(locked{&r.mu, &r.log}, &slog.HandlerOptions{Level: slog.LevelDebug}))
	for range handlers {
		service := &follower.Service{Store: faultyStore{r.store}, Profiler: faultyPlatform{}, Hash: hash, Now: r.clock,
			LinkKey: func() string { return appSecret }}
		h, err := webhook.New(webhook.Config{AppID: appID, Secrets: fixed{}, Router: routes(service, says), Hash: hash,
			Now: r.clock, Log: log})
		if err != nil {
			t.Fatal(err)
		}
		r.handlers = append(r.handlers, h)
	}
	for _, d := range s.deliveries {
		r.work = append(r.work, &work{delivery: d, run: r})
	}
	return r
}

// counts has how often each push was applied, by its time and MsgId.
type counts map[string]int

// The owner's own handlers may have other values and texts, but not these.
const checkIn = "测试签到"

var earned = follower.Own[counts]("test-earned")

// routes is the account's router with a handler that updates own data.
func routes(service *follower.Service, says *autoreply.Account) *webhook.Router {
	r := owner.Routes(owner.Services{Followers: service, Replies: says})
	webhook.OnText(r, webhook.Exact(checkIn), func(ctx context.Context, p *wechat.Text) (wechat.Reply, error) {
		_, err := earned.Update(ctx, service, p, func(c *counts) error {
			if *c == nil {
				*c = counts{}
			}
			(*c)[fmt.Sprint(p.CreateTime, "#", p.MsgID)]++
			return nil
		})
		return wechat.TextReply("已签到"), err
	})
	return r
}

type fixed struct{}

func (fixed) Current() secrets.Secrets    { return secrets.Secrets{Token: token, AppSecret: appSecret} }
func (fixed) Reload(context.Context) bool { return false }

type locked struct {
	mu *sync.Mutex
	w  io.Writer
}

func (l locked) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.w.Write(b)
}

func (r *run) clock() time.Time {
	r.mu.Lock()
	defer r.mu.Unlock()
	return second(r.now)
}

// stepByStep lets one delivery at a time go on, up to its next call.
func (r *run) stepByStep() {
	for _, w := range r.work {
		w.resume, w.rest = make(chan struct{}), make(chan struct{})
		go func() {
			<-w.resume
			w.deliver()
			w.ended = true
			w.rest <- struct{}{}
		}()
	}
	for step := 0; ; step++ {
		var ready, waiting []*work
		for _, w := range r.work {
			switch {
			case w.ended:
			case w.late:
				waiting = append(waiting, w)
			case len(ready) < atWork:
				ready = append(ready, w)
			}
		}
		if len(ready) == 0 {
			ready = waiting
		}
		if len(ready) == 0 {
			return
		}
		turn := 0
		if step < len(r.story.turns) {
			turn = r.story.turns[step] % len(ready)
		}
		ready[turn].resume <- struct{}{}
		<-ready[turn].rest
	}
}

// inParallel lets all deliveries go on at once, but for the late ones, which wait for the end of the others.
func (r *run) inParallel() {
	for _, late := range []bool{false, true} {
		var running sync.WaitGroup
		for _, w := range r.work {
			if late == hasLate(w.faults) {
				running.Go(w.deliver)
			}
		}
		running.Wait()
	}
}

func hasLate(faults []fault) bool {
	for _, f := range faults {
		if f == late {
			return true
		}
	}
	return false
}

// deliver sends the push once. The budget is no part of the story: how fast this machine is must not matter.
func (w *work) deliver() {
	w.run.mu.Lock()
	w.run.now++
	w.run.mu.Unlock()
	ctx, cancel := context.WithCancel(context.WithValue(context.Background(), workKey{}, w))
	defer cancel()
	w.cancel = cancel
	ctx = webhook.WithArrival(ctx, time.Now().Add(time.Hour))
	if w.push == reconciles {
		w.reconcile(ctx)
		return
	}
	p := w.run.story.pushes[w.push]
	if p.what == lose {
		w.run.lose(ctx, p.who)
		w.tell("is done")
		return
	}
	request, err := platform.Request(ctx, "https://example.com"+webhook.Path, wechattest.Plain, p.message(), w.run.clock())
	if err != nil {
		w.run.fault("a request cannot be made: %v", err)
		return
	}
	answer := httptest.NewRecorder()
	w.run.handlers[w.handler].ServeHTTP(answer, request)
	w.status, w.reply = answer.Code, answer.Body.String()
	w.tell("answers %d", w.status)
}

// lose deletes the follower's session, if there is one.
func (r *run) lose(ctx context.Context, who int) {
	if err := r.store.Delete(ctx, openid(who), "session"); err != nil {
		r.fault("the session of %c cannot be deleted: %v", 'A'+who, err)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.calls++
	r.lost[who] = r.calls
}

func (w *work) tell(format string, args ...any) {
	w.run.mu.Lock()
	defer w.run.mu.Unlock()
	who := "reconcile: "
	if w.push != reconciles {
		who = fmt.Sprintf("handler %d, push %d (%v): ", w.handler, w.push+1, w.run.story.pushes[w.push])
	}
	w.run.trace = append(w.run.trace, who+fmt.Sprintf(format, args...))
}

func (r *run) fault(format string, args ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.wrong = append(r.wrong, fmt.Sprintf(format, args...))
}

var (
	errFails     = errors.New("internal server error")
	errThrottled = errors.New("throttled")
)

// call makes one call of the store or of the API as the delivery's faults have it.
func (w *work) call(ctx context.Context, name string, do func() error) error {
	f := none
	if w.calls < len(w.faults) {
		f = w.faults[w.calls]
	}
	w.calls++
	if w.resume != nil {
		w.late = f == late
		w.rest <- struct{}{}
		<-w.resume
		w.late = false
	}
	if err := ctx.Err(); err != nil {
		return err // it is dead
	}
	w.tell("%s %s", name, faults[f])
	w.faulted = w.faulted || f != none
	switch f {
	case fails:
		return errFails
	case throttled:
		return errThrottled
	case killedBefore:
		return w.kill(ctx)
	}
	if err := do(); err != nil {
		w.run.fault("%s: %v", name, err)
		return err
	}
	switch f {
	case cut:
		return io.ErrUnexpectedEOF
	case late:
		return context.DeadlineExceeded
	case killedAfter:
		return w.kill(ctx)
	}
	return nil
}

func (w *work) kill(ctx context.Context) error {
	w.killed = true
	w.cancel()
	return ctx.Err()
}

// write makes one call of the store, and notes that the push's write was made.
func write(ctx context.Context, name string, do func(*work) error) error {
	w := ctx.Value(workKey{}).(*work)
	err := w.call(ctx, name, func() error {
		r := w.run
		r.mu.Lock()
		r.calls++
		s := span{begun: r.calls}
		r.mu.Unlock()
		if err := do(w); err != nil {
			return err
		}
		r.mu.Lock()
		r.calls++
		s.ended = r.calls
		r.writes[w.push] = append(r.writes[w.push], s)
		r.mu.Unlock()
		return r.watch(ctx, r.story.pushes[w.push].who)
	})
	w.failed = w.failed || err != nil
	return err
}

// watch looks after a write whether the follower's session is still the one that began with its follow, unless that is
// lost in this story.
func (r *run) watch(ctx context.Context, who int) error {
	openid := openid(who)
	if r.loses(who) {
		return nil
	}
	_, session, err := r.store.Lookup(ctx, openid)
	if errors.Is(err, follower.ErrNotFound) {
		return nil
	} else if err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	key := sessionOf{openid, session.EventTime.Unix()}
	if began, seen := r.begun[key]; !seen {
		r.begun[key] = session.EstablishedAt
	} else if !began.Equal(session.EstablishedAt) {
		r.wrong = append(r.wrong, fmt.Sprintf("the session of %s began again: at %v, then at %v", openid, began, session.EstablishedAt))
	}
	return nil
}

func (r *run) loses(who int) bool {
	return slices.ContainsFunc(r.story.pushes, func(p push) bool { return p.who == who && p.what == lose })
}

// faultyStore is the store. Its calls have the faults of the delivery that makes them.
type faultyStore struct{ store follower.Store }

func (s faultyStore) Follow(ctx context.Context, f follower.Follower, session follower.Session) (
	stored follower.Follower, applied bool, err error,
) {
	err = write(ctx, "Follow", func(w *work) (err error) {
		if stored, applied, err = s.store.Follow(ctx, f, session); applied {
			w.run.mu.Lock()
			w.run.applied[w.push]++
			w.run.mu.Unlock()
		}
		return err
	})
	if err != nil {
		return follower.Follower{}, false, err
	}
	return stored, applied, nil
}

func (s faultyStore) Complete(ctx context.Context, f follower.Follower) error {
	return write(ctx, "Complete", func(*work) error { return s.store.Complete(ctx, f) })
}

func (s faultyStore) Unfollow(ctx context.Context, openid string, at, expires time.Time) error {
	return write(ctx, "Unfollow", func(*work) error { return s.store.Unfollow(ctx, openid, at, expires) })
}

func (s faultyStore) AddTicket(ctx context.Context, t follower.Ticket, f follower.Follower, session follower.Session) (
	added bool, err error,
) {
	err = write(ctx, "AddTicket", func(*work) (err error) {
		added, err = s.store.AddTicket(ctx, t, f, session)
		return err
	})
	return added && err == nil, err
}

func (s faultyStore) ChangeSession(ctx context.Context, openid string, change func(*follower.Session) error) error {
	var refused error // there is no session, or nothing of it to be changed
	err := write(ctx, "ChangeSession", func(*work) error {
		refused = s.store.ChangeSession(ctx, openid, change)
		return nil
	})
	if err != nil {
		return err
	}
	return refused
}

func (s faultyStore) Own(ctx context.Context, openid string) (follower.OwnData, error) {
	return s.store.Own(ctx, openid)
}

func (s faultyStore) ChangeOwn(
	ctx context.Context, f follower.Follower, session *follower.Session, change func(*follower.OwnData) error,
) error {
	var refused error // the push was applied before, or the follower has unfollowed or followed again since
	err := write(ctx, "ChangeOwn", func(*work) error {
		refused = s.store.ChangeOwn(ctx, f, session, change)
		return nil
	})
	if err != nil {
		return err
	}
	return refused
}

func (s faultyStore) AddSuggestion(ctx context.Context, suggestion follower.Suggestion) (kept bool, err error) {
	err = write(ctx, "AddSuggestion", func(*work) (err error) {
		kept, err = s.store.AddSuggestion(ctx, suggestion)
		return err
	})
	return kept && err == nil, err
}

// faultyPlatform has every follower's profile. Its calls have the faults of the delivery that makes them.
type faultyPlatform struct{}

func (faultyPlatform) Profile(ctx context.Context, openid string) (follower.Profile, error) {
	w := ctx.Value(workKey{}).(*work)
	if err := w.call(ctx, "Profile", func() error { return nil }); err != nil {
		return follower.Profile{}, err
	}
	w.fetched = true
	return follower.Profile{UnionID: unionID + openid, Language: "zh_CN", Scene: "ADD_SCENE_QR_CODE"}, nil
}
