package doctor

import (
	"github.com/guanzhu/guanzhu/internal/bilingual"
	"github.com/guanzhu/guanzhu/internal/errcode"
)

// A text names a command without the flags that select the account: "guanzhu secrets", "guanzhu plan". The command
// line adds the flags when it prints the text.
//
// The English texts keep the labels of WeChat's console in Chinese, as the console shows them.

var text = bilingual.New

// The kinds of rows. A finding that is fine or skipped needs no advice, unless advising adds one.

func fine(zh, en string) found    { return found{status: OK, what: text(zh, en)} }
func skipped(zh, en string) found { return found{status: Skipped, what: text(zh, en)} }

func warning(zh, en, doZH, doEN string) found {
	return found{Warning, text(zh, en), text(doZH, doEN)}
}

func failure(zh, en, doZH, doEN string) found {
	return found{Failure, text(zh, en), text(doZH, doEN)}
}

func (f found) advising(do bilingual.Text) found {
	f.do = do
	return f
}

var notExamined = text("没有检查：先解决“{cause}”", `not examined: fix "{cause}" first`)

// names are the names of the checks.
var names = map[string]bilingual.Text{
	"stack":    text("AWS 堆栈", "AWS stack"),
	"secrets":  text("密钥参数", "secrets"),
	"link-key": text("link key", "link key"),
	"rotation": text("密钥轮换", "rotation of the secrets"),
	"model":    text("大语言模型", "language model"),
	"refusals": text("24 小时内被拒绝的请求", "requests refused in 24 hours"),
	"alarms":   text("告警", "alarms"),

	"url":          text("服务器地址(URL)", "server URL"),
	"dns":          text("域名解析", "DNS"),
	"connect":      text("网络连接", "connection"),
	"tls":          text("证书", "certificate"),
	"clock":        text("时钟", "clock"),
	"check":        text("Token 验证", "token verification"),
	"forgery":      text("伪造的签名", "forged signature"),
	"push":         text("推送", "push"),
	"pages":        text("网页", "pages"),
	"verification": text("域名校验文件", "domain verification file"),
	"oauth":        text("网页授权", "web authorization"),
	"domain":       text("网页授权域名", "domain for web authorization"),

	"function":           text("函数 doctor", "function doctor"),
	"menu-function":      text("函数 menu", "function menu"),
	"reconcile-function": text("函数 reconcile", "function reconcile"),
	"api":                text("微信接口", "platform's API"),
	"api-clock":          text("时钟（对照微信接口）", "clock, compared with the platform's"),
	"token":              text("获取 access_token", "access token"),
	"token-use":          text("使用 access_token", "use of the access token"),
	"profiles":           text("用户信息接口", "permission for profiles"),
	"menus":              text("自定义菜单接口", "permission for menus"),
	"kind":               text("账号类型", "kind of account"),
	"quota":              text("接口剩余次数", "quotas left"),
	"menu":               text("菜单", "menu"),
	"files":              text("回复里的文件", "files of replies"),
	"left-out":           text("菜单按钮", "menu buttons"),
}

// The stack, as AWS describes it.

