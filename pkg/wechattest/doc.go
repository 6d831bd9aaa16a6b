// Package wechattest simulates the WeChat platform for tests and for the local console. Platform answers the API calls
// of api.weixin.qq.com and the OAuth page of open.weixin.qq.com. Account sends signed pushes as WeChat's servers do,
// retries included.
//
// Account signs pushes that a server accepts as the platform's own. Deployed binaries must not link this package.
package wechattest
