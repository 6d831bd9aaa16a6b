package wechatapi

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/guanzhu/guanzhu/internal/bilingual"
	"github.com/guanzhu/guanzhu/internal/errcode"
	"github.com/guanzhu/guanzhu/internal/lazy"
	"github.com/guanzhu/guanzhu/pkg/follower"
)

// Error is the platform's refusal of a call. It is follower.ErrNoPermission (errors.Is) for errcode 48001.
type Error struct {
	API  string // the call's path
	Code int    // errcode
	RID  string // the platform's id of the call, which openapi/rid/get explains for 7 days; "" if there is none
	IP   string // the address of the caller, if it is not on the account's IP whitelist; otherwise ""
}

// rid finds the platform's id of the call in an errmsg.
var rid = lazy.Regexp(`rid: ([0-9a-f]{4,12}(?:-[0-9a-f]{4,12}){2})`)

// address finds possible IP addresses in an errmsg.
var address = lazy.Regexp(`[0-9a-fA-F:.]{3,45}`)

// newError keeps only those parts of errmsg that are known to be harmless. The rest may quote the call.
func newError(path string, code int, errmsg string) *Error {
	e := &Error{API: path, Code: code}
	if match := rid().FindStringSubmatch(errmsg); match != nil {
		e.RID = match[1]
	}
	if code == 40164 || code == 61004 {
		for _, candidate := range address().FindAllString(errmsg, -1) {
			if ip, err := netip.ParseAddr(strings.TrimRight(candidate, ".")); err == nil {
				e.IP = ip.Unmap().String()
				break
			}
		}
	}
	return e
}

// Error names the call, the errcode, what it means and what to do.
func (e *Error) Error() string { return e.In("en") }

// In returns the same text in Chinese (zh) or in English (en).
func (e *Error) In(language string) string {
	colon, address, id := ": ", "; the IP address to add is %s", " (rid %s)"
	if language == bilingual.Chinese {
		colon, address, id = "：", "；要添加的 IP 是 %s", "（rid %s）"
	}
	text := fmt.Sprint("wechatapi: ", e.API, colon, "errcode ", e.Code, colon, errcode.Explain(e.Code).In(language))
	if e.IP != "" {
		text += fmt.Sprintf(address, e.IP)
	}
	if e.RID != "" {
		text += fmt.Sprintf(id, e.RID)
	}
	return text
}

// Errcode returns e.Code. Packages that know the client only as an interface use it.
func (e *Error) Errcode() int { return e.Code }

// Is reports whether target is follower.ErrNoPermission and the errcode 48001.
func (e *Error) Is(target error) bool {
	return target == follower.ErrNoPermission && e.Code == errcode.NoPermission
}

// ErrNotPlatform is the error (errors.Is) of an answer that does not come from the platform.
var ErrNotPlatform = errors.New("the answer is not the platform's")

// notPlatformError is an ErrNotPlatform with a text of its own.
type notPlatformError struct{ text string }

func (e *notPlatformError) Error() string { return e.text }

func (*notPlatformError) Is(target error) bool { return target == ErrNotPlatform }

func notJSON(path string) error {
	return &notPlatformError{fmt.Sprintf("wechatapi: %s: the answer is not the platform's JSON; "+
		"check the relay or proxy in between", path)}
}

// hasCode reports whether err is the platform's refusal with one of the codes.
func hasCode(err error, codes ...int) bool {
	e, ok := errors.AsType[*Error](err)
	return ok && slices.Contains(codes, e.Code)
}
