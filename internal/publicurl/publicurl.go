// Package publicurl reads PUBLIC_URL, the address at which browsers find the follower's pages.
package publicurl

import (
	"net"
	"net/url"

	"github.com/guanzhu/guanzhu/internal/bilingual"
)

// Parse returns the origin that s names, for example "https://host" for "https://host/". It accepts http only for this
// machine itself, and its error is a bilingual.Error. It returns "" for "", which means that PUBLIC_URL is not set.
func Parse(s string) (origin string, err error) {
	if s == "" {
		return "", nil
	}
	u, err := url.Parse(s)
	if err != nil || u.Scheme != "https" && (u.Scheme != "http" || !IsLoopback(u.Host)) || u.Hostname() == "" ||
		u.Path != "" && u.Path != "/" || u.RawQuery != "" || u.ForceQuery || u.Fragment != "" || u.User != nil {
		return "", bilingual.New("PUBLIC_URL 要像 https://host 这样，没有路径；只有本机可以用 http（http://127.0.0.1:3000）",
			"PUBLIC_URL must look like https://host, without a path; http is only for this machine (http://127.0.0.1:3000)")
	}
	return u.Scheme + "://" + u.Host, nil
}

// IsLoopback reports whether host, with or without a port, is this machine itself.
func IsLoopback(host string) bool {
	name := (&url.URL{Host: host}).Hostname()
	ip := net.ParseIP(name)
	return name == "localhost" || ip != nil && ip.IsLoopback()
}
