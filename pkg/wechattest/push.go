package wechattest

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/guanzhu/guanzhu/internal/pushing"
)

// Mode is the account's setting for the form of its pushes.
type Mode = pushing.Mode

const (
	Plain      = pushing.Plain      // 明文: the fields in clear
	Compatible = pushing.Compatible // 兼容: the fields in clear and, beside them, the whole message encrypted
	Safe       = pushing.Safe       // 安全: only encrypted
)

// Account is an Official Account's side of the platform: it signs and sends pushes, and opens the replies.
type Account struct {
	AppID          string
	Token          string
	EncodingAESKey string // 43 characters; required for Compatible, Safe and encrypted replies
	ID             string // the account's original id, gh_…

	// Now is the time at which Deliver and DeliverAll sign; time.Now if nil.
	Now func() time.Time
}

func (a Account) now() time.Time {
	if a.Now == nil {
		return time.Now()
	}
	return a.Now()
}

func (a Account) sender() pushing.Account {
	return pushing.Account{AppID: a.AppID, Token: a.Token, EncodingAESKey: a.EncodingAESKey}
}

// Check returns the request by which the platform checks the server's URL: a GET whose echostr must come back.
func (a Account) Check(ctx context.Context, serverURL string, now time.Time) (*http.Request, error) {
	r, err := a.sender().Check(ctx, serverURL, now)
	return r, wrap(err)
}

// Request returns one push of message, XML or JSON in clear, as the platform sends it in mode, signed at the time now.
func (a Account) Request(
	ctx context.Context, serverURL string, mode Mode, message []byte, now time.Time,
) (*http.Request, error) {
	r, err := a.sender().Push(ctx, serverURL, mode, message, now)
	return r, wrap(err)
}

// OpenReply returns the content of the body of an answer to a push, as WeChat reads it: the message inside an encrypted reply, a
// reply in clear as it is, and success or an empty body as they are. It returns an error if the user would see that the
// account is out of order.
func (a Account) OpenReply(body []byte) ([]byte, error) {
	reply, err := a.sender().Open(Compatible, body, body)
	return reply, wrap(err)
}

func wrap(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("wechattest: %w", err)
}
