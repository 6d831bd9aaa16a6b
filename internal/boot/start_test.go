package boot

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"time"
)

// TestStartWaitsLittleForTheToken: a table that does not answer holds a start up for 1.5 s.
func TestStartWaitsLittleForTheToken(t *testing.T) {
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
	env, err := Read(environment("WECHAT_SECRETS", `{"token":"t","app_secret":"s"}`, "AWS_ENDPOINT_URL_DYNAMODB", table.URL))
	if err != nil {
		t.Fatal(err)
	}
	begun := time.Now()
	if _, _, _, err := Start(t.Context(), env); err != nil {
		t.Error(err)
	}
	if took := time.Since(begun); took < 1500*time.Millisecond || took > 5*time.Second {
		t.Errorf("the start took %v, want 1.5 s", took)
	}
}
