package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"regexp"
	"strconv"
	"time"

	"github.com/guanzhu/guanzhu/pkg/wechat"
	"github.com/guanzhu/guanzhu/pkg/wechattest"
)

type pushCommand struct {
	accountFlags `embed:""`
	File         string `arg:"" type:"existingfile" help:"The push in clear, for example events/subscribe.xml."`
	URL          string `default:"http://127.0.0.1:8080/login/wechat" help:"Where the endpoint is."`
	Mode         string `enum:"auto,plain,compatible,safe" default:"auto" help:"The console's message mode: plain, compatible or safe; auto is safe with an EncodingAESKey, else plain."`
	Now          bool   `help:"Send it as if it happened now: with a fresh CreateTime and MsgId."`
	Print        bool   `help:"Only show the request."`
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
		message = asOf(message, time.Now())
	}
	push, err := wechat.ParsePush(message)
	if err != nil {
		return fmt.Errorf("%s: %w", c.File, err)
	}
	account := wechattest.Account{AppID: c.AppID, Token: s.Token, EncodingAESKey: s.EncodingAESKey, ID: push.Common().ToUserName}
	mode := map[string]wechattest.Mode{"plain": wechattest.Plain, "compatible": wechattest.Compatible, "safe": wechattest.Safe}[c.Mode]
	if c.Mode == "auto" && s.EncodingAESKey != "" {
		mode = wechattest.Safe
	}

	request, err := account.Request(ctx, c.URL, mode, message, time.Now())
	if err != nil {
		return err
	}
	body, err := io.ReadAll(request.Body)
	if err != nil {
		return err
	}
	fmt.Printf("POST %s\n\n%s\n", request.URL, body)
	if c.Print {
		return nil
	}
	if request.Body, err = request.GetBody(); err != nil {
		return err
	}
	return show(account, request)
}

// show sends the request and prints the reply, opened.
func show(account wechattest.Account, request *http.Request) error {
	begun := time.Now()
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return fmt.Errorf("%w\nIs the endpoint up? `make run` starts one", err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return err
	}
	fmt.Printf("\n%s  %s  %d ms\n\n%s\n", response.Status, response.Header.Get("Content-Type"), time.Since(begun).Milliseconds(), body)
	if response.StatusCode != http.StatusOK {
		return errors.New("refused: the endpoint's log says why")
	}
	opened, err := account.OpenReply(body)
	if err != nil {
		return fmt.Errorf("WeChat would not understand this reply: %w", err)
	}
	if string(opened) != string(body) {
		fmt.Printf("\nopened:\n%s\n", opened)
	}
	return nil
}

var (
	createTime = regexp.MustCompile(`<CreateTime>[^<]*</CreateTime>`)
	msgID      = regexp.MustCompile(`<MsgId>[^<]*</MsgId>`)
)

// asOf gives the message the time now, and a MsgId that no message had before.
func asOf(message []byte, now time.Time) []byte {
	message = createTime.ReplaceAll(message, []byte("<CreateTime>"+strconv.FormatInt(now.Unix(), 10)+"</CreateTime>"))
	return msgID.ReplaceAll(message, []byte("<MsgId>"+strconv.FormatInt(now.UnixNano(), 10)+"</MsgId>"))
}
