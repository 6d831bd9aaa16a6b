package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync"
	"time"

	owner "github.com/guanzhu/guanzhu/account"
	"github.com/guanzhu/guanzhu/internal/boltstore"
	"github.com/guanzhu/guanzhu/internal/telemetry"
	"github.com/guanzhu/guanzhu/pkg/follower"
	"github.com/guanzhu/guanzhu/pkg/web"
	"github.com/guanzhu/guanzhu/pkg/webhook"
	"github.com/guanzhu/guanzhu/pkg/wechatapi"
)

type consoleCommand struct {
	accountFlags `embed:""`
	Addr         string `default:"127.0.0.1:8080" help:"Loopback address to listen on."`
}

// Run serves the deployed endpoint and pages with an embedded store and a simulated platform. It prints each request, its
// answer and what is stored. Nothing is kept when it ends.
func (c *consoleCommand) Run() error {
	dir, err := os.MkdirTemp("", "guanzhu-console-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	store, err := boltstore.Open(filepath.Join(dir, "console.db"), time.Now)
	if err != nil {
		return err
	}
	defer store.Close()

	listener, err := listenLoopback(c.Addr)
	if err != nil {
		return err
	}
	site := "http://" + listener.Addr().String()
	pushes, pages, platform, err := c.account(store, site)
	if err != nil {
		return err
	}
	defer platform.Close()

	mux := http.NewServeMux()
	mux.Handle(webhook.Path, &transcript{handler: pushes, store: store, out: os.Stdout})
	mux.Handle("/", insideWeChat(pages))
	fmt.Print(named(fmt.Sprintf(walkThrough, site, platform.URL)))
	return serve(listener, mux)
}

// insideWeChat treats every browser as WeChat's own, used by the sample follower.
func insideWeChat(pages http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Header.Set("User-Agent", r.UserAgent()+" MicroMessenger/8.0")
		pages.ServeHTTP(w, r)
	})
}

// listenLoopback refuses addresses that other machines can reach, because the console prints what users write.
func listenLoopback(addr string) (net.Listener, error) {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, err
	}
	if ip := net.ParseIP(host); host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return nil, fmt.Errorf("%s is not a loopback address", host)
	}
	listener, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("%w\nChoose another address with --addr 127.0.0.1:PORT", err)
	}
	return listener, nil
}

// account returns the endpoint for pushes and the follower's pages, which call the simulated platform.
func (c *consoleCommand) account(store *boltstore.Store, site string) (pushes, pages http.Handler, platform *httptest.Server, err error) {
	account, err := owner.Load()
	if err != nil {
		return nil, nil, nil, err
	}
	keeper, err := openSecrets(context.Background(), c.Secrets)
	if err != nil {
		return nil, nil, nil, err
	}
	platform = httptest.NewServer(newPlatform(c.AppID, keeper.Current()))
	log := slog.New(slog.NewTextHandler(os.Stdout, nil))
	client, err := wechatapi.New(wechatapi.Config{AppID: c.AppID, BaseURL: platform.URL, Secrets: keeper, Tokens: store, Log: log})
	if err != nil {
		return nil, nil, nil, err
	}
	hash := telemetry.Hasher(keeper.LinkKey())
	services := owner.Services{
		Followers: &follower.Service{Store: store, Profiler: client, Hash: hash, Now: time.Now, LinkKey: keeper.LinkKey},
		Replies:   account,
		API:       client,
	}
	pushes, err = webhook.New(webhook.Config{
		AppID: c.AppID, Secrets: keeper, Router: owner.Routes(services), Hash: hash, Now: time.Now, Log: log, PublicURL: site,
	})
	if err != nil {
		return nil, nil, nil, err
	}
	pages, err = web.New(web.Config{
		AppID: c.AppID, OpenURL: platform.URL, PublicURL: site, Mode: web.Mode(account.Pages()), Store: store, Exchanger: client,
		Secrets: keeper, QR: owner.QR(), Pages: func(site *web.Site) { owner.Pages(site, services) }, Hash: hash, Now: time.Now, Log: log,
	})
	return pushes, pages, platform, err
}

// transcript prints each request to handler, the answer, and what is stored afterwards.
type transcript struct {
	handler http.Handler
	store   *boltstore.Store
	out     io.Writer
	mu      sync.Mutex
}

func (t *transcript) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	t.mu.Lock() // one at a time, so that the output can be read
	defer t.mu.Unlock()

	body, err := io.ReadAll(io.LimitReader(r.Body, webhook.MaxBody+1))
	if err != nil {
		http.Error(w, "unreadable body", http.StatusBadRequest)
		return
	}
	fmt.Fprintf(t.out, "\n──── WeChat → %s %s\n%s\n", r.Method, r.URL.RequestURI(), bytes.TrimSpace(body))
	r.Body = io.NopCloser(bytes.NewReader(body))

	answer := httptest.NewRecorder()
	t.handler.ServeHTTP(answer, r)
	fmt.Fprintf(t.out, "──── WeChat ← %d\n%s\n", answer.Code, answer.Body)
	t.printRecords(r.Context())

	for name, values := range answer.Header() {
		w.Header()[name] = values
	}
	w.WriteHeader(answer.Code)
	w.Write(answer.Body.Bytes()) // the client may have hung up
}

func (t *transcript) printRecords(ctx context.Context) {
	fmt.Fprintln(t.out, "──── stored")
	records, err := t.store.Dump(ctx)
	if err != nil {
		fmt.Fprintln(t.out, err)
	}
	for _, record := range records {
		var item struct{ PK string }
		if err := json.Unmarshal(record, &item); err == nil && item.PK == "#account" {
			continue // the access token
		}
		fmt.Fprintf(t.out, "%s\n", record)
	}
}

const walkThrough = `
The account answers at %[1]s/login/wechat
with an embedded store and a simulated platform. Nothing leaves this machine.

Paste these commands into a second terminal, one by one, and watch this one:

  guanzhu push --now --url %[1]s/login/wechat events/subscribe.xml
  guanzhu push --now --url %[1]s/login/wechat events/text.xml
  guanzhu push --now --url %[1]s/login/wechat events/suggestion.xml
  guanzhu push --now --url %[1]s/login/wechat events/unsubscribe.xml

The first stores a follower and a session, the third a suggestion. The last deletes everything personal.
While the sample follower follows the account, %[1]s/ shows the page that this follower sees inside WeChat.
To check that everything works, as after a deployment, run
  guanzhu doctor --url %[1]s/login/wechat --api-url %[2]s

The replies are in account/account.yaml, the handlers in account/routes.go. Ctrl-C ends.
`
