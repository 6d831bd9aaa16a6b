package wechat

// TemplateSendJobFinish, event TEMPLATESENDJOBFINISH, tells whether a template message arrived. It cannot be replied
// to.
//
// See https://developers.weixin.qq.com/doc/offiaccount/Message_Management/Template_Message_Interface.html
type TemplateSendJobFinish struct {
	Head
	MsgID  uint64 // the msgid that sending it gave
	Status string // success, "failed:user block", "failed: system failed"; the set is open
}

// MassSendJobFinish, event MASSSENDJOBFINISH, tells how a mass send went. FromUserName is nobody who wrote to the
// account. It cannot be replied to.
//
// See https://developers.weixin.qq.com/doc/offiaccount/Message_Management/Batch_Sends_and_Originality_Checks.html
type MassSendJobFinish struct {
	Head
	MsgID uint64 // the msg_id that the mass send gave
	// Status is "send success", "send fail", or err(N) where the platform's review stopped it. N is 10001 advertising,
	// 20001 politics, 20002 pornography, 20004 society, 20006 crime, 20008 fraud, 20013 copyright, 21000 other, 22000
	// mutual promotion; 30001 the check of originality failed and reprints were not to be sent, 30002 it forbids the
	// sending, 30003 it found a reprint and reprints were not to be sent; 40001 an administrator refused, 40002 none
	// answered within 30 minutes. The set is open: err(20431) has been seen.
	Status               string
	TotalCount           int64                // followers addressed
	FilterCount          int64                // of these, left over by the platform's filters: about SentCount + ErrorCount
	SentCount            int64                // sent
	ErrorCount           int64                // failed
	CopyrightCheckResult CopyrightCheckResult // the check of originality
	ArticleURLResult     ArticleURLResult     `wechat:"ArticleUrlResult"` // the articles sent, if the mass send is of articles
}

// CopyrightCheckResult is what the check of originality found in a mass send of articles.
type CopyrightCheckResult struct {
	Count      int64              // how many articles it is about
	ResultList []ArticleCopyright `wechat:"ResultList>item"` // one for each
	CheckState int64              // 1 no reprint, 2 a reprint that may be sent, 3 a reprint that may not
}

// ArticleCopyright is what the check of originality found in one article.
type ArticleCopyright struct {
	ArticleIdx            int64  // which article of the mass send, from 1
	UserDeclareState      int64  // what the account declared about the article; the values are not documented
	AuditState            int64  // what the check found; the values are not documented
	OriginalArticleURL    string `wechat:"OriginalArticleUrl"` // the original it resembles
	OriginalArticleType   int64  // the kind of that original; the values are not documented
	CanReprint            int64  // 1 where it may be reprinted
	NeedReplaceContent    int64  // 1 where the platform puts the original's text in its place
	NeedShowReprintSource int64  // 1 where the source is to be shown
}

// ArticleURLResult tells where the articles of a mass send are.
type ArticleURLResult struct {
	Count      int64             // how many articles it is about
	ResultList []MassSendArticle `wechat:"ResultList>item"` // one for each
}

// MassSendArticle is the address of one article of a mass send.
type MassSendArticle struct {
	ArticleIdx int64  // which article of the mass send, from 1
	ArticleURL string `wechat:"ArticleUrl"` // lasting
}

// PublishJobFinish, event PUBLISHJOBFINISH or FREEPUBLISHJOBFINISH, tells how a publication (freepublish/submit)
// went. The platform's page had the second name until 2022. It cannot be replied to.
//
// See https://developers.weixin.qq.com/doc/service/api/public/api_freepublish_submit
type PublishJobFinish struct {
	Head
	PublishID uint64 `wechat:"PublishEventInfo>publish_id"` // the publish_id that submitting gave
	// PublishStatus is 0 published, 1 publishing, 2 refused for originality, 3 failed, 4 refused by the platform's review,
	// 5 published, then all articles deleted by the account, 6 published, then all banned by the platform.
	PublishStatus int64              `wechat:"PublishEventInfo>publish_status"`
	ArticleID     string             `wechat:"PublishEventInfo>article_id"`           // where it was published
	ArticleCount  int64              `wechat:"PublishEventInfo>article_detail>count"` // where it was published
	Articles      []PublishedArticle `wechat:"PublishEventInfo>article_detail>item"`  // where it was published
	FailIdx       []int64            `wechat:"PublishEventInfo>fail_idx"`             // the articles at fault, from 1
}

// PublishedArticle is the address of one article of a publication.
type PublishedArticle struct {
	Idx        int64  `wechat:"idx"`         // which article, from 1
	ArticleURL string `wechat:"article_url"` // lasting
}