var (
	stackFine   = fine("{name}：{status}", "{name}: {status}")
	stackNone   = failure("查不到堆栈 {name}", "the stack {name} cannot be looked up", "", "")
	stackBroken = failure(
		"{name} 的状态是 {status}", "{name} is {status}",
		"在 CloudFormation 控制台的“事件”里看第一条失败的原因，改正后重新部署；ROLLBACK_COMPLETE 的堆栈要先删除。",
		"Find the first failure among the stack's events in the CloudFormation console, correct it and deploy again. A stack in ROLLBACK_COMPLETE must be deleted first.")
	stackChanging = warning(
		"{name} 正在变更：{status}", "{name} is being changed: {status}",
		"等部署结束后再运行一次。",
		"Wait until the deployment ends, then run this again.")
	stackBack = warning(
		"{name} 最近一次部署失败，已退回之前的版本：{status}", "the last deployment of {name} failed, and the version before it is running: {status}",
		"在 CloudFormation 控制台的“事件”里看第一条失败的原因，改正后重新部署。",
		"Find the first failure among the stack's events in the CloudFormation console, correct it and deploy again.")

	secretsPlain = fine("{parameter} 可以读取；没有 EncodingAESKey，即明文模式", "{parameter} can be read; it has no EncodingAESKey: plain mode")
	secretsKey   = fine("{parameter} 可以读取；有 EncodingAESKey，只接受加密的推送", "{parameter} can be read; it has an EncodingAESKey: only encrypted pushes are accepted")
	secretsNone  = failure(
		"SSM 里没有参数 {parameter}", "there is no parameter {parameter} in SSM",
		"用 guanzhu secrets 写入；参数要和堆栈在同一区域，名字要和堆栈的参数 SecretsParameter 相同。",
		"Write it with guanzhu secrets. Its region must be the stack's, and its name the value of the stack's parameter SecretsParameter.")
	secretsDenied = failure(
		"当前的 AWS 身份无权读取 {parameter}", "this AWS identity may not read {parameter}",
		"给该身份 ssm:GetParameter（如果用了自己的 KMS 密钥，还有 kms:Decrypt），或换一个 AWS_PROFILE。",
		"Grant it ssm:GetParameter (and kms:Decrypt if you use a KMS key of your own), or use another AWS_PROFILE.")
	secretsAWS = failure(
		"读取 {parameter} 时 SSM 报错：{error}", "SSM refuses to read {parameter}: {error}",
		"按错误名称查 AWS 文档；ThrottlingException 时稍等再试。",
		"Look up the error in AWS's documentation. After a ThrottlingException, wait a moment and try again.")
	secretsUnreached = found{Failure,
		text("读取 {parameter} 时访问不到 Systems Manager：{error}", "Systems Manager cannot be reached to read {parameter}: {error}"),
		tryAgain}
	secretsBad = failure(
		"密钥参数 {parameter} 不能用：{error}", "the secrets in {parameter} cannot be used: {error}",
		"用 guanzhu secrets 重新写入。",
		"Write them again with guanzhu secrets.")
	linkKeyNone = warning(
		"没有 link key：重置 AppSecret 后，个人链接可能在两小时内失效，日志里的哈希也会改变", "missing: after a reset of the app secret, personal links may fail for up to two hours, and the hashes in the log change",
		"先部署当前版本，再运行 guanzhu secrets（各项按回车保留），就会添加。",
		"Deploy this version, then run guanzhu secrets and press Enter to keep each value. This adds the link key.")
	modelFine   = fine("{model} 在 {took} 内回答了", "{model} answered within {took}")
	modelFailed = failure("{model} 没有回答", "{model} did not answer",
		"改好之后，可以用 guanzhu ai ask 再试。", "guanzhu ai ask tries it again.")
	modelAway = warning("从本机访问时，{model} 没有回答", "{model} did not answer this machine",
		"云上的函数也许能够访问：请看 AnswerFunction 的日志。",
		"The deployed function may reach it: see the log of AnswerFunction.")

	rotationOpen = warning(
		"轮换还没有结束：旧的 Token 或 EncodingAESKey 仍然有效", "a rotation is not finished: the previous token or EncodingAESKey is still valid",
		"确认微信后台已经换成新的，然后运行 guanzhu secrets finish。",
		"Check that WeChat's console has the new values, then run guanzhu secrets finish.")

	metricsNone   = skipped("CloudWatch 的指标读不到：{error}", "CloudWatch's metrics cannot be read: {error}").advising(tryAgain)
	metricsDenied = metricsNone.advising(text("给当前的 AWS 身份 cloudwatch:GetMetricData。", "Grant this AWS identity cloudwatch:GetMetricData."))
	refusalsFew   = fine("{count} 次，没有值得注意的（陌生人的扫描和 guanzhu doctor 自己都会造成几次）", "{count}, nothing to do (strangers cause some, and so does guanzhu doctor)")

	alarmsNone   = skipped("CloudWatch 的告警读不到：{error}", "CloudWatch's alarms cannot be read: {error}").advising(tryAgain)
	alarmsDenied = alarmsNone.advising(text("给当前的 AWS 身份 cloudwatch:DescribeAlarms。", "Grant this AWS identity cloudwatch:DescribeAlarms."))
	alarmsQuiet  = fine("没有告警", "no alarm")
	alarmActive  = warning(
		"{name} 正在告警：{description}", "{name} is in alarm: {description}",
		"在 docs/operations.zh-CN.md 查这个告警的含义和处理办法。",
		"See docs/operations.md for what this alarm means and what to do.")
)

// tryAgain is the advice for calls to AWS without an answer, or with an error that may not last.
var tryAgain = text("检查网络、区域（AWS_REGION）和身份（AWS_PROFILE），再试一次。", "Check the network, the region (AWS_REGION) and the identity (AWS_PROFILE), then try again.")

// The endpoint, from outside.

