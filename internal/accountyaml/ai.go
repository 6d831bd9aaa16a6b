package accountyaml

import (
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/goccy/go-yaml/ast"

	"github.com/guanzhu/guanzhu/internal/autoreply"
	"github.com/guanzhu/guanzhu/internal/bilingual"
	"github.com/guanzhu/guanzhu/internal/publicurl"
	"github.com/guanzhu/guanzhu/pkg/wechat"
)

// What an ai in the file has if it does not say otherwise.
const (
	defaultInstructions = "你是一个微信公众号的助手。请用简洁、友好的中文回答，一般不超过 300 字。不知道的就说不知道，不要编造。"
	defaultMemory       = 5
	defaultMaxTokens    = 1000
	defaultDailyLimit   = 20
	defaultAccountLimit = 500
	defaultWait         = "正在思考，请稍候……"
	defaultSorry        = "抱歉，暂时没能回答您的问题，请稍后再试。"
	defaultFull         = "今天的提问次数已经用完，请明天再来。"
)

const (
	maxMemory       = 10
	maxMaxTokens    = 8000
	maxDailyLimit   = 1000
	maxAccountLimit = 1_000_000
	maxInstructions = 8 << 10 // bytes; they are paid for with every question
	maxLabel        = 200     // bytes
)

const aiFields = "base_url, model, instructions, memory, max_tokens, daily_limit, account_daily_limit, wait, sorry, full, label"

// keyNames are names under which an API's key might be written into the file, where it must not be.
var keyNames = []string{"ai_key", "api_key", "apikey", "key"}

func (f *file) ai(e entry, to purpose) wechat.Reply {
	if to != toText {
		f.problem(e.line, "ai 只能用来回答文字：写在 default 里，或者写成某条关键词规则的 reply",
			"ai answers a text: use it as the default, or as the reply of a keyword rule")
	}
	fields := strings.Split(aiFields, ", ")
	entries, ok := f.anyEntries(e.value, asIs(ai), fields)
	if !ok {
		return nil
	}
	r := &autoreply.AI{
		Instructions: defaultInstructions, Memory: defaultMemory, MaxTokens: defaultMaxTokens, DailyLimit: defaultDailyLimit,
		AccountLimit: defaultAccountLimit, Wait: defaultWait, Sorry: defaultSorry, Full: defaultFull,
	}
	for _, field := range entries {
		switch {
		case slices.Contains(keyNames, field.key):
			f.problem(field.line, "模型接口的密钥不能写在这个文件里：删掉这一行，用 guanzhu secrets 填写",
				"the key of the model's API is a secret and does not belong in this file: remove the line, and enter "+
					"the key with `guanzhu secrets`")
		case !slices.Contains(fields, field.key):
			f.unknown(field, asIs(ai), fields)
		default:
			f.aiField(r, field)
		}
	}
	for _, name := range []string{"base_url", "model"} {
		if !slices.ContainsFunc(entries, func(e entry) bool { return e.key == name }) {
			f.problem(e.line, "ai 缺少 %s：加一行“%s: …”",
				"ai has no %s: add \"%s: …\"", name, name)
		}
	}
	if first := slices.IndexFunc(f.ais, func(other *autoreply.AI) bool { return other.BaseURL != r.BaseURL }); first >= 0 && r.BaseURL != "" {
		f.problem(e.line, "这个 ai 的 base_url 和前面的不同，而密钥只有一个，会发给两家：请用同一个 base_url",
			"this ai has another base_url than one above, and the account's one key would go to both: use the same")
	}
	if r.BaseURL != "" {
		f.ais = append(f.ais, r)
	}
	return r
}

