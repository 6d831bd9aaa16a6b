package wechatapi

import (
	"context"
	"crypto/x509"
	"net"
	"net/http"
)

// Post is post, which every call with a body goes through.
func (c *Client) Post(ctx context.Context, path string, body, out any) error {
	return c.post(ctx, path, body, out)
}

// DialWith replaces the network.
func (c *Client) DialWith(dial func(ctx context.Context, network, address string) (net.Conn, error)) {
	c.http.Transport.(*http.Transport).DialContext = dial
}

// Trust has the client believe in other certificates than the system's.
func (c *Client) Trust(roots *x509.CertPool) {
	c.http.Transport.(*http.Transport).TLSClientConfig.RootCAs = roots
}

// Explained returns the errcodes that Error explains.
func Explained() []int {
	var codes []int
	for code := range explanations {
		codes = append(codes, code)
	}
	return codes
}
