package doctor_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/guanzhu/guanzhu/internal/doctor"
	"github.com/guanzhu/guanzhu/internal/world"
	"github.com/guanzhu/guanzhu/pkg/secrets"
)

// TestCertificate examines endpoints with https.
func TestCertificate(t *testing.T) {
	t.Parallel()
	const day = 24 * time.Hour
	tests := []struct {
		name    string
		ip      string
		ends    time.Duration // from now
		unknown bool
		status  doctor.Status
		zh, en  string
	}{
		{"good", "127.0.0.1", 15 * day, false, doctor.OK, "有效期至", "valid until"},
		{"ends soon", "127.0.0.1", 13 * day, false, doctor.Warning, "ACM", "ACM"},
		{"has ended", "127.0.0.1", -day, false, doctor.Failure, "过期", "expired on"},
		{"not yet valid", "127.0.0.1", 101 * day, false, doctor.Failure, "NTP", "NTP"},
		{"of another host", "127.0.0.2", 90 * day, false, doctor.Failure, "CertificateArn", "CertificateArn"},
		{"of nobody", "127.0.0.1", 90 * day, true, doctor.Failure, "中间证书", "intermediate"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			certificate, roots := issue(t, net.ParseIP(tt.ip), time.Now().Add(tt.ends))
			if tt.unknown {
				roots = x509.NewCertPool()
			}
			server := httptest.NewUnstartedServer(answers(http.StatusNotFound, "")(nil))
			server.Config.ErrorLog = log.New(io.Discard, "", 0)
			server.TLS = &tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12}
			server.StartTLS()
			t.Cleanup(server.Close)
			e := doctor.Endpoint{URL: server.URL + "/login/wechat", AppID: appID, Roots: roots, Now: time.Now,
				Secrets: secrets.Secrets{Token: token, AppSecret: appSecret}}
			findings := e.Examine(t.Context())
			wantSafe(t, findings)
			f := findings[3]
			if f.Check != "tls" || f.Status != tt.status || !strings.Contains(f.What.ZH+f.Do.ZH, tt.zh) || !strings.Contains(f.What.EN+f.Do.EN, tt.en) {
				t.Errorf("%+v", f)
			}
			reached := findings[4].Check == "check" && findings[4].Status == doctor.Failure // it is not found
			if reached != (tt.status != doctor.Failure) {
				t.Errorf("afterwards %+v", findings[4])
			}
		})
	}
}

// TestNoTLS examines an https address that speaks http.
func TestNoTLS(t *testing.T) {
	t.Parallel()
	address := strings.Replace(world.Serve(t, http.NotFoundHandler()), "http:", "https:", 1)
	e := doctor.Endpoint{URL: address + "/login/wechat", AppID: appID, Now: time.Now}
	if f := e.Examine(t.Context())[3]; f.Check != "tls" || f.Status != doctor.Failure || !strings.Contains(f.Do.EN, "speaks HTTPS") {
		t.Errorf("%+v", f)
	}
}

// issue makes a certificate that signs itself.
func issue(t *testing.T, ip net.IP, ends time.Time) (tls.Certificate, *x509.CertPool) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: ends.Add(-100 * 24 * time.Hour), NotAfter: ends, IPAddresses: []net.IP{ip},
		IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(parsed)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, roots
}
