package stack

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/aws/aws-lambda-go/events"
)

// gateway is API Gateway's HTTP API (payload format 2.0) before a function; see
// https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html.
type gateway struct {
	invoke func([]byte) ([]byte, error) // gives an event to the function and returns its answer
	failed func(error)
}

func (g gateway) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	answer, err := g.serve(r)
	if err != nil {
		g.failed(err)
		http.Error(w, `{"message":"Internal Server Error"}`, http.StatusInternalServerError)
		return
	}
	for name, value := range answer.Headers {
		w.Header().Set(name, value)
	}
	for _, cookie := range answer.Cookies {
		w.Header().Add("Set-Cookie", cookie)
	}
	w.WriteHeader(answer.StatusCode)
	io.WriteString(w, answer.Body)
}

func (g gateway) serve(r *http.Request) (answer events.APIGatewayV2HTTPResponse, err error) {
	event, err := event(r, time.Now())
	if err != nil {
		return answer, err
	}
	payload, err := json.Marshal(event)
	if err != nil {
		return answer, err
	}
	body, err := g.invoke(payload)
	if err != nil {
		return answer, err
	}
	return answer, json.Unmarshal(body, &answer)
}

// event is what API Gateway makes of a request with a body of text.
func event(r *http.Request, now time.Time) (e events.APIGatewayV2HTTPRequest, err error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return e, err
	}
	route := "ANY /{proxy+}"
	switch key := r.Method + " " + r.URL.Path; {
	case key == "GET /login/wechat", key == "POST /login/wechat":
		route = key
	case r.URL.Path == "/":
		route = "ANY /"
	}
	e = events.APIGatewayV2HTTPRequest{
		Version:               "2.0",
		RouteKey:              route,
		RawPath:               r.URL.Path,
		RawQueryString:        r.URL.RawQuery,
		Headers:               map[string]string{"host": r.Host},
		QueryStringParameters: map[string]string{},
		Body:                  string(body),
		RequestContext: events.APIGatewayV2HTTPRequestContext{
			RouteKey:   route,
			Stage:      "$default",
			DomainName: r.Host,
			TimeEpoch:  now.UnixMilli(),
			HTTP: events.APIGatewayV2HTTPRequestContextHTTPDescription{
				Method:    r.Method,
				Path:      r.URL.Path,
				Protocol:  r.Proto,
				SourceIP:  "192.0.2.1",
				UserAgent: r.UserAgent(),
			},
		},
	}
	for name, values := range r.Header {
		if name == "Cookie" {
			e.Cookies = strings.Split(strings.Join(values, "; "), "; ")
			continue
		}
		e.Headers[strings.ToLower(name)] = strings.Join(values, ",")
	}
	for name, values := range r.URL.Query() {
		e.QueryStringParameters[name] = strings.Join(values, ",")
	}
	return e, nil
}
