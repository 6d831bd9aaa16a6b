package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"syscall"
	"time"

	"github.com/guanzhu/guanzhu/internal/bilingual"
	"github.com/guanzhu/guanzhu/internal/publicurl"
	"github.com/guanzhu/guanzhu/internal/pushing"
	"github.com/guanzhu/guanzhu/pkg/webhook"
	"github.com/guanzhu/guanzhu/pkg/wechat"
	"github.com/guanzhu/guanzhu/pkg/wechattest"
)

type pushCommand struct {
	accountFlags `embed:""`
	File         string `arg:"" zhname:"文件" optional:"" type:"existingfile" help:"The push in clear, for example events/subscribe.xml. Instead of a file, one of the flags --text to --scan makes a push of the present time." zh:"明文的推送，例如 events/subscribe.xml。也可以不用文件，用 --text 到 --scan 中的一个选项生成当前时间的推送。"`
	Text         string `xor:"what" placeholder:"TEXT" help:"Send this text." zh:"发送这条文字。"`
	Click        string `xor:"what" placeholder:"KEY" help:"Tap the menu button with this key." zh:"点击 key 为此值的菜单按钮。"`
	Follow       bool   `xor:"what" help:"Follow the account; with --scan, by that QR code." zh:"关注公众号；与 --scan 同用时，是扫这个二维码关注。"`
	Unfollow     bool   `xor:"what" help:"Unfollow the account." zh:"取消关注。"`
	Scan         string `placeholder:"SCENE" help:"Scan the QR code with this scene." zh:"扫描场景值为此的二维码。"`
	From         string `default:"${follower}" placeholder:"OPENID" help:"The user who acts (${default})." zh:"操作的用户（${default}）。"`
	URL          string `default:"http://127.0.0.1:8080/login/wechat" help:"Address of the endpoint. Without a path, it gets /login/wechat." zh:"服务器地址(URL)。没有路径时补上 /login/wechat。"`
	Mode         string `enum:"auto,plain,compatible,safe" default:"auto" help:"The message mode of WeChat's console: plain, compatible or safe; auto is safe with an EncodingAESKey, else plain." zh:"微信后台的消息加解密方式：plain 明文、compatible 兼容、safe 安全；auto 在有 EncodingAESKey 时是 safe，否则是 plain。"`
	Now          bool   `help:"Send the push of the file with the present time and a new MsgId." zh:"把文件里的推送改成当前时间和新的 MsgId。"`
	Print        bool   `help:"Show the request without sending it." zh:"只显示请求，不发送。"`
}

// Validate refuses a push that is given in no way or in two.
func (c *pushCommand) Validate() error {
	made := c.Text != "" || c.Click != "" || c.Follow || c.Unfollow
	switch {
	case c.Scan != "" && made && !c.Follow:
		return bilingual.Errorf("--scan 只能单独用，或与 --follow 同用", "--scan goes alone or with --follow")
	case (c.File != "") == (made || c.Scan != ""):
		return bilingual.Errorf("给出一条推送：一个文件，或 --text、--click、--follow、--unfollow、--scan 之一",
			"name one push: a file, --text, --click, --follow, --unfollow or --scan")
	case !wechat.IsOpenID(c.From):
		return bilingual.Errorf("--from：openid 由 1 到 128 个字母、数字、_ 或 - 组成", "--from: an openid has 1 to 128 letters, digits, _ or -")
	}
	return nil
}

// message returns the push in clear.
func (c *pushCommand) message(now time.Time) ([]byte, error) {
	account := wechattest.Account{ID: sampleAccountID}
	switch {
	case c.Text != "":
		return account.Text(c.From, now, now.UnixNano(), c.Text), nil
	case c.Click != "":
		return account.Click(c.From, now, c.Click), nil
	case c.Follow && c.Scan != "":
		return account.Subscribe(c.From, now, "qrscene_"+c.Scan), nil
	case c.Follow:
		return account.Subscribe(c.From, now, ""), nil
	case c.Unfollow:
		return account.Unsubscribe(c.From, now), nil
	case c.Scan != "":
		return account.Scan(c.From, now, c.Scan), nil
	}
	message, err := os.ReadFile(c.File)
	if err == nil && c.Now {
		message = pushing.AsOf(message, now, now.UnixNano()) // no message had this MsgId before
	}
	return message, err
}

