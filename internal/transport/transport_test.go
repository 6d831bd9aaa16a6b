package transport_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/guanzhu/guanzhu/internal/transport"
)

var limits = transport.Limits{Connect: 10 * time.Second, Handshake: 10 * time.Second, Header: 10 * time.Second, Call: 20 * time.Second}

// serve starts a TLS server and returns its address and a client that trusts it. hello sees what each client offers.
func serve(t *testing.T, http2 bool, hello func(*tls.ClientHelloInfo), handler http.HandlerFunc) (string, *http.Client) {
	server := httptest.NewUnstartedServer(handler)
	server.EnableHTTP2 = http2
	server.TLS = &tls.Config{GetConfigForClient: func(info *tls.ClientHelloInfo) (*tls.Config, error) {
		hello(info)
		return nil, nil
	}}
	server.StartTLS()
	t.Cleanup(server.Close)
	client := transport.Client(limits)
	roots := x509.NewCertPool()
	roots.AddCert(server.Certificate())
	client.Transport.(*http.Transport).TLSClientConfig.RootCAs = roots
	return server.URL, client
}

func get(t *testing.T, client *http.Client, url string) *http.Response {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	response, err := client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { response.Body.Close() })
	if _, err := io.Copy(io.Discard, response.Body); err != nil {
		t.Fatal(err)
	}
	return response
}

// TestOffersWhatItSpeaks calls servers that can do HTTP/2 and servers that cannot.
func TestOffersWhatItSpeaks(t *testing.T) {
	t.Parallel()
	for name, http2 := range map[string]bool{"HTTP/1.1 alone": false, "HTTP/2": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var mu sync.Mutex
			var offered []string
			url, client := serve(t, http2, func(info *tls.ClientHelloInfo) {
				mu.Lock()
				defer mu.Unlock()
				offered = append(offered, info.SupportedProtos...)
			}, func(http.ResponseWriter, *http.Request) {})
			if got := get(t, client, url).ProtoMajor; got != 1 {
				t.Errorf("the answer came by HTTP/%d", got)
			}
			mu.Lock()
			defer mu.Unlock()
			if slices.Contains(offered, "h2") {
				t.Errorf("the client offers %q", offered)
			}
		})
	}
}

// TestResumesTLS: a connection after another one to the same host needs no new key exchange.
func TestResumesTLS(t *testing.T) {
	t.Parallel()
	url, client := serve(t, true, func(*tls.ClientHelloInfo) {}, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Connection", "close")
		w.Write([]byte(r.Proto))
	})
	for n, want := range []bool{false, true} {
		if got := get(t, client, url).TLS.DidResume; got != want {
			t.Errorf("connection %d: resumed %v, want %v", n+1, got, want)
		}
	}
}

func TestFollowsNoRedirect(t *testing.T) {
	t.Parallel()
	url, client := serve(t, true, func(*tls.ClientHelloInfo) {}, func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "/elsewhere", http.StatusFound)
	})
	if got := get(t, client, url).StatusCode; got != http.StatusFound {
		t.Errorf("status %d", got)
	}
}

// TestLimits: a server that takes a connection and says nothing costs the limit of the step, not of the call.
func TestLimits(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }))
	t.Cleanup(server.Close)
	for name, short := range map[string]transport.Limits{
		"header": {Connect: time.Minute, Handshake: time.Minute, Header: 10 * time.Millisecond, Call: time.Minute},
		"call":   {Connect: time.Minute, Handshake: time.Minute, Header: time.Minute, Call: 10 * time.Millisecond},
	} {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, server.URL, nil)
		if err != nil {
			t.Fatal(err)
		}
		response, err := transport.Client(short).Do(request)
		if err == nil {
			response.Body.Close()
			t.Errorf("%s: no error", name)
		}
		if ctx.Err() != nil {
			t.Fatalf("%s: waited for %v", name, err)
		}
	}
}
