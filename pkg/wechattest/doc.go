// Package wechattest is the platform, simulated: Platform answers the calls of api.weixin.qq.com and the pages of
// open.weixin.qq.com, and Account sends signed pushes as WeChat's servers do, retries included. It is for tests and for
// the local console.
//
// It makes signatures that a server takes for the platform's own. No binary that is deployed may contain it.
package wechattest
