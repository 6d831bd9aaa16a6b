// Package account is the owner's folder: account.yaml is what the account says, and routes.go is what it does.
package account

import (
	"embed"

	"github.com/guanzhu/guanzhu/internal/accountyaml"
)

// qr.txt is there so that the pattern matches without a qr.png, too.
//
//go:embed account.yaml qr.*
var files embed.FS

// Load reads the account.yaml that was embedded when this program was built.
func Load() (*accountyaml.Account, error) {
	file, err := files.ReadFile("account.yaml")
	if err != nil {
		return nil, err
	}
	return accountyaml.Parse("account/account.yaml", file)
}

// QR returns the account's QR code as PNG, nil where the owner has put none into the folder.
func QR() []byte {
	png, err := files.ReadFile("qr.png")
	if err != nil {
		return nil
	}
	return png
}
