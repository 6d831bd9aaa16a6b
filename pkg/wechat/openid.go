package wechat

// maxOpenID is the most characters that an openid has here. The platform documents no limit; its own have 28.
const maxOpenID = 128

// IsOpenID reports whether s can be an openid: 1 to 128 characters of 0-9, A-Z, a-z, _ and -.
//
// An openid is opaque and case-sensitive. It becomes the partition key of a follower's records, and the name of every
// other partition contains a #, so no openid can name one. Every openid that comes from outside (a push, a cookie, a
// ticket, a command line, the platform's API) is checked with IsOpenID before it is used.
func IsOpenID(s string) bool {
	if s == "" || len(s) > maxOpenID {
		return false
	}
	for i := range len(s) {
		switch c := s[i]; {
		case '0' <= c && c <= '9', 'A' <= c && c <= 'Z', 'a' <= c && c <= 'z', c == '_', c == '-':
		default:
			return false
		}
	}
	return true
}
