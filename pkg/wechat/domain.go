package wechat

import "strings"

// DomainFile returns the name and the content of the file by which the platform checks that a domain is the account's.
// setting is that name, MP_verify_xxxx.txt, or only its xxxx, which is the content as well; if ever the two differ,
// MP_verify_xxxx.txt=content. Neither is checked.
// https://developers.weixin.qq.com/doc/service/guide/h5/auth.html
func DomainFile(setting string) (name, content string) {
	file, content, given := strings.Cut(setting, "=")
	part := strings.TrimSuffix(strings.TrimPrefix(file, "MP_verify_"), ".txt")
	if !given {
		content = part
	}
	return "MP_verify_" + part + ".txt", content
}
