package main

import (
	"errors"
	"regexp"
	"strings"

	"github.com/alecthomas/kong"

	"github.com/guanzhu/guanzhu/internal/bilingual"
	"github.com/guanzhu/guanzhu/internal/lazy"
)

// wrongUsage returns the text about a command line that cannot be understood: what is wrong, and which help to read.
func wrongUsage(err error, lang language) string {
	command := ""
	if parse, ok := errors.AsType[*kong.ParseError](err); ok && parse.Context != nil {
		if node := parse.Context.Selected(); node != nil {
			command = node.Path() + " "
		}
	}
	return named(usageText(err, lang) + lang.say("\n用法见 guanzhu %s--help", "\nTry guanzhu %s--help", command))
}

// usageText returns what is wrong, in the language. Package kong has English texts alone, and a few that show its inside.
func usageText(err error, lang language) string {
	if _, ok := errors.AsType[bilingual.Error](err); ok {
		return bilingual.Explain(err, string(lang))
	}
	text := err.Error()
	for _, row := range usageTexts {
		if row.kong().MatchString(text) {
			if lang == bilingual.Chinese && strings.HasPrefix(text, "missing") {
				text = strings.ReplaceAll(text, " or ", " 或 ")
			}
			return row.kong().ReplaceAllString(text, row.text.In(string(lang)))
		}
	}
	return text
}

// usageTexts are the texts of kong, and those that replace them.
var usageTexts = []struct {
	kong func() *regexp.Regexp
	text bilingual.Text
}{
	{lazy.Regexp(`^unexpected argument (.*), did you mean (.*)\?$`), bilingual.New("没有 $1，是不是 $2？", "there is no $1: did you mean $2?")},
	{lazy.Regexp(`^unexpected argument (.*)$`), bilingual.New("多出了参数 $1", "unexpected argument $1")},
	{lazy.Regexp(`^--app-id: (.*) is not an AppID, .*\(from envar WECHAT_APP_ID=.*\)$`), bilingual.New("环境变量 WECHAT_APP_ID：AppID 是 wx 加 16 位 0-9、a-f，$1 不是：从微信开发者平台重新复制",
		"WECHAT_APP_ID: $1 is not an AppID, which is wx and 16 digits of 0-9 and a-f: copy it again from the developer platform")},
	{lazy.Regexp(`^unknown flag (.*), did you mean (.*)\?$`), bilingual.New("没有选项 $1，是不是 $2？", "there is no flag $1: did you mean $2?")},
	{lazy.Regexp(`^unknown flag (.*)$`), bilingual.New("没有选项 $1", "there is no flag $1")},
	{lazy.Regexp(`^(.*): missing value, expecting .*$`), bilingual.New("$1 后面缺少值", "$1 needs a value")},
	{lazy.Regexp(`^(.*): expected .* value but got "EOL".*$`), bilingual.New("$1 后面缺少值", "$1 needs a value")},
	{lazy.Regexp(`^expected one of .*"console".*$`), bilingual.New("缺少命令", "a command is missing")},
	{lazy.Regexp(`^expected one of (.*)$`), bilingual.New("缺少以下之一：$1", "one of these is missing: $1")},
	{lazy.Regexp(`^expected (.*)$`), bilingual.New("缺少 $1", "missing: $1")},
	{lazy.Regexp(`^missing flags: (.*--stack=.*)$`), bilingual.New("缺少 $1（堆栈名也可以放在环境变量 GUANZHU_STACK 里）", "missing: $1 (GUANZHU_STACK can name the stack instead)")},
	{lazy.Regexp(`^missing (?:flags:|positional arguments) (.*)$`), bilingual.New("缺少 $1", "missing: $1")},
	{lazy.Regexp(`^(.*) must be one of (.*) but got (.*)$`), bilingual.New("$1 只能是 $2 之一，不能是 $3", "$1 must be one of $2, not $3")},
	{lazy.Regexp(`^(.*) and (.*) can't be used together$`), bilingual.New("$1 和 $2 不能同时使用", "$1 and $2 can't be used together")},
	{lazy.Regexp(`^(.*): stat (.*): no such file or directory$`), bilingual.New("没有文件 $2", "there is no file $2")},
	{lazy.Regexp(`^(.*): "(.*)" exists but is a directory$`), bilingual.New("$2 是文件夹，请给出文件", "$2 is a folder: name a file")},
}
