package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"syscall"
	"time"

	"golang.org/x/sync/errgroup"
	"golang.org/x/term"

	"github.com/guanzhu/guanzhu/internal/console"
	"github.com/guanzhu/guanzhu/internal/publicurl"
)

type consoleCommand struct {
	accountFlags `embed:""`
	Addr         string `default:"127.0.0.1:8080" help:"Loopback address of the console's page."`
	AccountAddr  string `default:"127.0.0.1:8081" help:"Loopback address of the account as deployed: its endpoint and pages."`
	APIURL       string `name:"api-url" placeholder:"URL" help:"The platform's API for a real test account, https://api.weixin.qq.com; without it the platform is simulated."`
	PublicURL    string `env:"PUBLIC_URL" placeholder:"URL" help:"Where a tunnel to --account-addr is, for a real test account (${env})."`
	Fresh        bool   `help:"Start with an empty state instead of that in .guanzhu/console.db."`
	Transcript   bool   `help:"Print all that comes, goes and stays."`
	NoOpen       bool   `help:"Do not open the browser."`
}

// Where the console finds and keeps its files, in the folder in which it runs.
const (
	consoleFile = ".guanzhu/console.db"
	scenarioDir = "account/scenarios"
)

// Run serves the console's page and the account, until it is interrupted.
func (c *consoleCommand) Run(lang language) (err error) {
	keeper, err := openSecrets(context.Background(), c.Secrets)
	if err != nil {
		return err
	}
	publicURL, err := publicurl.Parse(c.PublicURL)
	if err != nil {
		return err
	}
	page, err := listenLoopback(c.Addr, "--addr")
	if err != nil {
		return err
	}
	account, err := listenLoopback(c.AccountAddr, "--account-addr")
	if err != nil {
		return err
	}
	config := console.Config{
		AppID: c.AppID, Secrets: keeper.Current(), File: consoleFile, Fresh: c.Fresh, AccountFile: accountFile, Language: string(lang), ScenarioDir: scenarioDir,
		APIURL: c.APIURL, URL: "http://" + page.Addr().String(), AccountURL: "http://" + account.Addr().String(), PublicURL: publicURL,
		Listen: func() (net.Listener, error) { return net.Listen("tcp", "127.0.0.1:0") },
		Now:    time.Now, Printf: func(format string, args ...any) { fmt.Printf(format, args...) },
	}
	if c.Transcript {
		config.Transcript = os.Stdout
	}
	running, err := console.New(config)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, running.Close()) }()
	fmt.Print(c.greeting(lang, config.URL, config.AccountURL))
	if !c.NoOpen && term.IsTerminal(int(os.Stdout.Fd())) {
		openBrowser(config.URL)
	}
	return serveConsole(running, page, account)
}

// greeting is the text that the console prints when it has started.
func (c *consoleCommand) greeting(lang language, page, account string) string {
	if c.APIURL != "" {
		return lang.say(realZH, realEN, page, account, c.APIURL, cmp.Or(c.PublicURL, "https://HOST"))
	}
	return named(lang.say(consoleZH, consoleEN, page, account))
}

// serveConsole answers at both addresses until it is interrupted.
func serveConsole(running *console.Console, page, account net.Listener) error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	group, ctx := errgroup.WithContext(ctx)
	for listener, handler := range map[net.Listener]http.Handler{page: running.Page(), account: running.Account()} {
		server := &http.Server{Handler: handler, ReadHeaderTimeout: 10 * time.Second, IdleTimeout: time.Minute}
		group.Go(func() error {
			if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
				return err
			}
			return nil
		})
		group.Go(func() error {
			<-ctx.Done()
			return server.Close() // the streams to the page never end by themselves
		})
	}
	running.Watch()
	return group.Wait()
}

// listenLoopback refuses addresses that others could reach: the console shows what users write.
func listenLoopback(addr, flag string) (net.Listener, error) {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, fmt.Errorf("%s: %w: an address looks like 127.0.0.1:8080", flag, err)
	}
	if ip := net.ParseIP(host); host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return nil, fmt.Errorf("%s: %s is not a loopback address: others could read what users write; use 127.0.0.1:PORT", flag, host)
	}
	listener, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("%w\nIs another console running? Stop it, or choose another address: %s 127.0.0.1:PORT", err, flag)
	}
	return listener, nil
}

// openBrowser opens the page, if there is a browser. Nobody misses it if there is none: the address is printed.
func openBrowser(url string) {
	command := map[string][]string{
		"darwin": {"open"}, "windows": {"rundll32", "url.dll,FileProtocolHandler"},
	}[runtime.GOOS]
	if command == nil {
		command = []string{"xdg-open"}
	}
	opener := exec.CommandContext(context.Background(), command[0], append(command[1:], url)...) //nolint:gosec // a fixed program with our own address
	opener.Stdout, opener.Stderr = io.Discard, io.Discard
	if opener.Start() == nil {
		go func() { _ = opener.Wait() }()
	}
}

const consoleEN = `
The console is at %[1]s/
The account answers at %[2]s/login/wechat
with an embedded store and a simulated platform. Nothing leaves this machine.

From a second terminal:

  guanzhu push --now --url %[2]s/login/wechat events/subscribe.xml
  guanzhu push --now --url %[2]s/login/wechat events/text.xml
  guanzhu push --now --url %[2]s/login/wechat events/suggestion.xml
  guanzhu push --now --url %[2]s/login/wechat events/unsubscribe.xml

While the sample follower follows the account, %[2]s/ shows the page that this follower sees inside WeChat.
To check that everything works, as after a deployment, run
  guanzhu doctor --url %[2]s/login/wechat --api-url %[1]s/platform

The replies are in account/account.yaml, the handlers in account/routes.go. Ctrl-C ends.
`

const realEN = `
The console is at %[1]s/
The account answers at %[2]s/login/wechat, with an embedded store. Its calls go to %[3]s.

A tunnel must lead from %[4]s to %[2]s, never to the console. Enter on the test account's page, under 接口配置信息:
  %[4]s/login/wechat
docs/first-account.md has every step.

The replies are in account/account.yaml, the handlers in account/routes.go. Ctrl-C ends.
`

const realZH = `
控制台：%[1]s/
公众号的服务器地址：%[2]s/login/wechat，数据存在本机，接口调用发往 %[3]s。

内网穿透要从 %[4]s 指向 %[2]s，不能指向控制台。在测试号页面的“接口配置信息”里填写：
  %[4]s/login/wechat
每一步见 docs/first-account.zh-CN.md。

回复内容在 account/account.yaml，处理消息的代码在 account/routes.go。按 Ctrl-C 结束。
`

const consoleZH = `
控制台：%[1]s/
公众号的服务器地址：%[2]s/login/wechat
数据存在本机，微信平台是模拟的，不会有任何内容离开这台电脑。

也可以在另一个终端里推送消息：

  guanzhu push --now --url %[2]s/login/wechat events/subscribe.xml
  guanzhu push --now --url %[2]s/login/wechat events/text.xml
  guanzhu push --now --url %[2]s/login/wechat events/suggestion.xml
  guanzhu push --now --url %[2]s/login/wechat events/unsubscribe.xml

示例关注者关注期间，%[2]s/ 就是这位关注者在微信里看到的页面，无需登录。
像部署之后一样检查一遍：
  guanzhu doctor --url %[2]s/login/wechat --api-url %[1]s/platform

回复内容在 account/account.yaml，处理消息的代码在 account/routes.go。按 Ctrl-C 结束。
`
