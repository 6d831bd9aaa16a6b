package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/term"

	"github.com/guanzhu/guanzhu/internal/accountyaml"
	"github.com/guanzhu/guanzhu/internal/bilingual"
	"github.com/guanzhu/guanzhu/internal/doctor"
	"github.com/guanzhu/guanzhu/internal/media"
	"github.com/guanzhu/guanzhu/internal/menu"
	"github.com/guanzhu/guanzhu/internal/publish"
	"github.com/guanzhu/guanzhu/pkg/wechatapi"
)

// accountFile is the path of the owner's file in the repository.
const accountFile = "account/account.yaml"

// fileFlags select account.yaml. The file is read as it is now, not as it was when this program was built.
type fileFlags struct {
	File      string `arg:"" zhname:"文件" optional:"" default:"${file}" help:"Path of account.yaml. Default: ${default}." zh:"account.yaml 的路径，默认 ${default}。"`
	PublicURL string `env:"PUBLIC_URL" placeholder:"URL" help:"Address of the follower's pages (${env}). It completes a url that begins with a slash." zh:"网页的地址（${env}），用来补全以 / 开头的 url。"`
}

// read reads the file, and checks it with the files that it uses.
func (c *fileFlags) read() (*accountyaml.File, error) {
	data, err := os.ReadFile(c.File)
	if err != nil {
		return nil, noFile(c.File, err)
	}
	f, err := accountyaml.Read(c.File, data)
	if err != nil {
		return nil, err
	}
	return f, media.Verify(c.media(), media.All(c.media(), f.Files()))
}

// noFile explains why account.yaml cannot be read.
func noFile(name string, err error) error {
	return bilingual.Errorf("读不了 %s：给出 account.yaml 的路径，或在有 account/account.yaml 的文件夹里运行\n%w",
		"%s cannot be read: give the path of account.yaml, or run this in the folder that has account/account.yaml\n%w", name, explainFile(err))
}

// media is the folder of the files that the replies use, beside account.yaml.
func (c *fileFlags) media() fs.FS { return os.DirFS(c.mediaFolder()) }

func (c *fileFlags) mediaFolder() string { return filepath.Join(filepath.Dir(c.File), "media") }

type checkCommand struct {
	fileFlags `embed:""`
	JSON      bool `name:"json" help:"Print the result as JSON." zh:"以 JSON 输出。"`
}

// Run prints what followers will see.
func (c *checkCommand) Run(lang language) error {
	checked, err := c.check()
	if c.JSON {
		return printChecked(checked, err, lang)
	}
	if err != nil {
		return err
	}
	tell(lang.all(checked.menu.LeftOut))
	tell(lang.all(checked.file.Warnings()))
	fmt.Println(lang.say("%s 没有错误。关注者会看到（routes.go 里的处理函数优先）：\n",
		"%s is good. What a follower does and gets (handlers in routes.go come first):\n", c.File))
	fmt.Print(exchangesTable(checked.file.Exchanges(checked.menu), lang))
	return nil
}

// checkedFile is an account.yaml without mistakes, and its menu as it would be published.
type checkedFile struct {
	file *accountyaml.File
	menu menu.Menu
}

func (c *fileFlags) check() (f checkedFile, err error) {
	if f.file, err = c.read(); err == nil {
		f.menu, err = f.file.Menu(c.PublicURL)
	}
	return f, err
}

// printChecked prints what check has found, one line for each mistake and each button.
func printChecked(f checkedFile, mistakes error, lang language) error {
	found := struct {
		Mistakes []string `json:"mistakes"`
		Menu     []string `json:"menu"`
		LeftOut  []string `json:"left_out"`
		Warnings []string `json:"warnings"`
	}{Mistakes: []string{}, Menu: []string{}, Warnings: []string{}}
	if mistakes != nil {
		found.Mistakes = strings.Split(bilingual.Explain(mistakes, string(lang)), "\n")
	}
	found.Menu = append(found.Menu, menu.Compare(f.menu, f.menu)...)
	found.LeftOut = lang.all(f.menu.LeftOut)
	if mistakes == nil {
		found.Warnings = lang.all(f.file.Warnings())
	}
	if err := printJSON(os.Stdout, found); err != nil {
		return err
	}
	if mistakes != nil {
		return exitStatus(1)
	}
	return nil
}