var (
	urlFine  = fine("{url}", "{url}")
	urlLocal = fine("{url}（本机）", "{url} (this machine)")
	urlNoURL = failure(
		"这不是微信接受的地址", "this is not a URL that WeChat accepts",
		"写成 https://域名/login/wechat，不带参数。",
		"Write it as https://host/login/wechat, without a query.")
	urlPath = failure(
		"路径不是 {path}", "the path is not {path}",
		"服务器只在 {path} 应答：把地址（和微信后台里的 URL）的路径改成 {path}。",
		"The endpoint answers only at {path}: change the path of this URL, and of the one in WeChat's console, to {path}.")
	urlPort = failure(
		"端口 {port} 微信不接受", "WeChat does not accept port {port}",
		"用 https（端口 443）或 http（端口 80），地址里不写端口。",
		"Use https (port 443) or http (port 80), and leave the port out.")

	dnsFine = fine("{host} 可以解析", "{host} resolves")
	dnsNone = failure(
		"{host} 解析不到地址", "{host} has no address",
		"用自己的域名时，添加 CNAME 记录，指向堆栈的输出 DomainTarget；刚添加的记录要等几分钟到几小时。",
		"For a domain of your own, add a CNAME record that points to the stack's output DomainTarget. A new record can take hours to become visible.")
	dnsPrivate = warning(
		"{host} 解析到 {ip}，这个地址微信访问不到", "{host} resolves to {ip}, which WeChat cannot reach",
		"让域名指向公网地址；如果只是这台机器上的解析不同（hosts 文件、VPN），换一个网络再检查。",
		"Point the domain to a public address. If only this machine resolves it differently (hosts file, VPN), try from another network.")

	connectFine  = fine("{address} 可以连接", "{address} accepts connections")
	connectLocal = failure(
		"{address} 连接不上", "{address} accepts no connection",
		"先在另一个终端运行 make run；检查已部署的服务器要加 --stack 堆栈名。",
		"Start it with make run in another terminal. To examine a deployed endpoint, give --stack NAME.")
	connectNone = failure(
		"{address} 连接不上", "{address} accepts no connection",
		"检查域名是否指向堆栈的输出 DomainTarget、防火墙是否放行；再确认这台机器本身能上网。",
		"Check that the domain points to the stack's output DomainTarget, that no firewall blocks it, and that this machine is online.")

	tlsFine = fine("有效期至 {until}", "valid until {until}")
	tlsEnds = warning(
		"{until} 到期，不到 14 天了", "it expires on {until}, in less than 14 days",
		"ACM 会自动续期，前提是它的 DNS 验证记录还在：到 ACM 控制台查看；自己的证书请现在更换。",
		"ACM renews its certificates as long as the DNS validation record exists: look in the ACM console. Replace any other certificate now.")
	tlsEnded = failure(
		"证书已在 {until} 过期", "the certificate expired on {until}",
		"更换证书；用 ACM 时恢复它的 DNS 验证记录，就会自动续期。",
		"Replace it. For a certificate of ACM, restore its DNS validation record, and ACM renews it.")
	tlsEarly = failure(
		"证书从 {from} 起才有效", "the certificate is not valid before {from}",
		"多半是这台机器的时钟慢了：打开自动校时（NTP），再运行一次。",
		"This machine's clock is probably behind: turn on NTP and run this again.")
	tlsHost = failure(
		"证书不是为 {host} 签发的", "the certificate is not for {host}",
		"为 {host} 申请 ACM 证书，填入堆栈的参数 CertificateArn，重新部署。",
		"Request a certificate for {host} in ACM, set the stack's parameter CertificateArn to it, and deploy again.")
	tlsUnknown = failure(
		"证书的签发者不受信任，或者没有附上中间证书", "the certificate's issuer is not trusted, or the intermediate certificates are missing",
		"用公共机构（例如 ACM）签发的证书，并配置完整的证书链；若这台机器的网络会替换证书，换一个网络再检查。",
		"Use a certificate of a public authority, such as ACM, with its whole chain. If this machine's network replaces certificates, try from another network.")
	tlsNone = failure(
		"TLS 握手失败：{error}", "the TLS handshake fails: {error}",
		"检查这个地址的 443 端口上是不是 HTTPS 服务，是否支持 TLS 1.2。",
		"Check that the server at this address speaks HTTPS with TLS 1.2 or later.")

	answerLate = failure(
		"5 秒内没有应答，微信会断开并提示“该公众号提供的服务出现故障”", "no answer within 5 s: WeChat hangs up and shows 该公众号提供的服务出现故障",
		"再运行一次：只有第一次慢是冷启动；一直慢就用 make logs 或保存的查询 slow pushes 看时间花在哪里。",
		"Run this again: if only the first answer is slow, it was the cold start. Otherwise make logs or the saved query slow pushes shows where the time goes.")
	answerNone = failure(
		"没有应答：{error}", "no answer: {error}",
		"用 make logs 看服务器是否收到了请求；没有的话检查域名和它前面的代理。",
		"Run make logs to see whether the request arrived. If it did not, check the domain and any proxy in front of the endpoint.")
	answerRedirect = failure(
		"被重定向（{status}）到 {location}，微信不跟随重定向", "it redirects ({status}) to {location}, and WeChat does not follow redirects",
		"在微信后台直接填写最终的地址；或者去掉 http 到 https、加斜杠、换域名之类的跳转。",
		"Enter the final address in WeChat's console, or remove the redirect (http to https, a slash, another domain).")
	answerNotFound = failure(
		"404：这个地址上没有服务器接口", "404: the endpoint is not at this address",
		"路径必须是 {path}；堆栈的参数 DefaultEndpoint 是 disabled 时，AWS 给的地址不再应答，要用自己的域名 DomainName（堆栈的输出 ServerUrl）。",
		"The path must be {path}. With the stack's parameter DefaultEndpoint=disabled, the address that AWS assigned does not answer: use your own domain, DomainName (the stack's output ServerUrl).")
	answerForbidden = failure(
		"403，但不是服务器给出的：请求没有到达它", "403, but not from the endpoint: the request did not reach it",
		"检查服务器前面的防火墙（WAF）和代理，让微信的请求通过；用自己的域名时，确认它的 DNS 指向堆栈的输出 DomainTarget；在 AWS 中国区域，AWS 账户和域名都要有 ICP 备案（docs/china.zh-CN.md）。",
		"Let the firewall (WAF) and proxies in front of it pass WeChat's requests. Check that the DNS of your own domain points to the stack's output DomainTarget. In AWS's China regions, the AWS account and the domain need an ICP filing (docs/china.md).")
	answerUnfiled = failure(
		"403：AWS 中国区域的 API Gateway 没有放行。多半是这个 AWS 账户没有 ICP 备案", "403 from API Gateway in AWS's China region: most likely this AWS account has no ICP filing (ICP 备案)",
		"在 AWS 中国的控制台或向 AWS 中国支持提交这个账户的 ICP 备案号；两个区域可能要分别申请（docs/china.zh-CN.md）。通过之前微信的 URL 校验一定失败。已有备案时，检查 WAF。",
		"Give AWS China's support the ICP number of this account. Each of the two regions may ask for it (docs/china.md). Until then, WeChat's check of the URL always fails. If the account has its filing, check WAF.")
	answerThrottled = failure(
		"429：请求太多，被 API Gateway 限流；微信会提示“该公众号提供的服务出现故障”", "429: throttled by API Gateway; WeChat shows 该公众号提供的服务出现故障",
		"稍后再试。上限是堆栈的参数 RequestsPerSecond，以及 AWS 账户在这个区域的 API Gateway 配额（Service Quotas）；持续出现时提高其中达到的那一个。告警 too-many-requests 会统计这些请求。",
		"Try again later. The limits are the stack's parameter RequestsPerSecond, and the AWS account's quota for API Gateway in this region (Service Quotas). If it continues, raise the limit that was reached. The alarm too-many-requests counts these requests.")
	answerBusy = failure(
		"503：多半是 Lambda 并发数用完了；微信会提示“该公众号提供的服务出现故障”", "503: most likely Lambda's concurrency is used up; WeChat shows 该公众号提供的服务出现故障",
		"查看告警 throttles：正在告警就在 AWS 的 Service Quotas 提高 Lambda 并发数；否则用 make logs 看出错的那一行；日志里什么都没有时，函数可能几周没有被调用，正在恢复：两分钟后再运行一次。",
		"If the alarm throttles is in alarm, raise Lambda's concurrency in AWS's Service Quotas. Otherwise find the error with make logs. If the log has none, the function may be starting after weeks of idleness: run this again in two minutes.")
	answerBroken = failure(
		"服务器出错（{status}），微信会提示“该公众号提供的服务出现故障”", "the endpoint fails ({status}): WeChat shows 该公众号提供的服务出现故障",
		"用 make logs，或 CloudWatch 里保存的查询，看出错的那一行。日志里什么都没有时，函数可能几周没有被调用，正在恢复：两分钟后再运行一次。",
		"Find the error with make logs, or with the saved query in CloudWatch. If the log has none, the function may be starting after weeks of idleness: run this again in two minutes.")
	answerOther = failure(
		"状态是 {status}，不是 200", "the status is {status}, not 200",
		"检查服务器前面是否有代理、防火墙（WAF）或登录验证，把 /login/wechat 排除在外。",
		"Check for a proxy, a firewall (WAF) or a login in front of the endpoint, and exempt /login/wechat from it.")

	checkFine = fine("签名正确，echostr 原样返回（{took}）", "signed check answered with its echostr ({took})")
	checkSlow = warning(
		"应答用了 {took}，微信只等 5 秒", "the answer took {took}, and WeChat waits for 5 s",
		"再运行一次：只有第一次慢是冷启动，没有问题；一直慢就用 make logs 看时间花在哪里。",
		"Run this again: if only the first answer is slow, it was the cold start, which is fine. Otherwise make logs shows where the time goes.")
	checkToken = failure(
		"403：“Token验证失败”。服务器上的 Token 和这里密钥里的不是同一个", "403, \"Token verification failed\" (Token验证失败): the endpoint's token is not the one in these secrets",
		"让三处一致：密钥（guanzhu secrets）、运行中的服务器、微信后台的服务器配置。刚改过密钥，等一分钟再试；本机检查要用和 make run 相同的 WECHAT_SECRETS。",
		"Use the same token in the secrets (guanzhu secrets), the running endpoint, and 服务器配置 in WeChat's console. After a change of the secrets, wait a minute. For a local run, set the same WECHAT_SECRETS as for make run.")
	checkBody = failure(
		"状态是 200，但返回的不是 echostr 原文，微信会报“Token验证失败”", "200, but the body is not the echostr alone: WeChat shows Token验证失败",
		"检查地址是否真是这个服务器的，中间有没有代理改写了内容（空格、换行、引号都不行）。",
		"Check that this is the endpoint's address, and that no proxy changes the body. Even a space, a line end or a quote is too much.")

	clockRight   = fine("准", "correct")
	clockUnknown = skipped("没有检查：应答里没有 Date", "not examined: the answer has no Date")
	clockOff     = warning(
		"和对方相差 {apart}", "it differs from the server's by {apart}",
		"打开这台机器的自动校时（NTP）。签名只在十分钟内有效。",
		"Turn on NTP on this machine. Signatures are valid for ten minutes.")
	clockWrong = failure(
		"和对方相差 {apart}；签名只在十分钟内有效", "it differs from the server's by {apart}; signatures are valid for ten minutes",
		"校准这台机器的时钟（NTP），再运行一次；如果这台是准的，校准服务器的时钟，否则它会拒绝微信的推送。",
		"Set this machine's clock (NTP) and run this again. If it is correct already, set the server's clock, or the server refuses WeChat's pushes.")

	forgeryRefused  = fine("被拒绝", "refused")
	forgeryAccepted = failure(
		"签名不对的请求也得到 200：任何人都可以冒充微信", "a request with a wrong signature gets 200: anyone can pretend to be WeChat",
		"确认这个地址上运行的是 Guanzhu 而不是别的程序或代理的页面，并重新部署。",
		"Check that Guanzhu runs at this address, and not another program or a proxy's page. Then deploy again.")

	pushClearFine     = fine("明文推送得到应答", "a push in clear is answered")
	pushEncryptedFine = fine("加密推送得到应答", "an encrypted push is answered")
	pushKeyThere      = failure(
		"运行中的服务器有 EncodingAESKey，只接受加密推送；这里的密钥没有", "the running endpoint has an EncodingAESKey and accepts only encrypted pushes; these secrets have none",
		"如果微信后台是安全模式或兼容模式：用 guanzhu secrets 把后台的 EncodingAESKey 写进密钥。如果是明文模式（包括测试号）：刚从密钥里去掉的话等一分钟，否则重新部署，让服务器读到现在的密钥。",
		"If WeChat's console is in 安全模式 or 兼容模式, write its EncodingAESKey into the secrets with guanzhu secrets. If it is in 明文模式, as every test account is, let the endpoint read these secrets: wait a minute after a change, otherwise deploy again.")
	pushKeyHere = failure(
		"这里的密钥有 EncodingAESKey；运行中的服务器没有，只接受明文推送", "these secrets have an EncodingAESKey; the running endpoint has none and accepts only pushes in clear",
		"让服务器用上现在的密钥：刚写入的话等一分钟，否则重新部署（本机：给 make run 相同的 WECHAT_SECRETS）。之后把微信后台的消息加解密方式设为“安全模式”。测试号只有明文模式：用 guanzhu secrets 去掉密钥里的 EncodingAESKey（提示输入 EncodingAESKey 时输入 -）。",
		"Let the endpoint read these secrets: wait a minute after a change, otherwise deploy again (locally: set the same WECHAT_SECRETS for make run). Then set 消息加解密方式 in WeChat's console to 安全模式. A test account has plain mode only: remove the EncodingAESKey from the secrets with guanzhu secrets (enter - for it).")
	pushOtherKey = failure(
		"加密推送被拒绝：服务器的 EncodingAESKey 或 AppID 和这里的不同", "the encrypted push is refused: the endpoint has another EncodingAESKey, or another AppID",
		"核对 AppID；让密钥、运行中的服务器、微信后台三处的 EncodingAESKey 一致（guanzhu secrets）。刚改过的话等一分钟再试。",
		"Check the AppID. Use the same EncodingAESKey in the secrets (guanzhu secrets), the running endpoint and WeChat's console. After a change, wait a minute.")
	pushBody = failure(
		"应答既不是 success 也不是 XML，微信会提示“该公众号提供的服务出现故障”", "the answer is neither success nor XML: WeChat shows 该公众号提供的服务出现故障",
		"检查 account/routes.go 里自己的处理函数，和服务器前面的代理。",
		"Check your own handlers in account/routes.go, and any proxy in front of the endpoint.")
)

