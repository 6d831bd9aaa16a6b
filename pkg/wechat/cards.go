package wechat

// The events here are about cards and vouchers (微信卡券), which the platform keeps for accounts that have them. CardID
// names a kind of card, UserCardCode one copy of it in a user's hands.

// CardPassCheck, event card_pass_check, tells that a kind of card passed the platform's review. It cannot be replied
// to.
//
// See https://developers.weixin.qq.com/doc/service/guide/product/card/Coupons_Vouchers_and_Cards_Event_Push_Messages.html
type CardPassCheck struct {
	Head
	CardID       string `wechat:"CardId"` // the kind of card
	RefuseReason string // empty here
}

// CardNotPassCheck, event card_not_pass_check, tells that a kind of card did not pass the platform's review. It
// cannot be replied to.
//
// See https://developers.weixin.qq.com/doc/service/guide/product/card/Coupons_Vouchers_and_Cards_Event_Push_Messages.html
type CardNotPassCheck struct {
	Head
	CardID       string `wechat:"CardId"` // the kind of card
	RefuseReason string // in words
}

// UserGetCard, event user_get_card, tells that a user took a card. No reply to it is documented.
//
// See https://developers.weixin.qq.com/doc/service/guide/product/card/Coupons_Vouchers_and_Cards_Event_Push_Messages.html
type UserGetCard struct {
	Head
	CardID              string `wechat:"CardId"` // the kind of card
	IsGiveByFriend      int64  // 1 where a friend gave it, else 0
	UserCardCode        string `wechat:"UserCardCode,verbatim"` // the copy
	FriendUserName      string // openid of the friend who gave it
	OuterID             int64  `wechat:"OuterId"`                  // number of the channel that gave it out; OuterStr took its place
	OldUserCardCode     string `wechat:"OldUserCardCode,verbatim"` // the copy's code before it was given on, where the code changes with that
	OuterStr            string `wechat:"OuterStr,verbatim"`        // the channel that gave it out, as the account named it
	IsRestoreMemberCard int64  // 1 where a deleted member card was taken back, else 0
	IsRecommendByFriend int64  // 1 where a friend recommended it, else 0
	UnionID             string `wechat:"UnionId"` // the user, if the account is bound to an Open Platform account
}

// UserGiftingCard, event user_gifting_card, tells that a user gave a card away. No reply to it is documented.
//
// See https://developers.weixin.qq.com/doc/service/guide/product/card/Coupons_Vouchers_and_Cards_Event_Push_Messages.html
type UserGiftingCard struct {
	Head
	CardID         string `wechat:"CardId"`                // the kind of card
	UserCardCode   string `wechat:"UserCardCode,verbatim"` // the copy
	IsReturnBack   int64  // 1 where it came back because nobody took it, else 0
	FriendUserName string // openid of who is given it
	IsChatRoom     int64  // 1 where it was given to a group chat, else 0
}

// UserDelCard, event user_del_card, tells that a user deleted a card. No reply to it is documented.
//
// See https://developers.weixin.qq.com/doc/service/guide/product/card/Coupons_Vouchers_and_Cards_Event_Push_Messages.html
type UserDelCard struct {
	Head
	CardID       string `wechat:"CardId"`                // the kind of card
	UserCardCode string `wechat:"UserCardCode,verbatim"` // the copy
}

// UserConsumeCard, event user_consume_card, tells that a card was used up. No reply to it is documented.
//
// See https://developers.weixin.qq.com/doc/service/guide/product/card/Coupons_Vouchers_and_Cards_Event_Push_Messages.html
type UserConsumeCard struct {
	Head
	CardID        string `wechat:"CardId"`                // the kind of card
	UserCardCode  string `wechat:"UserCardCode,verbatim"` // the copy
	ConsumeSource string // FROM_API, FROM_MP (the platform's site), FROM_MOBILE_HELPER (the merchant's phone); the set is open
	LocationName  string // the shop, where the user or the till did it
	StaffOpenID   string `wechat:"StaffOpenId"`           // openid of the staff member, with FROM_MOBILE_HELPER
	VerifyCode    string `wechat:"VerifyCode,verbatim"`   // what the user typed as the code, where the user did it
	RemarkAmount  string `wechat:"RemarkAmount,verbatim"` // what the user typed as the amount, where the user did it
	OuterStr      string `wechat:"OuterStr,verbatim"`     // what the account gave with the call that used it up
}

// UserPayFromPayCell, event user_pay_from_pay_cell, tells that a user paid with a card in WeChat's pay cell
// (微信买单). No reply to it is documented.
//
// See https://developers.weixin.qq.com/doc/service/guide/product/card/Coupons_Vouchers_and_Cards_Event_Push_Messages.html
type UserPayFromPayCell struct {
	Head
	CardID       string `wechat:"CardId"`                // the kind of card
	UserCardCode string `wechat:"UserCardCode,verbatim"` // the copy
	TransID      string `wechat:"TransId"`               // WeChat Pay's number of the payment
	LocationID   string `wechat:"LocationId"`            // the shop
	Fee          int64  // paid, in fen (1/100 yuan)
	OriginalFee  int64  // due before the card, in fen (1/100 yuan)
}

// UserViewCard, event user_view_card, tells that a user opened a member card. No reply to it is documented.
//
// See https://developers.weixin.qq.com/doc/service/guide/product/card/Coupons_Vouchers_and_Cards_Event_Push_Messages.html
type UserViewCard struct {
	Head
	CardID       string `wechat:"CardId"`                // the kind of card
	UserCardCode string `wechat:"UserCardCode,verbatim"` // the copy
	OuterStr     string `wechat:"OuterStr,verbatim"`     // the channel that gave it out, as the account named it
}

