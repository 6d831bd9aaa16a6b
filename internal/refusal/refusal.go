// Package refusal lists the reasons for which the endpoint refuses requests, with advice in Chinese and in English. The
// log, the metric Refusals, the dashboard, guanzhu doctor and docs/operations.md use its codes.
package refusal

import "github.com/guanzhu/guanzhu/internal/bilingual"

// Reason is the code of a reason. It is a dimension of the metric Refusals, so there are only as many as Table has rows.
// The sender of a refused request does not get it.
type Reason string

// The reasons.
const (
	Signature       Reason = "signature"
	ClearText       Reason = "clear_text"
	NoKey           Reason = "no_key"
	WrongKey        Reason = "wrong_key"
	Stale           Reason = "stale"
	Future          Reason = "future"
	MalformedInside Reason = "malformed_inside"
	Malformed       Reason = "malformed"
	Echostr         Reason = "echostr"
	Nonce           Reason = "nonce"
	Query           Reason = "query"
	Method          Reason = "method"
	TooLarge        Reason = "too_large"
	Body            Reason = "body"
)

// Row explains one reason.
type Row struct {
	Reason Reason
	Name   string         // in Chinese, for the dashboard
	What   bilingual.Text // the meaning
	Do     bilingual.Text // the advice to the account's owner
	From   int            // doctor reports this many refusals a day or more: strangers try every public address
}

var text = bilingual.New

// noise is the number of refusals a day that strangers cause at any public address.
const noise = 10

var (
	ignore = text("不用管；很多时可以在 API 前面加 AWS WAF。", "Ignore them. If there are many, put AWS WAF in front of the API.")
	useXML = text("确认微信后台的数据格式是 XML，服务器前面没有改写请求的代理。",
		"Check that 数据格式 in WeChat's console is XML, and that no proxy in front of the API rewrites requests.")
)

// Table has a row for each reason. Reasons that the owner's settings can cause come first.
var Table = []Row{
	{Signature, "签名不对",
		text("签名不对：微信后台的 Token 和密钥里的不是同一个，或者是陌生人发来的；guanzhu doctor 每运行一次也会造成一次",
			"The signature is wrong: the token in WeChat's console is not the one in the secrets, or a stranger sent the request. Each run of guanzhu doctor causes one"),
		text("公众号能正常回复关注者时，可以不管；不能时，在微信后台的服务器配置里填入密钥里的 Token，点“提交”。",
			"Ignore them if the account answers its followers. If it does not, enter the token of the secrets in WeChat's console, under 服务器配置, and press 提交."), 3 * noise},
	{ClearText, "明文推送",
		text("推送是明文：密钥里有 EncodingAESKey，微信后台却在用明文模式",
			"The push is in clear: the secrets have an EncodingAESKey, but WeChat's console is in plain mode (明文模式)"),
		text("在微信后台的服务器配置里把消息加解密方式改为“安全模式”，填入同一个 EncodingAESKey；测试号只有明文模式：用 guanzhu secrets 去掉密钥里的 EncodingAESKey（提示输入 EncodingAESKey 时输入 -）。",
			"In WeChat's console, under 服务器配置, set 消息加解密方式 to 安全模式 with the same EncodingAESKey. A test account has plain mode only: remove the EncodingAESKey from the secrets with guanzhu secrets (enter - for it)."), 3},
	{NoKey, "缺少密钥",
		text("推送是密文：微信后台在用安全模式，密钥里却没有 EncodingAESKey",
			"The push is encrypted: WeChat's console is in safe mode (安全模式), but the secrets have no EncodingAESKey"),
		text("用 guanzhu secrets 写入微信后台的 EncodingAESKey；在那之前可以先把后台改为“兼容模式”。",
			"Write the console's EncodingAESKey into the secrets with guanzhu secrets. Until then, you can set the console to 兼容模式."), 1},
	{WrongKey, "解不开",
		text("推送解不开：两边的 EncodingAESKey 不同，或者是别的公众号的推送",
			"The push cannot be decrypted: the EncodingAESKeys of console and secrets differ, or the push is another account's"),
		text("核对微信后台的 EncodingAESKey 和密钥里的是否相同，AppID 是否是这个公众号的；不同就用 guanzhu secrets 改正。",
			"Check that the EncodingAESKey in WeChat's console is the one in the secrets, and that AppId is this account's. Correct the key with guanzhu secrets."), 1},
	{Stale, "时间戳不对",
		text("请求的时间戳不是十位数字，或者相差十分钟以上：旧请求的重放，或发送方时钟不准",
			"The timestamp does not have ten digits or is more than ten minutes off: somebody sent an old request again, or the sender's clock is wrong"),
		text("微信的时钟是准的，一般不用管；自己的测试工具要校准时钟，并检查微信和 API 之间有什么。",
			"WeChat's clock is right, so usually ignore them. Set the clock of your own test tools, and check what is between WeChat and the API."), noise},
	{Future, "时间超前",
		text("签名正确，但推送的 CreateTime 比现在晚十分钟以上：接受了它，之后的事件就都不算数了",
			"The signature is right, but the push's CreateTime is more than ten minutes ahead of the clock: it would win over every later event"),
		text("微信不会发这样的推送。检查自己的测试工具；如果在用明文模式，改用安全模式，并确认没有代理记录请求的查询参数。",
			"WeChat sends no such push. Check your own test tools. If the account is in plain mode, change to 安全模式, and make sure that no proxy logs the queries of requests."), 1},
	{MalformedInside, "解密后格式不对",
		text("推送解密后不是微信的格式",
			"The decrypted push is not in WeChat's format"),
		text("确认微信后台的数据格式是 XML。",
			"Check that 数据格式 in WeChat's console is XML."), 1},
	{Malformed, "格式不对",
		text("内容不是微信的格式",
			"The body is not in WeChat's format"),
		useXML, noise},
	{Echostr, "没有 echostr",
		text("GET 请求签名正确，却没有 echostr",
			"A GET request has a correct signature but no echostr"),
		text("检查自己的监控或测试工具，探测时带上 echostr。",
			"Check your own monitoring or test tools, and make them send an echostr."), noise},
	{Nonce, "nonce 过长",
		text("nonce 超过 64 个字符，不是微信发来的",
			"The nonce has more than 64 characters, so the request is not WeChat's"),
		ignore, noise},
	{Query, "查询参数无法读取",
		text("查询参数无法读取，不是微信发来的",
			"The query cannot be parsed, so the request is not WeChat's"),
		ignore, noise},
	{Method, "请求方法不对",
		text("既不是 GET 也不是 POST，不是微信发来的",
			"The method is neither GET nor POST, so the request is not WeChat's"),
		ignore, noise},
	{TooLarge, "超过 256 KiB",
		text("请求超过 256 KiB，不是微信发来的",
			"The body is larger than 256 KiB, so the request is not WeChat's"),
		ignore, noise},
	{Body, "内容不完整",
		text("请求内容没有收全",
			"The body did not arrive completely"),
		text("偶尔出现可以不管；持续出现时检查服务器前面的代理。",
			"Ignore a few. If they continue, check the proxy in front of the API."), noise},
}

// Advice returns the English advice for r, which the log contains.
func (r Reason) Advice() string {
	for _, row := range Table {
		if row.Reason == r {
			return row.Do.EN
		}
	}
	return ""
}