// The follower's pages.

var (
	pagesFine  = fine("{url} 有应答", "{url} answers")
	pagesNoURL = failure(
		"PUBLIC_URL 的格式不对", "PUBLIC_URL does not have the right form",
		"写成 https://域名，不带路径。",
		"Write it as https://host, without a path.")
	pagesNone = failure(
		"{url} 没有应答：{error}", "{url} does not answer: {error}",
		"检查 PUBLIC_URL（堆栈的参数 DomainName）和它的 DNS 记录、证书。",
		"Check PUBLIC_URL (the stack's parameter DomainName), its DNS record and its certificate.")
	pagesBroken = failure(
		"{url} 的状态是 {status}", "{url} answers {status}",
		"404：域名没有指向这个堆栈，设置 DomainName 并重新部署；5xx：用 make logs 看函数 web 的日志。",
		"404: the domain does not point to this stack; set DomainName and deploy again. 5xx: read the log of the function web with make logs.")

	verificationFine = fine("{file} 内容正确", "{file} has the right content")
	verificationNone = failure(
		"{file} 的状态是 {status}，微信校验域名会失败", "{file} answers {status}: the platform cannot verify the domain",
		"把文件名 {file} 填入堆栈的参数 DomainVerification（本机：DOMAIN_VERIFICATION），重新部署，再到微信后台点确认。",
		"Set the stack's parameter DomainVerification (locally: DOMAIN_VERIFICATION) to {file}, deploy again, and press confirm in WeChat's console.")
	verificationOther = failure(
		"{file} 的内容不对", "{file} has the wrong content",
		"内容和文件名不同时，DomainVerification 写成 {file}=内容，重新部署。",
		"If the content is not the xxxx of the name, write DomainVerification as {file}=content, and deploy again.")

	oauthFine      = skipped("网页正确地引向 {open}；微信是否接受只有在微信里才能知道：在微信里打开 {url}，出现“redirect_uri 参数错误”(10003) 就是域名没有填好，10015 就是账号没有网页授权权限", "the pages correctly lead to {open}. Only WeChat itself shows whether it accepts that: open {url} in WeChat. 10003 (redirect_uri 参数错误) means that the domain is not entered, 10015 that the account has no web authorization")
	oauthSimulated = fine("模拟平台引回了网页", "the simulated platform leads back to the pages")
	oauthUnclear   = skipped("模拟平台没有给出结果：在微信里打开网页试一下", "the simulated platform gives no result: open the page in WeChat")
	oauthNotLed    = warning(
		"在微信里打开网页时没有被引向网页授权", "inside WeChat, the page does not lead to web authorization",
		"重新部署，让网页用上 account.yaml 里的 pages: oauth；账号没有网页授权时改成 pages: link。",
		"Deploy again, so that the pages use pages: oauth of account.yaml. For an account without web authorization, set pages: link.")
	oauthAppID = failure(
		"网页用的是另一个 AppID", "the pages use another AppID",
		"核对 WECHAT_APP_ID（堆栈的参数 AppId），重新部署。",
		"Check WECHAT_APP_ID (the stack's parameter AppId), and deploy again.")
	oauthHost = failure(
		"网页授权会回到 {host}，不是 {pages}", "web authorization would lead back to {host}, not to {pages}",
		"PUBLIC_URL 必须是浏览器里的地址：设置 PUBLIC_URL（堆栈的参数 DomainName），重新部署；网页授权域名也要填它。",
		"PUBLIC_URL must be the address in the browser: set it (the stack's parameter DomainName), deploy again, and enter the same host as 网页授权域名.")
	oauthDomain = failure(
		"10003（redirect_uri 参数错误）：平台的网页授权域名不是 {host}", "10003 (redirect_uri 参数错误): the platform's 网页授权域名 is not {host}",
		"在微信后台 功能设置 → 网页授权域名 填入 {host}（测试号：在测试号页面的“网页帐号”一栏修改）。",
		"Enter {host} in WeChat's console, under 功能设置, 网页授权域名 (a test account: on its page, under 网页帐号).")
	oauthPermission = failure(
		"10015：这个账号没有网页授权权限", "10015: the account has no web authorization",
		"把 account.yaml 的 pages 改成 link，用户用个人链接进入；或者用已认证的服务号。",
		"Set pages: link in account.yaml, so that followers enter by their personal link, or use a verified service account.")

	domainLocal = fine("本机运行，不用填", "not needed on this machine")
	domainOwn   = fine("应填 {host}（微信后台 功能设置 → 网页授权域名）", "enter {host} (WeChat's console, 功能设置, 网页授权域名)")
	domainTwo   = warning(
		"网页在 {host}，服务器接口在 {endpoint}", "the pages are at {host}, the endpoint at {endpoint}",
		"网页授权域名填 {host}，不是 {endpoint}；如果不是有意分开，让 PUBLIC_URL 和服务器地址用同一个域名。",
		"Enter {host} as 网页授权域名, not {endpoint}. Unless you separate them on purpose, use one host for PUBLIC_URL and the endpoint.")
	domainNotOwn = warning(
		"网页在 {host}：测试号可以填，正式账号要用自己的域名（在中国大陆要备案）", "the pages are at {host}: fine for a test account; a formal account needs a domain of your own",
		"测试号：在“网页帐号”一栏填 {host}。正式账号：设置堆栈的参数 DomainName 和 CertificateArn，或把 account.yaml 的 pages 改成 link。",
		"For a test account, enter {host} on its page, under 网页帐号. For a formal account, set the stack's parameters DomainName and CertificateArn, or pages: link in account.yaml.")
)

