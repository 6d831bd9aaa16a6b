package table

import "github.com/guanzhu/guanzhu/internal/media"

// MediaKey is the key of the account's Media.
var MediaKey = Key{"#account", "media"}

// Media lists the material that was made from the files of account/media.
type Media struct {
	Key
	Files media.Record `json:"files,omitempty"`
}
