package accountyaml

import (
	"fmt"

	"github.com/guanzhu/guanzhu/internal/bilingual"
	"github.com/guanzhu/guanzhu/internal/lazy"
)

// quotedCharacter is what the YAML parser names in some messages.
var quotedCharacter = lazy.Regexp(`'[^']+'|"[^"]+"`)

// parserText returns a message of the YAML parser in both languages. A message that parserTexts does not have is left out
// in Chinese: the advice that follows it has the same remedy.
func parserText(message string) bilingual.Text {
	texts := parserTexts()
	if zh, ok := texts[message]; ok {
		return bilingual.New(zh, message)
	}
	named := quotedCharacter().FindString(message)
	if zh, ok := texts[quotedCharacter().ReplaceAllLiteralString(message, "?")]; ok {
		return bilingual.New(fmt.Sprintf(zh, named), message)
	}
	return bilingual.New("格式不对", message)
}

// parserTexts returns the messages of github.com/goccy/go-yaml that mistakes lead to, in Chinese. A question mark is what
// quotedCharacter finds.
func parserTexts() map[string]string {
	return map[string]string{ //nolint:gosec // "token" in these messages is a word of YAML
		// The scanner's.
		"could not find end character of double-quoted text":                 `双引号 " 没有成对`,
		"could not find end character of single-quoted text":                 "单引号 ' 没有成对",
		"tab character cannot be used for indentation in double-quoted text": "双引号里的文字不能用制表符缩进",
		"tab character cannot be used for indentation in single-quoted text": "单引号里的文字不能用制表符缩进",
		"found a tab character where an indentation space is expected":       "缩进用了制表符，应该用空格",
		"found character '\t' that cannot start any token":                   "这里不能用制表符，应该用空格",
		"tab character cannot use as a map key directly":                     "名称前面不能用制表符，应该用空格",
		"tab character cannot use as a sequence delimiter":                   "- 后面不能用制表符，应该用空格",
		"found unknown escape character ?":                                   `双引号里没有 \ 加 %s 这种写法；要写 \ 本身，请写 \\`,
		"not enough length for escaped UTF-16 character":                     `\u 后面要有四位十六进制数字`,
		"not enough length for escaped UTF-32 character":                     `\U 后面要有八位十六进制数字`,
		"? is a reserved character":                                          "%s 是 YAML 的保留字符，不能写在文字的开头",
		"found invalid tag character ?":                                      "! 后面不能有 %s",
		"invalid header option: ?":                                           "| 或 > 的后面不能有 %s，文字要写在下一行",
		"could not find multi-line content":                                  "| 或 > 的下面没有缩进的文字",
		"found unexpected document separator":                                "引号里不能有 --- 或 ... 这样的行",

		// The parser's.
		"value is not allowed in this context":                               "这里不应该有内容，缩进可能不对",
		"value is not allowed in this context. map key-value is pre-defined": "冒号后面的内容已经完整，不能再有别的内容",
		"mapping value is not allowed in this context":                       "冒号多了一个，或者下一行的缩进不对",
		"block sequence entries are not allowed in this context":             "这里不能有以 - 开头的列表",
		"unexpected map key":                                 "这里不应该有名称，缩进可能不对",
		"unexpected map key-value pair":                      "这里不应该有“名称: 值”，缩进可能不对",
		"unexpected key name":                                "这一行缺少冒号，或者冒号后面缺少空格；属于上面的一段文字时，前面要有空格缩进",
		"unexpected scalar value":                            "这里不应该有文字",
		"unexpected scalar value type":                       "这里不应该有文字",
		"non-map value is specified":                         "这一行缺少冒号，或者冒号后面缺少空格；属于上面的一段文字时，前面要有空格缩进",
		"expected map key-value delimiter ':'":               "缺少冒号",
		"found an invalid key for this map":                  "冒号前面不是正确的名称",
		"undefined map key":                                  "冒号前面没有名称",
		"could not find value for mapping key":               "冒号后面没有值",
		"could not find map value":                           "冒号后面没有值",
		"could not find map":                                 "这里应该有“名称: 值”",
		"cannot take map-key node":                           "冒号前面不是正确的名称",
		"map key definition includes an implicit line break": "名称不能分成两行",
		"could not find flow map content":                    "{ } 里的内容不完整",
		"could not find flow mapping end token '}'":          "{ 没有对应的 }",
		"could not find '[' character corresponding to ']'":  "] 没有对应的 [",
		"could not find '{' character corresponding to '}'":  "} 没有对应的 {",
		"',' or '}' must be specified":                       "{ } 里缺少逗号，或者缺少 }",
		"',' or ']' must be specified":                       "[ ] 里缺少逗号，或者缺少 ]",
		"expected sequence element, but found ','":           "[ ] 里多了一个逗号",
		"sequence end token ']' not found":                   "[ 没有对应的 ]",
		"could not find anchor value":                        "& 后面没有值",
		"anchors cannot be used consecutively":               "& 不能连用",
		"anchor is not allowed in this context":              "这里不能用 &",
		"anchor is not allowed in this sequence context":     "这里不能用 &",
		"undefined anchor name":                              "& 后面没有名称",
		"undefined anchor value":                             "& 后面没有值",
		"undefined alias name":                               "* 后面没有名称",
		"could not find alias value":                         "* 后面没有名称",
		"tag is not allowed in this context":                 "这里不能用 !",
		"tag is not allowed in this sequence context":        "这里不能用 !",
		"could not find merge key":                           "这里不能用 <<",
		"undefined directive value":                          "以 % 开头的行不是正确的 YAML 指令",
		"unexpected directive value. document not started":   "以 % 开头的行不是正确的 YAML 指令",
		"unexpected format YAML directive":                   "以 % 开头的行不是正确的 YAML 指令",
		"value cannot be placed after document separator":    "--- 后面不能有内容",
		"unexpected end content":                             "... 后面不能有内容",
	}
}
