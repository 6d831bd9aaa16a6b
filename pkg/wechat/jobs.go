package wechat

// TemplateSendJobFinish, event TEMPLATESENDJOBFINISH, reports whether a template message arrived. It cannot be replied to.
//
// See https://developers.weixin.qq.com/doc/offiaccount/Message_Management/Template_Message_Interface.html
type TemplateSendJobFinish struct {
	Head
	MsgID  uint64 // the msgid that the call returned
	Status string // success, "failed:user block" or "failed: system failed"; other values occur
}

// MassSendJobFinish, event MASSSENDJOBFINISH, reports the result of a mass send. FromUserName is not a user who wrote to the
// account. It cannot be replied to.
//
// See https://developers.weixin.qq.com/doc/offiaccount/Message_Management/Batch_Sends_and_Originality_Checks.html
type MassSendJobFinish struct {
	Head
	MsgID uint64 // the msg_id that the call returned
	// Status is "send success", "send fail", or err(N) if the platform's review stopped it. N is 10001 advertising, 20001
	// politics, 20002 pornography, 20004 society, 20006 crime, 20008 fraud, 20013 copyright, 21000 other, 22000 mutual
	// promotion; 30001 the check of originality failed and reprints were not to be sent, 30002 it forbids sending, 30003 it
	// found a reprint and reprints were not to be sent; 40001 an administrator refused, 40002 no administrator answered within
	// 30 minutes. Other values occur, such as err(20431).
	Status               string
	TotalCount           int64                // followers addressed
	FilterCount          int64                // of these, followers left by the platform's filters: about SentCount + ErrorCount
	SentCount            int64                // messages sent
	ErrorCount           int64                // messages that failed
	CopyrightCheckResult CopyrightCheckResult // the check of originality
	ArticleURLResult     ArticleURLResult     `wechat:"ArticleUrlResult"` // the articles, if articles were sent
}

// CopyrightCheckResult is the result of the check of originality in a mass send of articles.
type CopyrightCheckResult struct {
	Count      int64              // number of articles checked
	ResultList []ArticleCopyright `wechat:"ResultList>item"` // one for each article
	CheckState int64              // 1 no reprint, 2 a reprint that may be sent, 3 a reprint that may not be sent
}

// ArticleCopyright is the result of the check of originality for one article.
type ArticleCopyright struct {
	ArticleIdx            int64  // position of the article in the mass send, from 1
	UserDeclareState      int64  // what the account declared about the article; values undocumented
	AuditState            int64  // what the check found; values undocumented
	OriginalArticleURL    string `wechat:"OriginalArticleUrl"` // the original that it resembles
	OriginalArticleType   int64  // kind of that original; values undocumented
	CanReprint            int64  // 1 if it may be reprinted
	NeedReplaceContent    int64  // 1 if the platform replaces its content with the original's
	NeedShowReprintSource int64  // 1 if the source must be shown
}

// ArticleURLResult has the addresses of the articles of a mass send.
type ArticleURLResult struct {
	Count      int64             // number of articles
	ResultList []MassSendArticle `wechat:"ResultList>item"` // one for each article
}

// MassSendArticle is the address of one article of a mass send.
type MassSendArticle struct {
	ArticleIdx int64  // position of the article in the mass send, from 1
	ArticleURL string `wechat:"ArticleUrl"` // permanent
}

// PublishJobFinish, event PUBLISHJOBFINISH or FREEPUBLISHJOBFINISH, reports the result of a publication
// (freepublish/submit). The platform's page had the second name until 2022. It cannot be replied to.
//
// See https://developers.weixin.qq.com/doc/service/api/public/api_freepublish_submit
type PublishJobFinish struct {
	Head
	PublishID uint64 `wechat:"PublishEventInfo>publish_id"` // the publish_id that the call returned
	// PublishStatus is 0 published, 1 publishing, 2 refused for originality, 3 failed, 4 refused by the platform's review,
	// 5 published, then all articles deleted by the account, 6 published, then all articles banned by the platform.
	PublishStatus int64              `wechat:"PublishEventInfo>publish_status"`
	ArticleID     string             `wechat:"PublishEventInfo>article_id"`           // if it was published
	ArticleCount  int64              `wechat:"PublishEventInfo>article_detail>count"` // if it was published
	Articles      []PublishedArticle `wechat:"PublishEventInfo>article_detail>item"`  // if it was published
	FailIdx       []int64            `wechat:"PublishEventInfo>fail_idx"`             // positions of the faulty articles, from 1
}

// PublishedArticle is the address of one article of a publication.
type PublishedArticle struct {
	Idx        int64  `wechat:"idx"`         // position of the article, from 1
	ArticleURL string `wechat:"article_url"` // permanent
}
