package wechat_test

import (
	"testing"

	"github.com/guanzhu/guanzhu/pkg/wechat"
)

func TestDomainFile(t *testing.T) {
	t.Parallel()
	for setting, want := range map[string][2]string{
		"MP_verify_aB3.txt":       {"MP_verify_aB3.txt", "aB3"},
		"aB3":                     {"MP_verify_aB3.txt", "aB3"},
		"MP_verify_aB3.txt=other": {"MP_verify_aB3.txt", "other"},
		"MP_verify_aB3.txt=":      {"MP_verify_aB3.txt", ""},
	} {
		if name, content := wechat.DomainFile(setting); [2]string{name, content} != want {
			t.Errorf("%s: %q %q, want %q", setting, name, content, want)
		}
	}
}
