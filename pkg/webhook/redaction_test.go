package webhook_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/guanzhu/guanzhu/pkg/follower"
	"github.com/guanzhu/guanzhu/pkg/webhook"
	"github.com/guanzhu/guanzhu/pkg/wechat"
	"github.com/guanzhu/guanzhu/pkg/wechattest"
)

// overheard has all that leaves the account, except the log.
type overheard struct {
	answers []string // to refused or failed requests
	replies []string // to followers
	errors  []string
}

// TestNothingIsTold sends all hostile requests and makes everything fail that can fail, in every mode. Then it searches the
// log, the errors and the answers for every secret, openid and text.
func TestNothingIsTold(t *testing.T) {
	inAllModes(t, func(t *testing.T, mode wechattest.Mode) {
		const (
			unspeakable = "@一句谁也不该看到的话"
			panicking   = "handlers panic at this"
		)
		heard := &overheard{}
		w := newFixture(t, mode, func(w *fixture) {
			w.Service.Store = overheardStore{w.Service.Store, heard}
			webhook.OnText(w.router, webhook.Exact(panicking), func(_ context.Context, p *wechat.Text) (wechat.Reply, error) {
				panic(p)
			})
		})
		serve := func(r *http.Request) {
			response := w.serve(r)
			if body := read(t, response); response.StatusCode == http.StatusOK {
				heard.replies = append(heard.replies, body)
			} else {
				heard.answers = append(heard.answers, body+fmt.Sprint(response.Header))
			}
		}
		push := func(message []byte) { serve(w.Request(message)) }

		w.Platform.Follow(openid, profile)
		client := w.Service.Profiler
		w.Service.Profiler = overheardProfiler{client, heard}
		push(w.Pusher.Subscribe(openid, now, "qrscene_spring"))
		accessToken, err := w.Store.AccessToken(t.Context())
		if err != nil || accessToken.Value == "" {
			t.Fatalf("no access token is stored: %v", err)
		}

		// The platform refuses calls, answers with HTML, cuts the connection, and is down.
		for i, fault := range []func(){
			func() { w.Platform.Fail(userInfo, 40003, 1) },
			func() { w.Platform.Fail(userInfo, 40001, 9) },
			func() { w.Platform.Fail(userInfo, 45009, 1) },
			func() { w.Platform.FailHTML(userInfo, 1) },
			func() { w.Service.Profiler = overheardProfiler{w.Client(cutting(t)), heard} },
			func() { w.Service.Profiler = overheardProfiler{w.Client("http://127.0.0.1:1"), heard} },
		} {
			fault()
			push(w.Pusher.Subscribe(openid, now.Add(time.Duration(i+1)*time.Second), "qrscene_spring"))
		}
		push(w.Pusher.Text(openid, now.Add(time.Minute), 1, unspeakable))
		push(w.Pusher.Text(openid, now.Add(time.Minute), 2, "登录"))
		push(w.Pusher.Text(openid, now.Add(time.Minute), 3, panicking))
		push(renamed(w.Pusher.Text(openid, now, 4, unspeakable), "[text]", "[hologram "+unspeakable+"]"))
		for _, r := range hostile(w) {
			serve(r.request)
		}
		stored := w.records()
		w.Store.Close() // from now on, every write fails
		push(w.Pusher.Text(openid, now.Add(time.Minute), 5, unspeakable))
		push(w.Pusher.Text(openid, now.Add(time.Minute), 6, "登录"))
		push(w.Pusher.Subscribe(openid, now.Add(9*time.Minute), ""))
		push(w.Pusher.Unsubscribe(openid, now.Add(9*time.Minute)))

		if len(heard.errors) < 9 || len(heard.answers) < 40 || len(heard.replies) < 8 {
			t.Fatalf("%d errors, %d answers, %d replies: the run has become too tame", len(heard.errors), len(heard.answers), len(heard.replies))
		}
		keys := map[string]string{
			"token": token, "app secret": appSecret, "EncodingAESKey": aesKey, "access token": accessToken.Value,
			"unionid": profile.UnionID, "remark": profile.Remark,
		}
		personal := map[string]string{"openid": openid, "text": "谁也不该看到", "forged text": "@forged", "panicking text": panicking,
			"ticket": "ticket=", "access_token in a URL": "access_token="}
		if !strings.Contains(strings.Join(stored, ""), openid) {
			t.Error("the openid that is looked for is not the one that was used")
		}
		for where, told := range map[string][]string{
			"log": {w.Logs.String()}, "error": heard.errors, "answer": heard.answers, "reply": heard.replies,
		} {
			for what, secret := range keys {
				contains(t, where, told, what, secret)
			}
			for what, secret := range personal {
				if where != "reply" { // a reply to a follower contains the follower's own openid and link
					contains(t, where, told, what, secret)
				}
			}
		}
	})
}

func contains(t *testing.T, where string, told []string, what, secret string) {
	t.Helper()
	for _, line := range told {
		if strings.Contains(line, secret) {
			t.Errorf("the %s holds the %s: %s", where, what, line)
		}
	}
}

// cutting returns the URL of a server that cuts the connection of each request.
func cutting(t *testing.T) string {
	s := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }))
	t.Cleanup(s.Close)
	return s.URL
}

// overheardProfiler and overheardStore keep the texts of errors.
type overheardProfiler struct {
	follower.Profiler
	heard *overheard
}

func (p overheardProfiler) Profile(ctx context.Context, openid string) (follower.Profile, error) {
	profile, err := p.Profiler.Profile(ctx, openid)
	p.heard.keep(err)
	return profile, err
}

type overheardStore struct {
	follower.Store
	heard *overheard
}

func (s overheardStore) Follow(ctx context.Context, f follower.Follower, session follower.Session) (follower.Follower, bool, error) {
	stored, applied, err := s.Store.Follow(ctx, f, session)
	s.heard.keep(err)
	return stored, applied, err
}

func (s overheardStore) Unfollow(ctx context.Context, openid string, at, expires time.Time) error {
	err := s.Store.Unfollow(ctx, openid, at, expires)
	s.heard.keep(err)
	return err
}

func (s overheardStore) AddSuggestion(ctx context.Context, suggestion follower.Suggestion) (bool, error) {
	kept, err := s.Store.AddSuggestion(ctx, suggestion)
	s.heard.keep(err)
	return kept, err
}

func (s overheardStore) ChangeSession(ctx context.Context, openid string, change func(*follower.Session) error) error {
	err := s.Store.ChangeSession(ctx, openid, change)
	s.heard.keep(err)
	return err
}

func (s overheardStore) AddTicket(ctx context.Context, ticket follower.Ticket, f follower.Follower, session follower.Session) (bool, error) {
	added, err := s.Store.AddTicket(ctx, ticket, f, session)
	s.heard.keep(err)
	return added, err
}

func (o *overheard) keep(err error) {
	if err != nil {
		o.errors = append(o.errors, fmt.Sprintf("%v\n%+v", err, err))
	}
}
