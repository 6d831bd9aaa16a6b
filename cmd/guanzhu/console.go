package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
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

	"github.com/guanzhu/guanzhu/internal/bilingual"
	"github.com/guanzhu/guanzhu/internal/console"
	"github.com/guanzhu/guanzhu/internal/publicurl"
)

type consoleCommand struct {
	accountFlags `embed:""`
	Addr         string `default:"127.0.0.1:8080" help:"Address of the console's page, on this machine: HOST:PORT, or the port alone." zh:"控制台网页的地址，只能是本机：HOST:PORT，也可以只写端口。"`
	AccountAddr  string `placeholder:"HOST:PORT" help:"Address of the account as deployed, on this machine: its endpoint and pages. Default: the port after that of --addr." zh:"与部署后相同的公众号（服务器和网页）在本机的地址，默认是 --addr 的下一个端口。"`
	APIURL       string `name:"api-url" placeholder:"URL" help:"The platform's API for a real test account, https://api.weixin.qq.com; without it the platform is simulated." zh:"接入真实测试号时的微信接口 https://api.weixin.qq.com；不写则使用模拟的微信平台。"`
	PublicURL    string `env:"PUBLIC_URL" placeholder:"URL" help:"Address of the tunnel that leads to --account-addr, for a real test account (${env})." zh:"接入真实测试号时，通到 --account-addr 的隧道的地址（${env}）。"`
	Fresh        bool   `help:"Start with an empty state instead of that in .guanzhu/console.db." zh:"不使用 .guanzhu/console.db 里保存的状态，从空白开始。"`
	Transcript   bool   `help:"Print all that the account receives, sends and stores." zh:"打印收到、发出和保存的全部内容。"`
	NoOpen       bool   `help:"Do not open the browser." zh:"不打开浏览器。"`
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
	page, account, err := c.listen()
	if err != nil {
		return err
	}
	config := console.Config{
		AppID: string(c.AppID), Secrets: keeper.Current(), File: consoleFile, Fresh: c.Fresh, AccountFile: accountFile, Language: string(lang), ScenarioDir: scenarioDir,
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
	slog.SetDefault(running.Log(slog.NewTextHandler(os.Stderr, nil)))
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

// listen listens at both addresses.
func (c *consoleCommand) listen() (page, account net.Listener, err error) {
	addr, err := listenAddress("--addr", c.Addr, "8080")
	if err != nil {
		return nil, nil, err
	}
	accountAddr, err := listenAddress("--account-addr", cmp.Or(c.AccountAddr, nextPort(addr)), "8081")
	if err != nil {
		return nil, nil, err
	}
	if page, err = listenLoopback("--addr", addr); err != nil {
		return nil, nil, err
	}
	account, err = listenLoopback("--account-addr", accountAddr)
	return page, account, err
}

// listenLoopback refuses addresses that others could reach: the console shows what users write.
func listenLoopback(flag, addr string) (net.Listener, error) {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, err
	}
	if ip := net.ParseIP(host); host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return nil, bilingual.Errorf("%s：%s 不是本机地址，别人可能看到用户发来的内容：改用 127.0.0.1:端口",
			"%s: %s is not a loopback address: others could read what users write; use 127.0.0.1:PORT", flag, host)
	}
	return listen(flag, addr)
}

// listen listens at the address that the flag names.
func listen(flag, addr string) (net.Listener, error) {
	listener, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, bilingual.Errorf("%s：不能使用 %s：停掉占用它的程序（也许是另一个控制台），或用 %[1]s 换一个端口\n%[3]w",
			"%s: %s cannot be used: stop the program that has it (another console?), or choose another port with %[1]s\n%[3]w", flag, addr, err)
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
