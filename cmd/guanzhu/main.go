// Command guanzhu is the account owner's command line.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"

	"github.com/alecthomas/kong"

	"github.com/guanzhu/guanzhu/internal/bilingual"
	"github.com/guanzhu/guanzhu/internal/console"
	"github.com/guanzhu/guanzhu/internal/parameterstore"
	"github.com/guanzhu/guanzhu/pkg/wechat"
	"github.com/guanzhu/guanzhu/pkg/wechatapi"
)

// The account that console and push use unless the environment names another. events/env.json has the same.
const (
	sampleAppID     = "wx0123456789abcdef"
	sampleFollower  = console.SampleFollower // in the samples in events/
	sampleAccountID = "gh_0123456789ab"

	sampleSecrets = `{"token":"guanzhuSampleToken","app_secret":"sample-app-secret-not-real"}`
)

type commands struct {
	Lang string `enum:"zh,en,auto" default:"auto" help:"Language of the output: zh, en, or auto for that of LC_ALL, LC_MESSAGES or LANG." zh:"输出的语言：zh 中文，en 英文，auto 由 LC_ALL、LC_MESSAGES 或 LANG 决定。"`

	Console  consoleCommand  `cmd:"" group:"here" help:"Run the account on this machine: its endpoint, an embedded store, a simulated platform. No AWS, no WeChat account." zh:"在本机运行公众号：服务器、内嵌存储和模拟的微信平台，不需要 AWS 和公众号。"`
	Push     pushCommand     `cmd:"" group:"here" help:"Send a push, signed as WeChat signs it, and show the reply." zh:"像微信一样签名并发出一条推送，显示回复。"`
	Platform platformCommand `cmd:"" group:"here" help:"Run the simulated platform alone, for sam local." zh:"只运行模拟的微信平台，供 sam local 使用。"`

	Check   checkCommand   `cmd:"" group:"account" help:"Check account.yaml and the files that it uses against the platform's limits. Works offline." zh:"检查 account.yaml 和它用到的文件是否符合微信的限制，不需要联网。"`
	Plan    planCommand    `cmd:"" group:"account" help:"Show what publishing would change on the platform. Changes nothing." zh:"显示发布会改变平台上的什么，不做任何改动。"`
	Publish publishCommand `cmd:"" group:"account" help:"Publish the menu of account.yaml, and the files that its replies use, if they differ." zh:"发布 account.yaml 里有变化的菜单和回复用到的文件。"`
	Import  importCommand  `cmd:"" group:"account" help:"Write account.yaml from the replies and the menu that the account has on the platform." zh:"把公众号在微信后台的自动回复和菜单写进 account.yaml。"`
	AI      aiCommand      `cmd:"" name:"ai" group:"account" help:"Try the language model of account.yaml." zh:"试用 account.yaml 里的大模型。"`

	Secrets   secretsCommand   `cmd:"" group:"aws" help:"Write the account's secrets into AWS, and rotate them without downtime." zh:"把公众号的密钥写入 AWS，轮换时不中断服务。"`
	Doctor    doctorCommand    `cmd:"" group:"aws" help:"Examine the account, and say what to do about each problem." zh:"检查公众号，并说明每个问题怎样解决。"`
	Logs      logsCommand      `cmd:"" group:"aws" help:"Print the output of sam logs in a readable form, one line a push. make logs runs it." zh:"把 sam logs 的输出变得易读，每条推送一行，由 make logs 运行。"`
	Reconcile reconcileCommand `cmd:"" group:"aws" help:"Compare the followers' records with the platform now, and show the progress." zh:"立即与微信平台对账，并显示进度。"`
	Answers   answersCommand   `cmd:"" group:"aws" help:"List the questions whose slow handler has failed, or ask them again." zh:"列出处理失败的问题，或重新处理。"`

	Followers   followersCommand   `cmd:"" group:"records" help:"Export all followers, or show or delete one." zh:"导出全部关注者，或者显示、删除一个关注者的数据。"`
	Suggestions suggestionsCommand `cmd:"" group:"records" help:"List what followers suggest, or mark it as handled." zh:"列出关注者的建议，或标为已处理。"`
	Restore     restoreCommand     `cmd:"" group:"records" help:"Copy followers and suggestions from a restored table into the present one." zh:"把恢复出的表里的关注者和建议复制到现在的表。"`

	Completion completionCommand `cmd:"" group:"other" help:"Print a script that completes commands and flags in bash, zsh or fish." zh:"打印 bash、zsh 或 fish 的命令补全脚本。"`
	Version    versionCommand    `cmd:"" group:"other" help:"Print the version." zh:"显示版本。"`
	Menu       menuCommand       `cmd:"" group:"other" help:"Old names of check, plan and publish." zh:"check、plan 和 publish 的旧名字。"`
	Candidates candidatesCommand `cmd:"" hidden:"" help:"Print what may follow on a command line, for the scripts of completion." zh:"打印命令行接下来可以写什么，供补全脚本使用。"`
}

