package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/guanzhu/guanzhu/internal/accountyaml"
	"github.com/guanzhu/guanzhu/internal/bilingual"
	"github.com/guanzhu/guanzhu/internal/doctor"
	"github.com/guanzhu/guanzhu/internal/menu"
	"github.com/guanzhu/guanzhu/pkg/wechatapi"
)

type menuCommand struct {
	Check   menuCheckCommand   `cmd:"" help:"Check the menu of account.yaml, and all else in it, against the platform's limits. Asks nobody."`
	Plan    menuPlanCommand    `cmd:"" help:"Show what publishing would change of the live menu, and change nothing."`
	Publish menuPublishCommand `cmd:"" help:"Publish the menu of account.yaml, if it is not the live one."`
}

// accountFile is where the owner's file is, seen from the repository's root.
const accountFile = "account/account.yaml"

// menuFlags say which menu. The file is read as it is now, not as it was when this program was built.
type menuFlags struct {
	File      string `arg:"" optional:"" default:"${file}" help:"The file, ${default} if none is given."`
	PublicURL string `env:"PUBLIC_URL" placeholder:"URL" help:"Where the follower's pages are (${env}): it completes a url that begins with a slash."`
}

func (c *menuFlags) menu() (menu.Menu, error) {
	data, err := os.ReadFile(c.File)
	if err != nil {
		return menu.Menu{}, fmt.Errorf("%w\nGive the path of account.yaml, or run this where account/account.yaml is", err)
	}
	a, err := accountyaml.Parse(c.File, data)
	if err != nil {
		return menu.Menu{}, err
	}
	return a.Menu(c.PublicURL)
}

type menuCheckCommand struct {
	menuFlags `embed:""`
}

// Run prints the menu as it would be published.
func (c *menuCheckCommand) Run(lang language) error {
	m, err := c.menu()
	if err != nil {
		return err
	}
	for _, text := range m.LeftOut {
		fmt.Fprintln(os.Stderr, text.In(string(lang)))
	}
	if len(m.Buttons) == 0 {
		fmt.Printf("%s is good, and has no menu to publish.\n", c.File)
		return nil
	}
	fmt.Printf("%s is good. Its menu:\n\n%s", c.File, menu.Compare(m, m))
	return nil
}

type menuPlanCommand struct {
	liveMenuFlags `embed:""`
}

// Run shows the difference.
func (c *menuPlanCommand) Run(lang language) error { return c.run("plan", lang) }

type menuPublishCommand struct {
	liveMenuFlags `embed:""`
}

// Run publishes.
func (c *menuPublishCommand) Run(lang language) error { return c.run("", lang) }

// Help is shown by --help.
func (*menuPlanCommand) Help() string {
	return menuHelp + "\n\nExit status: 0 if there is nothing to publish, 2 if there is, 1 if that cannot be known."
}

// Help is shown by --help.
func (*menuPublishCommand) Help() string { return menuHelp }

const menuHelp = "With --stack, the stack's function menu does it: with the menu that the stack was deployed with, and from " +
	"the address that is on the account's IP whitelist. Of the other flags only --lang is used then."

// liveMenuFlags say which menu, and of which account.
type liveMenuFlags struct {
	Stack        string `placeholder:"NAME" help:"Name of the deployed stack whose menu it is (GUANZHU_STACK)."`
	menuFlags    `embed:""`
	accountFlags `embed:""`
	APIURL       string `name:"api-url" env:"WECHAT_API_URL" placeholder:"URL" help:"Where the platform's API is asked (${env}), if not at its own address."`
}

// Validate refuses a file beside a stack, whose function knows only the file that it was deployed with.
func (c *liveMenuFlags) Validate() error {
	if c.Stack != "" && c.File != accountFile {
		return errors.New("with --stack (GUANZHU_STACK), the menu is that of the deployed account.yaml: leave the file out, or give --stack= to use the file")
	}
	return nil
}

