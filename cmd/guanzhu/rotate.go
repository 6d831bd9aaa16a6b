package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"

	"github.com/guanzhu/guanzhu/internal/bilingual"
	"github.com/guanzhu/guanzhu/internal/doctor"
	"github.com/guanzhu/guanzhu/internal/parameterstore"
	"github.com/guanzhu/guanzhu/internal/pause"
	"github.com/guanzhu/guanzhu/pkg/secrets"
)

// How long a rotation waits. An instance reads the secrets again when a signature fails, but at most once a minute
// (parameterstore.Keeper), and a forged push can use up that read. So a minute after new values are written, an instance
// either knows them or reads them with the first push that needs them. After a failed read, it may read again within
// seconds. The margin is for Parameter Store, which may return the old value for a moment.
const (
	settle     = 75 * time.Second
	giveUp     = 5 * time.Minute
	roundEvery = 2 * time.Second
	goodRounds = 5 // the last ones, without a wrong answer

	// Checks at the same time: enough to reach several instances, but fewer than a small concurrency limit. They also
	// spread the reads over time, since Parameter Store allows 40 reads a second.
	checksAtOnce = 5
)

type rotateSecretsCommand struct {
	parameterFlags `embed:""`
	Token          bool   `help:"Rotate only the token." zh:"只轮换 Token。"`
	Key            bool   `help:"Rotate only the EncodingAESKey." zh:"只轮换 EncodingAESKey。"`
	AppSecret      bool   `help:"Enter a new app secret. Only the platform can make one." zh:"填写新的 AppSecret，它只能由微信平台生成。"`
	URL            string `placeholder:"https://…/login/wechat" help:"Address at which pushes arrive. Required without --stack." zh:"接收推送的地址。没有 --stack 时必须写。"`
	AppID          appID  `name:"app-id" placeholder:"wx…" help:"The account's AppID. Required without --stack to rotate an EncodingAESKey." zh:"公众号的 AppID。没有 --stack 而要轮换 EncodingAESKey 时必须写。"`
}

// Run rotates the values.
func (c *rotateSecretsCommand) Run(lang language) error {
	ctx := context.Background()
	p, err := c.open(ctx, lang)
	if err != nil {
		return err
	}
	if c.AppSecret {
		if c.Token || c.Key {
			return bilingual.Errorf("AppSecret 要单独更换：写 --app-secret 时不写 --token 和 --key", "rotate the app secret by itself: --app-secret without --token and --key")
		}
		return p.replaceAppSecret(ctx, newPrompt(lang))
	}
	if c.URL != "" {
		if c.URL, err = endpointURL("--url", c.URL); err != nil {
			return err
		}
	}
	r := rotation{parameter: p, token: c.Token, key: c.Key, url: c.URL, appID: string(c.AppID), transport: http.DefaultTransport, owner: os.Stderr}
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
	token, key bool // which values to rotate; neither means all that are set
	url        string
	appID      string
	transport  http.RoundTripper // of the checks
	owner      io.Writer         // shows the new values

	sealed bool // the checks must prove the EncodingAESKey too
}

var errNoAppID = bilingual.Errorf("加密的推送里有 AppID：给出堆栈（--stack），或公众号的 AppID（--app-id wx…）", "pushes are encrypted for the account: name the stack (--stack), or the account's AppID (--app-id wx…)")

