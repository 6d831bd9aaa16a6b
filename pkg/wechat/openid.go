package wechat

// maxOpenID is the maximum length of an openid. The platform documents none; its own have 28 characters.
const maxOpenID = 128

// IsOpenID reports whether s can be an openid: 1 to 128 characters of 0-9, A-Z, a-z, _ and -.
//
// An openid is opaque and case-sensitive. It is the partition key of a follower's records. The name of every other partition
// contains a #, so that no openid can name one. Check every openid from outside with IsOpenID before using it: from a push, a
// cookie, a ticket, a command line or the platform's API.
func IsOpenID(s string) bool {
	if s == "" || len(s) > maxOpenID {
		return false
	}
	for _, c := range []byte(s) {
		if !isAlphanumeric(rune(c)) && c != '_' && c != '-' {
			return false
		}
	}
	return true
}

func isAlphanumeric(r rune) bool {
	return '0' <= r && r <= '9' || 'A' <= r && r <= 'Z' || 'a' <= r && r <= 'z'
}