// run has the stack's function do it, or does the same from here.
func (c *liveMenuFlags) run(action string, lang language) error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute+wakesWithin)
	defer cancel()
	do := c.runHere
	if c.Stack != "" {
		do = c.runStack
	}
	summary, err := do(ctx, action, lang)
	if err != nil {
		return err
	}
	return printSummary(summary, lang)
}

// runHere does as functions/menu does, but asks every time: it does not know the table.
func (c *liveMenuFlags) runHere(ctx context.Context, action string, lang language) (menu.Summary, error) {
	wanted, err := c.menu()
	if err != nil {
		return menu.Summary{}, err
	}
	if c.AppID == sampleAppID && c.APIURL == "" {
		return menu.Summary{}, errors.New(lang.say(
			"这是示例账号，微信并不认识：用 --stack 给出已部署的堆栈，或把 WECHAT_APP_ID 和 WECHAT_SECRETS 设为自己的",
			"this is the sample account, which the platform does not know: give a deployed stack with --stack, "+
				"or set WECHAT_APP_ID and WECHAT_SECRETS to your account's"))
	}
	keeper, err := openSecrets(ctx, c.Secrets)
	if err != nil {
		return menu.Summary{}, err
	}
	api, err := wechatapi.New(wechatapi.Config{AppID: c.AppID, BaseURL: c.APIURL, Secrets: keeper, Tokens: wechatapi.NoTokens{}})
	if err != nil {
		return menu.Summary{}, err
	}
	publisher := menu.Publisher{API: api, Now: time.Now, Language: string(lang)}
	summary, err := publisher.Run(ctx, action, wanted)
	if err != nil {
		return menu.Summary{}, errors.New(bilingual.Explain(err, string(lang)))
	}
	summary.AskAgain = "" // nothing was remembered
	return summary, nil
}

// runStack invokes the stack's function menu.
func (c *liveMenuFlags) runStack(ctx context.Context, action string, lang language) (menu.Summary, error) {
	function, err := openFunction(ctx, lang, c.Stack, "menu")
	if err != nil {
		return menu.Summary{}, err
	}
	var summary menu.Summary
	if err := function.ask(ctx, action, &summary); err != nil {
		return menu.Summary{}, err
	}
	return summary, nil
}

// told is a finding as the error of a command.
func told(f doctor.Finding, lang language) error {
	in := string(lang)
	return errors.New(lang.say("%s：%s\n%s", "%s: %s\n%s", f.Name.In(in), f.What.In(in), f.Do.In(in)))
}

// printSummary prints the difference to standard output and all else that matters to standard error.
func printSummary(s menu.Summary, lang language) error {
	note := func(zh, en string, values ...any) { fmt.Fprintln(os.Stderr, lang.say(zh, en, values...)) }
	for _, line := range s.LeftOut {
		fmt.Fprintln(os.Stderr, line)
	}
	fmt.Print(s.Diff)
	if s.Drift {
		note("发布之后，平台上的菜单被别处改动过。", "Someone else has changed the live menu since it was published.")
	}
	switch s.Result {
	case menu.Published:
		note("已发布，关注者 5 分钟内看到。", "Published. Followers see it within 5 minutes.")
	case menu.Unchanged:
		note("平台上已经是这个菜单，不用发布。", "This is the live menu: there is nothing to publish.")
	case menu.Different:
		note("带 + 的行会增加，带 - 的行会去掉。", "Lines with + would come, lines with - would go.")
		return differs
	case menu.NoMenu:
		note("account.yaml 里没有菜单，平台上的保持不变。", "There is no menu to publish: the live one stays.")
	default:
		if s.AskAgain != "" {
			note("函数在 %s 之前不再询问平台。", "The function asks the platform again after %s.", s.AskAgain)
		}
		return told(doctor.Errcode("menu", s.Errcode, s.Reason), lang)
	}
	return nil
}
