package wechat

import "time"

// ChinaTime is the platform's time zone. Its daily quotas and the months of suggestions begin at midnight in it.
var ChinaTime = time.FixedZone("UTC+8", 8*60*60)

// QuotaReset returns when the platform's daily quotas are next reset after now: at 00:00 in China.
// https://developers.weixin.qq.com/doc/subscription/guide/dev/api/limit
func QuotaReset(now time.Time) time.Time {
	year, month, day := now.In(ChinaTime).Date()
	return time.Date(year, month, day+1, 0, 0, 0, 0, ChinaTime)
}
