package wechat

import "time"

// QuotaReset returns when the platform's daily quotas begin again after now: 00:00 in China.
// https://developers.weixin.qq.com/doc/subscription/guide/dev/api/limit
func QuotaReset(now time.Time) time.Time {
	year, month, day := now.In(ChinaTime).Date()
	return time.Date(year, month, day+1, 0, 0, 0, 0, ChinaTime)
}
