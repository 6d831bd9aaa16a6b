package console

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"

	owner "github.com/guanzhu/guanzhu/account"
	"github.com/guanzhu/guanzhu/internal/answers"
	"github.com/guanzhu/guanzhu/internal/assistant"
	"github.com/guanzhu/guanzhu/internal/autoreply"
	"github.com/guanzhu/guanzhu/internal/media"
	"github.com/guanzhu/guanzhu/internal/telemetry"
	"github.com/guanzhu/guanzhu/pkg/follower"
	"github.com/guanzhu/guanzhu/pkg/secrets"
	"github.com/guanzhu/guanzhu/pkg/web"
	"github.com/guanzhu/guanzhu/pkg/webhook"
	"github.com/guanzhu/guanzhu/pkg/wechatapi"
)

// instance is a process of the account: its endpoint and pages as they are deployed, but for the store and the platform.
type instance struct {
	number  int
	pushes  http.Handler
	check   http.Handler // the same without handlers
	pages   http.Handler
	router  *webhook.Router
	replies *autoreply.Account
	api     *wechatapi.Client
	worker  *answers.Worker

	killed context.Context
	kill   context.CancelFunc
}

// alive returns errKilled once the instance is killed. A nil instance is another program's.
func (i *instance) alive() error {
	if i != nil && i.killed.Err() != nil {
		return errKilled
	}
	return nil
}

// accepts reports whether the endpoint passes the push to a handler: the signature is right, the body can be read.
func (i *instance) accepts(r *http.Request, body []byte) bool {
	r = r.Clone(r.Context())
	r.Body = io.NopCloser(bytes.NewReader(body))
	w := httptest.NewRecorder()
	i.check.ServeHTTP(w, r)
	return w.Code == http.StatusOK
}

// startInstance starts a process of the account and sends it all later requests.
func (c *Console) startInstance() error {
	i, err := c.newInstance()
	if err != nil {
		return err
	}
	c.mu.Lock()
	c.instances++
	i.number = c.instances
	c.current = i
	c.mu.Unlock()
	c.changed()
	return nil
}

func (c *Console) newInstance() (*instance, error) {
	c.mu.Lock()
	s, replies := secretsOf(c.config.Secrets, c.settings.Mode), c.replies
	c.mu.Unlock()
	log := newLog(c.clock.Now, c.config.AppID, nil)
	api, err := wechatapi.New(wechatapi.Config{
		AppID: c.config.AppID, BaseURL: c.config.APIURL, Secrets: s, Tokens: c.store, Now: c.clock.Now, Log: log,
		Transport: transport{c, c.platformCalls()},
	})
	if err != nil {
		return nil, err
	}
	hash := telemetry.Hasher(s.LinkKey())
	services := owner.Services{
		Followers: &follower.Service{Store: c.store, Profiler: api, Hash: hash, Now: c.clock.Now, LinkKey: s.LinkKey},
		Replies:   replies,
		API:       api,
		Media:     &media.Library{Store: c.store, Now: c.clock.Now, Log: log},
		Assistant: assistant.New(replies, s, c.store, hash, c.clock.Now),
	}
	if c.config.assistant != nil {
		services.Assistant = c.config.assistant
	}
	i := &instance{router: owner.Routes(services), replies: replies, api: api}
	i.killed, i.kill = context.WithCancel(context.Background())
	i.worker = &answers.Worker{Store: c.store, Router: i.router, Sender: api, Hash: hash, Now: c.clock.Now, Log: log}
	endpoint := webhook.Config{
		AppID: c.config.AppID, Secrets: s, Router: i.router, Hash: hash, Now: c.clock.Now, Log: log, PublicURL: c.publicURL(),
		Answers: &answers.Replier{Store: c.store, Queue: c.queue, Now: c.clock.Now},
	}
	if i.pushes, err = webhook.New(endpoint); err != nil {
		return nil, err
	}
	endpoint.Router, endpoint.Log = webhook.NewRouter(), slog.New(slog.DiscardHandler)
	if i.check, err = webhook.New(endpoint); err != nil {
		return nil, err
	}
	i.pages, err = web.New(web.Config{
		AppID: c.config.AppID, OpenURL: c.openURL(), Mode: web.Mode(replies.Pages()), Keyword: replies.LinkKeyword(), Store: c.store, Exchanger: api, Secrets: s,
		QR: owner.QR(), Pages: func(site *web.Site) { owner.Pages(site, services) }, Hash: hash, Now: c.clock.Now, Log: log,
	})
	return i, err
}