// tell prints the lines to standard error.
func tell(lines []string) {
	for _, line := range lines {
		fmt.Fprintln(os.Stderr, line)
	}
}

type planCommand struct {
	publishFlags `embed:""`
	JSON         bool `name:"json" help:"Print the result as JSON." zh:"以 JSON 输出。"`
}

// Run shows the difference.
func (c *planCommand) Run(lang language) error {
	summary, err := c.run(publish.Plan, lang)
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

type publishCommand struct {
	publishFlags `embed:""`
	RemoveUnused bool `help:"Delete the permanent material of files that account.yaml no longer uses." zh:"删除 account.yaml 不再使用的文件所对应的永久素材。"`
}

// Run publishes what differs.
func (c *publishCommand) Run(lang language) error {
	action := publish.All
	if c.RemoveUnused {
		action = publish.RemoveUnused
	}
	summary, err := c.run(action, lang)
	if err != nil {
		return err
	}
	return showSummary(summary, lang)
}

// Detail is shown by --help.
func (*planCommand) Detail() bilingual.Text {
	return bilingual.New(publishDetail.ZH+"\n\n退出码：不需要发布时是 0，需要时是 2，无法知道时是 1。",
		publishDetail.EN+"\n\nExit status: 0 if there is nothing to publish, 2 if there is, 1 if that is not known.")
}

// Detail is shown by --help.
func (*publishCommand) Detail() bilingual.Text { return publishDetail }

var publishDetail = bilingual.New("发布的内容：菜单，以及 account/media 里回复用到的文件。回复本身随部署生效。\n\n"+
	"有 --stack 时由堆栈的函数 menu 发布：它带着部署时的 account.yaml 和文件，而且它的地址在公众号的 IP 白名单里。这时不使用选择账号和文件的选项。",
	"What is published: the menu, and the files of account/media that replies use. Replies themselves take effect when you deploy.\n\n"+
		"With --stack, the stack's function menu does the work. It has the account.yaml and the files that the stack was deployed with, "+
		"and its address is on the account's IP whitelist. The flags that select an account or a file are not used then.")

// publishFlags select an account.yaml and the account that it is of.
type publishFlags struct {
	Stack     string `placeholder:"NAME" help:"Name of the deployed stack (GUANZHU_STACK)." zh:"已部署的堆栈名（GUANZHU_STACK）。"`
	Table     string `env:"TABLE_NAME" placeholder:"NAME" help:"Name of the stack's table (${env}), in which the media_ids of files are kept. Needed without --stack if there are files." zh:"堆栈的表名（${env}），文件的 media_id 保存在里面。没有 --stack 而回复用到文件时必须写。"`
	fileFlags `embed:""`
	liveFlags `embed:""`
}

// Validate refuses a file beside a stack, whose function knows only the file that it was deployed with.
func (c *publishFlags) Validate() error {
	if c.Stack != "" && c.File != accountFile {
		return bilingual.Errorf("有 --stack（GUANZHU_STACK）时，菜单是部署的那份 account.yaml 的：不要写文件；要用文件就写 --stack=",
			"with --stack (GUANZHU_STACK), the menu is that of the deployed account.yaml: leave the file out, or give --stack= to use the file")
	}
	return nil
}

// run performs the action in the stack's function, or from this machine.
func (c *publishFlags) run(action string, lang language) (result publishResult, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), publishWithin+wakesWithin)
	defer cancel()
	if c.Stack == "" {
		return c.runHere(ctx, action, lang)
	}
	function, err := openFunction(ctx, lang, c.Stack, "menu")
	if err != nil {
		return publishResult{}, err
	}
	err = function.ask(ctx, action, &result.Summary)
	return result, err
}

// publishResult is what was done, or would be done.
type publishResult struct {
	publish.Summary
	Warnings []string `json:"warnings,omitempty"` // those of check, of a file that was read here
}

// publishWithin bounds the whole: uploads over a slow line take minutes.
const publishWithin = 10 * time.Minute

