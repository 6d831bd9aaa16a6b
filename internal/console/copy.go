package console

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"text/template"

	"github.com/guanzhu/guanzhu/pkg/wechat"
)

// serveCopy answers GET /api/items/{id}/copy: a delivery in a form that can be pasted elsewhere.
func (c *Console) serveCopy(w http.ResponseWriter, r *http.Request) {
	text, err := c.copyAs(r)
	if err != nil {
		writeError(w, http.StatusBadRequest, err)
		return
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, _ = w.Write(text) //nolint:gosec // plain text, which no browser takes for another type
}

func (c *Console) copyAs(r *http.Request) ([]byte, error) {
	i, err := c.item(r)
	if err != nil {
		return nil, err
	}
	if i.Kind != Delivery {
		return nil, refuse("这一条不是推送", "this entry is no delivery")
	}
	switch r.URL.Query().Get("as") {
	case "curl":
		return c.asCurl(r.Context(), i)
	case "sam":
		return c.asEvent(r.Context(), i)
	case "scenario":
		return c.scenario(r.Context(), i.Title, []*Item{i})
	case "go":
		return asGo(i)
	}
	return nil, refuse("as 是 curl、sam、scenario 或 go", "as is curl, sam, scenario or go")
}

// signed returns the request that delivers the Item now, and its body.
func (c *Console) signed(ctx context.Context, i *Item) (*http.Request, []byte, error) {
	account, mode := c.pusher()
	r, err := account.Request(ctx, c.endpoint(i.Target), mode, []byte(i.Message), c.clock.Now())
	if err != nil {
		return nil, nil, err
	}
	body, err := io.ReadAll(r.Body)
	return r, body, err
}

// asCurl returns a command for a shell. Its signature is valid for ten minutes.
func (c *Console) asCurl(ctx context.Context, i *Item) ([]byte, error) {
	r, body, err := c.signed(ctx, i)
	if err != nil {
		return nil, err
	}
	return fmt.Appendf(nil, "curl -H 'Content-Type: text/xml' --data-binary %s %s\n", quoted(string(body)), quoted(r.URL.String())), nil
}

func quoted(text string) string { return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'" }

// asEvent returns the event that API Gateway makes of the request, for sam local invoke.
// https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
func (c *Console) asEvent(ctx context.Context, i *Item) ([]byte, error) {
	r, body, err := c.signed(ctx, i)
	if err != nil {
		return nil, err
	}
	const domain = "example.execute-api.us-east-1.amazonaws.com"
	parameters := map[string]string{}
	for name, values := range r.URL.Query() {
		parameters[name] = strings.Join(values, ",")
	}
	route := r.Method + " " + r.URL.Path
	at := c.clock.Now().UTC()
	return []byte(indented(map[string]any{
		"version": "2.0", "routeKey": route, "rawPath": r.URL.Path, "rawQueryString": r.URL.RawQuery,
		"headers":               map[string]string{"content-type": "text/xml", "host": domain, "user-agent": r.UserAgent()},
		"queryStringParameters": parameters,
		"requestContext": map[string]any{
			"routeKey": route, "accountId": "123456789012", "stage": "$default", "requestId": "sample", "apiId": "example",
			"domainName": domain, "domainPrefix": "example",
			"time": at.Format("02/Jan/2006:15:04:05 -0700"), "timeEpoch": at.UnixMilli(),
			"http": map[string]string{
				"method": r.Method, "path": r.URL.Path, "protocol": "HTTP/1.1", "sourceIp": "192.0.2.1", "userAgent": r.UserAgent(),
			},
		},
		"body": string(body), "isBase64Encoded": false,
	})), nil
}

var goTest = template.Must(template.New("").Funcs(template.FuncMap{"quote": quotedGo}).Parse(`package account_test

import (
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	owner "github.com/guanzhu/guanzhu/account"
	"github.com/guanzhu/guanzhu/internal/world"
	"github.com/guanzhu/guanzhu/pkg/webhook"
)

func TestPush(t *testing.T) {
	w := world.New(t, world.Options{Begun: time.Unix({{.At}}, 0)})
	var err error
	if w.Account, err = owner.Load(); err != nil {
		t.Fatal(err)
	}
	endpoint, err := webhook.New(w.Endpoint())
	if err != nil {
		t.Fatal(err)
	}
	answer := httptest.NewRecorder()
	endpoint.ServeHTTP(answer, w.Request([]byte({{quote .Message}})))
	if want := {{quote .Want}}; answer.Code != 200 || !strings.Contains(answer.Body.String(), want) {
		t.Errorf("%d %s, want %s", answer.Code, answer.Body, want)
	}
}
`))

// quotedGo returns text as a literal of Go.
func quotedGo(text string) string {
	if strings.ContainsAny(text, "`\r\x00\ufeff") {
		return fmt.Sprintf("%q", text)
	}
	return "`" + text + "`"
}

// asGo returns a test of Go for the folder account.
func asGo(i *Item) ([]byte, error) {
	p, err := wechat.ParsePush([]byte(i.Message))
	if err != nil {
		return nil, refuse("这条推送无法解析", "this push cannot be parsed")
	}
	want := wechat.Success
	switch {
	case i.Reply == nil:
	case i.Reply.Content != "":
		want = i.Reply.Content
	default:
		want = "<MsgType><![CDATA[" + i.Reply.Type + "]]></MsgType>"
	}
	var out bytes.Buffer
	err = goTest.Execute(&out, struct {
		At            int64
		Message, Want string
	}{p.Common().Time().Unix(), i.Message, want})
	return out.Bytes(), err
}
