package wechat

// UserAuthorizeInvoice, event user_authorize_invoice, tells that a user asked for the electronic invoice of an order,
// or that this failed: one of the two numbers is set. No reply to it is documented.
//
// See https://developers.weixin.qq.com/doc/offiaccount/WeChat_Invoice/E_Invoice/Vendor_API_List.html
type UserAuthorizeInvoice struct {
	Head
	SuccOrderID string `wechat:"SuccOrderId,verbatim"` // the order, where it went well
	FailOrderID string `wechat:"FailOrderId,verbatim"` // the order, where it failed
	AppID       string `wechat:"AuthorizeAppId,AppId"` // who got the page that the user asked on; both names are in use
	Source      string // where the user asked: web, app, wxa (a mini program), wap; the set is open
}

// UpdateInvoiceStatus, event update_invoice_status, tells that the state of an invoice changed because its owner used
// it for an expense claim. No reply to it is documented.
//
// See https://developers.weixin.qq.com/doc/offiaccount/WeChat_Invoice/E_Invoice/Invoicing_Platform_API_List.html
type UpdateInvoiceStatus struct {
	Head
	// Status is INVOICE_REIMBURSE_ and INIT (not claimed), LOCK (in a claim), CLOSURE (paid) or CANCEL (the invoice is
	// void). The set is open.
	Status string
	CardID string `wechat:"CardId"` // the kind of invoice, which is a card
	Code   string // the invoice
}

// CloudInvoiceResult, event cloud_invoice_invoiceresult_event, tells whether an invoice asked for by the platform's
// API was made out. It cannot be replied to.
//
// See https://developers.weixin.qq.com/doc/offiaccount/WeChat_Invoice/E_Invoice/Vendor_API_List.html
type CloudInvoiceResult struct {
	Head
	RequestID  string `wechat:"fpqqlsh,verbatim"` // 发票请求流水号, the number of the request
	Status     int64  `wechat:"status"`           // 1 made out, 2 failed; the set is open
	TaxpayerID string `wechat:"nsrsbh"`           // 纳税人识别号 of who makes it out
}

// SubmitInvoiceTitle, event submit_invoice_title, is what a user filled in as the receiver of an invoice (发票抬头).
// No reply to it is documented.
//
// See https://developers.weixin.qq.com/doc/offiaccount/WeChat_Invoice/Quick_issuing/Interface_Instructions.html
type SubmitInvoiceTitle struct {
	Head
	Title     string `wechat:"title,verbatim"`     // name of the receiver
	TaxNo     string `wechat:"tax_no,verbatim"`    // its tax number
	Phone     string `wechat:"phone,verbatim"`     // its telephone
	Addr      string `wechat:"addr,verbatim"`      // its address
	BankType  string `wechat:"bank_type,verbatim"` // its bank
	BankNo    string `wechat:"bank_no,verbatim"`   // its account there
	Attach    string `wechat:"attach,verbatim"`    // what the account put into the link or QR code
	TitleType string `wechat:"title_type"`         // InvoiceUserTitlePersonType or InvoiceUserTitleBusinessType
}
