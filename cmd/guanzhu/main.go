// Command guanzhu is the account owner's command line.
package main

import (
	"context"
	"errors"
	"os"
	"slices"
	"strconv"

	"github.com/alecthomas/kong"

	"github.com/guanzhu/guanzhu/internal/bilingual"
	"github.com/guanzhu/guanzhu/internal/parameterstore"
	"github.com/guanzhu/guanzhu/pkg/wechatapi"
)

// The account that console and push use unless the environment names another. events/env.json has the same.
const (
	sampleAppID     = "wx0123456789abcdef"
	sampleFollower  = "oSAMPLEfollower0000000000001" // in the samples in events/
	sampleAccountID = "gh_0123456789ab"

	sampleSecrets = `{"token":"guanzhuSampleToken","app_secret":"sample-app-secret-not-real"}`
)

type commands struct {
	Lang string `enum:"zh,en,auto" default:"auto" help:"Language of the output: zh, en, or auto for that of LC_ALL or LANG."`

	Console     consoleCommand     `cmd:"" help:"Run the account on this machine: its endpoint, an embedded store, a simulated platform. No AWS, no WeChat account."`
	Push        pushCommand        `cmd:"" help:"Send a push, signed as WeChat signs it, and show the reply."`
	Import      importCommand      `cmd:"" help:"Write account.yaml from the replies and the menu that the account has on the platform."`
	Check       checkCommand       `cmd:"" help:"Check account.yaml and the files that it uses against the platform's limits. Works offline."`
	Plan        planCommand        `cmd:"" help:"Show what publishing would change on the platform. Changes nothing."`
	Publish     publishCommand     `cmd:"" help:"Publish the menu of account.yaml, and the files that its replies use, if they differ."`
	Menu        menuCommand        `cmd:"" help:"Old names of check, plan and publish."`
	AI          aiCommand          `cmd:"" name:"ai" help:"Try the language model of account.yaml."`
	Secrets     secretsCommand     `cmd:"" help:"Write the account's secrets into AWS, and rotate them without a gap."`
	Doctor      doctorCommand      `cmd:"" help:"Examine the account, and say what to do about each problem."`
	Logs        logsCommand        `cmd:"" help:"Print the output of sam logs in a readable form, one line a push. make logs runs it."`
	Suggestions suggestionsCommand `cmd:"" help:"List what followers suggest, or mark it as handled."`
	Followers   followersCommand   `cmd:"" help:"Export the followers, or delete one."`
	Reconcile   reconcileCommand   `cmd:"" help:"Put the records in step with the platform now, and show how far that is."`
	Answers     answersCommand     `cmd:"" help:"List the questions whose slow handler has failed, or ask them again."`
	Restore     restoreCommand     `cmd:"" help:"Copy followers and suggestions from a restored table into the present one."`
	Platform    platformCommand    `cmd:"" help:"Run the simulated platform alone, for sam local."`
	Version     versionCommand     `cmd:"" help:"Print the version."`
}

// accountFlags select an account.
type accountFlags struct {
	AppID   string `env:"WECHAT_APP_ID" default:"${appid}" help:"Appid (${env})."`
	Secrets string `env:"WECHAT_SECRETS" default:"${secrets}" placeholder:"JSON" help:"Token, app secret and EncodingAESKey as JSON, or ssm:/name of the SecureString that holds them (${env}). With an encoding_aes_key, pushes are encrypted."`
}

// open reads the account's secrets and returns a client of the API at apiURL. The client stores no access token and forces
// none.
func (c *accountFlags) open(ctx context.Context, apiURL string) (*parameterstore.Keeper, *wechatapi.Client, error) {
	keeper, err := openSecrets(ctx, c.Secrets)
	if err != nil {
		return nil, nil, err
	}
	api, err := wechatapi.New(wechatapi.Config{AppID: c.AppID, BaseURL: apiURL, Secrets: keeper, Tokens: wechatapi.NoTokens{}})
	return keeper, api, err
}

func main() {
	var c commands
	parser := newParser(&c)
	ctx, err := parser.Parse(os.Args[1:])
	parser.FatalIfErrorf(err)
	lang := languageOf(c.Lang, os.Getenv)
	ctx.Bind(lang)
	err = ctx.Run()
	if status, ok := errors.AsType[exitStatus](err); ok {
		os.Exit(int(status))
	}
	if err != nil {
		ctx.FatalIfErrorf(errors.New(named(bilingual.Explain(err, string(lang)))))
	}
}

func newParser(c *commands) *kong.Kong {
	return kong.Must(c,
		kong.Name("guanzhu"),
		kong.Description("A WeChat Official Account, from follow to unfollow."),
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

// differs is the exit status of a plan that would change something. 0 is success, 1 failure, and 80 wrong usage.
const differs exitStatus = 2

// exitStatus is the error of a command that exits with this status and prints nothing more.
type exitStatus int

func (s exitStatus) Error() string { return "exit status " + strconv.Itoa(int(s)) }
