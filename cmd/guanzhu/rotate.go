package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"

	"github.com/guanzhu/guanzhu/internal/doctor"
	"github.com/guanzhu/guanzhu/internal/parameterstore"
	"github.com/guanzhu/guanzhu/pkg/secrets"
)

// How long a rotation waits. An instance reads the secrets again when a signature fails, at most once a minute
// (parameterstore.Keeper), and any forged push can use that up. So whatever it read, and whenever, an instance knows the new
// values a minute after they were written, or reads them with the first push that needs them; after a failed read it may
// read again within seconds. The margin is for Parameter Store, whose readers may see the old value for a moment.
const (
	settle     = 75 * time.Second
	giveUp     = 5 * time.Minute
	roundEvery = 2 * time.Second
	goodRounds = 5 // without a wrong answer, at the end

	// So many checks go out at once that several instances answer, and so few that a small concurrency limit is not
	// reached. They also spread the reading over the time: all instances at once could ask more than the 40 reads a
	// second that Parameter Store allows.
	checksAtOnce = 5
)

type rotateSecretsCommand struct {
	parameterFlags `embed:""`
	Token          bool   `help:"Rotate only the token."`
	Key            bool   `help:"Rotate only the EncodingAESKey."`
	AppSecret      bool   `help:"Enter the app secret that the platform has made. It cannot be made here."`
	URL            string `placeholder:"https://…/login/wechat" help:"Where pushes arrive; needed without --stack."`
	AppID          string `name:"app-id" placeholder:"wx…" help:"The account's AppID; needed without --stack to rotate an EncodingAESKey."`
}

func (c *rotateSecretsCommand) Run() error {
	ctx := context.Background()
	p, err := c.open(ctx)
	if err != nil {
		return err
	}
	if c.AppSecret {
		if c.Token || c.Key {
			return errors.New("rotate the app secret by itself: --app-secret without --token and --key")
		}
		return p.replaceAppSecret(ctx, newPrompt())
	}
	r := rotation{parameter: p, token: c.Token, key: c.Key, url: c.URL, appID: c.AppID, transport: http.DefaultTransport, owner: os.Stderr}
	if p.stack.name != "" {
		r.appID = cmp.Or(r.appID, p.stack.parameters["AppId"])
		if r.url == "" {
			if r.url, err = p.stack.output("ServerUrl"); err != nil {
				return err
			}
		}
	}
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	defer stop()
	return r.run(ctx)
}

// rotation is one run of guanzhu secrets rotate.
type rotation struct {
	*parameter
	token, key bool // which are rotated; neither means all that are set
	url        string
	appID      string
	transport  http.RoundTripper // of the checks
	owner      io.Writer         // shows the new values

	sealed bool // whether the EncodingAESKey is to be proved as well
}

var errNoAppID = errors.New("pushes are encrypted for the account: name the stack (--stack), or the account's AppID (--app-id wx…)")

// run writes new values, unless some are waiting for the console already: a second new token would push the one that the
// console uses out of the previous ones. So it can be run again at any time.
func (r *rotation) run(ctx context.Context) error {
	if r.url == "" {
		return errors.New("where do pushes arrive? Name the stack (--stack), or the URL (--url https://…/login/wechat)")
	}
	now, version, err := r.existing(ctx)
	if err != nil {
		return err
	}
	if now.Rotating() {
		if r.sealed = now.PreviousEncodingAESKey != ""; r.sealed && r.appID == "" {
			return errNoAppID
		}
		fmt.Fprintln(r.owner, "A rotation is not finished. No new values are made; those that were written then are checked, and shown again.")
	} else if now, err = r.begin(ctx, now, version); err != nil {
		return err
	}
	fmt.Fprintf(r.owner, "Waiting until running instances accept the new values: %v at least, %v at most. Do not change the console yet (暂时不要修改后台配置).\n",
		settle, giveUp)
	if err := r.wait(ctx, now); err != nil {
		return err
	}

	fresh := secrets.Secrets{}
	if now.PreviousToken != "" {
		fresh.Token = now.Token
	}
	if now.PreviousEncodingAESKey != "" {
		fresh.EncodingAESKey = now.EncodingAESKey
	}
	fmt.Fprintln(r.out, "Running instances accept the new values, and still the old ones.")
	reveal(r.owner, fresh)
	fmt.Fprintf(r.owner, changeConsole, r.flags)
	return nil
}

