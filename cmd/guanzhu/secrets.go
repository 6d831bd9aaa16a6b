package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/ssm"

	"github.com/guanzhu/guanzhu/internal/bilingual"
	"github.com/guanzhu/guanzhu/internal/ownersecrets"
	"github.com/guanzhu/guanzhu/pkg/secrets"
)

type secretsCommand struct {
	Write  writeSecretsCommand  `cmd:"" default:"withargs" help:"Ask for token, app secret and EncodingAESKey, and for the key of a language model if account.yaml has an ai, and write them. Default command." zh:"询问 Token、AppSecret 和 EncodingAESKey，account.yaml 里有 ai 时还有大模型的密钥，然后写入。不写命令时就是它。"`
	Rotate rotateSecretsCommand `cmd:"" help:"Make a new token and EncodingAESKey, wait until running instances accept them, and say what to change in WeChat's console." zh:"生成新的 Token 和 EncodingAESKey，等运行中的实例都接受之后，告诉您在微信后台改什么。"`
	Finish finishSecretsCommand `cmd:"" help:"Remove the previous token and EncodingAESKey, once WeChat's console has the new ones." zh:"微信后台换成新的 Token 和 EncodingAESKey 之后，删除旧的。"`
}

// Detail is shown by --help.
func (*secretsCommand) Detail() bilingual.Text {
	return bilingual.New("不写命令时：guanzhu secrets --stack NAME；堆栈还没有部署时用 --name /guanzhu/prod。",
		"Without a command: guanzhu secrets --stack NAME, or --name /guanzhu/prod if the stack is not deployed yet.")
}

// parameterFlags select the parameter that holds the secrets.
type parameterFlags struct {
	Stack string `xor:"parameter" placeholder:"NAME" help:"Name of the deployed stack (GUANZHU_STACK)." zh:"已部署的堆栈名（GUANZHU_STACK）。"`
	Name  string `xor:"parameter" placeholder:"/guanzhu/prod" help:"Name of the parameter, if the stack is not deployed yet. Default without both: /guanzhu/prod." zh:"堆栈还没有部署时，参数的名字。两个都不写时是 /guanzhu/prod。"`
}

const defaultParameter = "/guanzhu/prod" // of SecretsParameter in template.yaml

// parameter is the SecureString that holds the account's secrets.
type parameter struct {
	lang   language
	name   string
	region string
	flags  string // the flags that select it
	stack  stack  // zero if the flags name the parameter
	usesAI bool   // account.yaml has an ai
	ssm    interface {
		ownersecrets.Reader
		ownersecrets.Writer
	}
	out io.Writer // reports what was done, but never a value
}

func (f *parameterFlags) open(ctx context.Context, lang language) (*parameter, error) {
	cfg, err := loadAWS(ctx)
	if err != nil {
		return nil, err
	}
	p := &parameter{lang: lang, name: cmp.Or(f.Name, defaultParameter), region: cfg.Region, ssm: ssm.NewFromConfig(cfg), out: os.Stdout}
	p.flags = "--name " + p.name
	if f.Stack == "" {
		return p, nil
	}
	if p.stack, err = describeStack(ctx, cfg, f.Stack); err != nil {
		return nil, err
	}
	p.flags = "--stack " + f.Stack
	if p.name = p.stack.parameters["SecretsParameter"]; p.name == "" {
		return nil, bilingual.Errorf("堆栈 %s 没有参数 SecretsParameter：它是用这个 template.yaml 部署的吗？", "the stack %s has no parameter SecretsParameter: was it deployed with this template.yaml?", f.Stack)
	}
	return p, nil
}

// rotateFlags returns the flags that rotate needs.
func (p *parameter) rotateFlags() string {
	if p.stack.name != "" {
		return p.flags
	}
	return p.flags + " --url https://…/login/wechat --app-id wx…"
}

// existing reads the secrets. It is an error if there are none.
func (p *parameter) existing(ctx context.Context) (secrets.Secrets, int64, error) {
	s, version, err := ownersecrets.Read(ctx, p.ssm, p.name)
	if err == nil && version == 0 {
		err = bilingual.Errorf("%[2]s 没有参数 %[1]s：检查 --stack 或 --name，以及区域（AWS_REGION）；guanzhu secrets %[3]s 会创建它",
			"there is no parameter %s in %s: check --stack or --name, and the region (AWS_REGION); "+
				"`guanzhu secrets %s` creates it", p.name, p.region, p.flags)
	}
	return s, version, err
}

// write writes the secrets and prints which fields are set.
func (p *parameter) write(ctx context.Context, s secrets.Secrets, was int64) error {
	version, err := ownersecrets.Write(ctx, p.ssm, p.name, s, was)
	if err != nil {
		return err
	}
	fmt.Fprintln(p.out, p.lang.say("已写入 %[2]s 的 %[1]s，版本 %[3]d：%[4]s。", "Written: %s in %s, version %d: %s.", p.name, p.region, version, p.fields(s)))
	return nil
}

// fields names the fields that are set, without their values.
func (p *parameter) fields(s secrets.Secrets) string {
	names := []string{p.lang.say("Token", "token"), p.lang.say("AppSecret", "app secret")}
	add := func(is bool, zh, en string) {
		if is {
			names = append(names, p.lang.say(zh, en))
		}
	}
	add(s.EncodingAESKey == "", "没有 EncodingAESKey（明文模式）", "no EncodingAESKey (plain mode)")
	add(s.EncodingAESKey != "", "EncodingAESKey", "EncodingAESKey")
	add(s.PreviousToken != "", "旧的 Token", "previous token")
	add(s.PreviousEncodingAESKey != "", "旧的 EncodingAESKey", "previous EncodingAESKey")
	add(s.LinkKey == "", "没有 link key", "no link key")
	add(s.AIKey != "", "大模型的密钥", "AI key")
	return strings.Join(names, p.lang.say("、", ", "))
}

type finishSecretsCommand struct {
	parameterFlags `embed:""`
}

// Run removes the previous values.
func (c *finishSecretsCommand) Run(lang language) error {
	ctx := context.Background()
	p, err := c.open(ctx, lang)
	if err != nil {
		return err
	}
	return p.finish(ctx, newPrompt(lang))
}

func (p *parameter) finish(ctx context.Context, owner *prompt) error {
	was, version, err := p.existing(ctx)
	if err != nil {
		return err
	}
	if !was.Rotating() {
		fmt.Fprintln(p.out, p.lang.say("没有旧的值，没有写入任何内容。", "There are no previous values. Nothing was written."))
		return nil
	}
	fmt.Fprintln(owner.out, p.lang.say("%[2]s 的 %[1]s，版本 %[3]d：%[4]s。\n之后会拒绝用旧值的推送。",
		"%s in %s, version %d: %s.\nPushes with previous values will be refused.", p.name, p.region, version, p.fields(was)))
	if err := owner.confirm(p.lang.say("微信后台已经保存了新的配置吗？", "Have you saved the new values in WeChat's console?")); err != nil {
		return err
	}
	if err := p.write(ctx, was.Finish(), version); err != nil {
		return err
	}
	fmt.Fprintln(p.out, p.lang.say("运行中的实例下次读取密钥时不再使用旧的值，最迟到 AWS 更换实例时。",
		"Running instances drop the previous values when they next read the secrets, at the latest when AWS replaces the instances."))
	return nil
}
