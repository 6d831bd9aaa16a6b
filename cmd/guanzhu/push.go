package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"time"

	"github.com/guanzhu/guanzhu/internal/pushing"
	"github.com/guanzhu/guanzhu/pkg/wechat"
	"github.com/guanzhu/guanzhu/pkg/wechattest"
)

type pushCommand struct {
	accountFlags `embed:""`
	File         string `arg:"" optional:"" type:"existingfile" help:"The push in clear, for example events/subscribe.xml. Instead of a file, one of the flags --text to --scan makes a push of the present time."`
	Text         string `xor:"what" placeholder:"TEXT" help:"Send this text."`
	Click        string `xor:"what" placeholder:"KEY" help:"Tap the menu button with this key."`
	Follow       bool   `xor:"what" help:"Follow the account; with --scan, by that QR code."`
	Unfollow     bool   `xor:"what" help:"Unfollow the account."`
	Scan         string `placeholder:"SCENE" help:"Scan the QR code with this scene."`
	From         string `default:"${follower}" placeholder:"OPENID" help:"The user who acts (${default})."`
	URL          string `default:"http://127.0.0.1:8080/login/wechat" help:"Address of the endpoint."`
	Mode         string `enum:"auto,plain,compatible,safe" default:"auto" help:"The message mode of WeChat's console: plain, compatible or safe; auto is safe with an EncodingAESKey, else plain."`
	Now          bool   `help:"Give the push of the file the present time and a new MsgId."`
	Print        bool   `help:"Show the request without sending it."`
}

// Validate refuses a push that is given in no way or in two.
func (c *pushCommand) Validate() error {
	made := c.Text != "" || c.Click != "" || c.Follow || c.Unfollow
	switch {
	case c.Scan != "" && made && !c.Follow:
		return errors.New("--scan goes alone or with --follow")
	case (c.File != "") == (made || c.Scan != ""):
		return errors.New("name one push: a file, --text, --click, --follow, --unfollow or --scan")
	case !wechat.IsOpenID(c.From):
		return errors.New("--from: an openid has 1 to 128 letters, digits, _ or -")
	}
	return nil
}

// message returns the push in clear.
func (c *pushCommand) message(now time.Time) ([]byte, error) {
	account := wechattest.Account{ID: sampleAccountID}
	switch {
	case c.Text != "":
		return account.Text(c.From, now, now.UnixNano(), c.Text), nil
	case c.Click != "":
		return account.Click(c.From, now, c.Click), nil
	case c.Follow && c.Scan != "":
		return account.Subscribe(c.From, now, "qrscene_"+c.Scan), nil
	case c.Follow:
		return account.Subscribe(c.From, now, ""), nil
	case c.Unfollow:
		return account.Unsubscribe(c.From, now), nil
	case c.Scan != "":
		return account.Scan(c.From, now, c.Scan), nil
	}
	message, err := os.ReadFile(c.File)
	if err == nil && c.Now {
		message = pushing.AsOf(message, now, now.UnixNano()) // no message had this MsgId before
	}
	return message, err
}

func (c *pushCommand) Run() error {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	keeper, err := openSecrets(ctx, c.Secrets)
	if err != nil {
		return err
	}
	s := keeper.Current()
	message, err := c.message(time.Now())
	if err != nil {
		return err
	}
	if _, err := wechat.ParsePush(message); err != nil {
		return fmt.Errorf("%s: %w", cmp.Or(c.File, "the push"), err)
	}
	account := pushing.Account{AppID: c.AppID, Token: s.Token, EncodingAESKey: s.EncodingAESKey}
	mode := map[string]pushing.Mode{"plain": pushing.Plain, "compatible": pushing.Compatible, "safe": pushing.Safe}[c.Mode]
	if c.Mode == "auto" && s.EncodingAESKey != "" {
		mode = pushing.Safe
	}

	request, err := account.Push(ctx, c.URL, mode, message, time.Now())
	if err != nil {
		return err
	}
	body, err := request.GetBody()
	if err != nil {
		return err
	}
	shown, err := io.ReadAll(body)
	if err != nil {
		return err
	}
	fmt.Printf("POST %s\n\n%s\n", request.URL, shown)
	if c.Print {
		return nil
	}
	return show(account, mode, request)
}

// show sends the request and prints the reply, decrypted if need be.
func show(account pushing.Account, mode pushing.Mode, request *http.Request) error {
	begun := time.Now()
	answer, err := pushing.Send(http.DefaultClient, request)
	if err != nil {
		return fmt.Errorf("%w\nIs the endpoint running? `make run` starts one", err)
	}
	fmt.Printf("\n%d %s  %s  %d ms\n\n%s\n", answer.Status, http.StatusText(answer.Status),
		answer.Header.Get("Content-Type"), time.Since(begun).Milliseconds(), answer.Body)
	if answer.Status != http.StatusOK {
		return errors.New("refused: the endpoint's log says why")
	}
	opened, err := account.Open(mode, answer.Body)
	if err != nil {
		return fmt.Errorf("WeChat would not understand this reply: %w", err)
	}
	if string(opened) != string(answer.Body) {
		fmt.Printf("\nopened:\n%s\n", opened)
	}
	return nil
}
