// Package account is the owner's folder: account.yaml is what the account says, and routes.go is what it does.
package account

import (
	_ "embed"

	"github.com/guanzhu/guanzhu/pkg/account"
)

//go:embed account.yaml
var file []byte

// Load reads the account.yaml that was embedded when this program was built.
func Load() (*account.Account, error) { return account.Parse("account/account.yaml", file) }
