package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/guanzhu/guanzhu/pkg/secrets"
	"github.com/guanzhu/guanzhu/pkg/wechattest"
)

type platformCommand struct {
	accountFlags `embed:""`
	Addr         string `default:"127.0.0.1:8090" help:"Address to listen on: HOST:PORT, or the port alone." zh:"监听的地址：HOST:PORT，也可以只写端口。"`
}

// Run serves the platform until it is interrupted.
func (c *platformCommand) Run(lang language) error {
	keeper, err := openSecrets(context.Background(), c.Secrets)
	if err != nil {
		return err
	}
	addr, err := listenAddress("--addr", c.Addr, "8090")
	if err != nil {
		return err
	}
	listener, err := listen("--addr", addr)
	if err != nil {
		return err
	}
	fmt.Println(lang.say("模拟的微信平台：http://%s", "The simulated platform answers at http://%s", listener.Addr()))
	return serve(listener, newPlatform(string(c.AppID), keeper.Current()))
}

// newPlatform returns a simulated platform: the API and the OAuth pages of open.weixin.qq.com on one host. Every openid
// is a follower, so that any push can be made up, and every browser belongs to the sample follower.
func newPlatform(appID string, s secrets.Secrets) http.Handler {
	platform := wechattest.New(wechattest.Config{AppID: appID, AppSecret: s.AppSecret, EveryoneFollows: true})
	platform.SetVisitor(sampleFollower)
	mux := http.NewServeMux()
	mux.Handle("/connect/", platform.OAuthPage())
	mux.Handle("/", platform)
	return mux
}

// serve serves handler until the process is interrupted.
func serve(listener net.Listener, handler http.Handler) error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	server := &http.Server{Handler: handler, ReadTimeout: 10 * time.Second, WriteTimeout: 20 * time.Second, IdleTimeout: time.Minute}
	closed := make(chan error, 1)
	go func() {
		<-ctx.Done()
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		closed <- server.Shutdown(ctx)
	}()
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return <-closed
}
