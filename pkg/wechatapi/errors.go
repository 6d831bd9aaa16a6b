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

// Errcode is e.Code, for those who know what they call by an interface alone.
func (e *Error) Errcode() int { return e.Code }

// Is makes an Error with errcode 48001 follower.ErrNoPermission.
func (e *Error) Is(target error) bool {
	return target == follower.ErrNoPermission && e.Code == 48001
}

// ErrNotPlatform is what an error is (errors.Is) where something answered that is not the platform.
var ErrNotPlatform = errors.New("the answer is not the platform's")

// notPlatformError says what answered instead.
type notPlatformError struct{ text string }

func (e *notPlatformError) Error() string { return e.text }

func (*notPlatformError) Is(target error) bool { return target == ErrNotPlatform }

func notJSON(path string) error {
	return &notPlatformError{fmt.Sprintf("wechatapi: %s: the answer is not the platform's JSON; "+
		"look at the relay or proxy in between", path)}
}

// hasCode reports whether err is the platform's refusal with one of the codes.
func hasCode(err error, codes ...int) bool {
	e, ok := errors.AsType[*Error](err)
	return ok && slices.Contains(codes, e.Code)
}

// notListed is said where the call's source address is the reason.
const notListed = "the caller's IP address is not on the account's IP whitelist; " +
	"add it on the platform, under 基础信息, 开发密钥, IP白名单; it takes effect within about ten minutes"

// noPlaces is said where a conditional menu goes by country, province or city.
const noPlaces = "the platform takes no rules by place any longer; remove country, province and city"

// explanations says what an errcode means and what to do; see
// https://developers.weixin.qq.com/doc/oplatform/developers/errCode/errCode.html.
var explanations = map[int]string{
	-1: "the platform is busy; try again later",
	40001: "the app secret is wrong, or the access token is not the latest one; " +
		"check the app secret, and that no other program forces new tokens for this account",
	40003: "the openid is not one of this account's; check that appid and follower belong together",
	40007: "a media_id is not valid; it must be of a permanent material of this account",
	40013: "the appid is wrong; check WECHAT_APP_ID",
	40014: "the access token is not valid; " +
		"check that no other program forces new tokens for this account",
	40015: "a button's type is not valid; use one of those in docs/menu.md",
	40016: "the number of buttons is not valid, or the body has another call's form; a menu has 1 to 3 buttons",
	40017: "the type of a button at the top is not valid; use one of those in docs/menu.md, none with buttons below it",
	40018: "the name of a button at the top is empty or too long; it has up to 16 bytes, a Chinese character has 3",
	40019: "the key of a button at the top is missing or too long; it has 1 to 128 bytes",
	40020: "the url of a button at the top is missing or too long; it has 1 to 1024 bytes",
	40021: "the menu's version is not valid; publish it again",
	40022: "the menu has too many levels; a button below another one has none below it",
	40023: "the number of buttons below one is not valid; it is 1 to 5",
	40024: "the type of a button below another one is not valid; use one of those in docs/menu.md",
	40025: "the name of a button below another one is empty or too long; " +
		"it has up to 60 bytes, a Chinese character has 3",
	40026: "the key of a button below another one is missing or too long; it has 1 to 128 bytes",
	40027: "the url of a button below another one is missing or too long; it has 1 to 1024 bytes",
	40028: "the menu's user is not valid; look at the account's state on the platform",
	40029: "the OAuth code is none of this account's; check that WECHAT_APP_ID is the account that the page is opened for",
	40033: "the menu has a character that was sent as an escape \\uXXXX; leave control characters out",
	40054: "the url of a button below another one leads to a domain that the platform refuses; " +
		"use another one, with https",
	40055: "the url of a button at the top leads to a domain that the platform refuses; use another one, with https",
	40119: "the type of a button at the top is not for this account; use another one, see 接口权限 on the platform",
	40120: "the type of a button below another one is not for this account; use another one, see 接口权限 on the platform",
	40125: "the app secret is wrong; put the current one into the secrets, it changes when it is reset on the platform",
	40155: "the url is the home page of another account; use one of this account's",
	40163: "the OAuth code has been used, as where WeChat returns twice with one; the page is to be opened again",
	40164: notListed,
	40165: "the pagepath of a mini program is missing or not valid; look it up in the mini program",
	40166: "the appid of a mini program is missing or not valid; look it up on the platform",
	40243: "the app secret is frozen; unfreeze it on the platform, which takes effect after 10 minutes",
	42001: "the access token has ended; check this machine's clock if it happens again",
	42003: "the OAuth code is older than five minutes; the page is to be opened again",
	45009: "the day's quota of this API is used up; wait until 00:00 China time, or clear the quota on the platform",
	45010: "there are too many menus; delete conditional ones",
	45011: "this API is called too often; wait for at least a minute",
	45064: "the mini program is not linked with the account; link it on the platform, under 小程序管理",
	46002: "there is no menu of this version; publish it again",
	46003: "the account has no menu; publish one",
	48001: "the account has no permission for this API; " +
		"it depends on the account's type and verification, see 接口权限 on the platform",
	50002: "the account is restricted; look for a notice on the platform",
	53600: "an article_id is not valid; it must be of a published article of this account",
	61004: notListed,
	65301: "there is no conditional menu with this id; ask for the menus again",
	65302: "there is no such user; use the openid of a follower",
	65303: "the account has no default menu; publish one before conditional ones",
	65304: "the matchrule is empty; add tag_id or client_platform_type",
	65305: "there are too many conditional menus; remove some",
	65306: "the account may not have conditional menus; remove conditionalmenu, or have the account verified",
	65307: "the conditional menu is empty; add a button",
	65308: "a button does nothing; give it a type",
	65309: "conditional menus are switched off; switch them on on the platform",
	65310: noPlaces,
	65311: noPlaces,
	65312: noPlaces,
	65313: noPlaces,
	65314: noPlaces,
	65316: "the conditional menus lead to more than 3 domains; let them lead to fewer",
	65317: "a url is not valid; write it in full, https://…",
	65320: "the matchrule has a name that the platform takes no longer; use tag_id and client_platform_type alone",
	89501: "the caller's IP address waits for the administrator's confirmation; confirm it, or add it to the IP whitelist",
	89503: "the caller's IP address needs the administrator's confirmation, asked for in WeChat; " +
		"confirm it, or add it to the IP whitelist",
	89506: "the administrator has refused the caller's IP address twice, it is blocked for 24 hours; " +
		"add it to the IP whitelist",
	89507: "the administrator has refused the caller's IP address, it is blocked for 1 hour; " +
		"add it to the IP whitelist",
}