// The platform's API, as seen from the caller's address.

var (
	functionNone = failure(
		"不能调用：{error}", "it cannot be called: {error}",
		"用当前版本的 template.yaml 重新部署。",
		"Deploy this version of template.yaml.")
	functionDenied    = functionNone.advising(text("给当前的 AWS 身份 lambda:InvokeFunction。", "Grant this AWS identity lambda:InvokeFunction."))
	functionUnreached = functionNone.advising(tryAgain)
	functionAsleep    = failure(
		"过了几分钟仍未就绪（{error}）", "it is still not ready after some minutes ({error})",
		"五分钟后再运行一次。仍然这样，就在 Lambda 控制台看这个函数的状态和原因（FixedEgress=nat 时多半是子网或网络接口的问题）；重新部署会让它重新就绪。",
		"Run this again in five minutes. If nothing changes, the Lambda console shows the function's state and the reason (with FixedEgress=nat usually the subnets or network interfaces). A deployment makes it ready again.")
	functionLate = failure(
		"没有在规定时间内结束", "it did not end in time",
		"FixedEgress=nat 时检查 NAT 网关和路由；否则稍后再试，并用 make logs 看它停在哪里。",
		"With FixedEgress=nat, check the NAT gateway and its routes. Otherwise try again later, and find out with make logs where it stopped.")
	functionFailed = failure(
		"函数出错：{error}", "it failed: {error}",
		"用 make logs 看它的日志；不能启动多半是读不到密钥参数：检查堆栈的参数 SecretsParameter。",
		"Read its log with make logs. If it could not start, it probably cannot read the secrets: check the stack's parameter SecretsParameter.")
	functionOdd = failure(
		"应答的内容看不懂", "its answer has an unknown form",
		"函数和这个命令的版本不同：重新部署，并重新编译 guanzhu。",
		"The function and this command have different versions: deploy again, and build guanzhu again.")

	apiSample  = skipped("没有检查：这是示例账号，微信并不认识。设置 WECHAT_APP_ID 和 WECHAT_SECRETS，或用 --api-url 给出模拟平台（guanzhu platform）的地址", "not examined: this is the sample account, which the platform does not know. Set WECHAT_APP_ID and WECHAT_SECRETS, or give the address of a simulated platform (guanzhu platform) with --api-url")
	apiReached = fine("可以访问", "reached")
	apiUnknown = failure(
		"接口的域名解析不到", "the host of the API has no address",
		"检查 WECHAT_API_URL（堆栈的参数 ApiUrl）和 DNS。",
		"Check WECHAT_API_URL (the stack's parameter ApiUrl), and the DNS.")
	apiLate = failure(
		"接口没有及时应答", "the API does not answer in time",
		"检查网络和代理；用中转时检查中转机器是否在运行（WECHAT_API_URL，堆栈的参数 ApiUrl）。",
		"Check the network and proxies. If you use a relay, check that it is running (WECHAT_API_URL, the stack's parameter ApiUrl).")
	apiLateNat = failure(
		"接口没有及时应答，函数通过 NAT 网关访问它", "the API does not answer in time; the functions reach it through the NAT gateway",
		"在 VPC 控制台检查 NAT 网关是否可用、私有子网的路由是否指向它、弹性 IP 是否还在；被改动过就重新部署。",
		"In the VPC console, check that the NAT gateway is available and has its Elastic IP, and that the private subnets' routes point to it. If someone has changed them, deploy again.")
	apiNotPlatform = failure(
		"应答的不是微信接口（不是它的 JSON）", "the answer is not the platform's JSON",
		"检查中间的中转或代理，以及 WECHAT_API_URL（堆栈的参数 ApiUrl）是否写对。",
		"Check the relay or proxy in between, and WECHAT_API_URL (the stack's parameter ApiUrl).")
	apiFailed = failure(
		"调用失败：{error}", "the call fails: {error}",
		"检查网络、中转或代理，以及 WECHAT_API_URL（堆栈的参数 ApiUrl），然后再试。",
		"Check the network, the relay or proxy, and WECHAT_API_URL (the stack's parameter ApiUrl), then try again.")

	tokenFine     = fine("AppID、AppSecret 和来源 IP 都被接受", "AppID, app secret and source address are accepted")
	tokenAccepted = fine("有效", "accepted")

	notListed = failure(
		"errcode {errcode}：{ip} 不在 IP 白名单里", "errcode {errcode}: {ip} is not on the IP whitelist",
		"在微信开发者平台 → 基础信息 → 开发密钥 → IP白名单 添加 {ip}，每行一个，十分钟内生效。这是本机的地址，AWS 上的函数用另一个：用 guanzhu doctor --stack 堆栈名 检查。",
		"Add {ip} on the WeChat developer platform (微信开发者平台), under 基础信息, 开发密钥, IP白名单, one a line; it takes effect within ten minutes. It is the address of this machine. Functions on AWS have another one: run guanzhu doctor --stack NAME.")
	notListedNone = failure(
		"errcode {errcode}：{ip} 不在 IP 白名单里，而且函数的地址会变（FixedEgress=none）", "errcode {errcode}: {ip} is not on the IP whitelist, and the functions' address changes (FixedEgress=none)",
		"现在添加 {ip} 只能暂时有效。用 FixedEgress=nat 重新部署，或用中转作为 ApiUrl，再把固定的地址填入微信开发者平台 → 基础信息 → 开发密钥 → IP白名单，每行一个，十分钟内生效。测试号没有白名单。",
		"Adding {ip} would help only for a while. Deploy with FixedEgress=nat, or with a relay as ApiUrl. Then add that fixed address on the WeChat developer platform (微信开发者平台), under 基础信息, 开发密钥, IP白名单, one a line; it takes effect within ten minutes. A test account has no whitelist.")
	notListedNat = failure(
		"errcode {errcode}：{ip} 不在 IP 白名单里", "errcode {errcode}: {ip} is not on the IP whitelist",
		"在微信开发者平台 → 基础信息 → 开发密钥 → IP白名单 添加 {ip}（堆栈的输出 EgressAddress），每行一个，十分钟内生效。",
		"Add {ip}, the stack's output EgressAddress, on the WeChat developer platform (微信开发者平台), under 基础信息, 开发密钥, IP白名单, one a line; it takes effect within ten minutes.")

	errcodeKnown = found{status: Failure, what: text("errcode {errcode}：", "errcode {errcode}: ")} // the row of errcode.Lookup follows
	errcodeOther = failure(
		"errcode {errcode}", "{error}",
		"在 https://developers.weixin.qq.com/doc/oplatform/developers/errCode/errCode.html 查 {errcode} 的含义。",
		"Look up {errcode} in https://developers.weixin.qq.com/doc/oplatform/developers/errCode/errCode.html.")
)

