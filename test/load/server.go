package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"time"

	owner "github.com/guanzhu/guanzhu/account"
	"github.com/guanzhu/guanzhu/pkg/boltstore"
	"github.com/guanzhu/guanzhu/pkg/follower"
	"github.com/guanzhu/guanzhu/pkg/secrets"
	"github.com/guanzhu/guanzhu/pkg/telemetry"
	"github.com/guanzhu/guanzhu/pkg/webhook"
	"github.com/guanzhu/guanzhu/pkg/wechatapi"
)

// serve answers pushes over the store in file until stdin ends, and says on out where.
func serve(ctx context.Context, file, api string, stdin io.Reader, out io.Writer) error {
	store, err := boltstore.Open(file, time.Now)
	if err != nil {
		return err
	}
	defer store.Close()
	handler, err := newHandler(ctx, store, api)
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	mux := http.NewServeMux()
	mux.Handle(webhook.Path, handler)
	server := &http.Server{Handler: mux, ReadTimeout: 10 * time.Second, WriteTimeout: 10 * time.Second}
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	if _, err := fmt.Fprintf(out, "http://%s%s\n", listener.Addr(), webhook.Path); err != nil {
		return err
	}
	if _, err := io.Copy(io.Discard, stdin); err != nil {
		return err
	}
	if err := server.Shutdown(ctx); err != nil {
		return err
	}
	if err := <-served; !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

func newHandler(ctx context.Context, store *boltstore.Store, api string) (http.Handler, error) {
	account, err := owner.Load()
	if err != nil {
		return nil, err
	}
	keeper, err := secrets.Open(ctx, sampleSecrets, secrets.Options{Now: time.Now})
	if err != nil {
		return nil, err
	}
	client, err := wechatapi.New(wechatapi.Config{AppID: appID, BaseURL: api, Secrets: keeper, Tokens: store})
	if err != nil {
		return nil, err
	}
	log := slog.New(slog.NewJSONHandler(io.Discard, nil))
	hash := telemetry.Hasher(keeper.AppSecret())
	service := &follower.Service{
		Store: store, Profiler: client, Hash: hash, Now: time.Now, AppSecret: keeper.AppSecret,
	}
	return webhook.New(webhook.Config{
		AppID: appID, Secrets: keeper, Router: owner.Routes(service, account), Hash: hash, Now: time.Now, Log: log,
	})
}
