package accountyaml

import (
	"strings"

	"github.com/guanzhu/guanzhu/internal/autoreply"
)

// linkRoom is the length reserved for a personal link in a text: some 130 characters and the address of the pages.
const linkRoom = 400

// sent returns the greatest length of a text when it is sent, in bytes.
func sent(text string) int {
	return len(text) + strings.Count(text, autoreply.PersonalLink)*(linkRoom-len(autoreply.PersonalLink))
}
