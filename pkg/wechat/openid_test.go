package wechat_test

import (
	"strings"
	"testing"

	"github.com/guanzhu/guanzhu/pkg/wechat"
)

func TestIsOpenID(t *testing.T) {
	t.Parallel()
	for _, s := range []string{"o", "oSAMPLE_follower-0001", "account", strings.Repeat("a", 128)} {
		if !wechat.IsOpenID(s) {
			t.Errorf("IsOpenID(%q) = false", s)
		}
	}
	for _, s := range []string{
		"", "#account", "suggestions#2026-11", "o SAMPLE", "o\x00", "oSAMPLE\n", "o.SAMPLE", "o/SAMPLE", "o关注",
		"oSAMPLE\u00a0", strings.Repeat("a", 129),
	} {
		if wechat.IsOpenID(s) {
			t.Errorf("IsOpenID(%q) = true", s)
		}
	}
}