// Run sends the push and shows the reply.
func (c *pushCommand) Run(lang language) error {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	endpoint, err := endpointURL("--url", c.URL)
	if err != nil {
		return err
	}
	keeper, err := openSecrets(ctx, c.Secrets)
	if err != nil {
		return err
	}
	s := keeper.Current()
	message, err := c.message(time.Now())
	if err != nil {
		return err
	}
	if _, err := wechat.ParsePush(message); err != nil {
		return bilingual.Errorf("%s 不是一条推送，样例在 events/*.xml：%w", "%s is not a push; events/*.xml has samples: %w", cmp.Or(c.File, "XML"), err)
	}
	account := pushing.Account{AppID: string(c.AppID), Token: s.Token, EncodingAESKey: s.EncodingAESKey}
	mode := map[string]pushing.Mode{"plain": pushing.Plain, "compatible": pushing.Compatible, "safe": pushing.Safe}[c.Mode]
	if c.Mode == "auto" && s.EncodingAESKey != "" {
		mode = pushing.Safe
	}
	if mode != pushing.Plain && s.EncodingAESKey == "" {
		return bilingual.Errorf("--mode %s 需要 EncodingAESKey：在 WECHAT_SECRETS 里加上 encoding_aes_key",
			"--mode %s needs an EncodingAESKey: add encoding_aes_key to WECHAT_SECRETS", c.Mode)
	}
	request, err := account.Push(ctx, endpoint, mode, message, time.Now())
	if err != nil {
		return err
	}
	body, err := request.GetBody()
	if err != nil {
		return err
	}
	shown, err := io.ReadAll(body)
	if err != nil {
		return err
	}
	fmt.Printf("POST %s\n\n%s\n", request.URL, shown)
	if c.Print {
		return nil
	}
	return show(account, mode, message, request, lang)
}

// show sends the request, which delivers message, and prints the reply, decrypted if need be.
func show(account pushing.Account, mode pushing.Mode, message []byte, request *http.Request, lang language) error {
	begun := time.Now()
	answer, err := pushing.Send(http.DefaultClient, request)
	if err != nil {
		return unanswered(request.URL, err)
	}
	fmt.Printf("\n%d %s  %s  %d ms\n\n%s\n", answer.Status, http.StatusText(answer.Status),
		answer.Header.Get("Content-Type"), time.Since(begun).Milliseconds(), answer.Body)
	if answer.Status != http.StatusOK {
		return refused(request.URL, answer)
	}
	opened, err := account.Open(mode, message, answer.Body)
	if err != nil {
		return bilingual.Errorf("微信看不懂这个回复，请检查处理这条推送的代码：%w", "WeChat would not understand this reply: check the handler of this push: %w", err)
	}
	if string(opened) != string(answer.Body) {
		fmt.Println(lang.say("\n解密后：\n%s", "\nopened:\n%s", opened))
	}
	return nil
}

