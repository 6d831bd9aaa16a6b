package webhook_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"testing"

	"github.com/aws/aws-lambda-go/lambdacontext"

	"github.com/guanzhu/guanzhu/internal/telemetry"
	"github.com/guanzhu/guanzhu/internal/world"
	"github.com/guanzhu/guanzhu/pkg/wechattest"
)

// BenchmarkPush measures the deployed handler: a signed text push in, a text reply out.
func BenchmarkPush(b *testing.B) {
	b.Run("plain", func(b *testing.B) { benchmarkPush(b, wechattest.Plain) })
	b.Run("safe", func(b *testing.B) { benchmarkPush(b, wechattest.Safe) })
}

func benchmarkPush(b *testing.B, mode wechattest.Mode) {
	w := world.New(b, world.Options{Mode: mode, Account: replies})
	config := w.Endpoint()
	config.Log = deployedLog(io.Discard)
	handler, request := endpoint(b, config), w.Request(w.Pusher.Text(openid, now, 1, "今天几点开门?"))
	body, err := io.ReadAll(request.Body)
	if err != nil {
		b.Fatal(err)
	}
	var reader bytes.Reader
	request.Body = io.NopCloser(&reader)
	request = request.WithContext(lambdacontext.NewContext(b.Context(), &lambdacontext.LambdaContext{AwsRequestID: "8448ab5c-c6f8-40b2-89f7-ece9cbcec454"}))
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

// deployedLog returns the logger of a deployed function, which aws-lambda-go writes to standard output.
func deployedLog(out io.Writer) *slog.Logger {
	json := slog.NewJSONHandler(out, &slog.HandlerOptions{Level: slog.LevelInfo, ReplaceAttr: lambdacontext.ReplaceAttr})
	return slog.New(telemetry.Handler{Handler: withRequestID{json}, Level: slog.LevelInfo}).With("appid", appID)
}

// withRequestID adds the attribute that aws-lambda-go's handler adds.
type withRequestID struct{ slog.Handler }

func (h withRequestID) Handle(ctx context.Context, r slog.Record) error {
	if lambda, ok := lambdacontext.FromContext(ctx); ok {
		r.AddAttrs(slog.String("requestId", lambda.AwsRequestID))
	}
	return h.Handler.Handle(ctx, r)
}

func (h withRequestID) WithAttrs(attrs []slog.Attr) slog.Handler {
	return withRequestID{h.Handler.WithAttrs(attrs)}
}

// TestDeployedLog checks that deployedLog writes the line of a deployed function.
func TestDeployedLog(t *testing.T) {
	var out bytes.Buffer
	w := newFixture(t, wechattest.Plain, nil)
	config := w.Endpoint()
	config.Log = deployedLog(&out)
	ctx := lambdacontext.NewContext(t.Context(), &lambdacontext.LambdaContext{AwsRequestID: "id-1"})
	endpoint(t, config).ServeHTTP(new(lightWriter), w.Request(w.textOf("hello")).WithContext(ctx))
	var line map[string]any
	if err := json.Unmarshal(out.Bytes(), &line); err != nil {
		t.Fatalf("%v in %q", err, out.String())
	}
	for _, name := range []string{"timestamp", "message", "appid", "requestId", "kind", "outcome", "Pushes", "ReplyLatency", "_aws"} {
		if line[name] == nil {
			t.Errorf("the line has no %s: %s", name, out.String())
		}
	}
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
