package wechatapi_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/guanzhu/guanzhu/pkg/wechatapi"
	"github.com/guanzhu/guanzhu/pkg/wechattest"
)

// TestTLS calls the platform behind servers that can do HTTP/2 and servers that cannot: the client offers what it
// speaks, and resumes a session rather than agreeing on another one.
func TestTLS(t *testing.T) {
	t.Parallel()
	for name, http2 := range map[string]bool{"HTTP/1.1 alone": false, "HTTP/2": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			platform := wechattest.New(wechattest.Config{AppID: appID, AppSecret: appSecret})
			platform.Follow(openid, wechattest.User{})
			var mu sync.Mutex
			var offered, seen []string
			server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				mu.Lock()
				seen = append(seen, fmt.Sprint(r.Proto, " ", r.TLS.DidResume))
				mu.Unlock()
				w.Header().Set("Connection", "close")
				platform.ServeHTTP(w, r)
			}))
			server.EnableHTTP2 = http2
			server.TLS = &tls.Config{GetConfigForClient: func(hello *tls.ClientHelloInfo) (*tls.Config, error) {
				mu.Lock()
				defer mu.Unlock()
				offered = append(offered, hello.SupportedProtos...)
				return nil, nil
			}}
			server.StartTLS()
			t.Cleanup(server.Close)
			client, err := wechatapi.New(wechatapi.Config{AppID: appID, BaseURL: server.URL, Secrets: &secrets{current: appSecret}, Tokens: &store{}})
			if err != nil {
				t.Fatal(err)
			}
			roots := x509.NewCertPool()
			roots.AddCert(server.Certificate())
			client.Trust(roots)
			if _, err := client.Profile(t.Context(), openid); err != nil {
				t.Fatal(err)
			}
			mu.Lock()
			defer mu.Unlock()
			if slices.Contains(offered, "h2") {
				t.Errorf("the client offers %q", offered)
			}
			if want := []string{"HTTP/1.1 false", "HTTP/1.1 true"}; !slices.Equal(seen, want) {
				t.Errorf("requests over %q, want %q", seen, want)
			}
		})
	}
}

// TestHandshakeThatDoesNotEnd: a relay that takes a connection and says nothing costs two seconds.
func TestHandshakeThatDoesNotEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client, err := wechatapi.New(wechatapi.Config{AppID: appID, Secrets: &secrets{current: appSecret}, Tokens: &store{}})
		if err != nil {
			t.Fatal(err)
		}
		ours, theirs := net.Pipe()
		defer theirs.Close()
		go func() { // reads, and says nothing
			for buffer := make([]byte, 1024); ; {
				if _, err := theirs.Read(buffer); err != nil {
					return
				}
			}
		}()
		client.DialWith(func(context.Context, string, string) (net.Conn, error) { return ours, nil })
		start := time.Now()
		_, err = client.Profile(t.Context(), openid)
		if took := time.Since(start); err == nil || !strings.Contains(err.Error(), "TLS handshake timeout") || took != 2*time.Second {
			t.Errorf("error %v after %v, want a timeout of the handshake after 2 s", err, took)
		}
	})
}
