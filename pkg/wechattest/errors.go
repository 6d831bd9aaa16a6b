package wechattest

import (
	"cmp"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"net/netip"
)

// done is the answer to a call that succeeds without a result.
var done = map[string]any{"errcode": 0, "errmsg": "ok"}

// decode decodes the JSON body of a call.
func decode(body []byte, in any) (errcode int) {
	switch {
	case len(body) == 0:
		return 44002
	case json.Unmarshal(body, in) != nil:
		return 47001
	}
	return 0
}

// failure returns the answer to a call that fails.
func failure(errcode int) any {
	return failureWith(errcode, cmp.Or(messages[errcode], "failed"))
}

// notListed returns the answer to a call from an address that is not on the whitelist.
func notListed(ip netip.Addr) any {
	return failureWith(40164, fmt.Sprintf("invalid ip %s ipv6 %s, not in whitelist", ip, netip.AddrFrom16(ip.As16())))
}

func failureWith(errcode int, message string) any {
	type reply struct {
		Code    int    `json:"errcode"`
		Message string `json:"errmsg"`
	}
	// The platform's support can look up a call by this id for some days.
	var id [12]byte
	rand.Read(id[:])
	return reply{errcode, fmt.Sprintf("%s rid: %x-%x-%x", message, id[:4], id[4:8], id[8:])}
}

// messages are the platform's errmsg texts. https://developers.weixin.qq.com/doc/oplatform/developers/errCode/errCode.html.
var messages = map[int]string{
	-1:    "system error",
	40001: "invalid credential, access_token is invalid or not latest",
	40002: "invalid grant_type",
	40003: "invalid openid",
	40007: "invalid media_id",
	40013: "invalid appid",
	40014: "invalid access_token",
	40016: "invalid button size",
	40017: "invalid button type",
	40018: "invalid button name size",
	40019: "invalid button key size",
	40020: "invalid button url size",
	40022: "invalid sub button level",
	40023: "invalid sub button size",
	40024: "invalid sub button type",
	40025: "invalid sub button name size",
	40026: "invalid sub button key size",
	40027: "invalid sub button url size",
	40029: "invalid code",
	40032: "invalid openid list size",
	40033: `invalid charset. please check your request, if include \uxxxx will create fail!`,
	40054: "invalid sub button url domain",
	40055: "invalid button url domain",
	40066: "invalid url",
	40125: "invalid appsecret",
	40163: "code been used",
	40164: "invalid ip 203.0.113.7 ipv6 ::ffff:203.0.113.7, not in whitelist",
	40165: "invalid weapp pagepath",
	40166: "invalid weapp appid",
	41001: "access_token missing",
	41002: "appid missing",
	41004: "appsecret missing",
	41008: "missing code",
	41009: "missing openid",
	42001: "access_token expired",
	42003: "code expired",
	43001: "require GET method",
	43002: "require POST method",
	44002: "empty post data",
	45009: "reach max api daily quota limit",
	45011: "api minute-quota reach limit, must slower, retry next minute",
	46003: "menu no exist",
	47001: "data format error",
	48001: "api unauthorized",
	53600: "invalid article_id",
	61004: "access clientip is not registered, requestIP: 203.0.113.7",
	65301: "no such conditional menu",
	65302: "no such user",
	65303: "there is no selfmenu, please create selfmenu first",
	65304: "match rule empty",
	65316: "too many domains in conditional menus",
	65320: "match rule holds fields that are no longer supported",
	76003: "invalid cgi_path",
	76021: "cgi_path not found, please check",
	76022: "could not use this cgi_path,no permission",
}
