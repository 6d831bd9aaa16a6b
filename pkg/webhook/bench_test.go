package webhook_test

import (
	"bytes"
	"io"
	"net/http"
	"testing"

	"github.com/guanzhu/guanzhu/pkg/webhook"
	"github.com/guanzhu/guanzhu/pkg/wechattest"
)

// BenchmarkPush measures one signed text push in, one text reply out, through the handler as it is deployed.
func BenchmarkPush(b *testing.B) {
	b.Run("plain", func(b *testing.B) { benchmarkPush(b, wechattest.Plain) })
	b.Run("safe", func(b *testing.B) { benchmarkPush(b, wechattest.Safe) })
}

func benchmarkPush(b *testing.B, mode wechattest.Mode) {
	handler, platform := endpoint(b, mode, nil) // a text touches no store
	request, err := platform.Request(b.Context(), "https://example.com"+webhook.Path, mode, platform.Text(openid, now, 1, "今天几点开门?"), now)
	if err != nil {
		b.Fatal(err)
	}
	body, err := io.ReadAll(request.Body)
	if err != nil {
		b.Fatal(err)
	}
	var reader bytes.Reader
	request.Body = io.NopCloser(&reader)
	var answer lightWriter

	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		reader.Reset(body)
		answer = lightWriter{header: answer.header}
		handler.ServeHTTP(&answer, request)
		if answer.status != http.StatusOK || answer.written < 100 {
			b.Fatalf("status %d, %d bytes", answer.status, answer.written)
		}
	}
}

// lightWriter is a ResponseWriter that keeps nothing.
type lightWriter struct {
	header  http.Header
	status  int
	written int
}

func (w *lightWriter) Header() http.Header {
	if w.header == nil {
		w.header = make(http.Header)
	}
	return w.header
}

func (w *lightWriter) WriteHeader(status int) { w.status = status }

func (w *lightWriter) Write(b []byte) (int, error) {
	w.written += len(b)
	return len(b), nil
}
