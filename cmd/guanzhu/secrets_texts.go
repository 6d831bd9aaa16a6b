package main

// The texts by which guanzhu secrets and its commands lead the owner through WeChat's console.
const (
	whereItGoes = `Once the stack is deployed, enter these values and its ServerUrl in WeChat's console:
微信开发者平台 (https://developers.weixin.qq.com/platform/) → 基础信息 → 域名与消息推送配置
For a test account (测试号), enter them on its own page, under 接口配置信息.
`

	firstLinkKey = `
A link key will be added to these secrets. Personal links and the hashes of openids in the log are derived from it, so
they no longer depend on the app secret. The hashes in the log change once, within hours.
Functions of a version without link keys refuse such secrets: deploy this version first.
将添加 link key：此后个人链接和日志中的 openid 哈希不再依赖 AppSecret。请先部署本版本，再继续：旧版本的函数不接受它。
`

	firstAIKey = `
A key of a language model's API will be added to these secrets. Functions of a version without AI refuse such secrets:
deploy this version first.
将添加模型接口的密钥（AI key）。请先部署本版本，再继续：旧版本的函数不接受它。
`

	toCompatible = `
The account is in plain mode (明文模式). With an EncodingAESKey, pushes in clear are refused, so follow this order:
  1. now: set the console to compatible mode (兼容模式) with this key, and save
     微信开发者平台 (https://developers.weixin.qq.com/platform/) → 基础信息 → 域名与消息推送配置
  2. then continue here
  3. two minutes later: set the console to safe mode (安全模式)
If you do not continue, nothing is written, and compatible mode does no harm.
`

	toSafe = `In two minutes, when all running instances have had time to read the key, set the console to safe mode (安全模式).
两分钟后，再把消息加解密方式改为安全模式。
`

	beforePlain = `
Without an EncodingAESKey, encrypted pushes are refused, so follow this order:
  1. now: set the console to compatible mode (兼容模式), leave its EncodingAESKey as it is, and save
     微信开发者平台 (https://developers.weixin.qq.com/platform/) → 基础信息 → 域名与消息推送配置
  2. then continue here: this removes the EncodingAESKey from the secrets, and a previous one too
  3. two minutes later: set the console to plain mode (明文模式)
If the console is in plain mode already, as it always is for a test account (测试号), only step 2 is needed.
If you do not continue, nothing is written, and compatible mode does no harm.
`

	toPlain = `In two minutes, when all running instances have had time to see that there is no key, set the console to plain mode (明文模式).
两分钟后，再把消息加解密方式改为明文模式。
`

	notYet = `If WeChat's console does not have these values yet, do not change it now (暂时不要修改后台配置). Run this command. It waits
until running instances accept the values, and then says what to change.
  guanzhu secrets rotate %s
If it has them already (后台已经是这些值), there is nothing more to change, and this command removes the old ones:
  guanzhu secrets finish %s
`

	safeToRepeat = "The old values stay valid, so nothing is lost. Run the same command again: it continues with the values already written."

	changeConsole = `Change WeChat's console now, and save. The old values stay valid until you finish, so there is no hurry.
现在修改微信后台配置并提交，旧的值在 finish 之前一直有效：
  微信开发者平台 https://developers.weixin.qq.com/platform/ → 我的业务 → 公众号 / 服务号 → 基础信息 → 域名与消息推送配置
  测试号 (test account) https://mp.weixin.qq.com/debug/cgi-bin/sandbox?t=sandbox/login → 接口配置信息
URL and message mode stay as they are (URL 和消息加解密方式不变). After saving (提交成功后), run:
  guanzhu secrets finish %s
`

	noLinkKey = `These secrets have no link key. Without one, personal links may fail for up to two hours after the app secret is replaced,
and the hashes of openids in the log change. If you have not reset the app secret yet, stop here (Ctrl-C) and add a link key:
没有 link key 时，更换 AppSecret 后两小时内个人链接可能失效，日志中的 openid 哈希也会改变。如果尚未重置，请按 Ctrl-C 停止，先运行：
  guanzhu secrets %s

`

	resetFirst = `Reset the app secret now, and enter the new one at once: after the reset, the platform refuses the old one.
现在重置 AppSecret，并立即输入新的：
  微信开发者平台 https://developers.weixin.qq.com/platform/ → 我的业务 → 公众号 / 服务号 → 基础信息 → 开发密钥 → 重置
`
)
