// Package accountyaml reads account.yaml, in which the owner of an Official Account writes the welcome, the replies to
// keywords and menu clicks, the reply to everything else, and the menu. Package autoreply has the result.
//
//	welcome: 欢迎关注！                # the reply to a follow
//	default: 编辑@+您想说的话          # the reply to a text that no rule matches
//	suggestion: 已经收到您的建议       # the reply to a suggestion
//	messages:                        # optional; to a message that is no text: image, voice, video, location, link, file, other
//	  image: 图片收到了，谢谢！
//	keywords:                        # optional; the first rule that matches answers
//	  - exact: 你好                   # exactly one of exact, prefix, contains: a keyword, or a list of keywords
//	    reply: 您好！
//	clicks:                          # optional; by the EventKey of the menu's click buttons
//	  about: 关于我们
//	menu:                            # optional, as is conditionalmenu: the custom menu, as the platform's calls take it
//	  button:
//	    - {name: 关于我们, type: click, key: about}
//	menu_drift: repair               # or tell: if someone else has changed the live menu
//
// Each of these replies can instead be a mapping of one of the following. The fields have the names of the platform's JSON
// APIs. media_id, thumb_media_id, title and the url of an article are required, and no field may be empty:
//
//	image: {media_id: …}
//	voice: {media_id: …}
//	video: {media_id: …, title: …, description: …}
//	music: {thumb_media_id: …, title: …, description: …, musicurl: …, hqmusicurl: …}
//	news:                            # to a follow or a click up to eight articles, to a message one
//	  - {title: …, url: …, description: …, picurl: …}
//	transfer_customer_service: {kf_account: name@account} # to a message; {} is any agent who is online
//	transfer_biz_ai_ivr: {}          # to a message: the platform's own AI reply
//	random: [reply, reply, …]        # one of them, the same for each delivery of one push
//	ai: {base_url: …, model: …}      # to a text, as the default or of a keyword: what a language model answers, see autoreply.AI
//
// Instead of media_id or thumb_media_id, file may name a file in account/media.
//
// In developer mode, the platform's customer service receives only messages to which the reply is
// transfer_customer_service. As the default, it transfers every text that no rule answers
// (https://developers.weixin.qq.com/doc/subscription/guide/product/kf/forwarding.html). The same is true of the AI reply
// (https://developers.weixin.qq.com/doc/subscription/guide/product/message/Passive_user_reply_message.html), which must be
// switched on in WeChat's console.
//
// Keywords are compared without the white space around the text and without case, so "Hello", as a phone writes it, matches
// the rule "hello". There are no other equivalences: a full-width letter does not equal its half-width form.
package accountyaml

import "github.com/guanzhu/guanzhu/internal/autoreply"

// A File is a checked account.yaml.
type File struct {
	*autoreply.Account
	Data autoreply.Data // what the Account answers from

	sentences []sentence // in the order of the file
	lost      []sentence // what YAML takes for comments
}
