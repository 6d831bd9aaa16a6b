package account

import "github.com/guanzhu/guanzhu/pkg/web"

// Pages registers your own pages, beside the built-in ones (docs/pages.md). There are none yet. This one shows the date of the
// visitor's follow; visitors who are not signed in are led in first:
//
//	site.HandleFollower("GET /since", func(w http.ResponseWriter, r *http.Request, f follower.Follower) {
//		fmt.Fprintln(w, "您关注于", f.SubscribedAt.In(wechat.ChinaTime).Format(time.DateOnly))
//	})
//
// site.Handle registers a page that everyone sees.
func Pages(site *web.Site, s Services) {}