var (
	profilesGiven   = fine("有权限", "given")
	profilesRefused = warning(
		"没有权限 (48001)：关注者照常记录，只是没有资料（profile: unavailable）", "none (48001): followers are recorded, but without a profile (unavailable)",
		"可以不管；要有资料，账号须通过微信认证。",
		"You can ignore this. To get profiles, have the account verified (微信认证).")
	menusGiven   = fine("有权限", "given")
	menusRefused = warning(
		"没有权限 (48001)：account.yaml 里的菜单不会发布", "none (48001): the menu of account.yaml is not published",
		"可以不管，用关键词回复代替；要有菜单，换成服务号，或让账号通过微信认证。",
		"You can ignore this and use keywords instead. To get a menu, use a service account, or have the account verified (微信认证).")

	kindFull              = fine("已认证的账号或测试号，资料和菜单都可用；网页授权只有认证的服务号和测试号有，这里查不出来", "a verified account or a test account: profiles and menu work. Only verified service accounts and test accounts have web authorization, which cannot be seen from here")
	kindSubscription      = fine("大概是未认证的订阅号（或个人账号）：能收消息、自动回复、用个人链接进入网页", "probably an unverified subscription account (个人订阅号): it receives and replies, and followers enter the pages by their personal link")
	kindSubscriptionOAuth = warning(
		"大概是未认证的订阅号（或个人账号）：没有网页授权，account.yaml 却写着 pages: oauth", "probably an unverified subscription account (个人订阅号), which has no web authorization, while account.yaml says pages: oauth",
		"把 account.yaml 改成 pages: link，重新部署。",
		"Set pages: link in account.yaml, and deploy again.")
	kindService      = fine("大概是未认证的服务号：有菜单，没有资料和网页授权", "probably an unverified service account: a menu, but neither profiles nor web authorization")
	kindServiceOAuth = warning(
		"大概是未认证的服务号：没有网页授权，account.yaml 却写着 pages: oauth", "probably an unverified service account, which has no web authorization, while account.yaml says pages: oauth",
		"把 account.yaml 改成 pages: link，重新部署；或让账号通过微信认证。",
		"Set pages: link in account.yaml and deploy again, or have the account verified (微信认证).")
	kindUnknown = skipped("从以上结果看不出来", "the results above do not show it")

	quotaFine    = fine("{quotas}", "{quotas}")
	quotaUnknown = skipped("平台没有给出", "the platform reports none")
	quotaLow     = warning(
		"不到 10%：{quotas}", "less than 10 %: {quotas}",
		"到北京时间 00:00 重新计算；找出是什么在不停地调用（保存的查询 API errors，指标 TokenFetches）。",
		"They reset at 00:00 China time. Find out what calls so often (the saved query API errors, the metric TokenFetches).")
	quotaSpent = found{Failure, text("今天的次数用完了：{quotas}", "used up for today: {quotas}"), remedy(errcode.NoQuota)}

	menuSame       = fine("已发布，和 account.yaml 一致", "published, as in account.yaml")
	menuNotInFile  = fine("account.yaml 里没有菜单，平台上的保持不变", "account.yaml has none; the live menu stays")
	menuNotAllowed = skipped("没有检查：账号没有菜单接口的权限", "not examined: the account has no permission for menus")
	menuNoRecord   = skipped("没有检查：表读不到：{error}", "not examined: the table cannot be read: {error}")
	menuNever      = warning(
		"account.yaml 的菜单还没有发布过", "the menu of account.yaml has never been published",
		"发布：guanzhu publish",
		"Publish it: guanzhu publish")
	menuDifferent = warning(
		"平台上的菜单和 account.yaml 不同", "the live menu is not that of account.yaml",
		"先看差别：guanzhu plan ；再发布：guanzhu publish",
		"Show the difference: guanzhu plan ; then publish: guanzhu publish")
	menuDriftRepair = warning(
		"平台上的菜单被别处改动过（menu_drift: repair）", "someone else has changed the live menu (menu_drift: repair)",
		"改回来：guanzhu publish ；要保留改动，把它写进 account.yaml 再部署。",
		"Restore it: guanzhu publish ; to keep the change, write it into account.yaml and deploy again.")
	menuDriftTell = warning(
		"平台上的菜单被别处改动过（menu_drift: tell，不会自动改回）", "someone else has changed the live menu (menu_drift: tell, so it is not restored automatically)",
		"看差别：guanzhu plan ；改回来：guanzhu publish ；要保留就写进 account.yaml。",
		"Show the difference: guanzhu plan ; restore it: guanzhu publish ; or write the change into account.yaml.")
	filesPublished = fine("都已发布", "all are published")
	filesUnknown   = skipped("没有检查：表读不到：{error}", "not examined: the table cannot be read: {error}")
	filesMissing   = failure(
		"account.yaml 用到的文件还没有发布：{files}，用到它们的回复会变成 default 的回复", "files that account.yaml uses are not published: {files}; replies with them become the default reply",
		"发布：guanzhu publish",
		"Publish them: guanzhu publish")
	menuLeftOut = warning(
		"", "", // menu.Menu.LeftOut
		"设置 PUBLIC_URL（堆栈的参数 DomainName），重新部署后再发布菜单。",
		"Set PUBLIC_URL (the stack's parameter DomainName), deploy again, and publish the menu.")
)
