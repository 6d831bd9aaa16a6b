// Package errcode has the one table of the platform's errcodes: what each means, what to do, and which buttons of a menu it
// is about. The log, menu, doctor and the simulated platform use it.
//
// https://developers.weixin.qq.com/doc/oplatform/developers/errCode/errCode.html
package errcode

import (
	"errors"

	"github.com/guanzhu/guanzhu/internal/bilingual"
)

// The errcodes that decide how a program goes on.
const (
	Busy         = -1    // for a moment
	WrongOpenID  = 40003 // an openid is not the account's
	NoQuota      = 45009 // until 00:00 China time
	TooOften     = 45011 // for a minute
	NoMenu       = 46003
	NoPermission = 48001 // the account's type does not have the API
)

// Row explains one errcode. Meaning and Remedy are parts of a sentence: they begin with a small letter and have no full
// stop.
type Row struct {
	Message string // the platform's own errmsg, without the parts that differ from call to call; "" if it is not known
	Meaning bilingual.Text
	Remedy  bilingual.Text // the steps for the account's owner
	Buttons Buttons
}

// Buttons tells by a field which buttons of a menu an errcode is about: those that have it. The platform does not say
// which of them it means.
// https://developers.weixin.qq.com/doc/service/api/custommenu/api_createcustommenu
type Buttons struct {
	Top   string // the field in the platform's spelling, for buttons at the top; "" for none
	Below string // the same for buttons below another one
}

// Lookup returns the row of an errcode.
func Lookup(code int) (Row, bool) {
	row, ok := table()[code]
	return row, ok
}

// Explain returns what the errcode means and what to do.
func Explain(code int) bilingual.Text {
	row, ok := table()[code]
	if !ok {
		return unknown
	}
	return bilingual.New(row.Meaning.ZH+"；"+row.Remedy.ZH, row.Meaning.EN+"; "+row.Remedy.EN)
}

var unknown = bilingual.Text{
	ZH: "含义见 https://developers.weixin.qq.com/doc/oplatform/developers/errCode/errCode.html",
	EN: "look it up in https://developers.weixin.qq.com/doc/oplatform/developers/errCode/errCode.html",
}

// Of returns the errcode of the platform's refusal in err's tree, such as a *wechatapi.Error, and 0 without one.
func Of(err error) int {
	refusal, ok := errors.AsType[interface {
		error
		Errcode() int
	}](err)
	if !ok {
		return 0
	}
	return refusal.Errcode()
}
