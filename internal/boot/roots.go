package boot

import "os"

// amazonRoots is Amazon Linux's file of root certificates.
const amazonRoots = "/etc/pki/tls/certs/ca-bundle.crt"

// readRootsOnce keeps crypto/x509 from reading root certificates more than once. It reads the system's file, and then all
// files in two directories. On Amazon Linux both are the directory of bundle, which is the system's file, so that a start
// would read it three times. A variable SSL_CERT_DIR that is set stays as it is.
func readRootsOnce(lookup func(string) (string, bool), bundle string) error {
	if dirs, _ := lookup("SSL_CERT_DIR"); dirs != "" {
		return nil
	}
	if _, err := os.Stat(bundle); err == nil {
		return os.Setenv("SSL_CERT_DIR", "/nonexistent")
	}
	return nil // another system
}