// instance returns the running process of the account.
func (c *Console) instance() *instance {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.current
}

// fixed are secrets that do not change.
type fixed struct{ secrets.Secrets }

// sampleKey is the EncodingAESKey of an account that has none, in compatible and safe mode.
const sampleKey = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"

// secretsOf returns the account's secrets in that mode.
func secretsOf(s secrets.Secrets, mode string) fixed {
	switch {
	case mode == modePlain:
		s.EncodingAESKey, s.PreviousEncodingAESKey = "", ""
	case s.EncodingAESKey == "":
		s.EncodingAESKey = sampleKey
	}
	return fixed{s}
}

func (f fixed) Current() secrets.Secrets    { return f.Secrets }
func (f fixed) AppSecret() string           { return f.Secrets.AppSecret }
func (f fixed) Reload(context.Context) bool { return false }
func (f fixed) LinkKey() string             { return f.LinkKeyOrAppSecret() }

// inProcess answers requests by a handler of this process. It returns as soon as the request's context ends, as a client
// that hangs up, or the instance is killed.
func inProcess(handler http.Handler, r *http.Request, i *instance) (*http.Response, error) {
	var killed <-chan struct{}
	if i != nil {
		killed = i.killed.Done()
	}
	answered := make(chan *http.Response, 1)
	go func() {
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, incoming(r))
		answered <- w.Result()
	}()
	select {
	case response := <-answered:
		if err := i.alive(); err != nil {
			return nil, err
		}
		return response, nil
	case <-killed:
		return nil, errKilled
	case <-r.Context().Done():
		return nil, r.Context().Err()
	}
}

// incoming returns a client's request as its server has it. A server's own request stays as it is.
func incoming(r *http.Request) *http.Request {
	in := r.Clone(r.Context())
	if r.URL.Host != "" {
		in.Host, in.RequestURI, in.RemoteAddr = r.URL.Host, r.URL.RequestURI(), "127.0.0.1:49152"
	}
	if in.Body == nil {
		in.Body = http.NoBody
	}
	return in
}

// handlerTransport is inProcess as a transport.
type handlerTransport func() http.Handler

func (h handlerTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	return inProcess(h(), r, nil)
}

// platformCalls returns what carries calls to the platform: this process if it is simulated, else the network.
func (c *Console) platformCalls() http.RoundTripper {
	if c.config.APIURL != "" {
		return http.DefaultTransport
	}
	return handlerTransport(func() http.Handler { return c.simulated() })
}

// serveAttempt has the instance answer r within an attempt of rec, and copies the answer to w.
func (c *Console) serveAttempt(w http.ResponseWriter, r *http.Request, rec *recording, handler func(*instance) http.Handler) (
	request, answer *Exchange, err error,
) {
	i := c.instance()
	request = requestExchange(r)
	request.URL = hide("http://" + r.Host + r.URL.RequestURI())
	n, end := rec.attempt(request)
	r = r.WithContext(withSpan(r.Context(), &span{rec, n, i}))
	response, err := inProcess(handler(i), r, i) //nolint:bodyclose // it is in memory
	if err != nil {
		end(nil, err)
		http.Error(w, err.Error(), http.StatusBadGateway)
		return request, nil, err
	}
	answer = responseExchange(response)
	end(answer, nil)
	for name, values := range response.Header {
		w.Header()[name] = values
	}
	w.WriteHeader(response.StatusCode)
	if _, err := io.Copy(w, response.Body); err != nil {
		return request, answer, fmt.Errorf("the client has hung up: %w", err)
	}
	return request, answer, nil
}
