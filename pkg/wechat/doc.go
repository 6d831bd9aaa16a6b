// Package wechat implements the protocol between the WeChat platform and the server of an Official Account: the signature
// and encryption of pushes, the pushes as typed values, and passive replies.
//
// The platform sends each message of a follower and each event as a POST request, and shows the response to the follower. In
// safe mode, a push is handled in these steps:
//
//   - [ReadEnvelope] finds the Encrypt element in the body. [VerifySignature] checks the msg_signature of the query against
//     it. [Cipher.Decrypt] decrypts it.
//   - [ParsePush] parses the decrypted message into a [Push]: a pointer to the type of its kind, such as [*Text] or
//     [*Subscribe], or a [*Raw].
//   - [MarshalReply] encodes the [Reply], such as a [TextReply], and [Cipher.Seal] encrypts it.
//
// In plain mode, [VerifySignature] checks the signature of the query, which does not cover the body, and [ParsePush] parses
// the body itself. docs/pushes.md lists the kinds of pushes; kinds.go says how to add one.
//
// The package follows these pages of the platform:
//
//   - 消息推送: https://developers.weixin.qq.com/doc/subscription/guide/dev/push/
//   - 消息加解密: https://developers.weixin.qq.com/doc/subscription/guide/dev/push/encryption.html
//   - 接收普通消息: https://developers.weixin.qq.com/doc/subscription/guide/product/message/Receiving_standard_messages.html
//   - 接收事件推送: https://developers.weixin.qq.com/doc/subscription/guide/product/message/Receiving_event_pushes.html
//   - 被动回复: https://developers.weixin.qq.com/doc/subscription/guide/product/message/Passive_user_reply_message.html
//
// It does no I/O and imports only the standard library.
package wechat
