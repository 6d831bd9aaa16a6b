//go:build !compiled

package compiled

import (
	"github.com/guanzhu/guanzhu/internal/accountyaml"
	"github.com/guanzhu/guanzhu/internal/autoreply"
)

// Load returns the account of an account.yaml. Its errors are those of accountyaml.Parse.
func Load(name string, file []byte) (*autoreply.Account, error) { return accountyaml.Parse(name, file) }
