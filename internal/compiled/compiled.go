//go:build compiled

package compiled

import "github.com/guanzhu/guanzhu/internal/autoreply"

// Load returns the account that was compiled into the program.
func Load(string, []byte) (*autoreply.Account, error) { return autoreply.New(data), nil }
