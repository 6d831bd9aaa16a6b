// Command guanzhu is the account owner's command line.
package main

import (
	"github.com/alecthomas/kong"
)

// The account that console and push play where the environment names no other. events/env.json has the same.
const (
	sampleAppID    = "wx0123456789abcdef"
	sampleFollower = "oSAMPLEfollower0000000000001" // of the samples in events/

	sampleSecrets = `{"token":"guanzhuSampleToken","app_secret":"sample-app-secret-not-real"}`
)

type commands struct {
	Console     consoleCommand     `cmd:"" help:"Run the account on this machine: its endpoint, an embedded store, a simulated platform. No AWS, no WeChat account."`
	Push        pushCommand        `cmd:"" help:"Send a push, signed as WeChat signs it, and show the reply."`
	Menu        menuCommand        `cmd:"" help:"Check the menu of account.yaml, compare it with the live one, publish it."`
	Secrets     secretsCommand     `cmd:"" help:"Write the account's secrets into AWS, and rotate them without a gap."`
	Doctor      doctorCommand      `cmd:"" help:"Examine the account, and say what to do about each thing that is wrong."`
	Suggestions suggestionsCommand `cmd:"" help:"List what followers suggested, and mark it handled."`
	Followers   followersCommand   `cmd:"" help:"Export the followers, or delete one."`
	Restore     restoreCommand     `cmd:"" help:"Put what a restored table has back into the present one."`
	Platform    platformCommand    `cmd:"" help:"Run the simulated platform alone, for sam local."`
}

// accountFlags say which account is played.
type accountFlags struct {
	AppID   string `env:"WECHAT_APP_ID" default:"${appid}" help:"Appid (${env})."`
	Secrets string `env:"WECHAT_SECRETS" default:"${secrets}" placeholder:"JSON" help:"Token, app secret and EncodingAESKey as JSON, or ssm:/name of the SecureString that holds them (${env}). With an encoding_aes_key, pushes are encrypted."`
}

func main() {
	var c commands
	ctx := kong.Parse(&c,
		kong.Name("guanzhu"),
		kong.Description("A WeChat Official Account, from follow to unfollow."),
		kong.Vars{"appid": sampleAppID, "secrets": sampleSecrets},
	)
	ctx.FatalIfErrorf(ctx.Run())
}