// run writes new values and waits until all instances accept them. If an earlier rotation is not finished, it writes none:
// a second new token would replace the previous one, which the console still uses. So run can be repeated at any time.
func (r *rotation) run(ctx context.Context) error {
	if r.url == "" {
		return bilingual.Errorf("不知道服务器地址：给出堆栈（--stack），或 URL（--url https://…/login/wechat）",
			"the address of the endpoint is not known: name the stack (--stack), or the URL (--url https://…/login/wechat)")
	}
	now, version, err := r.existing(ctx)
	if err != nil {
		return err
	}
	if now.Rotating() {
		if r.sealed = now.PreviousEncodingAESKey != ""; r.sealed && r.appID == "" {
			return errNoAppID
		}
		fmt.Fprintln(r.owner, r.lang.say("上一次轮换还没有完成：检查并再次显示它的值，不生成新的。", "The last rotation is not finished. Its values are checked and shown again, and no new ones are made."))
	} else if now, err = r.begin(ctx, now, version); err != nil {
		return err
	}
	fmt.Fprintln(r.owner, r.lang.say("正在等运行中的实例都接受新的值，至少 %d 秒，最多 %d 秒。现在不要修改微信后台。",
		"Waiting until running instances accept the new values, for at least %d s and at most %d s. Do not change the console yet.",
		int(settle.Seconds()), int(giveUp.Seconds())))
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
	fmt.Fprintln(r.out, r.lang.say("运行中的实例新旧值都接受。", "Running instances accept both the new values and the old ones."))
	r.reveal(r.owner, fresh)
	fmt.Fprint(r.owner, named(r.lang.text(changeConsole, r.flags)))
	return nil
}

// begin writes new values and returns them. It first checks that the endpoint accepts the present ones.
func (r *rotation) begin(ctx context.Context, was secrets.Secrets, version int64) (secrets.Secrets, error) {
	if r.key && was.EncodingAESKey == "" {
		return secrets.Secrets{}, bilingual.Errorf("公众号是明文模式，没有 EncodingAESKey 可以轮换：用 guanzhu secrets %s 设置第一个",
			"there is no EncodingAESKey to rotate, the account is in plain mode: `guanzhu secrets %s` sets the first one", r.flags)
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
		return secrets.Secrets{}, bilingual.Errorf("没有写入任何内容：%s 不接受现在的值，用 guanzhu doctor 检查：%w",
			"nothing was written: %s does not accept the present values; guanzhu doctor examines it: %w", r.url, err)
	}
	next, err := was.Replace(token, key)
	if err != nil {
		return secrets.Secrets{}, err
	}
	return next, r.write(ctx, next, version)
}

// wait returns when every running instance accepts pushes with the new values.
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
			return bilingual.Errorf("已中断：现在不要修改微信后台。%s", "interrupted: do not change the console yet. %s", safeToRepeat)
		case passed >= settle && good >= goodRounds:
			return nil
		case passed >= giveUp:
			return bilingual.Errorf("现在不要修改微信后台：%v 之后，用新值的检查仍有失败。在函数的日志里找 %[3]q。%[4]s\n%[2]w",
				"do not change the console yet: after %v, not all checks with the new values succeed. Look for %[3]q in the functions' log. %[4]s\n%[2]w",
				giveUp, last, parameterstore.ReloadFailed, safeToRepeat)
		}
		_ = pause.For(ctx, roundEvery) // the next round sees that ctx has ended
	}
}

// round makes some checks at the same time. It returns an error if one fails.
func (r *rotation) round(ctx context.Context, s secrets.Secrets) error {
	if !r.sealed {
		s.EncodingAESKey = "" // prove only the token, which needs no AppID
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

// replaceAppSecret asks for a new app secret, which only the platform can make.
func (p *parameter) replaceAppSecret(ctx context.Context, owner *prompt) error {
	was, version, err := p.existing(ctx)
	if err != nil {
		return err
	}
	if was.LinkKey == "" {
		fmt.Fprint(owner.out, named(p.lang.text(noLinkKey, p.flags)))
	}
	fmt.Fprint(owner.out, p.lang.text(resetFirst))
	next := was
	next.AppSecret, err = owner.secret(p.lang.say("新的 AppSecret（不会显示）：", "New app secret (AppSecret), which is not shown:"), func(answer string) error {
		return checkAppSecret(answer, false)
	})
	if err != nil {
		return err
	}
	if next == was {
		fmt.Fprintln(p.out, p.lang.say("这就是现在的 AppSecret，没有写入任何内容。", "This is the present app secret: nothing was written."))
		return nil
	}
	if err := p.write(ctx, next, version); err != nil {
		return err
	}
	fmt.Fprintln(p.out, p.lang.say("微信拒绝旧的 AppSecret 时（40001、40125），函数会读取新的。不用再做别的。",
		"The functions read it when the platform refuses the old one (40001, 40125). There is nothing more to do."))
	return nil
}
