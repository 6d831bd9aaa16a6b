package console

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// guard refuses requests that another site could have caused: those whose Host is not of one of the origins, as after DNS
// rebinding, and those that a page of another origin made a browser send.
func (c *Console) guard(next http.Handler, origins ...string) http.Handler {
	check := http.NewCrossOriginProtection()
	check.SetDenyHandler(http.HandlerFunc(refuseForeign))
	guarded := check.Handler(next)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		own := slices.ContainsFunc(origins, func(origin string) bool { return isOwn(r.Host, origin) })
		if !own || fromElsewhere(r) {
			refuseForeign(w, r)
			return
		}
		guarded.ServeHTTP(w, r)
	})
}

func refuseForeign(w http.ResponseWriter, _ *http.Request) {
	writeError(w, http.StatusForbidden, refuse(
		"拒绝：请求不是发给本机控制台的地址，或者来自别的网站。内网穿透要指向 --account-addr 的地址，并用 --public-url https://内网穿透的域名 告诉控制台",
		"refused: the request is not for an address of this console, or another site caused it. Let a tunnel lead to the address of --account-addr, and name it with --public-url https://HOST"))
}

// fromElsewhere reports whether a browser says that another origin's page caused r. It may link here.
func fromElsewhere(r *http.Request) bool {
	if r.Header.Get("Sec-Fetch-Site") == "cross-site" && r.Header.Get("Sec-Fetch-Mode") != "navigate" {
		return true
	}
	origin := r.Header.Get("Origin")
	if origin == "" || !strings.HasPrefix(r.URL.Path, "/api/") {
		return false
	}
	u, err := url.Parse(origin)
	return err != nil || u.Host != r.Host
}

// origins are the origins at which a browser may show the console's page.
func (c *Console) origins() []string {
	all := []string{c.config.URL}
	if u, err := url.Parse(c.config.URL); err == nil {
		all = append(all, "http://127.0.0.1:"+u.Port(), "http://localhost:"+u.Port())
	}
	slices.Sort(all)
	return slices.Compact(all)
}
