package main

import (
	"net"
	"net/url"
	"strconv"
	"strings"

	"github.com/guanzhu/guanzhu/internal/bilingual"
	"github.com/guanzhu/guanzhu/internal/publicurl"
	"github.com/guanzhu/guanzhu/pkg/webhook"
)

// listenAddress returns the HOST:PORT that a flag names. The value may be a port alone (8081, :8081), a host alone, or a URL
// without a path. The host is 127.0.0.1 unless there is one, the port defaultPort.
func listenAddress(flag, value, defaultPort string) (string, error) {
	bare := strings.TrimSpace(value)
	for _, scheme := range []string{"http://", "https://"} {
		bare = strings.TrimPrefix(bare, scheme)
	}
	host, port := hostAndPort(strings.TrimSuffix(bare, "/"))
	if port == "" {
		port = defaultPort
	}
	if host == "" {
		host = "127.0.0.1"
	}
	if _, err := strconv.ParseUint(port, 10, 16); err != nil || strings.ContainsAny(host, "/?#@ ") {
		return "", bilingual.Errorf("%s：%q 不是地址：写成 127.0.0.1:%s，或者只写端口（0 到 65535）",
			"%s: %q is not an address: write it as 127.0.0.1:%s, or only its port (0 to 65535)", flag, value, defaultPort)
	}
	return net.JoinHostPort(host, port), nil
}

// hostAndPort splits text, in which either may be missing.
func hostAndPort(text string) (host, port string) {
	if strings.Trim(text, "0123456789") == "" {
		return "", text
	}
	if host, port, err := net.SplitHostPort(text); err == nil {
		return host, port
	}
	return strings.Trim(text, "[]"), ""
}

// nextPort returns address with the port after its own. A port 0, which lets the system choose, stays 0.
func nextPort(address string) string {
	host, port, _ := net.SplitHostPort(address)
	if n, _ := strconv.Atoi(port); n > 0 {
		port = strconv.Itoa(n + 1)
	}
	return net.JoinHostPort(host, port)
}

// endpointURL returns the URL of the endpoint that a flag names. The value may be an address of this machine as listenAddress
// takes it, or a host: https is added then, and the path /login/wechat if there is none.
func endpointURL(flag, value string) (string, error) {
	text := strings.TrimSpace(value)
	if !strings.Contains(text, "://") {
		host, port := hostAndPort(strings.SplitN(text, "/", 2)[0])
		switch {
		case host == "" && port != "":
			text = "http://127.0.0.1:" + strings.TrimPrefix(text, ":")
		case publicurl.IsLoopback(net.JoinHostPort(host, port)):
			text = "http://" + text
		default:
			text = "https://" + text
		}
	}
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" || strings.Contains(u.Hostname(), "…") {
		return "", bilingual.Errorf("%s：%q 不是服务器地址：写成 https://您的域名%s", "%s: %q is not the address of an endpoint: write it as https://your-host%s",
			flag, value, webhook.Path)
	}
	if u.Path == "" || u.Path == "/" {
		u.Path = webhook.Path
	}
	return u.String(), nil
}