func (f *file) aiField(r *autoreply.AI, e entry) {
	switch e.key {
	case "base_url":
		r.BaseURL = f.baseURL(e)
	case "model":
		r.Model = f.modelName(e)
	case "instructions":
		r.Instructions = f.aiText(e, maxInstructions)
	case "memory":
		r.Memory = f.number(e, 0, maxMemory)
	case "max_tokens":
		r.MaxTokens = f.number(e, 1, maxMaxTokens)
	case "daily_limit":
		r.DailyLimit = f.number(e, 1, maxDailyLimit)
	case "account_daily_limit":
		r.AccountLimit = f.number(e, 1, maxAccountLimit)
	case "wait":
		r.Wait = f.aiText(e, wechat.MaxText-linkRoom)
	case "sorry":
		r.Sorry = f.aiText(e, wechat.MaxText-linkRoom)
	case "full":
		r.Full = f.aiText(e, wechat.MaxText-linkRoom)
	case "label":
		r.Label = f.aiText(e, maxLabel)
	}
}

// baseURL reads the address of the API. No problem quotes it, because some owners put a key into it.
func (f *file) baseURL(e entry) string {
	text, ok := f.shown(e.value, asIs(e.key))
	if !ok {
		return ""
	}
	u, err := url.Parse(text)
	var wrong bilingual.Text
	switch {
	case err != nil || u.Hostname() == "" || strings.ContainsFunc(text, invisible):
		wrong = bilingual.New("不是网址：照模型服务商的文档填写，例如 https://api.deepseek.com/v1",
			"is no address: write it as the provider's documentation has it, such as https://api.deepseek.com/v1")
	case u.Scheme != "https" && (u.Scheme != "http" || !publicurl.IsLoopback(u.Host)):
		wrong = bilingual.New("要以 https:// 开头；只有本机可以用 http://，例如 http://127.0.0.1:11434/v1",
			"must begin with https://; http:// is only for this machine, such as http://127.0.0.1:11434/v1")
	case u.User != nil || u.RawQuery != "" || u.ForceQuery || u.Fragment != "":
		wrong = bilingual.New("里不能有密码、? 和 #：密钥用 guanzhu secrets 填写",
			"must be an address without a password, ? and #: enter the key with `guanzhu secrets`")
	case strings.HasSuffix(strings.TrimSuffix(u.Path, "/"), "/chat/completions"):
		wrong = bilingual.New("不要写后面的 /chat/completions，它会自动加上：请删掉",
			"must end before /chat/completions, which is added to it: remove that")
	}
	if wrong != (bilingual.Text{}) {
		f.problem(lineOf(e.value), "base_url %v", "base_url %v", wrong)
		return ""
	}
	return strings.TrimSuffix(text, "/")
}

func (f *file) modelName(e entry) string {
	text, ok := f.shown(e.value, asIs(e.key))
	if ok && strings.ContainsFunc(text, invisible) {
		f.problem(lineOf(e.value), "model 里有空格或看不见的字符：照模型服务商给出的名称填写",
			"model contains white space, or something as invisible: write the model's name as its provider does")
	}
	return text
}

// aiText reads a text of at most so many bytes of UTF-8.
func (f *file) aiText(e entry, longest int) string {
	text, ok := f.shown(e.value, asIs(e.key))
	switch {
	case !ok:
	case e.key != "instructions" && anyPlaceholder(text) != "", strings.Contains(text, autoreply.PersonalLink):
		f.problem(lineOf(e.value), "%[2]s 里的 %[1]s 不会换成链接，会原样发出：请删掉",
			"%s is sent as it is in %s: remove it", anyPlaceholder(text), e.key)
	case len(text) > longest:
		f.problem(lineOf(e.value), "%s 有 %d 字节，最多 %d 字节（一个汉字 3 字节）：请减少 %d 字节",
			"%s has %d bytes of UTF-8, and may have %d (a Chinese character has 3): shorten it by %d",
			e.key, len(text), longest, len(text)-longest)
	case e.key != "instructions":
		f.sentences = append(f.sentences, sentenceOf(e.value, text))
	}
	return text
}

// number reads a whole number between two others.
func (f *file) number(e entry, least, most int) int {
	if n, ok := e.value.(*ast.IntegerNode); ok {
		var value int
		if _, err := fmt.Sscan(fmt.Sprint(n.Value), &value); err == nil && value >= least && value <= most {
			return value
		}
	}
	f.problem(lineOf(e.value), "%s 要写成 %d 到 %d 的整数，不加引号",
		"%s must be a whole number from %d to %d, without quotes", e.key, least, most)
	return 0
}
