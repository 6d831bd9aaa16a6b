package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
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
	Addr         string `default:"127.0.0.1:8080" help:"Loopback address to listen at."`
}

// Run serves the endpoint as it is deployed, but for the store and the platform, and prints all that comes, goes and
// stays. Nothing is kept when it ends.
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
	fmt.Printf(walkThrough, site, platform.URL)
	return serve(listener, mux)
}

// insideWeChat makes every browser WeChat's own, of the sample follower.
func insideWeChat(pages http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Header.Set("User-Agent", r.UserAgent()+" MicroMessenger/8.0")
		pages.ServeHTTP(w, r)
	})
}

// listenLoopback refuses addresses that others could reach: the console prints what users write.
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
		return nil, fmt.Errorf("%w\nAnother address can be given with --addr 127.0.0.1:PORT", err)
	}
	return listener, nil
}

// account puts the simulated platform behind the endpoint for pushes and the follower's pages.
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

// transcript prints each request to handler, its answer, and what is stored after it.
type transcript struct {
	handler http.Handler
	store   *boltstore.Store
	out     io.Writer
	mu      sync.Mutex
}

func (t *transcript) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	t.mu.Lock() // one after the other, to be read
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
	w.Write(answer.Body.Bytes()) // who has hung up reads nothing
}

func (t *transcript) printRecords(ctx context.Context) {
	fmt.Fprintln(t.out, "──── stored")
	records, err := t.store.Dump(ctx)
	if err != nil {
		fmt.Fprintln(t.out, err)
	}
	for _, record := range records {
		var item struct{ PK string }
		if err := json.Unmarshal(record, &item); errors.Is(err, nil) && item.PK == "#account" {
			continue // the access token
		}
		fmt.Fprintf(t.out, "%s\n", record)
	}
}

const walkThrough = `
The account answers at %[1]s/login/wechat
with an embedded store and a simulated platform. Nothing leaves this machine.

Paste these into a second terminal, one by one, and watch this one:

  bin/guanzhu push --now --url %[1]s/login/wechat events/subscribe.xml
  bin/guanzhu push --now --url %[1]s/login/wechat events/text.xml
  bin/guanzhu push --now --url %[1]s/login/wechat events/suggestion.xml
  bin/guanzhu push --now --url %[1]s/login/wechat events/unsubscribe.xml

The first stores a follower and a session, the third a suggestion; the last leaves nothing personal.
While the sample follower follows, %[1]s/ is the page that this follower sees inside WeChat, without a login.
Whether all is well, as after a deployment, says
  bin/guanzhu doctor --url %[1]s/login/wechat --api-url %[2]s

What is answered stands in account/account.yaml, who answers in account/routes.go. Ctrl-C ends.
`
