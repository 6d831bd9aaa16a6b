package wechat

import "strings"

// IsAppID reports whether s has the form of an AppID: wx and 16 digits of 0-9 and a-f.
func IsAppID(s string) bool {
	digits, ok := strings.CutPrefix(s, "wx")
	return ok && len(digits) == 16 && strings.Trim(digits, "0123456789abcdef") == ""
}
