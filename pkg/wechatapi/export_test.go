package wechatapi

import (
	"context"
	"crypto/x509"
	"net"
	"net/http"
)

// DialWith replaces the network.
func (c *Client) DialWith(dial func(ctx context.Context, network, address string) (net.Conn, error)) {
	c.http.Transport.(*http.Transport).DialContext = dial
}

// Trust has the client believe in other certificates than the system's.
func (c *Client) Trust(roots *x509.CertPool) {
	c.http.Transport.(*http.Transport).TLSClientConfig.RootCAs = roots
}