// runHere does what functions/menu does, without the record of the menu.
func (c *publishFlags) runHere(ctx context.Context, action string, lang language) (publishResult, error) {
	file, err := c.read()
	if err != nil {
		return publishResult{}, err
	}
	api, err := c.liveAPI(ctx, lang)
	if err != nil {
		return publishResult{}, err
	}
	publisher := publish.Publisher{
		Account: file.Account, PublicURL: c.PublicURL, API: api, Files: c.media(),
		Menu: menu.Publisher{API: api, Now: time.Now, Language: string(lang)},
	}
	if c.Table != "" {
		cfg, err := loadAWS(ctx)
		if err != nil {
			return publishResult{}, err
		}
		publisher.Media = openTable(cfg, c.Table)
	}
	summary, err := publisher.Run(ctx, action)
	summary.AskAgain = "" // nothing was stored
	return publishResult{summary, lang.all(file.Warnings())}, err
}

// liveAPI returns a client of the API for an account that the platform knows.
func (c *liveFlags) liveAPI(ctx context.Context, lang language) (*wechatapi.Client, error) {
	if c.AppID == sampleAppID && c.APIURL == "" {
		return nil, errors.New(lang.say(
			"这是示例账号，微信并不认识：用 --stack 给出已部署的堆栈，或把 WECHAT_APP_ID 和 WECHAT_SECRETS 设为自己的",
			"this is the sample account, which the platform does not know: give a deployed stack with --stack, "+
				"or set WECHAT_APP_ID and WECHAT_SECRETS to your account's"))
	}
	keeper, api, err := c.open(ctx, c.APIURL)
	if err == nil && c.APIURL == "" {
		err = checkAppSecret(keeper.Current().AppSecret, true)
	}
	return api, err
}

// showSummary prints the difference to standard output and everything else to standard error.
func showSummary(s publishResult, lang language) error {
	note := func(zh, en string, values ...any) { fmt.Fprintln(os.Stderr, lang.say(zh, en, values...)) }
	tell(s.LeftOut)
	tell(s.Warnings)
	fmt.Print(s.Diff)
	for _, name := range s.Files.Uploads {
		fmt.Println("+ media/" + name)
	}
	if unused := strings.Join(s.Files.Unused, ", "); s.Files.Removed {
		note("已删除不再使用的素材：%s", "Deleted the material that nothing uses any longer: %s", unused)
	} else if unused != "" {
		note("不再使用的素材：%s。加上 --remove-unused 再发布，就会删除。", "Nothing uses the material of %s any longer. To delete it, publish with --remove-unused.", unused)
	}
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
func outcome(s publishResult, lang language) error {
	switch {
	case s.FilesErrcode != 0:
		return findingError(doctor.Errcode("files", s.FilesErrcode, s.FilesReason), lang)
	case s.Result == menu.Refused, s.Result == menu.Waiting:
		return findingError(doctor.Errcode("menu", s.Errcode, s.Reason), lang)
	case s.Result == menu.Different:
		return differs
	}
	return nil
}

// menuCommand has the old names of three commands.
type menuCommand struct {
	Check   oldCheck   `cmd:"" help:"Old name of guanzhu check." zh:"guanzhu check 的旧名字。"`
	Plan    oldPlan    `cmd:"" help:"Old name of guanzhu plan." zh:"guanzhu plan 的旧名字。"`
	Publish oldPublish `cmd:"" help:"Old name of guanzhu publish." zh:"guanzhu publish 的旧名字。"`
}

type oldCheck struct {
	checkCommand `embed:""`
}

type oldPlan struct {
	planCommand `embed:""`
}

type oldPublish struct {
	publishCommand `embed:""`
}

// Run does what the new command does.
func (c *oldCheck) Run(lang language) error { return renamed(lang, "check", c.checkCommand.Run) }

// Run does what the new command does.
func (c *oldPlan) Run(lang language) error { return renamed(lang, "plan", c.planCommand.Run) }

// Run does what the new command does.
func (c *oldPublish) Run(lang language) error { return renamed(lang, "publish", c.publishCommand.Run) }

// renamed runs a command under its old name. At a terminal, it prints the new name. The output for scripts stays the same.
func renamed(lang language, name string, run func(language) error) error {
	if term.IsTerminal(int(os.Stderr.Fd())) {
		fmt.Fprintln(os.Stderr, lang.say("这个命令现在叫 guanzhu %s，旧名字仍然可用。", "This command is now called guanzhu %s; its old name still works.", name))
	}
	return run(lang)
}
