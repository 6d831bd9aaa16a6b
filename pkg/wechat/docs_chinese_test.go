package wechat

const pushesIntroductionChinese = `# 推送

[English](pushes.md)

本页列出公众号会收到的、有对应 Go 类型的推送，包括消息和事件：各自的类型和字段。内容由 [pkg/wechat](../pkg/wechat) 的源代码生成，改动之后运行

    go test ./pkg/wechat -run TestPushesDoc -update

[events/](../events) 里每种推送都有一个样例。

## 推送怎样变成值

` + "`wechat.ParsePush`" + ` 读取请求体，安全模式下读取 ` + "`Decrypt`" + ` 的结果，返回一个指针，类型由推送的种类决定，见下文。种类对消息来说是 MsgType，
对事件来说是 event/ 加上 Event，区分大小写。没有列出的种类是 ` + "`*wechat.Raw`" + `，不是错误，见[最后一节](#没有类型的推送)。

平台推送的是 XML，它的文档里也有 JSON，两者得到的值相同。下面各表里，A>B 指 A 里面的 B；A 重复出现时，读取每个 A 里的 B。一个字段有几个名称时，
读取第一个出现的：XML 与 JSON 的名称不同，平台各页文档的名称也不同。没有列出的字段会被忽略。数字缺失或格式不对时是 0。

CDATA 外面的空白一律不算。CDATA 里面和 JSON 字符串里的空白，在用户输入的文字和公众号自己设定的内容里保留，后者指 key、场景值和 msgmenu 的选项 id，所以
收到的 key 可以直接与设定的比较。其他文字都去掉首尾的空白。

平台不转义用户输入的内容。文字里可能有控制字符、` + "`]]>`" + `，甚至一条完整的推送：要么仍然当作一段文字读取，要么拒绝这条推送，绝不会被当成别的字段。
` + "`*wechat.Raw`" + ` 里只有所有推送共有的字段受到这样的保护。控制字符会去掉。不是 UTF-8 的字节换成 U+FFFD 或者去掉；一条推送因此最多变长 64 字节。
除此之外，文字、标题、地名和扫码结果都由用户决定，应当像其他输入一样检查。

每节都写明能否在这次请求里回复。不能回复的一律应答 ` + "`success`" + `，即返回 nil。
`

const pushesRawChinese = `
## 没有类型的推送

上面没有列出的种类是 ` + "`*wechat.Raw`" + `：新出现的种类，以及很少有公众号收到的种类，例如
[卡券事件](https://developers.weixin.qq.com/doc/service/guide/product/card/Coupons_Vouchers_and_Cards_Event_Push_Messages.html)和
[发票事件](https://developers.weixin.qq.com/doc/offiaccount/WeChat_Invoice/E_Invoice/Vendor_API_List.html)。用 ` + "`webhook.On`" + ` 为 ` + "`*wechat.Raw`" + ` 注册
处理函数，由 ` + "`Kind()`" + ` 得知种类。单个文字用 ` + "`Field`" + ` 读取。嵌套和重复的字段用 ` + "`Decode`" + ` 读进自己的 struct，tag 的写法与上面的类型相同。

` + "```go\n%s```" + `

从 ` + "`*wechat.Raw`" + ` 读取用户文字的处理函数，不能相信它的其他字段，因为用户可以伪造。日志和指标把这样的推送记作 ` + "`unknown`" + `。
`

