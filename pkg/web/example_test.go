package web_test

import (
	"io"
	"log"
	"net/http"
	"time"

	"github.com/guanzhu/guanzhu/internal/world"
	"github.com/guanzhu/guanzhu/pkg/follower"
	"github.com/guanzhu/guanzhu/pkg/secrets"
	"github.com/guanzhu/guanzhu/pkg/web"
)

func points(w http.ResponseWriter, r *http.Request, f follower.Follower) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	io.WriteString(w, "<h1>积分</h1><p>关注于 "+f.SubscribedAt.Format(time.DateOnly)+"</p>")
}

// A page of the owner's own, behind the session.
func ExampleRequireFollower() {
	site, err := web.New(web.Config{AppID: appID, Secrets: world.NewSecrets(secrets.Secrets{AppSecret: appSecret})})
	if err != nil {
		log.Fatal(err)
	}
	site.Handle("GET /points", web.RequireFollower(site, points))
}
