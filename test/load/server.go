package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"time"

	owner "github.com/guanzhu/guanzhu/account"
	"github.com/guanzhu/guanzhu/internal/boltstore"
	"github.com/guanzhu/guanzhu/internal/media"
	"github.com/guanzhu/guanzhu/internal/parameterstore"
	"github.com/guanzhu/guanzhu/internal/telemetry"
	"github.com/guanzhu/guanzhu/pkg/follower"
	"github.com/guanzhu/guanzhu/pkg/webhook"
	"github.com/guanzhu/guanzhu/pkg/wechatapi"
)

// serve answers pushes over the store in file until stdin ends, and says on out where. Its log is beside the store.
func serve(ctx context.Context, file, api string, stdin io.Reader, out io.Writer) error {
	store, err := boltstore.Open(file, time.Now)
	if err != nil {
		return err
	}
	defer store.Close()
	log, err := os.Create(logOf(file)) //nolint:gosec // load itself names the file
	if err != nil {
		return err
	}
	defer func() { _ = log.Close() }() // what it lacks then, load misses
	handler, err := newHandler(ctx, store, api, log)
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

// logOf is where the log of the server with the store in file is.
func logOf(file string) string { return file + ".log" }

func newHandler(ctx context.Context, store *boltstore.Store, api string, out io.Writer) (http.Handler, error) {
	account, err := owner.Load()
	if err != nil {
		return nil, err
	}
	keeper, err := parameterstore.Open(ctx, sampleSecrets, parameterstore.Options{})
	if err != nil {
		return nil, err
	}
	log := slog.New(telemetry.NewHandler(out, slog.LevelInfo, nil)).With("appid", appID)
	client, err := wechatapi.New(wechatapi.Config{AppID: appID, BaseURL: api, Secrets: keeper, Tokens: store, Log: log})
	if err != nil {
		return nil, err
	}
	hash := telemetry.Hasher(keeper.LinkKey())
	service := &follower.Service{
		Store: store, Profiler: client, Hash: hash, Now: time.Now, LinkKey: keeper.LinkKey,
	}
	return webhook.New(webhook.Config{
		AppID: appID, Secrets: keeper, Router: owner.Routes(owner.Services{
			Followers: service, Replies: account, API: client, Media: &media.Library{Store: store, Now: time.Now, Log: log},
		}), Hash: hash, Now: time.Now, Log: log,
	})
}
