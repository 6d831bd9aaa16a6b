package wechatapi

import (
	"errors"
	"fmt"
	"net/netip"
	"regexp"
	"slices"
	"strings"

	"github.com/guanzhu/guanzhu/internal/bilingual"
	"github.com/guanzhu/guanzhu/internal/errcode"
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
func (e *Error) Error() string { return e.In("en") }

// In returns the same text in Chinese (zh) or in English (en).
func (e *Error) In(language string) string {
	colon, address, id := ": ", "; the IP address to add is %s", " (rid %s)"
	if language == bilingual.Chinese {
		colon, address, id = "：", "；要添加的 IP 是 %s", "（rid %s）"
	}
	text := fmt.Sprint("wechatapi: ", e.API, colon, "errcode ", e.Code, colon, errcode.Explain(e.Code, language))
	if e.IP != "" {
		text += fmt.Sprintf(address, e.IP)
	}
	if e.RID != "" {
		text += fmt.Sprintf(id, e.RID)
	}
	return text
}

// Errcode is e.Code, for those who know what they call by an interface alone.
func (e *Error) Errcode() int { return e.Code }

// Is makes an Error with errcode 48001 follower.ErrNoPermission.
func (e *Error) Is(target error) bool {
	return target == follower.ErrNoPermission && e.Code == errcode.NoPermission
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
