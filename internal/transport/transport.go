// Package transport makes the HTTP clients by which this program calls other services: those of AWS, the platform and the APIs
// of language models.
package transport

import (
	"crypto/tls"
	"net"
	"net/http"
	"time"
)

// Limits bound the steps of a call. All are required.
type Limits struct {
	Connect   time.Duration // to open a connection
	Handshake time.Duration // to agree on TLS
	Header    time.Duration // from the request's end to the header of the answer
	Call      time.Duration // all of it, the answer's body included
}

// Client returns a client that follows no redirect. It keeps its connections, and resumes TLS on the next one.
//
// It offers and speaks HTTP/1.1 alone. An HTTP/2 connection outlives a request that times out on it, so another try
// would stall on the same connection.
//
// Root certificates are the system's. crypto/x509 reads them once, for all clients of the process.
func Client(l Limits) *http.Client {
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true)
	return &http.Client{
		Transport: &http.Transport{
			Proxy:                 http.ProxyFromEnvironment,
			DialContext:           (&net.Dialer{Timeout: l.Connect}).DialContext,
			TLSHandshakeTimeout:   l.Handshake,
			TLSClientConfig:       &tls.Config{ClientSessionCache: tls.NewLRUClientSessionCache(0), MinVersion: tls.VersionTLS12},
			Protocols:             protocols,
			ResponseHeaderTimeout: l.Header,
			MaxIdleConnsPerHost:   8,
			IdleConnTimeout:       90 * time.Second,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Timeout:       l.Call,
	}
}
