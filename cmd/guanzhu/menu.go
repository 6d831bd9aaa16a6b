package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/guanzhu/guanzhu/pkg/account"
	"github.com/guanzhu/guanzhu/pkg/menu"
	"github.com/guanzhu/guanzhu/pkg/wechatapi"
)

type menuCommand struct {
	Check   menuCheckCommand   `cmd:"" help:"Check the menu of account.yaml, and all else in it, against the platform's limits. Asks nobody."`
	Plan    menuPlanCommand    `cmd:"" help:"Show what publishing would change of the live menu, and change nothing."`
	Publish menuPublishCommand `cmd:"" help:"Publish the menu of account.yaml, if it is not the live one."`
}

// menuFlags say which menu. The file is read as it is now, not as it was when this program was built.
type menuFlags struct {
	File      string `arg:"" optional:"" default:"account/account.yaml" help:"The file, ${default} if none is given."`
	PublicURL string `env:"PUBLIC_URL" placeholder:"URL" help:"Where the follower's pages are (${env}): it completes a url that begins with a slash."`
}

func (c *menuFlags) menu() (menu.Menu, error) {
	data, err := os.ReadFile(c.File)
	if err != nil {
		return menu.Menu{}, fmt.Errorf("%w\nGive the path of account.yaml, or run this where account/account.yaml is", err)
	}
	a, err := account.Parse(c.File, data)
	if err != nil {
		return menu.Menu{}, err
	}
	return a.Menu(c.PublicURL)
}

type menuCheckCommand struct {
	menuFlags `embed:""`
}

// Run prints the menu as it would be published.
func (c *menuCheckCommand) Run() error {
	m, err := c.menu()
	if err != nil {
		return err
	}
	printLines(os.Stderr, m.LeftOut)
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

func (c *menuPlanCommand) Run() error { return c.run("plan") }

type menuPublishCommand struct {
	liveMenuFlags `embed:""`
}

func (c *menuPublishCommand) Run() error { return c.run("") }

// liveMenuFlags say which menu, and of which account.
type liveMenuFlags struct {
	menuFlags    `embed:""`
	accountFlags `embed:""`
	APIURL       string `name:"api-url" env:"WECHAT_API_URL" placeholder:"URL" help:"Where the platform's API is asked (${env}), if not at its own address."`
}

// run does as functions/menu does, but asks every time: it does not know the table.
func (c *liveMenuFlags) run(action string) error {
	wanted, err := c.menu()
	if err != nil {
		return err
	}
	if c.AppID == sampleAppID && c.APIURL == "" {
		return errors.New("this is the sample account, which the platform does not know: " +
			"set WECHAT_APP_ID and WECHAT_SECRETS to your account's")
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	keeper, err := openSecrets(ctx, c.Secrets)
	if err != nil {
		return err
	}
	api, err := wechatapi.New(wechatapi.Config{AppID: c.AppID, BaseURL: c.APIURL, Secrets: keeper, Tokens: wechatapi.NoTokens{}})
	if err != nil {
		return err
	}
	publisher := &menu.Publisher{API: api, Now: time.Now}
	summary, err := publisher.Run(ctx, action, wanted)
	if err != nil {
		return err
	}
	return printSummary(summary)
}

// printSummary prints the difference to standard output and all else that matters to standard error.
func printSummary(s menu.Summary) error {
	printLines(os.Stderr, s.LeftOut)
	fmt.Print(s.Diff)
	switch s.Result {
	case menu.Published:
		fmt.Fprintln(os.Stderr, "Published. Followers see it within 5 minutes.")
	case menu.Unchanged:
		fmt.Fprintln(os.Stderr, "This is the live menu: there is nothing to publish.")
	case menu.Different:
		fmt.Fprintln(os.Stderr, "Lines with + would come, lines with - would go.")
	case menu.NoMenu:
		fmt.Fprintln(os.Stderr, "There is no menu to publish: the live one stays.")
	default:
		return errors.New(s.Reason)
	}
	return nil
}

func printLines(f *os.File, lines []string) {
	for _, line := range lines {
		fmt.Fprintln(f, line)
	}
}