// begin writes new values, which it returns, after it has seen that the endpoint can be checked at all.
func (r *rotation) begin(ctx context.Context, was secrets.Secrets, version int64) (secrets.Secrets, error) {
	if r.key && was.EncodingAESKey == "" {
		return secrets.Secrets{}, fmt.Errorf("there is no EncodingAESKey to rotate, the account is in plain mode: `guanzhu secrets %s` sets the first one", r.flags)
	}
	var token, key string
	if r.token || !r.key {
		token = secrets.NewToken()
	}
	if (r.key || !r.token) && was.EncodingAESKey != "" {
		key = secrets.NewEncodingAESKey()
	}
	if r.sealed = key != ""; r.sealed && r.appID == "" {
		return secrets.Secrets{}, errNoAppID
	}
	if err := r.round(ctx, was); err != nil {
		return secrets.Secrets{}, fmt.Errorf("nothing was written: %s does not accept the present values: %w", r.url, err)
	}
	next, err := was.Replace(token, key)
	if err != nil {
		return secrets.Secrets{}, err
	}
	return next, r.write(ctx, next, version)
}

// wait returns when no running instance will refuse a push for having the new values.
func (r *rotation) wait(ctx context.Context, s secrets.Secrets) error {
	begun := time.Now()
	var last error
	for good := 0; ; {
		if err := r.round(ctx, s); err != nil {
			good, last = 0, err
		} else {
			good++
		}
		switch passed := time.Since(begun); {
		case ctx.Err() != nil:
			return fmt.Errorf("interrupted: do not change the console yet. %s", safeToRepeat)
		case passed >= settle && good >= goodRounds:
			return nil
		case passed >= giveUp:
			return fmt.Errorf("do not change the console yet: after %v, not all checks with the new values succeed: %w\n"+
				"Look for %q in the functions' log. %s", giveUp, last, parameterstore.ReloadFailed, safeToRepeat)
		}
		select {
		case <-time.After(roundEvery):
		case <-ctx.Done():
		}
	}
}

// round makes some checks at the same time, and returns an error if one is not answered well.
func (r *rotation) round(ctx context.Context, s secrets.Secrets) error {
	if !r.sealed {
		s.EncodingAESKey = "" // the token alone is proved, which needs no AppID
	}
	endpoint := doctor.Endpoint{URL: r.url, AppID: r.appID, Secrets: s, Now: time.Now, Transport: r.transport}
	var errs [checksAtOnce]error
	var checks sync.WaitGroup
	for i := range errs {
		checks.Go(func() { errs[i] = endpoint.Accepts(ctx) })
	}
	checks.Wait()
	return cmp.Or(errs[:]...)
}

// replaceAppSecret asks for the app secret, of which only the platform makes a new one.
func (p *parameter) replaceAppSecret(ctx context.Context, owner *prompt) error {
	was, version, err := p.existing(ctx)
	if err != nil {
		return err
	}
	if was.LinkKey == "" {
		fmt.Fprintf(owner.out, noLinkKey, p.flags)
	}
	fmt.Fprint(owner.out, resetFirst)
	next := was
	next.AppSecret, err = owner.secret("New app secret (AppSecret), which is not shown:", func(answer string) error {
		return checkAppSecret(answer, false)
	})
	if err != nil {
		return err
	}
	if next == was {
		fmt.Fprintln(p.out, "That is the present one: nothing was written.")
		return nil
	}
	if err := p.write(ctx, next, version); err != nil {
		return err
	}
	fmt.Fprintln(p.out, "The functions read it when the platform refuses the old one (40001, 40125): there is nothing more to do.")
	return nil
}

const (
	safeToRepeat = "The old values stay valid, so nothing is lost. Run the same command again: it goes on with the values already written."

	changeConsole = `Change WeChat's console now, and save. The old values stay valid until you finish, so there is no hurry.
现在修改微信后台配置并提交，旧的值在 finish 之前一直有效：
  微信开发者平台 https://developers.weixin.qq.com/platform/ → 我的业务 → 公众号 / 服务号 → 基础信息 → 域名与消息推送配置
  测试号 (test account) https://mp.weixin.qq.com/debug/cgi-bin/sandbox?t=sandbox/login → 接口配置信息
URL and message mode stay as they are (URL 和消息加解密方式不变). After saving (提交成功后), run:
  guanzhu secrets finish %s
`

	noLinkKey = `These secrets have no link key. Without one, personal links may fail for up to two hours after the app secret is replaced,
and the hashes of openids in the log change. If you have not reset the app secret yet, stop here (Ctrl-C) and add a link key:
没有 link key 时，更换 AppSecret 后两小时内个人链接可能失效，日志中的 openid 哈希也会改变。如果尚未重置，请按 Ctrl-C 停止，先运行：
  guanzhu secrets %s

`

	resetFirst = `Reset the app secret now, and enter the new one at once: from the reset on, the platform refuses the old one.
现在重置 AppSecret，并立即输入新的：
  微信开发者平台 https://developers.weixin.qq.com/platform/ → 我的业务 → 公众号 / 服务号 → 基础信息 → 开发密钥 → 重置
`
)
