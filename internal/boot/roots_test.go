package boot

import (
	"os"
	"path/filepath"
	"testing"
)

// TestReadRootsOnce: only where Amazon's file is, and nobody has said otherwise, are no directories read.
func TestReadRootsOnce(t *testing.T) {
	bundle := filepath.Join(t.TempDir(), "ca-bundle.crt")
	if err := os.WriteFile(bundle, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ name, set, bundle, want string }{
		{"Amazon Linux", "", bundle, "/nonexistent"},
		{"another system", "", bundle + "-missing", ""},
		{"set by the owner", "/etc/mine", bundle, "/etc/mine"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Setenv("SSL_CERT_DIR", tt.set)
			if err := readRootsOnce(os.LookupEnv, tt.bundle); err != nil {
				t.Fatal(err)
			}
			if got := os.Getenv("SSL_CERT_DIR"); got != tt.want {
				t.Errorf("SSL_CERT_DIR is %q, want %q", got, tt.want)
			}
		})
	}
}
