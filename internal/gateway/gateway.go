// Package gateway puts an http.Handler behind API Gateway's HTTP API (payload format 2.0).
package gateway

import (
	"context"
	"encoding/base64"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/awslabs/aws-lambda-go-api-proxy/httpadapter"
)

// maxAge is the greatest age of a request according to the gateway's clock. Under sam local that clock shows when sam local
// started; a request that seems older than maxAge counts as one that has just arrived.
const maxAge = 5 * time.Second

type lambdaHandler func(context.Context, events.APIGatewayV2HTTPRequest) (events.APIGatewayV2HTTPResponse, error)

// Handler returns the Lambda handler that serves requests by h. arrived puts into the request's context the time at which
// the gateway received the request.
func Handler(h http.Handler, arrived func(context.Context, time.Time) context.Context, now func() time.Time) lambdaHandler {
	adapter := httpadapter.NewV2(h)
	return func(ctx context.Context, event events.APIGatewayV2HTTPRequest) (events.APIGatewayV2HTTPResponse, error) {
		// If the adapter cannot convert a request, it prints it, including the follower's openid in the query. So such a
		// request must not reach the adapter.
		if !validQuery(event.RawQueryString) {
			event.RawQueryString, event.QueryStringParameters = "", nil
		}
		if !convertible(event) {
			return events.APIGatewayV2HTTPResponse{StatusCode: http.StatusBadRequest, Body: "bad request",
				Headers: map[string]string{"Content-Type": "text/plain; charset=utf-8"}}, nil
		}
		at := time.UnixMilli(event.RequestContext.TimeEpoch)
		if age := now().Sub(at); age < 0 || age > maxAge {
			at = now()
		}
		return adapter.ProxyWithContext(arrived(ctx, at), event)
	}
}

// validQuery reports whether the adapter can parse the query. If it cannot, the handler gets an empty query.
func validQuery(query string) bool {
	_, err := url.QueryUnescape(query)
	return err == nil && !strings.ContainsFunc(query, func(r rune) bool { return r == ';' || r < ' ' || r == 0x7f })
}

// convertible reports whether the adapter can convert the rest of the event.
func convertible(event events.APIGatewayV2HTTPRequest) bool {
	if event.IsBase64Encoded {
		if _, err := base64.StdEncoding.DecodeString(event.Body); err != nil {
			return false
		}
	}
	path := event.RawPath
	if path == "" {
		path = event.RequestContext.HTTP.Path
	}
	_, err := http.NewRequest(event.RequestContext.HTTP.Method, "https://"+event.RequestContext.DomainName+"/"+path, nil)
	return err == nil
}
