package wechattest

import (
	"cmp"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"net/netip"

	"github.com/guanzhu/guanzhu/internal/errcode"
)

// done is the answer to a call that succeeds without a result.
var done = map[string]any{"errcode": 0, "errmsg": "ok"}

// decode decodes the JSON body of a call.
func decode(body []byte, in any) (code int) {
	switch {
	case len(body) == 0:
		return 44002
	case json.Unmarshal(body, in) != nil:
		return 47001
	}
	return 0
}

// failure returns the answer to a call that fails.
func failure(code int) any {
	row, _ := errcode.Lookup(code)
	return failureWith(code, cmp.Or(row.Message, "failed"))
}

// notListed returns the answer to a call from an address that is not on the whitelist.
func notListed(ip netip.Addr) any {
	return failureWith(40164, fmt.Sprintf("invalid ip %s ipv6 %s, not in whitelist", ip, netip.AddrFrom16(ip.As16())))
}

func failureWith(code int, message string) any {
	type reply struct {
		Code    int    `json:"errcode"`
		Message string `json:"errmsg"`
	}
	// The platform's support can look up a call by this id for some days.
	var id [12]byte
	rand.Read(id[:])
	return reply{code, fmt.Sprintf("%s rid: %x-%x-%x", message, id[:4], id[4:8], id[8:])}
}
