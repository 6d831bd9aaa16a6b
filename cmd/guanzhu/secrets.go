package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/ssm"

	"github.com/guanzhu/guanzhu/internal/parameterstore"
	"github.com/guanzhu/guanzhu/pkg/secrets"
	"github.com/guanzhu/guanzhu/pkg/wechat"
)

type secretsCommand struct {
	Write  writeSecretsCommand  `cmd:"" default:"withargs" help:"Ask for token, app secret and EncodingAESKey, and write them. The same as secrets without a command."`
	Rotate rotateSecretsCommand `cmd:"" help:"Make a new token and EncodingAESKey, wait until running instances accept them, and say what to change in WeChat's console."`
	Finish finishSecretsCommand `cmd:"" help:"Forget the previous token and EncodingAESKey, once WeChat's console has the new ones."`
}

// Help is shown by --help.
func (*secretsCommand) Help() string {
	return "Without a command: guanzhu secrets --stack NAME, or --name /guanzhu/prod where the stack is not deployed yet."
}

// parameterFlags say which parameter holds the secrets.
type parameterFlags struct {
	Stack string `xor:"parameter" placeholder:"NAME" help:"Name of the deployed stack whose secrets they are."`
	Name  string `xor:"parameter" placeholder:"/guanzhu/prod" help:"Name of the parameter itself, where the stack is not deployed yet; without both it is /guanzhu/prod."`
}

const defaultParameter = "/guanzhu/prod" // of SecretsParameter in template.yaml

// parameter is the SecureString that holds the account's secrets.
type parameter struct {
	name   string
	region string
	flags  string // by which the owner names it
	stack  stack  // the zero one where the parameter is named itself
	ssm    interface {
		parameterstore.Reader
		parameterstore.Writer
	}
	out io.Writer // for what was done, never a value
}

func (f *parameterFlags) open(ctx context.Context) (*parameter, error) {
	cfg, err := loadAWS(ctx)
	if err != nil {
		return nil, err
	}
	p := &parameter{name: cmp.Or(f.Name, defaultParameter), region: cfg.Region, ssm: ssm.NewFromConfig(cfg), out: os.Stdout}
	p.flags = "--name " + p.name
	if f.Stack == "" {
		return p, nil
	}
	if p.stack, err = describeStack(ctx, cfg, f.Stack); err != nil {
		return nil, err
	}
	p.flags = "--stack " + f.Stack
	if p.name = p.stack.parameters["SecretsParameter"]; p.name == "" {
		return nil, fmt.Errorf("the stack %s has no parameter SecretsParameter: was it made from this template.yaml?", f.Stack)
	}
	return p, nil
}

// rotateFlags are those that rotate needs.
func (p *parameter) rotateFlags() string {
	if p.stack.name != "" {
		return p.flags
	}
	return p.flags + " --url https://…/login/wechat --app-id wx…"
}

// existing reads secrets that must be there.
func (p *parameter) existing(ctx context.Context) (secrets.Secrets, int64, error) {
	s, version, err := parameterstore.Read(ctx, p.ssm, p.name)
	if err == nil && version == 0 {
		err = fmt.Errorf("there is no parameter %s in %s: check --stack or --name, and the region (AWS_REGION); "+
			"`guanzhu secrets %s` makes it", p.name, p.region, p.flags)
	}
	return s, version, err
}

// write writes the secrets and says what is there now.
func (p *parameter) write(ctx context.Context, s secrets.Secrets, was int64) error {
	version, err := parameterstore.Write(ctx, p.ssm, p.name, s, was)
	if err != nil {
		return err
	}
	fmt.Fprintf(p.out, "Written: %s in %s, version %d: %s.\n", p.name, p.region, version, fields(s))
	return nil
}

// fields names what is set, without values.
func fields(s secrets.Secrets) string {
	names := []string{"token", "app secret", "no EncodingAESKey (plain mode)"}
	if s.EncodingAESKey != "" {
		names[2] = "EncodingAESKey"
	}
	if s.PreviousToken != "" {
		names = append(names, "previous token")
	}
	if s.PreviousEncodingAESKey != "" {
		names = append(names, "previous EncodingAESKey")
	}
	if s.LinkKey == "" {
		names = append(names, "no link key")
	}
	return strings.Join(names, ", ")
}

type writeSecretsCommand struct {
	parameterFlags `embed:""`
}

func (c *writeSecretsCommand) Run() error {
	ctx := context.Background()
	p, err := c.open(ctx)
	if err != nil {
		return err
	}
	return p.ask(ctx, newPrompt())
}

