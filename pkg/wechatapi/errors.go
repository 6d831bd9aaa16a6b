package wechatapi

import (
	"errors"
	"fmt"
	"net/netip"
	"regexp"
	"slices"
	"strings"

	"github.com/guanzhu/guanzhu/pkg/follower"
)

// Error is the platform's refusal of a call. It is follower.ErrNoPermission (errors.Is) for errcode 48001.
type Error struct {
	API  string // the call's path
	Code int    // errcode
	RID  string // the platform's name for the call, which openapi/rid/get explains for 7 days; "" if it gave none
	IP   string // the address the call came from, where that is not on the account's IP whitelist, else ""
}

// rid finds the platform's name for the call in an errmsg.
var rid = regexp.MustCompile(`rid: ([0-9a-f]{4,12}(?:-[0-9a-f]{4,12}){2})`)

// address finds what may be an IP address in an errmsg.
var address = regexp.MustCompile(`[0-9a-fA-F:.]{3,45}`)

// newError takes of errmsg only what is known to be harmless: the rest may quote the call.
func newError(path string, code int, errmsg string) *Error {
	e := &Error{API: path, Code: code}
	if match := rid.FindStringSubmatch(errmsg); match != nil {
		e.RID = match[1]
	}
	if code == 40164 || code == 61004 {
		for _, candidate := range address.FindAllString(errmsg, -1) {
			if ip, err := netip.ParseAddr(strings.TrimRight(candidate, ".")); err == nil {
				e.IP = ip.Unmap().String()
				break
			}
		}
	}
	return e
}

// Error names the call, the errcode, what it means and what to do.
func (e *Error) Error() string {
	explanation, ok := explanations[e.Code]
	if !ok {
		explanation = "look it up in https://developers.weixin.qq.com/doc/oplatform/developers/errCode/errCode.html"
	}
	text := fmt.Sprintf("wechatapi: %s: errcode %d: %s", e.API, e.Code, explanation)
	if e.IP != "" {
		text += "; the IP address to add is " + e.IP
	}
	if e.RID != "" {
		text += " (rid " + e.RID + ")"
	}
	return text
}

// Is makes an Error with errcode 48001 follower.ErrNoPermission.
func (e *Error) Is(target error) bool {
	return target == follower.ErrNoPermission && e.Code == 48001
}

// hasCode reports whether err is the platform's refusal with one of the codes.
func hasCode(err error, codes ...int) bool {
	e, ok := errors.AsType[*Error](err)
	return ok && slices.Contains(codes, e.Code)
}

// notListed is said where the call's source address is the reason.
const notListed = "the caller's IP address is not on the account's IP whitelist; " +
	"add it on the platform, under 基础信息, 开发密钥, IP白名单; it takes effect within about ten minutes"

// explanations says what an errcode means and what to do; see
// https://developers.weixin.qq.com/doc/oplatform/developers/errCode/errCode.html.
var explanations = map[int]string{
	-1: "the platform is busy; try again later",
	40001: "the app secret is wrong, or the access token is not the latest one; " +
		"check the app secret, and that no other program forces new tokens for this account",
	40003: "the openid is not one of this account's; check that appid and follower belong together",
	40013: "the appid is wrong; check WECHAT_APP_ID",
	40014: "the access token is not valid; " +
		"check that no other program forces new tokens for this account",
	40125: "the app secret is wrong; put the current one into the secrets, it changes when it is reset on the platform",
	40164: notListed,
	40243: "the app secret is frozen; unfreeze it on the platform, which takes effect after 10 minutes",
	42001: "the access token has ended; check this machine's clock if it happens again",
	45009: "the day's quota of this API is used up; wait until 00:00 China time, or clear the quota on the platform",
	45011: "this API is called too often; wait for at least a minute",
	48001: "the account has no permission for this API; " +
		"it depends on the account's type and verification, see 接口权限 on the platform",
	50002: "the account is restricted; look for a notice on the platform",
	61004: notListed,
	89501: "the caller's IP address waits for the administrator's confirmation; confirm it, or add it to the IP whitelist",
	89503: "the caller's IP address needs the administrator's confirmation, asked for in WeChat; " +
		"confirm it, or add it to the IP whitelist",
	89506: "the administrator has refused the caller's IP address twice, it is blocked for 24 hours; " +
		"add it to the IP whitelist",
	89507: "the administrator has refused the caller's IP address, it is blocked for 1 hour; " +
		"add it to the IP whitelist",
}
