package web_test

import (
	"io"
	"net/http"
	"time"

	"github.com/guanzhu/guanzhu/pkg/follower"
	"github.com/guanzhu/guanzhu/pkg/web"
)

// A page of the owner's, for followers only.
func ExampleSite_HandleFollower() {
	pages := func(site *web.Site) {
		site.HandleFollower("GET /points", func(w http.ResponseWriter, r *http.Request, f follower.Follower) {
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			io.WriteString(w, "<h1>积分</h1><p>关注于 "+f.SubscribedAt.Format(time.DateOnly)+"</p>")
		})
	}
	_ = web.Config{Pages: pages} // among the other fields
}