// ask is the dialogue of guanzhu secrets. Nothing is written before its last answer.
func (p *parameter) ask(ctx context.Context, owner *prompt) error {
	was, version, err := parameterstore.Read(ctx, p.ssm, p.name)
	if err != nil {
		return err
	}
	exists := version > 0
	about := fmt.Sprintf("%s in %s does not exist yet.", p.name, p.region)
	help, keyHelp := "Enter makes one", "g makes one, Enter leaves it out: plain mode, as test accounts have it"
	if exists {
		about = fmt.Sprintf("%s in %s, version %d: %s. Enter keeps a value.", p.name, p.region, version, fields(was))
		help, keyHelp = "g makes one", "g makes one"
	}
	if was.EncodingAESKey != "" {
		keyHelp = "g makes one, - removes it: plain mode, as test accounts have it"
	}
	fmt.Fprintln(owner.out, about, "What you enter is not shown.")

	var made secrets.Secrets // what the owner has not seen yet
	token, err := owner.secret("Token, 3 to 32 letters and digits ("+help+"):", checkToken)
	if err != nil {
		return err
	}
	if token == makeOne || token == "" && !exists {
		token = secrets.NewToken()
		made.Token = token
	}
	appSecret, err := owner.secret("App secret (AppSecret):", func(answer string) error { return checkAppSecret(answer, exists) })
	if err != nil {
		return err
	}
	key, err := owner.secret("EncodingAESKey, 43 letters and digits ("+keyHelp+"):", func(answer string) error { return checkKey(answer, was) })
	if err != nil {
		return err
	}
	noKey := key == removeIt
	switch key {
	case makeOne:
		key = secrets.NewEncodingAESKey()
		made.EncodingAESKey = key
	case removeIt:
		key = ""
	}

	next, err := was.Replace(token, key)
	if errors.Is(err, secrets.ErrRotating) {
		return fmt.Errorf("%w. `guanzhu secrets rotate %s` shows what the console must have, `guanzhu secrets finish %s` ends it", err, p.rotateFlags(), p.flags)
	}
	next.AppSecret, next.LinkKey = cmp.Or(appSecret, was.AppSecret), cmp.Or(was.LinkKey, secrets.NewLinkKey())
	if noKey {
		next.EncodingAESKey, next.PreviousEncodingAESKey = "", ""
	}
	firstKey := exists && was.EncodingAESKey == "" && next.EncodingAESKey != ""
	var before, question, after string
	switch {
	case firstKey && next.Token != was.Token:
		return errors.New("the first EncodingAESKey is set in steps of its own: enter it alone, and the new token after that")
	case noKey && next.Token != was.Token:
		return errors.New("the EncodingAESKey is removed in steps of its own: enter only -, and the new token after that")
	case next == was:
		fmt.Fprintln(p.out, "Nothing changes, and nothing was written.")
		return nil
	case firstKey:
		before, question, after = toCompatible, "Is the console in compatible mode, with this key? ", toSafe
	case noKey:
		before, question, after = beforePlain, "Is the console in compatible mode, or in plain mode already? ", toPlain
	case !exists:
		after = whereItGoes
	case next.Token != was.Token, next.EncodingAESKey != was.EncodingAESKey:
		after = fmt.Sprintf(notYet, p.rotateFlags(), p.flags)
	}
	if exists && was.LinkKey == "" {
		fmt.Fprint(owner.out, firstLinkKey)
	}
	fmt.Fprint(owner.out, before)
	if firstKey { // the console is to have it first
		reveal(owner.out, secrets.Secrets{EncodingAESKey: made.EncodingAESKey})
		made.EncodingAESKey = ""
	}
	if exists {
		if err := owner.confirm(question + "What changes: " + changes(was, next) + "."); err != nil {
			return err
		}
	}
	if err := p.write(ctx, next, version); err != nil {
		return err
	}
	reveal(owner.out, made)
	fmt.Fprint(owner.out, after)
	return nil
}

// What can be entered in place of a value.
const (
	makeOne  = "g"
	removeIt = "-"
)

var tokenForm = regexp.MustCompile(`^[A-Za-z0-9]{3,32}$`)

// The checks tell the length of what was entered, and nothing else of it.

func checkToken(answer string) error {
	if answer == "" || answer == makeOne || tokenForm.MatchString(answer) {
		return nil
	}
	return fmt.Errorf("a token has 3 to 32 letters and digits; what was entered has %d characters", len(answer))
}

func checkAppSecret(answer string, exists bool) error {
	switch {
	case answer == "" && !exists:
		return errors.New("the app secret is needed: the platform shows it once, where it is enabled or reset (开发密钥)")
	case strings.ContainsFunc(answer, func(r rune) bool { return r <= ' ' || r > '~' }):
		return errors.New("the app secret has a space or a character beyond ASCII: copy it again")
	}
	return nil
}

func checkKey(answer string, was secrets.Secrets) error {
	switch {
	case answer == "", answer == makeOne, wechat.IsEncodingAESKey(answer), answer == removeIt && was.EncodingAESKey != "":
		return nil
	case answer == removeIt:
		return errors.New("there is no EncodingAESKey to remove: press Enter")
	}
	return fmt.Errorf("an EncodingAESKey has 43 letters and digits; what was entered has %d characters", len(answer))
}

