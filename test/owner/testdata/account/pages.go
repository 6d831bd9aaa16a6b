package account

import (
	"fmt"
	"net/http"
	"time"

	"github.com/guanzhu/guanzhu/pkg/follower"
	"github.com/guanzhu/guanzhu/pkg/web"
	"github.com/guanzhu/guanzhu/pkg/wechat"
)

// Pages registers the shop's pages.
func Pages(site *web.Site, s Services) {
	site.Handle("GET /opening-hours", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintln(w, "每天 9:00 至 18:00")
	}))
	site.HandleFollower("GET /club/card", func(w http.ResponseWriter, r *http.Request, f follower.Follower) {
		have, err := points.Load(r.Context(), s.Followers, f.OpenID)
		if err != nil {
			http.Error(w, "暂时无法查询积分，请稍后再试。", http.StatusServiceUnavailable)
			return
		}
		fmt.Fprintf(w, "关注于 %s，%d 积分\n", f.SubscribedAt.In(wechat.ChinaTime).Format(time.DateOnly), have.Total)
	})
}
