package wechattest

// Kind is the kind of an account. It decides which APIs the account may call.
// https://developers.weixin.qq.com/doc/offiaccount/Getting_Started/Explanation_of_interface_privileges.html
type Kind int

const (
	ServiceAccount  Kind = iota // 认证服务号, which may call every API
	PersonalAccount             // 个人订阅号, whose calls for users, menus and OAuth get 48001
)

// personal has the APIs that a personal subscription account may call. It may read its menu, but not set one. It may use
// materials: https://developers.weixin.qq.com/doc/subscription/guide/product/asset
var personal = map[string]bool{
	"/cgi-bin/stable_token":              true,
	"/cgi-bin/getcallbackip":             true,
	"/cgi-bin/openapi/quota/get":         true,
	"/cgi-bin/get_current_selfmenu_info": true,

	"/cgi-bin/get_current_autoreply_info": true,
	"/cgi-bin/media/get":                  true,
	"/cgi-bin/material/add_material":      true,
	"/cgi-bin/material/get_material":      true,
	"/cgi-bin/material/del_material":      true,
	"/cgi-bin/material/get_materialcount": true,
}

func (k Kind) may(path string) bool { return k != PersonalAccount || personal[path] }
