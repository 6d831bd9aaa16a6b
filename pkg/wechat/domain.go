package wechat

import "strings"

// DomainFile returns the name and content of the file with which the platform verifies that the account owns a domain.
// setting is the file's name, MP_verify_xxxx.txt, or only its xxxx. The content is xxxx too; for another content, setting is
// MP_verify_xxxx.txt=content. DomainFile does not validate them.
// https://developers.weixin.qq.com/doc/service/guide/h5/auth.html
func DomainFile(setting string) (name, content string) {
	file, content, given := strings.Cut(setting, "=")
	part := strings.TrimSuffix(strings.TrimPrefix(file, "MP_verify_"), ".txt")
	if !given {
		content = part
	}
	return "MP_verify_" + part + ".txt", content
}
