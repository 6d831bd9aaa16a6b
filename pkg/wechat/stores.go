package wechat

// PoiCheckNotify, event poi_check_notify, tells how the review of a store that the account added went. It cannot be
// replied to.
//
// See https://developers.weixin.qq.com/doc/offiaccount/WeChat_Stores/WeChat_Store_Interface.html
type PoiCheckNotify struct {
	Head
	UniqID string `wechat:"UniqId,verbatim"` // the store, as the account named it (sid)
	PoiID  string `wechat:"PoiId"`           // the store, as the platform names it; only where it passed
	Result string // succ or fail
	Msg    string // why not, in words
}

// MerchantOrder, event merchant_order, tells that a user paid for an order in the account's store of the old kind
// (微信小店, closed). No reply to it is documented. The platform's page is gone; the fields are those that public
// clients of the protocol read.
type MerchantOrder struct {
	Head
	OrderID     string `wechat:"OrderId"` // of the order
	OrderStatus int64  // 2 paid; other values are not documented
	ProductID   string `wechat:"ProductId"` // what was bought
	SkuInfo     string // its variant: pairs of ids, 10001:1000012;10002:100021
}

// ApplyMerchantAudit, event apply_merchant_audit_info, tells how the review of the account's request for a store mini
// program (门店小程序) went. It cannot be replied to.
//
// See https://developers.weixin.qq.com/doc/offiaccount/WeChat_Stores/WeChat_Shop_Miniprogram_Interface.html
type ApplyMerchantAudit struct {
	Head
	AuditID uint64 `wechat:"audit_id"` // of the review
	Status  int64  `wechat:"status"`   // 1 passed, 2 under way, 3 refused; the API's page also has 4, an administrator refused
	Reason  string `wechat:"reason"`   // why not, in words
}

// CreateMapPoiAudit, event create_map_poi_audit_info, tells how the review of a store that the account added to
// Tencent's map went. It cannot be replied to.
//
// See https://developers.weixin.qq.com/doc/offiaccount/WeChat_Stores/WeChat_Shop_Miniprogram_Interface.html
type CreateMapPoiAudit struct {
	Head
	AuditID   uint64  `wechat:"audit_id"`   // of the review
	Status    int64   `wechat:"status"`     // 1 passed; other values are not documented
	MapPoiID  string  `wechat:"map_poi_id"` // the place on the map
	Name      string  `wechat:"name"`       // of the store
	Address   string  `wechat:"address"`    // of the store
	Latitude  float64 `wechat:"latitude"`   // degrees, north positive
	Longitude float64 `wechat:"longitude"`  // degrees, east positive
	Remark    string  `wechat:"sh_remark"`  // the reviewer's, in words
}

// AddStoreAudit, event add_store_audit_info, tells how the review of a store of the store mini program (门店小程序)
// went. It cannot be replied to.
//
// See https://developers.weixin.qq.com/doc/offiaccount/WeChat_Stores/WeChat_Shop_Miniprogram_Interface.html
type AddStoreAudit struct {
	Head
	AuditID   uint64 `wechat:"audit_id"`   // of the review
	Status    int64  `wechat:"status"`     // 1 passed, 3 refused; other values are not documented
	Reason    string `wechat:"reason"`     // why not, in words
	IsUpgrade int64  `wechat:"is_upgrade"` // whether the store was one of the old kind before; the values are not documented
	PoiID     string `wechat:"poiid"`      // the store, as the platform names it
}

// ModifyStoreAudit, event modify_store_audit_info, tells how the review of a store's changed pictures went. It cannot
// be replied to.
//
// See https://developers.weixin.qq.com/doc/offiaccount/WeChat_Stores/WeChat_Shop_Miniprogram_Interface.html
type ModifyStoreAudit struct {
	Head
	AuditID uint64 `wechat:"audit_id"` // of the review
	Status  int64  `wechat:"status"`   // 1 passed, 3 refused; other values are not documented
	Reason  string `wechat:"reason"`   // why not, in words
}
