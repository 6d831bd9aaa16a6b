package awsjson_test

import (
	"context"
	"crypto/x509"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/smithy-go"
	"github.com/google/go-cmp/cmp"

	"github.com/guanzhu/guanzhu/internal/awsjson"
	"github.com/guanzhu/guanzhu/internal/transport"
)

var (
	ssm    = awsjson.Service{Name: "ssm", Target: "AmazonSSM", Version: "1.1"}
	limits = transport.Limits{Connect: 10 * time.Second, Handshake: 10 * time.Second, Header: 10 * time.Second, Call: 20 * time.Second}
)

// inEurope is the configuration of a function there.
var inEurope = aws.Config{Region: "eu-central-1", Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
	return aws.Credentials{AccessKeyID: "id", SecretAccessKey: "key", SessionToken: "session"}, nil
})}

type named struct{ Name string }

// serve returns a client of a server that handles its calls.
func serve(t *testing.T, handler http.HandlerFunc) *awsjson.Client {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return awsjson.New(inEurope, ssm, server.URL, limits)
}

// TestCall looks at a request and at what its signature covers. AWS checks the signature, and moto does not.
func TestCall(t *testing.T) {
	t.Parallel()
	client := serve(t, func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		got := []string{r.Method, r.URL.Path, r.Header.Get("X-Amz-Target"), r.Header.Get("Content-Type"), r.Header.Get("X-Amz-Security-Token"), string(body)}
		want := []string{"POST", "/", "AmazonSSM.Name", "application/x-amz-json-1.1", "session", `{"Name":"in"}`}
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("request, %v (-want +got):\n%s", err, diff)
		}
		signature := r.Header.Get("Authorization")
		for _, part := range []string{"AWS4-HMAC-SHA256 Credential=id/", "/eu-central-1/ssm/aws4_request", "content-type", "host", "x-amz-date", "x-amz-security-token", "x-amz-target"} {
			if !strings.Contains(signature, part) {
				t.Errorf("%s is not in %s", part, signature)
			}
		}
		io.WriteString(w, `{"Name":"out"}`)
	})
	var out named
	if err := client.Call(t.Context(), "Name", named{"in"}, &out); err != nil || out.Name != "out" {
		t.Errorf("the answer is %+v, %v", out, err)
	}
	if err := client.Call(t.Context(), "Name", named{"in"}, nil); err != nil {
		t.Error(err)
	}
}

// TestTLS: the client works with and without HTTP/2 at the endpoint.
func TestTLS(t *testing.T) {
	t.Parallel()
	for name, http2 := range map[string]bool{"HTTP/1.1 alone": false, "HTTP/2": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "{}") }))
			server.EnableHTTP2 = http2
			server.StartTLS()
			t.Cleanup(server.Close)
			client := awsjson.New(inEurope, ssm, server.URL, limits)
			roots := x509.NewCertPool()
			roots.AddCert(server.Certificate())
			client.HTTP().Transport.(*http.Transport).TLSClientConfig.RootCAs = roots
			if err := client.Call(t.Context(), "Name", named{}, nil); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestEndpoint(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		region, endpoint string
		base             *string
		want             string
	}{
		{"eu-central-1", "", nil, "https://ssm.eu-central-1.amazonaws.com/"},
		{"cn-north-1", "", nil, "https://ssm.cn-north-1.amazonaws.com.cn/"},
		{"eusc-de-east-1", "", nil, "https://ssm.eusc-de-east-1.amazonaws.eu/"},
		{"eu-central-1", "http://localhost:1", nil, "http://localhost:1/"},
		{"eu-central-1", "", aws.String("http://localhost:2/"), "http://localhost:2/"},
	} {
		if got := awsjson.New(aws.Config{Region: tt.region, BaseEndpoint: tt.base}, ssm, tt.endpoint, limits).URL(); got != tt.want {
			t.Errorf("%+v: %s", tt, got)
		}
	}
}

// TestRefusals has the answers by which AWS, or a proxy before it, refuses a call.
func TestRefusals(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, answer string
		status       int
		code         string
		transient    bool
	}{
		{"by name", `{"__type":"ParameterNotFound"}`, 400, "ParameterNotFound", false},
		{"by namespace and name", `{"__type":"com.amazonaws.ssm#InternalServerError","message":"x"}`, 500, "InternalServerError", true},
		{"for a moment", `{"__type":"ThrottlingException","message":"Rate exceeded"}`, 400, "ThrottlingException", true},
		{"not in JSON", `<html>HIDE</html>`, 503, "Service Unavailable", true},
	} {
		client := serve(t, func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(tt.status)
			io.WriteString(w, tt.answer)
		})
		err := client.Call(t.Context(), "Name", named{}, nil)
		api, ok := errors.AsType[smithy.APIError](err)
		if !ok || api.ErrorCode() != tt.code || awsjson.Transient(err) != tt.transient || strings.Contains(err.Error(), "HIDE") {
			t.Errorf("%s: the error is %v, transient %v", tt.name, err, awsjson.Transient(err))
		}
	}
}

// TestNoAnswer has bodies that are not a service's answer. They may be secrets all the same.
func TestNoAnswer(t *testing.T) {
	t.Parallel()
	for _, answer := range []string{`{"Name":"HIDE`, `{"Name":["HIDE"]}`, "HIDE"} {
		client := serve(t, func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, answer) })
		var out named
		err := client.Call(t.Context(), "Name", named{}, &out)
		if err == nil || strings.Contains(err.Error(), "HIDE") || !awsjson.Transient(err) {
			t.Errorf("%s: the error is %v", answer, err)
		}
	}
	cut := serve(t, func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
	if err := cut.Call(t.Context(), "Name", named{}, nil); err == nil || !awsjson.Transient(err) {
		t.Errorf("a cut connection: the error is %v", err)
	}
}