// accountFlags select an account.
type accountFlags struct {
	AppID   appID  `env:"WECHAT_APP_ID" default:"${appid}" help:"The account's AppID (${env})." zh:"公众号的 AppID（${env}）。"`
	Secrets string `env:"WECHAT_SECRETS" default:"${secrets}" placeholder:"JSON" help:"Token, app secret and EncodingAESKey as JSON, or ssm:/name of the SecureString that holds them (${env}). With an encoding_aes_key, pushes are encrypted." zh:"JSON 格式的 token、AppSecret 和 EncodingAESKey，或者保存它们的 SecureString 的名字 ssm:/name（${env}）。有 encoding_aes_key 时推送是加密的。"`
}

// liveFlags select an account and the platform that knows it.
type liveFlags struct {
	accountFlags `embed:""`
	APIURL       string `name:"api-url" env:"WECHAT_API_URL" placeholder:"URL" help:"Address of the platform's API (${env}), if it is not the platform's own." zh:"微信接口的地址（${env}），不是微信官方地址时才要写。"`
}

// appID is an AppID on the command line.
type appID string

// UnmarshalText refuses what is not an AppID.
func (a *appID) UnmarshalText(text []byte) error {
	if !wechat.IsAppID(string(text)) {
		return bilingual.Errorf("AppID 是 wx 加 16 位 0-9、a-f，%q 不是：从微信开发者平台重新复制（--app-id 或 WECHAT_APP_ID）",
			"%q is not an AppID, which is wx and 16 digits of 0-9 and a-f: copy it again from the developer platform (--app-id or WECHAT_APP_ID)", text)
	}
	*a = appID(text)
	return nil
}

// open reads the account's secrets and returns a client of the API at apiURL. The client stores no access token and forces
// none.
func (c *accountFlags) open(ctx context.Context, apiURL string) (*parameterstore.Keeper, *wechatapi.Client, error) {
	keeper, err := openSecrets(ctx, c.Secrets)
	if err != nil {
		return nil, nil, err
	}
	api, err := wechatapi.New(wechatapi.Config{AppID: string(c.AppID), BaseURL: apiURL, Secrets: keeper, Tokens: wechatapi.NoTokens{}})
	return keeper, api, err
}

func main() { os.Exit(run(os.Args[1:])) }

// run runs the command that args name and returns its exit status.
func run(args []string) int {
	lang := languageOf(args, os.Getenv)
	switch {
	case len(args) == 0:
		args = []string{"--help"}
	case args[0] == "help":
		args = slices.Concat(args[1:], []string{"--help"})
	}
	parser := newParser(&commands{}, lang)
	ctx, err := parser.Parse(args)
	if err != nil {
		fmt.Fprintln(os.Stderr, "guanzhu: "+wrongUsage(err, lang))
		return misused
	}
	err = ctx.Run(lang)
	if status, ok := errors.AsType[exitStatus](err); ok {
		return int(status)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "guanzhu: "+named(bilingual.Explain(explainFile(explainAWS(err)), string(lang))))
		return failed
	}
	return 0
}

func newParser(c *commands, lang language) *kong.Kong {
	return kong.Must(c,
		kong.Name("guanzhu"),
		kong.Description(lang.say("微信公众号，从关注到取消关注。", "A WeChat Official Account, from follow to unfollow.")),
		kong.ExplicitGroups(commandGroups(lang)),
		kong.PostBuild(localize(lang)),
		kong.Help(printHelp(lang)),
		kong.Vars{"appid": sampleAppID, "secrets": sampleSecrets, "follower": sampleFollower, "file": accountFile},
		kong.Resolvers(kong.ResolverFunc(stackOfEnvironment)),
	)
}

// stackOfEnvironment gives --stack the value of GUANZHU_STACK, unless that flag is given, or one that excludes it.
func stackOfEnvironment(ctx *kong.Context, parent *kong.Path, flag *kong.Flag) (any, error) {
	name := os.Getenv("GUANZHU_STACK")
	if flag.Name != "stack" || name == "" {
		return nil, nil
	}
	for _, other := range parent.Flags {
		if other.Set && len(flag.Xor) > 0 && slices.Equal(other.Xor, flag.Xor) {
			return nil, nil
		}
	}
	return name, nil
}

// The exit statuses beside 0, success. differs is that of a plan that would change something.
const (
	failed  = 1
	differs = exitStatus(2)
	misused = 80 // the command line cannot be understood
)

// exitStatus is the error of a command that exits with this status and prints nothing more.
type exitStatus int

func (s exitStatus) Error() string { return "exit status " + strconv.Itoa(int(s)) }
