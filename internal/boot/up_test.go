package boot

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/guanzhu/guanzhu/internal/telemetry"
)

// TestUpAsksTheTableNothing: the start does not wait for the table, which a text does not need.
func TestUpAsksTheTableNothing(t *testing.T) {
	table := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("the start calls the table") }))
	defer table.Close()
	f, err := Up(t.Context(), environment("WECHAT_SECRETS", `{"token":"t","app_secret":"s","link_key":"l"}`, "AWS_ENDPOINT_URL_DYNAMODB", table.URL))
	if err != nil {
		t.Fatal(err)
	}
	if f.Hash("oFOLLOWER") != telemetry.Hasher("l")("oFOLLOWER") {
		t.Error("hashes are derived from another key than the link key")
	}
}
