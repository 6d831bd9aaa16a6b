package wechatapi_test

import (
	"context"
	"errors"
	"net"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/guanzhu/guanzhu/pkg/wechat"
	"github.com/guanzhu/guanzhu/pkg/wechatapi"
	"github.com/guanzhu/guanzhu/pkg/wechattest"
)

const (
	appID     = "wx0123456789abcdef"
	appSecret = "app+secret/0123456789"
	openid    = "oTEST_openid-000000-000000001"

	stableToken = "/cgi-bin/stable_token"
	userInfo    = "/cgi-bin/user/info"
)

// network is an in-memory one with one server, so that tests run on synctest's clock.
type network struct {
	conns chan net.Conn
	done  chan struct{}

	mu     sync.Mutex
	dialed []net.Conn // the server's ends
}

func serve(t *testing.T, handler http.Handler) *network {
	n := &network{conns: make(chan net.Conn), done: make(chan struct{})}
	server := &http.Server{Handler: handler}
	go server.Serve(n)
	t.Cleanup(func() {
		server.Close()
		// The client dials more than it needs; such connections may have missed the server's end.
		synctest.Wait()
		n.mu.Lock()
		defer n.mu.Unlock()
		for _, conn := range n.dialed {
			conn.Close()
		}
	})
	return n
}

func (n *network) Accept() (net.Conn, error) {
	select {
	case conn := <-n.conns:
		return conn, nil
	case <-n.done:
		return nil, net.ErrClosed
	}
}

func (n *network) Close() error   { close(n.done); return nil }
func (n *network) Addr() net.Addr { return &net.UnixAddr{Name: "memory"} }

func (n *network) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	ours, theirs := net.Pipe()
	select {
	case n.conns <- theirs:
		n.mu.Lock()
		defer n.mu.Unlock()
		n.dialed = append(n.dialed, theirs)
		return ours, nil
	case <-n.done:
		return nil, net.ErrClosed
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// dials returns how many connections there have been.
func (n *network) dials() int {
	n.mu.Lock()
	defer n.mu.Unlock()
	return len(n.dialed)
}

// account is a Client and all around it.
type account struct {
	*wechatapi.Client
	platform *wechattest.Platform
	network  *network
	store    *store
	secrets  *secrets
}

// newAccount is one whose platform knows openid as a follower. It belongs into a synctest bubble.
func newAccount(t *testing.T) account {
	platform := wechattest.New(wechattest.Config{AppID: appID, AppSecret: appSecret})
	platform.Follow(openid, wechattest.User{Language: "zh_CN"})
	a := newInstance(t, platform, &store{})
	a.platform = platform
	return a
}

// newInstance is another instance of the account's, with its own memory.
func newInstance(t *testing.T, platform http.Handler, s *store) account {
	a := account{store: s, secrets: &secrets{current: appSecret}, network: serve(t, platform)}
	a.Client = a.newClient(t, wechatapi.Config{})
	return a
}

// newClient returns a client of the account's, with c's token and clock.
func (a account) newClient(t *testing.T, c wechatapi.Config) *wechatapi.Client {
	t.Helper()
	c.AppID, c.BaseURL, c.Secrets, c.Tokens = appID, "http://localhost", a.secrets, a.store
	client, err := wechatapi.New(c)
	if err != nil {
		t.Fatal(err)
	}
	client.DialWith(a.network.dial)
	return client
}

// profile makes a call. Only its error matters.
func (a account) profile(t *testing.T) error {
	_, err := a.Profile(t.Context(), openid)
	return err
}

// wantCalls fails the test unless the platform has seen so many calls.
func (a account) wantCalls(t *testing.T, path string, want int) {
	t.Helper()
	if got := a.platform.Calls(path); got != want {
		t.Errorf("%d calls of %s, want %d", got, path, want)
	}
}

// concurrently makes n calls at once and returns their errors.
func (a account) concurrently(t *testing.T, n int) <-chan error {
	errs := make(chan error, n)
	for range n {
		go func() { errs <- a.profile(t) }()
	}
	return errs
}

// store is a TokenStore in memory.
type store struct {
	mu     sync.Mutex
	stored wechat.AccessToken
	reads  int
	saves  int

	readErr  error
	saveErr  error
	saveHang bool // saves wait until their ctx ends
	lost     bool // another instance always was first
}

func (s *store) AccessToken(context.Context) (wechat.AccessToken, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.reads++
	return s.stored, s.readErr
}

func (s *store) SaveAccessToken(ctx context.Context, value string, validUntil time.Time) error {
	if s.saveHang {
		<-ctx.Done()
		return ctx.Err()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.saves++
	if s.saveErr == nil {
		s.stored.Value, s.stored.ValidUntil = value, validUntil
	}
	return s.saveErr
}

func (s *store) MarkForced(_ context.Context, was, mark wechat.AccessToken) (bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.lost || !was.ForcedAt.Equal(s.stored.ForcedAt) || was.ForcedCount != s.stored.ForcedCount {
		return false, nil
	}
	s.stored.ForcedAt, s.stored.ForcedCount = mark.ForcedAt, mark.ForcedCount
	return true, nil
}

// secrets holds the current app secret and the one that Reload finds, if any.
type secrets struct {
	mu      sync.Mutex
	current string
	next    string
	reloads int
}

func (s *secrets) AppSecret() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.current
}

func (s *secrets) Reload(context.Context) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.reloads++
	changed := s.next != "" && s.next != s.current
	if changed {
		s.current = s.next
	}
	return changed
}

// wantCode fails the test unless err is the platform's refusal with that errcode; 0 means no error.
func wantCode(t *testing.T, err error, code int) {
	t.Helper()
	refusal, ok := errors.AsType[*wechatapi.Error](err)
	switch {
	case code == 0 && err != nil:
		t.Errorf("error %v, want none", err)
	case code != 0 && (!ok || refusal.Code != code):
		t.Errorf("error %v, want errcode %d", err, code)
	}
}
