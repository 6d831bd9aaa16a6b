package boot

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/guanzhu/guanzhu/internal/telemetry"
)

// TestUpWaitsLittleForTheToken: a table that does not answer delays the start by 1.5 s.
func TestUpWaitsLittleForTheToken(t *testing.T) {
	t.Parallel()
	release := make(chan struct{})
	table := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-r.Context().Done():
		case <-release:
		}
	}))
	defer table.Close()
	defer close(release)
	begun := time.Now()
	f, err := Up(t.Context(), environment("WECHAT_SECRETS", `{"token":"t","app_secret":"s","link_key":"l"}`, "AWS_ENDPOINT_URL_DYNAMODB", table.URL))
	if err != nil {
		t.Fatal(err)
	}
	if f.Hash("oFOLLOWER") != telemetry.Hasher("l")("oFOLLOWER") {
		t.Error("hashes are derived from another key than the link key")
	}
	if took := time.Since(begun); took < 1500*time.Millisecond || took > 5*time.Second {
		t.Errorf("the start took %v, want 1.5 s", took)
	}
}