// changes says what differs, without values.
func changes(was, next secrets.Secrets) string {
	var names []string
	if next.Token != was.Token {
		names = append(names, "token (the old one stays valid)")
	}
	if next.AppSecret != was.AppSecret {
		names = append(names, "app secret")
	}
	switch {
	case next.EncodingAESKey == was.EncodingAESKey:
	case next.EncodingAESKey == "":
		names = append(names, "EncodingAESKey (removed)")
	case was.EncodingAESKey == "":
		names = append(names, "EncodingAESKey (the first)")
	default:
		names = append(names, "EncodingAESKey (the old one stays valid)")
	}
	if next.LinkKey != was.LinkKey {
		names = append(names, "link key (the first)")
	}
	return strings.Join(names, ", ")
}

// reveal prints new values for the owner to paste; it is the one place that shows any.
func reveal(out io.Writer, s secrets.Secrets) {
	if s.Token == "" && s.EncodingAESKey == "" {
		return
	}
	fmt.Fprint(out, "\nFor WeChat's console, shown on this terminal alone (只显示在这个终端):\n\n")
	if s.Token != "" {
		fmt.Fprintf(out, "  Token           %s\n", s.Token)
	}
	if s.EncodingAESKey != "" {
		fmt.Fprintf(out, "  EncodingAESKey  %s\n", s.EncodingAESKey)
	}
	fmt.Fprintln(out)
}

const (
	whereItGoes = `These values belong, once the stack is deployed, beside its ServerUrl into WeChat's console:
微信开发者平台 (https://developers.weixin.qq.com/platform/) → 基础信息 → 域名与消息推送配置
A test account has 接口配置信息 on its own page.
`

	firstLinkKey = `
A link key is added, which these secrets do not have yet. Personal links and the hashes of openids in the log are derived
from it, so they no longer depend on the app secret. The log's hashes change once, within hours.
Functions that were deployed from a version without link keys refuse such secrets: deploy this version first.
将添加 link key：此后个人链接和日志中的 openid 哈希不再依赖 AppSecret。请先部署本版本，再继续：旧版本的函数不接受它。
`

	toCompatible = `
The account is in plain mode (明文模式) so far. With an EncodingAESKey, pushes in clear are refused. So the order is:
  1. now: set the console to compatible mode (兼容模式) with this key, and save
     微信开发者平台 (https://developers.weixin.qq.com/platform/) → 基础信息 → 域名与消息推送配置
  2. then go on here
  3. two minutes later: set the console to safe mode (安全模式)
If you do not go on, nothing is written, and compatible mode does no harm.
`

	toSafe = `In two minutes, when all running instances can have read the key, set the console to safe mode (安全模式).
两分钟后，再把消息加解密方式改为安全模式。
`

	beforePlain = `
Without an EncodingAESKey, encrypted pushes are refused. So the order is:
  1. now: set the console to compatible mode (兼容模式), leave its EncodingAESKey as it is, and save
     微信开发者平台 (https://developers.weixin.qq.com/platform/) → 基础信息 → 域名与消息推送配置
  2. then go on here: the EncodingAESKey is removed from the secrets, and a previous one too
  3. two minutes later: set the console to plain mode (明文模式)
If the console is in plain mode already, as it always is for a test account (测试号), only step 2 is needed.
If you do not go on, nothing is written, and compatible mode does no harm.
`

	toPlain = `In two minutes, when all running instances can have read that there is no key, set the console to plain mode (明文模式).
两分钟后，再把消息加解密方式改为明文模式。
`

	notYet = `If WeChat's console does not have these values yet, do not change it yet (暂时不要修改后台配置): run this, which waits
until running instances accept them, and then says what to change.
  guanzhu secrets rotate %s
If it has them already (后台已经是这些值), there is nothing more to change, and this forgets the old ones:
  guanzhu secrets finish %s
`
)

type finishSecretsCommand struct {
	parameterFlags `embed:""`
}

func (c *finishSecretsCommand) Run() error {
	ctx := context.Background()
	p, err := c.open(ctx)
	if err != nil {
		return err
	}
	return p.finish(ctx, newPrompt())
}

func (p *parameter) finish(ctx context.Context, owner *prompt) error {
	was, version, err := p.existing(ctx)
	if err != nil {
		return err
	}
	if !was.Rotating() {
		fmt.Fprintln(p.out, "There are no previous values, and nothing was written.")
		return nil
	}
	fmt.Fprintf(owner.out, "%s in %s, version %d: %s.\nPushes that still come with previous values will be refused.\n", p.name, p.region, version, fields(was))
	if err := owner.confirm("Have you saved the new values in WeChat's console (微信后台已保存新配置)?"); err != nil {
		return err
	}
	if err := p.write(ctx, was.Finish(), version); err != nil {
		return err
	}
	fmt.Fprintln(p.out, "Running instances forget the previous values when they next read the secrets, at the latest when AWS replaces them.")
	return nil
}
