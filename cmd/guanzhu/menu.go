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
)

type menuCommand struct {
	Check   menuCheckCommand   `cmd:"" help:"Check the menu of account.yaml, and all else in it, against the platform's limits. Works offline."`
	Plan    menuPlanCommand    `cmd:"" help:"Show what publishing would change in the live menu. Changes nothing."`
	Publish menuPublishCommand `cmd:"" help:"Publish the menu of account.yaml if it differs from the live one."`
}

// accountFile is the path of the owner's file in the repository.
const accountFile = "account/account.yaml"

// menuFlags select the menu. The file is read as it is now, not as it was when this program was built.
type menuFlags struct {
	File      string `arg:"" optional:"" default:"${file}" help:"The file. Default: ${default}."`
	PublicURL string `env:"PUBLIC_URL" placeholder:"URL" help:"Address of the follower's pages (${env}). It completes a url that begins with a slash."`
}

func (c *menuFlags) menu() (menu.Menu, error) {
	data, err := os.ReadFile(c.File)
	if err != nil {
		return menu.Menu{}, fmt.Errorf("%w\nGive the path of account.yaml, or run this in the folder that has account/account.yaml", err)
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
		fmt.Println(lang.say("%s 没有错误，也没有要发布的菜单。", "%s is good, and has no menu to publish.", c.File))
		return nil
	}
	fmt.Print(lang.say("%s 没有错误。其中的菜单：\n\n%s", "%s is good. Its menu:\n\n%s", c.File, menu.Compare(m, m)))
	return nil
}

type menuPlanCommand struct {
	liveMenuFlags `embed:""`
	JSON          bool `name:"json" help:"Print the summary as JSON."`
}

// Run shows the difference.
func (c *menuPlanCommand) Run(lang language) error {
	summary, err := c.run("plan", lang)
	if err != nil {
		return err
	}
	if c.JSON {
		if err := printJSON(os.Stdout, summary); err != nil {
			return err
		}
		return outcome(summary, lang)
	}
	return showSummary(summary, lang)
}

type menuPublishCommand struct {
	liveMenuFlags `embed:""`
}

// Run publishes the menu.
func (c *menuPublishCommand) Run(lang language) error {
	summary, err := c.run("", lang)
	if err != nil {
		return err
	}
	return showSummary(summary, lang)
}

// Help is shown by --help.
func (*menuPlanCommand) Help() string {
	return menuHelp + "\n\nExit status: 0 if there is nothing to publish, 2 if there is, 1 if that is not known."
}

// Help is shown by --help.
func (*menuPublishCommand) Help() string { return menuHelp }

const menuHelp = "With --stack, the stack's function menu does the work. It has the menu that the stack was deployed with, " +
	"and its address is on the account's IP whitelist. The flags that select an account or a file are not used then."

// liveMenuFlags select a menu and the account that shows it.
type liveMenuFlags struct {
	Stack        string `placeholder:"NAME" help:"Name of the deployed stack (GUANZHU_STACK)."`
	menuFlags    `embed:""`
	accountFlags `embed:""`
	APIURL       string `name:"api-url" env:"WECHAT_API_URL" placeholder:"URL" help:"Address of the platform's API (${env}), if it is not the platform's own."`
}

// Validate refuses a file beside a stack, whose function knows only the file that it was deployed with.
func (c *liveMenuFlags) Validate() error {
	if c.Stack != "" && c.File != accountFile {
		return errors.New("with --stack (GUANZHU_STACK), the menu is that of the deployed account.yaml: leave the file out, or give --stack= to use the file")
	}
	return nil
}

// run performs the action in the stack's function, or from this machine.
func (c *liveMenuFlags) run(action string, lang language) (summary menu.Summary, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute+wakesWithin)
	defer cancel()
	if c.Stack == "" {
		return c.runHere(ctx, action, lang)
	}
	function, err := openFunction(ctx, lang, c.Stack, "menu")
	if err != nil {
		return menu.Summary{}, err
	}
	return summary, function.ask(ctx, action, &summary)
}

// runHere does what functions/menu does, without the record of earlier runs.
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
	_, api, err := c.open(ctx, c.APIURL)
	if err != nil {
		return menu.Summary{}, err
	}
	publisher := menu.Publisher{API: api, Now: time.Now, Language: string(lang)}
	summary, err := publisher.Run(ctx, action, wanted)
	if err != nil {
		return menu.Summary{}, errors.New(bilingual.Explain(err, string(lang)))
	}
	summary.AskAgain = "" // nothing was stored
	return summary, nil
}

// showSummary prints the difference to standard output and everything else to standard error.
func showSummary(s menu.Summary, lang language) error {
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
		note("发布会增加带 + 的行，去掉带 - 的行。", "Publishing adds the lines with + and removes the lines with -.")
	case menu.NoMenu:
		note("account.yaml 里没有菜单，平台上的保持不变。", "There is no menu to publish: the live one stays.")
	}
	if s.AskAgain != "" {
		note("函数在 %s 之前不再询问平台。", "The function asks the platform again after %s.", s.AskAgain)
	}
	return outcome(s, lang)
}

// outcome returns the error by which a command exits after the summary.
func outcome(s menu.Summary, lang language) error {
	switch s.Result {
	case menu.Different:
		return differs
	case menu.Refused, menu.Waiting:
		return findingError(doctor.Errcode("menu", s.Errcode, s.Reason), lang)
	}
	return nil
}
