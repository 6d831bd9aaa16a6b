package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// steps are what bench/handshake measures.
var steps = [...]string{
	"system's root certificates, read once",
	"first connection by TLS 1.3, with its call",
	"connection to another host, with its call",
	"resumed connection, with its call",
	"call on an open connection",
}

// handshakes shows the processor's time that connections take on the client's side, the system's part included. The servers
// have the keys and the chain of AWS's endpoints: RSA with 2048 bits, one certificate between theirs and the root.
func handshakes(ctx context.Context, table io.Writer) error {
	chain, root, key, err := certificates()
	if err != nil {
		return err
	}
	var addresses []string
	for range 2 {
		server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "{}") }))
		server.TLS = &tls.Config{Certificates: []tls.Certificate{{Certificate: chain, PrivateKey: key}}}
		server.StartTLS()
		defer server.Close()
		addresses = append(addresses, strings.Replace(server.URL, "127.0.0.1", "localhost", 1))
	}
	roots, remove, err := withRoot(root)
	if err != nil {
		return err
	}
	defer remove()

	client := filepath.Join(filepath.Dir(roots), "handshake")
	if err := build(ctx, client, "./handshake"); err != nil {
		return err
	}

	var took [len(steps)][]time.Duration
	for range turns {
		command := exec.CommandContext(ctx, client, addresses...)
		command.Env, command.Stderr = append(os.Environ(), "SSL_CERT_FILE="+roots), os.Stderr
		out, err := command.Output()
		if err != nil {
			return fmt.Errorf("the client of handshakes: %w", err)
		}
		for n, field := range strings.Fields(string(out)) {
			nanoseconds, err := strconv.ParseInt(field, 10, 64)
			if err != nil {
				return err
			}
			took[n] = append(took[n], time.Duration(nanoseconds))
		}
	}
	for n, step := range steps {
		fmt.Fprintf(table, "processor's time: %s\t%s\t\t\t\n", step, shown(median(took[n])))
	}
	return nil
}

// certificates returns the chain of a server at localhost, its root, and its key.
func certificates() (chain [][]byte, root []byte, key *rsa.PrivateKey, err error) {
	var issuer *x509.Certificate
	var issuerKey *rsa.PrivateKey
	for n := range int64(3) {
		if key, err = rsa.GenerateKey(rand.Reader, 2048); err != nil {
			return nil, nil, nil, err
		}
		template := &x509.Certificate{
			SerialNumber: big.NewInt(n + 1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
			IsCA: n < 2, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
			DNSNames: []string{"localhost"},
		}
		template.Subject.CommonName = fmt.Sprint("guanzhu bench ", n)
		if issuer == nil {
			issuer, issuerKey = template, key
		}
		written, err := x509.CreateCertificate(rand.Reader, template, issuer, &key.PublicKey, issuerKey)
		if err != nil {
			return nil, nil, nil, err
		}
		if issuer, err = x509.ParseCertificate(written); err != nil {
			return nil, nil, nil, err
		}
		issuerKey, chain = key, append([][]byte{written}, chain...)
	}
	return chain, chain[2], key, nil
}

// withRoot writes the system's root certificates and root to a file.
func withRoot(root []byte) (file string, remove func(), err error) {
	dir, err := os.MkdirTemp("", "guanzhu-bench")
	if err != nil {
		return "", nil, err
	}
	var all bytes.Buffer
	for _, bundle := range []string{"/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt"} { // Debian's, Lambda's
		if content, err := os.ReadFile(bundle); err == nil {
			all.Write(content)
			break
		}
	}
	if err := pem.Encode(&all, &pem.Block{Type: "CERTIFICATE", Bytes: root}); err != nil {
		return "", nil, err
	}
	file = filepath.Join(dir, "roots.pem")
	return file, func() { os.RemoveAll(dir) }, os.WriteFile(file, all.Bytes(), 0o600)
}