// UserEnterSessionFromCard, event user_enter_session_from_card, tells that a user came from a card to the account's
// conversation. No reply to it is documented.
//
// See https://developers.weixin.qq.com/doc/service/guide/product/card/Coupons_Vouchers_and_Cards_Event_Push_Messages.html
type UserEnterSessionFromCard struct {
	Head
	CardID       string `wechat:"CardId"`                // the kind of card
	UserCardCode string `wechat:"UserCardCode,verbatim"` // the copy
}

// UpdateMemberCard, event update_member_card, tells that a member card's points or balance changed. No reply to it is
// documented.
//
// See https://developers.weixin.qq.com/doc/service/guide/product/card/Coupons_Vouchers_and_Cards_Event_Push_Messages.html
type UpdateMemberCard struct {
	Head
	CardID        string `wechat:"CardId"`                // the kind of card
	UserCardCode  string `wechat:"UserCardCode,verbatim"` // the copy
	ModifyBonus   int64  // points more, or less where negative
	ModifyBalance int64  // balance more, or less where negative; the unit is not documented
}

// CardSkuRemind, event card_sku_remind, tells that a kind of card runs out: it began with more than 200 and has 100
// or fewer left. It cannot be replied to.
//
// See https://developers.weixin.qq.com/doc/service/guide/product/card/Coupons_Vouchers_and_Cards_Event_Push_Messages.html
type CardSkuRemind struct {
	Head
	CardID string `wechat:"CardId"` // the kind of card
	Detail string // in words
}

// CardPayOrder, event card_pay_order, tells that the account's card coins (券点) changed. It cannot be replied to.
//
// See https://developers.weixin.qq.com/doc/service/guide/product/card/Coupons_Vouchers_and_Cards_Event_Push_Messages.html
type CardPayOrder struct {
	Head
	OrderID string `wechat:"OrderId"` // of the change
	// Status is ORDER_STATUS_ and WAITING (for the payment), SUCC (paid), FINANCE_SUCC (coins added), QUANTITY_SUCC
	// (stock added), HAS_REFUND, REFUND_WAITING, ROLLBACK (failed, undone) or HAS_RECEIPT. The set is open.
	Status              string
	CreateOrderTime     int64  // when the payment's QR code was made, in seconds since 1970
	PayFinishTime       int64  // when it was paid, in seconds since 1970
	Desc                string // the way of payment, in words
	FreeCoinCount       int64  // free coins left
	PayCoinCount        int64  // paid coins left
	RefundFreeCoinCount int64  // free coins in this change
	RefundPayCoinCount  int64  // paid coins in this change
	// OrderType is ORDER_TYPE_ and SYS_ADD (given by the platform), WXPAY (bought), REFUND (back from unused stock),
	// REDUCE (turned into stock) or SYS_REDUCE (taken by the platform). The set is open.
	OrderType   string
	Memo        string // the reason, in words
	ReceiptInfo string // of the receipt made out
}

// SubmitMemberCardUserInfo, event submit_membercard_user_info, tells that a user filled in the form that activates a
// member card. No reply to it is documented.
//
// See https://developers.weixin.qq.com/doc/service/guide/product/card/Coupons_Vouchers_and_Cards_Event_Push_Messages.html
type SubmitMemberCardUserInfo struct {
	Head
	CardID       string `wechat:"CardId"`                // the kind of card
	UserCardCode string `wechat:"UserCardCode,verbatim"` // the copy
}

// GiftCardPayDone, event giftcard_pay_done, tells that a user paid for gift cards. No reply to it is documented.
//
// See https://developers.weixin.qq.com/doc/offiaccount/Cards_and_Offer/gift_card.html
type GiftCardPayDone struct {
	Head
	PageID  string `wechat:"PageId"`  // the shelf it was bought from
	OrderID string `wechat:"OrderId"` // of the purchase
}

// GiftCardSendToFriend, event giftcard_send_to_friend, tells that a user gave bought gift cards away. No reply to it
// is documented.
//
// See https://developers.weixin.qq.com/doc/offiaccount/Cards_and_Offer/gift_card.html
type GiftCardSendToFriend struct {
	Head
	PageID       string `wechat:"PageId"`  // the shelf it was bought from
	OrderID      string `wechat:"OrderId"` // of the purchase
	IsChatRoom   string // true where it was given to a group chat
	IsReturnBack string // true where it came back, not taken for 24 hours
}

// GiftCardUserAccept, event giftcard_user_accept, tells that a user took gift cards that were given. No reply to it
// is documented.
//
// See https://developers.weixin.qq.com/doc/offiaccount/Cards_and_Offer/gift_card.html
type GiftCardUserAccept struct {
	Head
	PageID     string `wechat:"PageId"`  // the shelf it was bought from
	OrderID    string `wechat:"OrderId"` // of the purchase
	IsChatRoom string // true where it was given to a group chat
}

// CardMerchantCheckResult, event card_merchant_check_result, tells an account that issues cards for others how the
// review of one of these went. It cannot be replied to.
//
// See https://developers.weixin.qq.com/doc/offiaccount/Cards_and_Offer/Third-party_developer_mode.html
type CardMerchantCheckResult struct {
	Head
	MerchantID string `wechat:"MerchantId"` // the merchant reviewed
	IsPass     int64  // 1 where it passed, else 0
	Reason     string // why not, in words
}
