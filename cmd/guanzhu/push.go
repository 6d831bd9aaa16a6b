package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"time"

	"github.com/guanzhu/guanzhu/internal/pushing"
	"github.com/guanzhu/guanzhu/pkg/wechat"
)

type pushCommand struct {
	accountFlags `embed:""`
	File         string `arg:"" type:"existingfile" help:"The push in clear, for example events/subscribe.xml."`
	URL          string `default:"http://127.0.0.1:8080/login/wechat" help:"Address of the endpoint."`
	Mode         string `enum:"auto,plain,compatible,safe" default:"auto" help:"The message mode of WeChat's console: plain, compatible or safe; auto is safe with an EncodingAESKey, else plain."`
	Now          bool   `help:"Give the push the present time and a new MsgId."`
	Print        bool   `help:"Show the request without sending it."`
}

func (c *pushCommand) Run() error {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	keeper, err := openSecrets(ctx, c.Secrets)
	if err != nil {
		return err
	}
	s := keeper.Current()
	message, err := os.ReadFile(c.File)
	if err != nil {
		return err
	}
	if c.Now {
		now := time.Now()
		message = pushing.AsOf(message, now, now.UnixNano()) // no message had this MsgId before
	}
	if _, err := wechat.ParsePush(message); err != nil {
		return fmt.Errorf("%s: %w", c.File, err)
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
