// Package wechat is the protocol between the WeChat platform and an Official Account's server: the signature and the
// encryption of a push, the push itself as a typed value, and the passive reply.
//
// It follows the platform's pages 消息推送 (https://developers.weixin.qq.com/doc/subscription/guide/dev/push/),
// 消息加解密 (…/guide/dev/push/encryption.html), 接收普通消息 and 接收事件推送
// (…/guide/product/message/Receiving_standard_messages.html, Receiving_event_pushes.html) and 被动回复
// (…/guide/product/message/Passive_user_reply_message.html).
//
// It does no I/O and imports the standard library only.
package wechat
