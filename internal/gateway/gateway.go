// Package gateway puts an http.Handler behind API Gateway's HTTP API (payload format 2.0).
package gateway

import (
	"context"
	"encoding/base64"
	"net/http"
	"net/url"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/awslabs/aws-lambda-go-api-proxy/httpadapter"
)

// patience is how old a request may be by the gateway's clock and still be believed: under sam local the gateway's time
// is that of its start.
const patience = 5 * time.Second

// Handler returns the Lambda handler that serves requests by h. arrived puts the time at which the gateway took the
// request into the request's context.
func Handler(h http.Handler, arrived func(context.Context, time.Time) context.Context, now func() time.Time) func(context.Context, events.APIGatewayV2HTTPRequest) (events.APIGatewayV2HTTPResponse, error) {
	adapter := httpadapter.NewV2(h)
	return func(ctx context.Context, event events.APIGatewayV2HTTPRequest) (events.APIGatewayV2HTTPResponse, error) {
		// The adapter prints what it cannot convert, the follower's openid in the query included, so what it would
		// fail at does not reach it.
		if !queryReads(event) {
			event.RawQueryString, event.QueryStringParameters = "", nil
		}
		if !convertible(event) {
			return events.APIGatewayV2HTTPResponse{StatusCode: http.StatusBadRequest, Body: "bad request",
				Headers: map[string]string{"Content-Type": "text/plain; charset=utf-8"}}, nil
		}
		at := time.UnixMilli(event.RequestContext.TimeEpoch)
		if age := now().Sub(at); age < 0 || age > patience {
			at = now()
		}
		return adapter.ProxyWithContext(arrived(ctx, at), event)
	}
}

// queryReads reports whether the query is one. The handler of a request whose query is none gets no query.
func queryReads(event events.APIGatewayV2HTTPRequest) bool {
	if _, err := url.ParseQuery(event.RawQueryString); err != nil {
		return false
	}
	_, err := url.Parse("https://host/?" + event.RawQueryString)
	return err == nil
}

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
