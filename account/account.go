// Package account is the owner's folder. account.yaml says what the account answers, routes.go which handler takes which
// push, and pages.go which pages there are beside the built-in ones.
package account

import (
	"embed"

	"github.com/guanzhu/guanzhu/internal/autoreply"
	"github.com/guanzhu/guanzhu/internal/compiled"
	"github.com/guanzhu/guanzhu/internal/media"
	"github.com/guanzhu/guanzhu/internal/replies"
	"github.com/guanzhu/guanzhu/pkg/follower"
	"github.com/guanzhu/guanzhu/pkg/wechatapi"
)

// Services are the services that handlers and pages use.
type Services struct {
	Followers *follower.Service  // the followers' records
	Replies   *autoreply.Account // account.yaml
	API       *wechatapi.Client  // WeChat's API
	Media     *media.Library     // the files of account/media, as they are published
	Assistant replies.Assistant  // asks a language model; nil in functions that do not answer slow texts
}

//go:embed account.yaml
var file []byte

// qr.txt is there because the pattern must match a file even if there is no qr.png.
//
//go:embed qr.*
var qr embed.FS

// Load returns the account of the account.yaml with which the program was built.
func Load() (*autoreply.Account, error) { return compiled.Load("account/account.yaml", file) }

// QR returns the account's QR code, qr.png, or nil if there is none.
func QR() []byte {
	png, err := qr.ReadFile("qr.png")
	if err != nil {
		return nil
	}
	return png
}
