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
	Write  writeSecretsCommand  `cmd:"" default:"withargs" help:"Ask for token, app secret and EncodingAESKey, and for the key of a language model if account.yaml has an ai, and write them. Default command." zh:"询问 token、AppSecret 和 EncodingAESKey，account.yaml 里有 ai 时还有大模型的密钥，然后写入。不写命令时就是它。"`
	Rotate rotateSecretsCommand `cmd:"" help:"Make a new token and EncodingAESKey, wait until running instances accept them, and say what to change in WeChat's console." zh:"生成新的 token 和 EncodingAESKey，等运行中的实例都接受之后，告诉您在微信后台改什么。"`
	Finish finishSecretsCommand `cmd:"" help:"Remove the previous token and EncodingAESKey, once WeChat's console has the new ones." zh:"微信后台换成新的 token 和 EncodingAESKey 之后，删除旧的。"`
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
		return nil, fmt.Errorf("the stack %s has no parameter SecretsParameter: was it deployed with this template.yaml?", f.Stack)
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
		err = fmt.Errorf("there is no parameter %s in %s: check --stack or --name, and the region (AWS_REGION); "+
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
	fmt.Fprintf(p.out, "Written: %s in %s, version %d: %s.\n", p.name, p.region, version, fields(s))
	return nil
}

// fields names the fields that are set, without their values.
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
	if s.AIKey != "" {
		names = append(names, "AI key")
	}
	return strings.Join(names, ", ")
}

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
		fmt.Fprintln(p.out, "There are no previous values. Nothing was written.")
		return nil
	}
	fmt.Fprintf(owner.out, "%s in %s, version %d: %s.\nPushes with previous values will be refused.\n", p.name, p.region, version, fields(was))
	if err := owner.confirm("Have you saved the new values in WeChat's console (微信后台已保存新配置)?"); err != nil {
		return err
	}
	if err := p.write(ctx, was.Finish(), version); err != nil {
		return err
	}
	fmt.Fprintln(p.out, "Running instances drop the previous values when they next read the secrets, at the latest when AWS replaces the instances.")
	return nil
}
