package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/lambdacontext"
	peer "github.com/silenceper/wechat/v2"
	"github.com/silenceper/wechat/v2/cache"
	peerconfig "github.com/silenceper/wechat/v2/officialaccount/config"
	"github.com/silenceper/wechat/v2/officialaccount/message"
	"github.com/sirupsen/logrus"

	"github.com/guanzhu/guanzhu/internal/telemetry"
	"github.com/guanzhu/guanzhu/pkg/secrets"
	"github.com/guanzhu/guanzhu/pkg/webhook"
	"github.com/guanzhu/guanzhu/pkg/wechat"
	"github.com/guanzhu/guanzhu/pkg/wechattest"
)

const (
	text   = "今天几点开门?"
	reply  = "编辑@+您想说的话,我们可以收到"
	openid = "oSAMPLEfollower0000000000001"
)

// sender is the account to which the pushes go.
var sender = wechattest.Account{
	AppID: "wx0123456789abcdef", ID: "gh_0123456789ab", Token: "guanzhuSampleToken",
	EncodingAESKey: "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG",
}

const (
	turns   = 21
	perTurn = 100 * time.Millisecond // of one side
)

// pushes measures one text push in, one text reply out, in both modes.
func pushes(table io.Writer) error {
	for _, mode := range []wechattest.Mode{wechattest.Plain, wechattest.Safe} {
		account, name := sender, "safe"
		if mode == wechattest.Plain {
			account.EncodingAESKey, name = "", "plain"
		}
		ours, err := newPushing(account, mode, guanzhu(account))
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		theirs, err := newPushing(account, mode, silenceper(account))
		if err != nil {
			return fmt.Errorf("%s: silenceper/wechat: %w", name, err)
		}
		var took, worked pair
		for range turns {
			ourTime, ourWork := ours.time(perTurn)
			theirTime, theirWork := theirs.time(perTurn)
			took.add(ourTime, theirTime)
			worked.add(ourWork, theirWork)
		}
		allocations := fmt.Sprintf("%.0f : %.0f", testing.AllocsPerRun(1000, ours.push), testing.AllocsPerRun(1000, theirs.push))
		fmt.Fprint(table, took.row("push, "+name+", beside silenceper/wechat v2.1.14", allocations))
		fmt.Fprint(table, worked.row("the same, time of the processors", ""))
	}
	return nil
}

// guanzhu is the endpoint as it is deployed, with its log.
func guanzhu(account wechattest.Account) http.Handler {
	router := webhook.NewRouter()
	webhook.On(router, func(context.Context, *wechat.Text) (wechat.Reply, error) { return wechat.TextReply(reply), nil })
	handler, err := webhook.New(webhook.Config{
		AppID: account.AppID, Secrets: fixed{Token: account.Token, AppSecret: "x", EncodingAESKey: account.EncodingAESKey},
		Router: router, Hash: telemetry.Hasher("x"), Now: time.Now,
		Log: slog.New(telemetry.NewHandler(io.Discard, slog.LevelInfo, func(ctx context.Context) string {
			invocation, _ := lambdacontext.FromContext(ctx)
			return invocation.AwsRequestID
		})).With("appid", account.AppID),
	})
	if err != nil {
		panic(err)
	}
	return handler
}

// fixed are secrets that never change.
type fixed secrets.Secrets

func (f fixed) Current() secrets.Secrets  { return secrets.Secrets(f) }
func (fixed) Reload(context.Context) bool { return false }

// silenceper is the endpoint as the library's README shows it. Its log is off, which writes each message otherwise.
func silenceper(account wechattest.Account) http.Handler {
	logrus.SetLevel(logrus.ErrorLevel)
	official := peer.NewWechat().GetOfficialAccount(&peerconfig.Config{
		AppID: account.AppID, AppSecret: "x", Token: account.Token, EncodingAESKey: account.EncodingAESKey, Cache: cache.NewMemory(),
	})
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		server := official.GetServer(r, w)
		server.SetMessageHandler(func(*message.MixMessage) *message.Reply {
			return &message.Reply{MsgType: message.MsgTypeText, MsgData: message.NewText(reply)}
		})
		if err := errors.Join(server.Serve(), server.Send()); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
		}
	})
}

// pushing sends one push to a handler again and again.
type pushing struct {
	handler http.Handler
	request *http.Request
	message []byte
	body    bytes.Reader
	answer  answer
}

func newPushing(account wechattest.Account, mode wechattest.Mode, handler http.Handler) (*pushing, error) {
	now := time.Now()
	r, err := account.Request(context.Background(), "https://example.com"+webhook.Path, mode, account.Text(openid, now, 1, text), now)
	if err != nil {
		return nil, err
	}
	p := &pushing{handler: handler}
	if p.message, err = io.ReadAll(r.Body); err != nil {
		return nil, err
	}
	r.Body = io.NopCloser(&p.body)
	p.request = r.WithContext(lambdacontext.NewContext(r.Context(), &lambdacontext.LambdaContext{AwsRequestID: "8448ab5c-c6f8-40b2-89f7-ece9cbcec454"}))
	p.push()
	understood, err := account.OpenReply(p.answer.body)
	if err == nil && !strings.Contains(string(understood), reply) {
		err = fmt.Errorf("the answer is not the reply: %q", p.answer.body)
	}
	return p, err
}

func (p *pushing) push() {
	p.body.Reset(p.message)
	p.answer = answer{header: p.answer.header, body: p.answer.body[:0]}
	p.handler.ServeHTTP(&p.answer, p.request)
}

// time returns what one push takes, of as many as fit into total: until its reply, and of the processors' time. Other busy
// programs change both, the latter less: they share the processors' caches.
func (p *pushing) time(total time.Duration) (took, worked time.Duration) {
	begun, worked, n := time.Now(), processors(), 0
	for ; time.Since(begun) < total; n += 100 {
		for range 100 {
			p.push()
		}
	}
	return time.Since(begun) / time.Duration(n), (processors() - worked) / time.Duration(n)
}

// processors returns the time that this process has had of the processors.
func processors() time.Duration {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		panic(err) // the arguments are right
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

// answer is a ResponseWriter that is used again.
type answer struct {
	header http.Header
	body   []byte
}

func (a *answer) Header() http.Header {
	if a.header == nil {
		a.header = http.Header{}
	}
	return a.header
}

func (a *answer) Write(b []byte) (int, error) {
	a.body = append(a.body, b...)
	return len(b), nil
}

func (*answer) WriteHeader(int) {}
