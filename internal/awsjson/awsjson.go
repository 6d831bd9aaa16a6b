// Package awsjson calls services of AWS that speak JSON over HTTP, each call by one signed request. The SDK's clients of
// these services would make every start longer and every function larger.
// https://smithy.io/2.0/aws/protocols/aws-json-1_1-protocol.html
package awsjson

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/smithy-go"

	"github.com/guanzhu/guanzhu/internal/transport"
)

// maxAnswer is the size of the largest answer that is read, in bytes. The largest of these services, a batch of messages of
// SQS, has 1 MiB and is encoded.
const maxAnswer = 4 << 20

// Service is a service of AWS.
type Service struct {
	Name    string // in addresses and signatures: "ssm"
	Target  string // before the action's name: "AmazonSSM"
	Version string // of the protocol: "1.0" or "1.1"
}

// Client calls a service. It makes one try per call. It is safe for concurrent use.
type Client struct {
	service     Service
	http        *http.Client
	url         string
	region      string
	credentials aws.CredentialsProvider
}

// New returns a Client with connections of its own and with the region and the credentials of cfg. If neither endpoint nor
// cfg says where the service is, the Client calls that of the region. New makes no request.
func New(cfg aws.Config, service Service, endpoint string, limits transport.Limits) *Client {
	return &Client{
		service:     service,
		http:        transport.Client(limits),
		url:         strings.TrimSuffix(cmp.Or(endpoint, aws.ToString(cfg.BaseEndpoint), regional(service.Name, cfg.Region)), "/") + "/",
		region:      cfg.Region,
		credentials: cfg.Credentials,
	}
}

// regional returns the endpoint of a service in a region. https://docs.aws.amazon.com/general/latest/gr/ssm.html
func regional(service, region string) string {
	domain := "amazonaws.com"
	switch {
	case strings.HasPrefix(region, "cn-"):
		domain = "amazonaws.com.cn"
	case strings.HasPrefix(region, "eusc-"):
		domain = "amazonaws.eu"
	}
	return "https://" + service + "." + region + "." + domain
}

// Call lets the service perform an action with in, and reads the answer into out, which may be nil. The error is a
// *smithy.OperationError, as of the SDK's clients, and contains a smithy.APIError if the service refuses the call. No error
// contains a part of an answer, but for the code and the message of a refusal.
func (c *Client) Call(ctx context.Context, action string, in, out any) error {
	if err := c.call(ctx, action, in, out); err != nil {
		return &smithy.OperationError{ServiceID: c.service.Name, OperationName: action, Err: err}
	}
	return nil
}

func (c *Client) call(ctx context.Context, action string, in, out any) error {
	body, err := json.Marshal(in)
	if err != nil {
		return err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, c.url, bytes.NewReader(body))
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", "application/x-amz-json-"+c.service.Version)
	r.Header.Set("X-Amz-Target", c.service.Target+"."+action)
	if err := c.sign(r, body); err != nil {
		return err
	}
	status, answer, err := c.send(r)
	if err != nil {
		return err
	}
	if status != http.StatusOK {
		return refusal(status, answer)
	}
	if out != nil && json.Unmarshal(answer, out) != nil { // the text of its error could show a secret
		return fmt.Errorf("the answer of %s is not JSON", c.service.Name)
	}
	return nil
}

func (c *Client) sign(r *http.Request, body []byte) error {
	credentials, err := c.credentials.Retrieve(r.Context())
	if err != nil {
		return fmt.Errorf("get credentials: %w", err)
	}
	sum := sha256.Sum256(body)
	return v4.NewSigner().SignHTTP(r.Context(), credentials, r, hex.EncodeToString(sum[:]), c.service.Name, c.region, time.Now())
}

func (c *Client) send(r *http.Request) (status int, answer []byte, err error) {
	response, err := c.http.Do(r)
	if err != nil {
		return 0, nil, err
	}
	defer response.Body.Close()
	answer, err = io.ReadAll(io.LimitReader(response.Body, maxAnswer))
	return response.StatusCode, answer, err
}

// refusal returns the error in an answer.
func refusal(status int, answer []byte) error {
	var out struct {
		Type    string `json:"__type"`
		Message string
	}
	_ = json.Unmarshal(answer, &out) // a proxy may answer otherwise: the status is enough then
	refused := &smithy.GenericAPIError{Code: out.Type[strings.LastIndexByte(out.Type, '#')+1:], Message: out.Message, Fault: smithy.FaultClient}
	if refused.Code == "" {
		refused.Code = http.StatusText(status)
	}
	if status >= http.StatusInternalServerError {
		refused.Fault = smithy.FaultServer
	}
	return refused
}

var retryable = retry.IsErrorRetryables(retry.DefaultRetryables)

// Transient reports whether another try of a call that failed with err may succeed. Everything but a refusal may be gone: a
// connection may have been cut.
func Transient(err error) bool {
	api, refused := errors.AsType[smithy.APIError](err)
	return !refused || api.ErrorFault() == smithy.FaultServer || retryable.IsErrorRetryable(err) == aws.TrueTernary
}