// pushesChinese translates the texts of docs/pushes.md that come from the source.
var pushesChinese = map[string]string{
	"The platform's page":                              "平台文档",
	"The platform has no page about it.":               "平台没有相关文档。",
	"It has only the fields listed above.":             "只有上面列出的共有字段。",
	"| name | field | type | |":                        "| 名称 | 字段 | 类型 | |",
	"`*wechat.%s` %s %s":                               "`*wechat.%s`：%s%s",
	"It can be replied to.":                            "可以回复。",
	"It cannot be replied to.":                         "不能回复。",
	"No reply to it is documented.":                    "平台文档没有写能否回复。",
	"Fields of all pushes":                             "所有推送共有的字段",
	"Fields of all messages":                           "所有消息共有的字段",
	"Fields of all events of menu buttons":             "所有菜单按钮事件共有的字段",
	"Fields of all events of the pages' authorization": "所有网页授权事件共有的字段",
	"Messages":                             "消息",
	"Follow, scan, location":               "关注、扫码、位置",
	"Menu buttons":                         "菜单按钮",
	"Results of what the account sent":     "公众号发送的结果",
	"Subscription notices":                 "订阅通知",
	"Authorization of the account's pages": "网页授权",
	"The customer-service desk":            "人工客服",
	"The account's verification":           "公众号认证",
	"The platform's debugging tool":        "平台的调试工具",
	"the account's original id, gh_…":      "公众号的原始 ID，gh_…",
	"the sender's openid, 1 to 128 of 0-9A-Za-z_-; case-sensitive": "发送者的 openid，1 至 128 个 0-9A-Za-z_-，区分大小写",
	"seconds since 1970":       "自 1970 年起的秒数",
	"text, image, …, or event": "text、image……，或者 event",
	"the event's name if MsgType is event, in the platform's case":                 "MsgType 是 event 时的事件名，大小写与平台一致",
	"64 bits; the same in repeated deliveries":                                     "64 位；重复投递时相同",
	"the article from which the message was sent; empty if there was none":         "消息从哪篇文章发出；不是从文章发出时为空",
	"the position of that article, from 1; 0 if there was none":                    "该文章是第几篇，从 1 算起；不是从文章发出时是 0",
	"the button's key; the page's URL in View, the page's path in ViewMiniProgram": "按钮的 key；在 View 里是网页的网址，在 ViewMiniProgram 里是小程序页面的路径",
	"the user; may be missing":                                                     "用户；可能没有",
	"the user, if the account is bound to an Open Platform account":                "用户；公众号绑定了开放平台账号时才有",
	"the account":        "公众号",
	"is a text message.": "文字消息。",
	"as typed, without control characters; may be empty; for a sticker 【收到不支持的消息类型，暂无法显示】 or [Unsupported Message]": "用户输入的原文，去掉控制字符；可能为空；表情是“【收到不支持的消息类型，暂无法显示】”或“[Unsupported Message]”",
	"id of the tapped item of a msgmenu; Content is then its caption":                                               "点了 msgmenu 的选项时，选项的 id；此时 Content 是它的文字",
	"is a picture.":                                                    "图片。",
	"address of the picture at the platform":                           "图片在平台上的网址",
	"temporary material, valid for three days":                         "临时素材，三天内有效",
	"is a voice message.":                                              "语音消息。",
	"amr or speex; other values occur":                                 "amr 或 speex；也会出现别的值",
	"the same at 16 kHz":                                               "同一段语音，16 kHz",
	"speech to text; empty since the platform switched it off in 2023": "语音识别的结果；平台 2023 年停用以后为空",
	"is a video.":                                                      "视频。",
	"its thumbnail, valid for three days":                              "缩略图，三天内有效",
	"is a video recorded in the conversation.":                         "在对话里拍的小视频。",
	"is a place that the follower sent, or chose in a LocationSelect.": "关注者发送的位置，或者在 LocationSelect 里选择的位置。",
	"degrees, north positive":                                          "纬度，北纬为正",
	"degrees, east positive":                                           "经度，东经为正",
	"zoom level of the map":                                            "地图的缩放级别",
	"the place in words":                                               "地名",
	"is a shared page.":                                                "分享的网页。",
	"of the page":                                                      "取自网页",
	"of the page; chosen by the sender, do not trust it":               "网页的网址；由发送者决定，不可相信",
	"is a file.":                                                       "文件。",
	"the file's name":                                                  "文件名",
	"may be empty":                                                     "可能为空",
	"the platform's name of the file":                                  "平台给文件的名称",
	"32 hexadecimal digits":                                            "32 位十六进制数",
	"bytes":                                                            "字节数",
	"is a follow, by a QR code or otherwise.":                          "关注，无论是否扫码。",
	"empty, or qrscene_ and the scene of the QR code; others (last_trade_no_…) occur": "空，或者 qrscene_ 加上二维码的场景值；也会出现别的（last_trade_no_…）",
	"of the QR code, if there was one":                                                "二维码的 ticket；没有扫码时没有",
	"is an unfollow.":                                                                 "取消关注。",
	"is a follower's scan of one of the account's parametric QR codes.":               "已关注的人扫描公众号的带参数二维码。",
	"the scene, number or text, without a prefix":                                     "场景值，数字或文字，没有前缀",
	"of the QR code": "二维码的 ticket",
	"is the location of a follower who shares it with the account.": "上报的位置，来自允许公众号获取位置的关注者。",
	"metres": "精度，单位是米",
	"is a tap on a menu button of type click.":                                     "点了 click 类型的菜单按钮。",
	"is a tap on a menu button of type view.":                                      "点了 view 类型的菜单按钮。",
	"of the conditional menu that contains the button":                             "按钮所在的个性化菜单的 id",
	"is a tap on a menu button of type miniprogram.":                               "点了 miniprogram 类型的菜单按钮。",
	"follows a tap on a menu button of type scancode_push and the scan of a code.": "点了 scancode_push 类型的菜单按钮并扫码之后。",
	"what was scanned":                       "扫到的码",
	"usually qrcode; other values occur":     "通常是 qrcode；也会出现别的值",
	"what the code says: a URL, or any text": "码的内容：网址，或者任意文字",
	"follows a tap on a menu button of type scancode_waitmsg and the scan of a code.": "点了 scancode_waitmsg 类型的菜单按钮并扫码之后。",
	"follows a tap on a menu button of type pic_sysphoto and the taking of photos.":   "点了 pic_sysphoto 类型的菜单按钮并拍照之后。",
	"the pictures that will arrive":      "随后会到达的图片",
	"the number of pictures":             "图片的张数",
	"one for each picture":               "每张图片一项",
	"of the file, 32 hexadecimal digits": "文件的 MD5，32 位十六进制数",
	"follows a tap on a menu button of type pic_photo_or_album and the taking or choosing of photos.": "点了 pic_photo_or_album 类型的菜单按钮，并拍照或选择照片之后。",
	"follows a tap on a menu button of type pic_weixin and the choosing of photos in WeChat's album.": "点了 pic_weixin 类型的菜单按钮，并从微信相册选择照片之后。",
	"follows a tap on a menu button of type location_select and the choice of a place.":               "点了 location_select 类型的菜单按钮并选择位置之后。",
	"the place":                                   "位置",
	"its name on the map; may be empty":           "位置在地图上的名称；可能为空",
	"reports whether a template message arrived.": "模板消息是否送达。",
	"the msgid that the call returned":            "调用接口时返回的 msgid",
	"success, \"failed:user block\" or \"failed: system failed\"; other values occur": "success、\"failed:user block\"（用户拒收）或 \"failed: system failed\"；也会出现别的值",
	"reports the result of a mass send.":                                              "群发的结果。",
	"the msg_id that the call returned":                                               "调用接口时返回的 msg_id",
	"Status is \"send success\", \"send fail\", or err(N) if the platform's review stopped it. N is 10001 advertising, 20001 politics, 20002 pornography, 20004 society, 20006 crime, 20008 fraud, 20013 copyright, 21000 other, 22000 mutual promotion; 30001 the check of originality failed and reprints were not to be sent, 30002 it forbids sending, 30003 it found a reprint and reprints were not to be sent; 40001 an administrator refused, 40002 no administrator answered within 30 minutes. Other values occur, such as err(20431).": "\"send success\"、\"send fail\"，或者没有通过平台审核时的 err(N)。N：10001 涉嫌广告，20001 涉嫌政治，20002 涉嫌色情，20004 涉嫌社会，20006 涉嫌违法犯罪，20008 涉嫌欺诈，20013 涉嫌版权，21000 涉嫌其他，22000 涉嫌互推；30001 原创校验出错，并且选择了转载就不群发，30002 原创校验判定不能群发，30003 原创校验判定为转载，并且选择了转载就不群发；40001 管理员拒绝，40002 管理员 30 分钟内没有回应。也会出现别的值，例如 err(20431)。",
	"followers addressed": "要发送的人数",
	"of these, followers left by the platform's filters: about SentCount + ErrorCount": "其中经过平台过滤之后的人数，约等于 SentCount + ErrorCount",
	"messages sent":                                    "发送成功的人数",
	"messages that failed":                             "发送失败的人数",
	"the check of originality":                         "原创校验",
	"number of articles checked":                       "校验的文章篇数",
	"one for each article":                             "每篇文章一项",
	"position of the article in the mass send, from 1": "群发中的第几篇文章，从 1 算起",
	"what the account declared about the article; values undocumented":             "公众号对这篇文章的声明；文档没有列出取值",
	"what the check found; values undocumented":                                    "校验的结论；文档没有列出取值",
	"the original that it resembles":                                               "与它相似的原创文章",
	"kind of that original; values undocumented":                                   "该原创文章的类型；文档没有列出取值",
	"1 if it may be reprinted":                                                     "可以转载时是 1",
	"1 if the platform replaces its content with the original's":                   "平台用原文替换内容时是 1",
	"1 if the source must be shown":                                                "必须注明转载来源时是 1",
	"1 no reprint, 2 a reprint that may be sent, 3 a reprint that may not be sent": "1 不是转载，2 是转载、可以群发，3 是转载、不能群发",
	"the articles, if articles were sent":                                          "群发的文章；群发图文时才有",
	"number of articles":                                                           "文章篇数",
	"permanent":                                                                    "永久链接",
	"reports the result of a publication (freepublish/submit).":                    "发布（freepublish/submit）的结果。",
	"the publish_id that the call returned":                                        "调用接口时返回的 publish_id",
	"PublishStatus is 0 published, 1 publishing, 2 refused for originality, 3 failed, 4 refused by the platform's review, 5 published, then all articles deleted by the account, 6 published, then all articles banned by the platform.": "0 发布成功，1 发布中，2 原创校验不通过，3 发布失败，4 平台审核不通过，5 发布之后公众号删除了全部文章，6 发布之后平台封禁了全部文章",
	"if it was published":                                                     "发布成功时才有",
	"position of the article, from 1":                                         "第几篇文章，从 1 算起",
	"positions of the faulty articles, from 1":                                "有问题的是第几篇文章，从 1 算起",
	"is a follower's answer to a pop-up that offers to subscribe to notices.": "关注者在订阅通知的弹窗里作了选择。",
	"one for each template offered":                                           "弹窗里的每个模板一项",
	"of the notice":                                                           "通知的模板 ID",
	"accept or reject":                                                        "accept（接受）或 reject（拒绝）",
	"the pop-up's place: 1 a page, 2 an article; other values occur, such as 0":                                    "弹窗的场景：1 网页，2 图文；也会出现别的值，例如 0",
	"reports that a follower switched notices off in WeChat's settings.":                                           "关注者在微信的设置里关闭了通知。",
	"List has one entry for each template. The platform's page once showed the entries in SubscribeMsgPopupEvent.": "每个模板一项。平台文档曾经把它们写在 SubscribeMsgPopupEvent 里",
	"reject; the platform does not push that a notice was switched on":                                             "reject；打开通知时平台不推送",
	"reports whether notices arrived.":                                                                             "通知是否送达。",
	"one for each notice":                                                                                          "每条通知一项",
	"0 if the notice was sent":                                                                                     "发送成功时是 0",
	"success, or the reason of the failure; the values are open":                                                   "success，或者失败的原因；取值不固定",
	"reports that the platform removed a risky nickname or avatar from a user's profile.":                          "平台因为有风险而清除了某个用户的昵称或头像。",
	"reports that a user withdrew an authorization.":                                                               "用户撤回了授权。",
	"RevokeInfo names what was withdrawn: 201 address, 202 invoice, 203 card, 204 microphone, 205 nickname and avatar, 206 location, 207 chosen pictures or videos. Other values occur: the platform's own sample has 1.": "撤回的是：201 地址，202 发票，203 卡券，204 麦克风，205 昵称和头像，206 位置，207 选中的图片或视频。也会出现别的值：平台自己的样例里是 1",
	"reports that a user closed the WeChat account.":                                          "用户注销了微信账号。",
	"reports that an agent of the customer-service desk took over a follower's conversation.": "客服人员接入了关注者的会话。",
	"the agent, name@account": "客服账号，名称@公众号",
	"reports that a conversation with the customer-service desk ended.":                          "与人工客服的会话结束了。",
	"who or what ended it; often missing, values undocumented":                                   "由哪一方结束；经常没有，文档没有列出取值",
	"reports that an agent of the customer-service desk passed a conversation to another agent.": "客服人员把会话转给了另一位客服人员。",
	"the previous agent, name@account":                                                           "原来的客服账号，名称@公众号",
	"the new agent, name@account":                                                                "新的客服账号，名称@公众号",
	"reports that the account's subject is verified.":                                            "公众号的主体通过了资质认证。",
	"end of the verification, in seconds since 1970":                                             "认证到期的时间，自 1970 年起的秒数",
	"reports that the verification of the account's subject failed.":                             "公众号的主体没有通过资质认证。",
	"in seconds since 1970":                                                                      "失败的时间，自 1970 年起的秒数",
	"in words":                                                                                   "原因",
	"reports that the account's name is verified.":                                               "公众号的名称通过了认证。",
	"reports that the verification of the account's name failed.":                                "公众号的名称没有通过认证。",
	"reports that the verification must be renewed.":                                             "认证需要年审。",
	"reports that the verification has ended.":                                                   "认证已经过期。",
	"is what the platform's debugging tool (消息推送 → 调试工具) pushes.":                                "平台的调试工具（消息推送 → 调试工具）发出的推送。",
	"the text typed into the tool":                                                               "在工具里输入的文字",
}
