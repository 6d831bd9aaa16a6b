package webhook_test

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net/http"
	"testing"

	"github.com/aws/aws-lambda-go/lambdacontext"

	"github.com/guanzhu/guanzhu/internal/telemetry"
	"github.com/guanzhu/guanzhu/internal/world"
	"github.com/guanzhu/guanzhu/pkg/webhook"
	"github.com/guanzhu/guanzhu/pkg/wechattest"
)

// BenchmarkPush measures the deployed handler: a signed text push in, a text reply out.
func BenchmarkPush(b *testing.B) {
	b.Run("plain", func(b *testing.B) { benchmarkPush(b, wechattest.Plain) })
	b.Run("safe", func(b *testing.B) { benchmarkPush(b, wechattest.Safe) })
}

func benchmarkPush(b *testing.B, mode wechattest.Mode) {
	push, size := pushing(b, mode, nil)
	b.SetBytes(int64(size))
	b.ReportAllocs()
	for b.Loop() {
		push()
	}
}

// pushing returns what sends one text push of so many bytes to the handler as it is deployed, and expects a reply. The router
// is that of package account unless routes returns another one.
func pushing(b testing.TB, mode wechattest.Mode, routes func(*world.World) *webhook.Router) (push func(), size int) {
	w := world.New(b, world.Options{Mode: mode, Account: replies})
	config := w.Endpoint()
	if routes != nil {
		config.Router = routes(w)
	}
	config.Log = slog.New(telemetry.NewHandler(io.Discard, slog.LevelInfo, requestID)).With("appid", appID)
	handler, request := endpoint(b, config), w.Request(w.Pusher.Text(openid, now, 1, "今天几点开门?"))
	body, err := io.ReadAll(request.Body)
	if err != nil {
		b.Fatal(err)
	}
	var reader bytes.Reader
	request.Body = io.NopCloser(&reader)
	request = request.WithContext(lambdacontext.NewContext(b.Context(), &lambdacontext.LambdaContext{AwsRequestID: "8448ab5c-c6f8-40b2-89f7-ece9cbcec454"}))
	var answer lightWriter
	return func() {
		reader.Reset(body)
		answer = lightWriter{header: answer.header}
		handler.ServeHTTP(&answer, request)
		if answer.status != http.StatusOK || answer.written < 100 {
			b.Fatalf("status %d, %d bytes", answer.status, answer.written)
		}
	}, len(body)
}

// requestID returns the invocation's id, as in a deployed function.
func requestID(ctx context.Context) string {
	invocation, _ := lambdacontext.FromContext(ctx)
	return invocation.AwsRequestID
}

// lightWriter is a ResponseWriter that does not keep the body.
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
