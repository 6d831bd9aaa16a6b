package accountyaml_test

import (
	"strings"
	"testing"

	"github.com/guanzhu/guanzhu/internal/accountyaml"
	"github.com/guanzhu/guanzhu/internal/bilingual"
)

// TestNotYAMLInChinese has the mistakes for which the YAML parser has a message of its own. Each is explained in Chinese.
func TestNotYAMLInChinese(t *testing.T) {
	t.Parallel()
	for file, want := range map[string]string{
		"welcome: \"欢迎\ndefault: d\n":            ":1：这里不是正确的 YAML：双引号 \" 没有成对。请检查缩进；",
		"welcome: '欢迎\ndefault: d\n":             ":1：这里不是正确的 YAML：单引号 ' 没有成对",
		"welcome: @you\n":                        ":1：这里不是正确的 YAML：'@' 是 YAML 的保留字符，不能写在文字的开头",
		"welcome: %a\n":                          ":1：这里不是正确的 YAML：以 % 开头的行不是正确的 YAML 指令",
		"welcome: 时间: 九点\n":                      ":1：这里不是正确的 YAML：冒号多了一个，或者下一行的缩进不对",
		"welcome: \"a\\q\"\n":                    ":1：这里不是正确的 YAML：双引号里没有 \\ 加 'q' 这种写法",
		"welcome: \"\\U12\"\n":                   ":1：这里不是正确的 YAML：\\U 后面要有八位十六进制数字",
		"clicks: [\n":                            ":1：这里不是正确的 YAML：[ 没有对应的 ]",
		"clicks: {\n":                            ":1：这里不是正确的 YAML：{ 没有对应的 }",
		"clicks: ]\n":                            ":1：这里不是正确的 YAML：] 没有对应的 [",
		"clicks: {a: b\nwelcome: c\n":            ":2：这里不是正确的 YAML：{ } 里缺少逗号，或者缺少 }",
		"clicks: [a b\nc: d\n":                   ":2：这里不是正确的 YAML：[ ] 里缺少逗号，或者缺少 ]",
		"clicks: {a: b, , c: d}\n":               ":1：这里不是正确的 YAML：{ } 里的内容不完整",
		"clicks: [,]\n":                          ":1：这里不是正确的 YAML：[ ] 里多了一个逗号",
		"clicks: [a, , b]\n":                     ":1：这里不是正确的 YAML：这里不应该有文字",
		"clicks: {: b}\n":                        ":1：这里不是正确的 YAML：冒号前面不是正确的名称",
		"a: b\n- c\n":                            ":2：这里不是正确的 YAML：这一行缺少冒号，或者冒号后面缺少空格",
		"welcome\ndefault: d\n":                  ":1：这里不是正确的 YAML：这一行缺少冒号，或者冒号后面缺少空格",
		"welcome: w\ndefault: - a\n":             ":2：这里不是正确的 YAML：这里不能有以 - 开头的列表",
		"welcome: |abc\n d\n":                    ":1：这里不是正确的 YAML：| 或 > 的后面不能有 \"abc\"",
		"keywords:\n  - exact: a\n   reply: b\n": ":3：这里不是正确的 YAML：这里不应该有内容，缩进可能不对",
		"welcome: \"a\" b\n":                     ":1：这里不是正确的 YAML：冒号后面的内容已经完整",
		"welcome: \"a\n---\nb\"\n":               ":2：这里不是正确的 YAML：引号里不能有 --- 或 ... 这样的行",
		"--- a: b\n":                             ":1：这里不是正确的 YAML：--- 后面不能有内容",
		"... a\n":                                ":1：这里不是正确的 YAML：... 后面不能有内容",
		"a: &\n":                                 ":1：这里不是正确的 YAML：& 后面没有名称",
		"a: & b\n":                               ":1：这里不是正确的 YAML：& 后面没有值",
		"a: *\n":                                 ":1：这里不是正确的 YAML：* 后面没有名称",
	} {
		_, err := accountyaml.Parse("account.yaml", []byte(file))
		if err == nil {
			t.Errorf("%q is accepted", file)
			continue
		}
		wantChinese(t, err)
		if zh := bilingual.Explain(err, bilingual.Chinese); !strings.HasPrefix(zh, "account.yaml"+want) {
			t.Errorf("%q: %s, want %s", file, zh, want)
		}
	}
}