// unanswered explains why there is no answer from the endpoint at u.
func unanswered(u *url.URL, err error) error {
	if parent, ok := errors.AsType[*url.Error](err); ok {
		err = parent.Err // without the URL, which has the signature
	}
	_, noName := errors.AsType[*net.DNSError](err)
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return bilingual.Errorf("%s 在 %v 内没有回复，微信只等这么久：日志里有这条推送用掉的时间；耗时的回复见 docs/handlers.zh-CN.md",
			"%s does not answer within %v, and WeChat waits no longer: the log has the time that the push took; docs/handlers.md shows how to answer slowly", u.Host, pushing.Timeout)
	case errors.Is(err, syscall.ECONNREFUSED) && publicurl.IsLoopback(u.Host):
		return bilingual.Errorf("%s 上没有程序在运行：在另一个终端里运行 make run，或用 --url 给出别的地址\n%w",
			"nothing runs at %s: start `make run` in another terminal, or give another address with --url\n%w", u.Host, err)
	case noName:
		return bilingual.Errorf("没有 %s 这个域名：检查 --url 的拼写和域名解析\n%w", "the name %s is not known: check the spelling of --url, and the DNS\n%w", u.Hostname(), err)
	}
	return bilingual.Errorf("连接不上 %s：检查 --url、端口和网络\n%w", "%s cannot be reached: check --url, its port and the network\n%w", u.Host, err)
}

// refused explains an answer that is not 200 OK.
func refused(u *url.URL, answer pushing.Answer) error {
	log := bilingual.New("用 make logs 看函数的日志", "make logs shows the functions' log")
	if publicurl.IsLoopback(u.Host) {
		log = bilingual.New("看控制台的时间线，或 sam local 的终端", "see the console's timeline, or the terminal of sam local")
	}
	say := func(zh, en string, values ...any) error {
		return bilingual.Errorf("%d："+zh, "%d: "+en, append([]any{answer.Status}, values...)...)
	}
	switch {
	case answer.Status == http.StatusForbidden && strings.HasPrefix(string(answer.Body), "Bad Token!"):
		return say("服务器拒绝了签名。检查 WECHAT_SECRETS 的 token 和 encoding_aes_key 与服务器是否相同，--mode 是否合适，本机时钟是否准确（相差不到 10 分钟）。原因在日志里：%s",
			"the endpoint refuses the signature. Check that token and encoding_aes_key in WECHAT_SECRETS are the endpoint's, that --mode fits, and that this machine's clock is right within 10 minutes. The log has the reason: %s", log)
	case answer.Status == http.StatusForbidden:
		return say("拒绝请求的不是公众号的程序，而是它前面的防火墙、代理或 API Gateway：用 guanzhu doctor 检查",
			"not the account refuses this, but a firewall, a proxy or API Gateway in front of it: guanzhu doctor examines that")
	case answer.Status == http.StatusNotFound, answer.Status == http.StatusMethodNotAllowed:
		return say("路径 %s 不接收推送：服务器地址以 %s 结尾", "%s is not where pushes arrive: the path of the endpoint is %s", u.Path, webhook.Path)
	case answer.Status == http.StatusRequestEntityTooLarge:
		return say("推送太大：上限是 256 KiB", "the push is too large: the limit is 256 KiB")
	case answer.Status == http.StatusTooManyRequests:
		return say("请求太多，稍后再试。上限是堆栈的参数 RequestsPerSecond 和 AWS 账户的配额", "too many requests: try again later. The limits are the stack's parameter RequestsPerSecond and the AWS account's quota")
	case answer.Status == http.StatusInternalServerError:
		return say("处理这条推送时出错，微信会再推送两次：%s", "the push could not be handled, and WeChat would send it again: %s", log)
	case answer.Status == http.StatusBadGateway, answer.Status == http.StatusServiceUnavailable, answer.Status == http.StatusGatewayTimeout:
		return say("函数没有启动、超时或达到了并发上限，也可能是隧道断了：用 guanzhu doctor 检查，%s",
			"the function did not start, took too long or reached its concurrency limit, or a tunnel is broken: guanzhu doctor examines it, and %s", log)
	case answer.Status >= 300 && answer.Status < 400:
		return say("服务器转到了 %s，微信不会跟过去：把 --url 改成这个地址", "the endpoint redirects to %s, and WeChat does not follow: use that address as --url", answer.Header.Get("Location"))
	}
	return say("微信只接受 200：%s", "WeChat accepts 200 alone: %s", log)
}
