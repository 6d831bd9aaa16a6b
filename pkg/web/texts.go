package web

type pageName string

const (
	homePage     pageName = "home"
	outside      pageName = "outside"
	askForLink   pageName = "ask for link"
	askToFollow  pageName = "ask to follow"
	snapshotPage pageName = "snapshot"
	offerEntry   pageName = "offer entry"
	spentLink    pageName = "spent link"
	failed       pageName = "failed"
	refused      pageName = "refused"
	loggedOut    pageName = "logged out"
	trouble      pageName = "trouble"
	busy         pageName = "busy"
	nothingHere  pageName = "nothing here"
)

// keyword, in a line, means the text that followers send to get a personal link. Without one (Config.Keyword), the
// line is left out.
const keyword = "{keyword}"

// text is the text of a page.
type text struct {
	Title     string
	Lines     []string
	SinceWord string // before the date of the follow
	Button    string // empty if the page has none
}

// texts holds each page in each language.
var texts = map[pageName]map[string]text{
	homePage: {
		"zh": {"欢迎回来", []string{"您已关注本公众号，无需再次登录。"}, "关注日期：", "退出本设备"},
		"en": {"Welcome back", []string{"You follow this account, so there is no need to log in."}, "Following since ", "Log out on this device"},
	},
	outside: {
		"zh": {"请在微信中打开", []string{
			"本页面面向公众号的关注者。请在微信中打开公众号，从菜单进入。",
			"也可以在公众号对话里发送“{keyword}”，用收到的链接在这里打开。"}, "", ""},
		"en": {"Please open this in WeChat", []string{
			"This page is for the account's followers. Open the account in WeChat and come in by its menu.",
			"Or send “{keyword}” in the conversation and open the link you get here."}, "", ""},
	},
	askForLink: {
		"zh": {"请先获取个人链接", []string{
			"本页面要用公众号发给您的个人链接打开，链接十分钟内有效。",
			"在公众号对话里发送“{keyword}”，即可收到。"}, "", ""},
		"en": {"Please ask for your link", []string{
			"This page opens with a personal link from the account's conversation. It works for ten minutes.",
			"Send “{keyword}” there to get one."}, "", ""},
	},
	askToFollow: {
		"zh": {"请先关注公众号", []string{
			"关注后即可直接打开本页面，无需登录。",
			"如果您已经关注，请在公众号对话里发送“{keyword}”，再用收到的链接打开。"}, "", "我已关注"},
		"en": {"Please follow the account", []string{
			"Followers see this page without logging in.",
			"If you follow already, send “{keyword}” in the conversation and open the link you get."}, "", "I follow now"},
	},
	snapshotPage: {
		"zh": {"这是网页快照", []string{"微信正在以快照模式显示本页面，快照中无法确认您的身份。请点按页面下方的“使用完整服务”。"}, "", "重新打开"},
		"en": {"This is a snapshot", []string{"WeChat shows this page as a snapshot, in which you cannot be recognised. Tap “Use Full Service” (使用完整服务) below."}, "", "Open again"},
	},
	offerEntry: {
		"zh": {"登录", []string{"请点按按钮，在本设备上登录。此链接仅供您本人使用一次，请勿转发。"}, "", "登录"},
		"en": {"Log in", []string{"Press the button to log in on this device. The link is yours alone and works once; please do not pass it on."}, "", "Log in"},
	},
	spentLink: {
		"zh": {"链接已失效", []string{"此链接已被使用，或已超过十分钟。", "请在公众号对话里再次发送“{keyword}”，获取新的链接。"}, "", "打开首页"},
		"en": {"This link no longer works", []string{"It was used, or is older than ten minutes.", "Send “{keyword}” in the conversation for a new one."}, "", "Open the start page"},
	},
	failed: {
		"zh": {"未能登录", []string{
			"请从公众号的菜单重新进入。如果仍然不行，请检查微信是否允许本页面使用 Cookie。",
			"也可以在公众号对话里发送“{keyword}”，用收到的链接打开。"}, "", "再试一次"},
		"en": {"Not logged in", []string{
			"Please come in again by the account's menu in WeChat. If that does not help, see that cookies are allowed.",
			"Or send “{keyword}” in the conversation and open the link you get."}, "", "Try again"},
	},
	refused: {
		"zh": {"请求被拒绝", []string{"此请求来自其他网站。"}, "", "打开首页"},
		"en": {"Refused", []string{"This request came from another site."}, "", "Open the start page"},
	},
	loggedOut: {
		"zh": {"已退出", []string{"本设备已退出，其他设备不受影响。"}, "", "重新进入"},
		"en": {"Logged out", []string{"This device is logged out; your other devices are not."}, "", "Come in again"},
	},
	trouble: {
		"zh": {"暂时无法打开", []string{"服务暂时不可用，请稍后再试。"}, "", "再试一次"},
		"en": {"Not available now", []string{"Please try again in a moment."}, "", "Try again"},
	},
	busy: {
		"zh": {"系统繁忙", []string{"系统繁忙，请过几秒再试。"}, "", "再试一次"},
		"en": {"Busy", []string{"The service is busy. Please try again in a few seconds."}, "", "Try again"},
	},
	nothingHere: {
		"zh": {"页面不存在", []string{"这里没有内容。"}, "", "打开首页"},
		"en": {"Nothing here", []string{"There is no such page."}, "", "Open the start page"},
	},
}
