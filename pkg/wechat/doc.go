// Package wechat is the protocol between the WeChat platform and an Official Account's server: the signature and the
// encryption of a push, the push itself as a typed value, and the passive reply.
//
// The platform sends each message of a follower and each event as a POST request, and shows the follower what the
// response holds. In safe mode the way is:
//
//   - [ReadEnvelope] finds the Encrypt element in the body, [VerifySignature] checks the query's msg_signature over it,
//     [Cipher.Decrypt] opens it;
//   - [ParsePush] makes a [Push] of what was inside: a pointer to the type of its kind, such as [*Text] or [*Subscribe],
//     or a [*Raw];
//   - [MarshalReply] writes the [Reply], such as a [TextReply], and [Cipher.Seal] seals it.
//
// In plain mode VerifySignature checks the query's signature, which covers no body, and ParsePush takes the body itself.
// To add a kind of push, add its struct and its line to the table in kinds.go. docs/pushes.md lists all kinds.
//
// It follows the platform's pages 消息推送 (https://developers.weixin.qq.com/doc/subscription/guide/dev/push/),
// 消息加解密 (…/guide/dev/push/encryption.html), 接收普通消息 and 接收事件推送
// (…/guide/product/message/Receiving_standard_messages.html, Receiving_event_pushes.html) and 被动回复
// (…/guide/product/message/Passive_user_reply_message.html).
//
// It does no I/O and imports the standard library only.
package wechat
