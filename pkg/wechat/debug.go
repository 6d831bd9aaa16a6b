package wechat

// DebugDemo, event debug_demo, is what the platform's debugging tool (消息推送 → 调试工具) pushes. It cannot be
// replied to by a Reply: the platform's example answers with an element demo_resp.
//
// See https://developers.weixin.qq.com/doc/subscription/guide/dev/push/encryption.html
type DebugDemo struct {
	Head
	DebugStr string `wechat:"debug_str,verbatim"` // the text typed into the tool
}
