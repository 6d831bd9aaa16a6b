package main

import "github.com/guanzhu/guanzhu/internal/bilingual"

// The texts by which guanzhu secrets and its commands lead the owner through WeChat's console.
var (
	whereItGoes = bilingual.New(`部署堆栈之后，把这些值和堆栈的输出 ServerUrl 填到微信后台：
微信开发者平台 (https://developers.weixin.qq.com/platform/) → 基础信息 → 域名与消息推送配置
测试号填在它自己的页面上，接口配置信息里。
`, `Once the stack is deployed, enter these values and its ServerUrl in WeChat's console:
WeChat developer platform (https://developers.weixin.qq.com/platform/) → 基础信息 → 域名与消息推送配置
For a test account, enter them on its own page, under 接口配置信息.
`)

	firstLinkKey = bilingual.New(`
将在密钥里添加 link key：个人链接和日志中的 openid 哈希由它派生，此后不再依赖 AppSecret。日志中的哈希会在几小时内改变一次。
没有 link key 功能的旧版本函数不接受这样的密钥：请先部署本版本，再继续。
`, `
A link key will be added to these secrets. Personal links and the hashes of openids in the log are derived from it, so
they no longer depend on the app secret. The hashes in the log change once, within hours.
Functions of a version without link keys refuse such secrets: deploy this version first.
`)

	firstAIKey = bilingual.New(`
将在密钥里添加大模型接口的密钥。没有 AI 功能的旧版本函数不接受这样的密钥：请先部署本版本，再继续。
`, `
A key of a language model's API will be added to these secrets. Functions of a version without AI refuse such secrets:
deploy this version first.
`)

	toCompatible = bilingual.New(`
公众号现在是明文模式。有了 EncodingAESKey 之后，明文的推送会被拒绝，请按这个顺序操作：
  1. 现在：在微信后台把消息加解密方式改为兼容模式，填入这个 key 并提交
     微信开发者平台 (https://developers.weixin.qq.com/platform/) → 基础信息 → 域名与消息推送配置
  2. 然后回到这里继续
  3. 两分钟后：再改为安全模式
如果不继续，什么都不会写入，停在兼容模式也没有害处。
`, `
The account is in plain mode (明文模式). With an EncodingAESKey, pushes in clear are refused, so follow this order:
  1. now: set the console to compatible mode (兼容模式) with this key, and save
     WeChat developer platform (https://developers.weixin.qq.com/platform/) → 基础信息 → 域名与消息推送配置
  2. then continue here
  3. two minutes later: set the console to safe mode (安全模式)
If you do not continue, nothing is written, and compatible mode does no harm.
`)

	toSafe = bilingual.New(`两分钟后，运行中的实例都已读到这个 key，再把消息加解密方式改为安全模式。
`, `In two minutes, when all running instances have had time to read the key, set the console to safe mode (安全模式).
`)

	beforePlain = bilingual.New(`
没有 EncodingAESKey 时，加密的推送会被拒绝，请按这个顺序操作：
  1. 现在：在微信后台把消息加解密方式改为兼容模式，EncodingAESKey 不变，提交
     微信开发者平台 (https://developers.weixin.qq.com/platform/) → 基础信息 → 域名与消息推送配置
  2. 然后回到这里继续：从密钥里删除 EncodingAESKey，包括旧的
  3. 两分钟后：再改为明文模式
如果后台已经是明文模式（测试号只有这一种），只需要第 2 步。
如果不继续，什么都不会写入，停在兼容模式也没有害处。
`, `
Without an EncodingAESKey, encrypted pushes are refused, so follow this order:
  1. now: set the console to compatible mode (兼容模式), leave its EncodingAESKey as it is, and save
     WeChat developer platform (https://developers.weixin.qq.com/platform/) → 基础信息 → 域名与消息推送配置
  2. then continue here: this removes the EncodingAESKey from the secrets, and a previous one too
  3. two minutes later: set the console to plain mode (明文模式)
If the console is in plain mode already, as it always is for a test account, only step 2 is needed.
If you do not continue, nothing is written, and compatible mode does no harm.
`)

	toPlain = bilingual.New(`两分钟后，运行中的实例都已知道没有 EncodingAESKey，再把消息加解密方式改为明文模式。
`, `In two minutes, when all running instances have had time to see that there is no key, set the console to plain mode (明文模式).
`)

	notYet = bilingual.New(`如果微信后台还不是这些值，现在不要修改后台。运行下面的命令：它等到运行中的实例都接受这些值，再告诉您改什么。
  guanzhu secrets rotate %s
如果后台已经是这些值，就不用再改了，下面的命令删除旧的值：
  guanzhu secrets finish %s
`, `If WeChat's console does not have these values yet, do not change it now. Run this command. It waits
until running instances accept the values, and then says what to change.
  guanzhu secrets rotate %s
If it has them already, there is nothing more to change, and this command removes the old ones:
  guanzhu secrets finish %s
`)

	safeToRepeat = bilingual.New("旧的值仍然有效，没有丢失任何东西。再运行一次同样的命令，它会用已经写入的值继续。",
		"The old values stay valid, so nothing is lost. Run the same command again: it continues with the values already written.")

	changeConsole = bilingual.New(`现在修改微信后台配置并提交。旧的值在 finish 之前一直有效，不用着急。
  微信开发者平台 https://developers.weixin.qq.com/platform/ → 我的业务 → 公众号 / 服务号 → 基础信息 → 域名与消息推送配置
  测试号 https://mp.weixin.qq.com/debug/cgi-bin/sandbox?t=sandbox/login → 接口配置信息
URL 和消息加解密方式不变。提交成功后运行：
  guanzhu secrets finish %s
`, `Change WeChat's console now, and save. The old values stay valid until you finish, so there is no hurry.
  WeChat developer platform https://developers.weixin.qq.com/platform/ → 我的业务 → 公众号 / 服务号 → 基础信息 → 域名与消息推送配置
  test account https://mp.weixin.qq.com/debug/cgi-bin/sandbox?t=sandbox/login → 接口配置信息
URL and message mode stay as they are. After saving, run:
  guanzhu secrets finish %s
`)

	noLinkKey = bilingual.New(`这些密钥里没有 link key：更换 AppSecret 后两小时内个人链接可能失效，日志中的 openid 哈希也会改变。
如果还没有重置 AppSecret，请按 Ctrl-C 停止，先添加 link key：
  guanzhu secrets %s

`, `These secrets have no link key. Without one, personal links may fail for up to two hours after the app secret is replaced,
and the hashes of openids in the log change. If you have not reset the app secret yet, stop here (Ctrl-C) and add a link key:
  guanzhu secrets %s

`)

	resetFirst = bilingual.New(`现在重置 AppSecret，并立即输入新的：重置之后，微信不再接受旧的。
  微信开发者平台 https://developers.weixin.qq.com/platform/ → 我的业务 → 公众号 / 服务号 → 基础信息 → 开发密钥 → 重置
`, `Reset the app secret now, and enter the new one at once: after the reset, the platform refuses the old one.
  WeChat developer platform https://developers.weixin.qq.com/platform/ → 我的业务 → 公众号 / 服务号 → 基础信息 → 开发密钥 → 重置
`)
)
