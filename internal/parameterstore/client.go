package parameterstore

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/smithy-go"

	"github.com/guanzhu/guanzhu/internal/transport"
)

// stepWithin bounds each step of a call, so that a connection that died while Lambda froze the instance leaves time for
// another try within reloadWithin.
const stepWithin = 500 * time.Millisecond

// maxAnswer is the size of the largest answer that is read, in bytes. A parameter has at most 8 KB.
const maxAnswer = 64 << 10

// Client is a Reader that calls Systems Manager. It makes one try per call, because a Keeper retries itself. Each function
// makes this one call, so it does without the SDK's client of the service, which makes every start longer and every
// function larger.
type Client struct {
	http        *http.Client
	url         string
	region      string
	credentials aws.CredentialsProvider
}

// NewClient returns a Client with the region and the credentials of cfg. If neither endpoint nor cfg says where Systems
// Manager is, the Client calls that of the region.
func NewClient(cfg aws.Config, endpoint string) *Client {
	return &Client{
		http:        transport.Client(transport.Limits{Connect: stepWithin, Handshake: stepWithin, Header: stepWithin, Call: openWithin}),
		url:         strings.TrimSuffix(cmp.Or(endpoint, aws.ToString(cfg.BaseEndpoint), regional(cfg.Region)), "/") + "/",
		region:      cfg.Region,
		credentials: cfg.Credentials,
	}
}

// regional returns the endpoint of a region. https://docs.aws.amazon.com/general/latest/gr/ssm.html
func regional(region string) string {
	domain := "amazonaws.com"
	switch {
	case strings.HasPrefix(region, "cn-"):
		domain = "amazonaws.com.cn"
	case strings.HasPrefix(region, "eusc-"):
		domain = "amazonaws.eu"
	}
	return "https://ssm." + region + "." + domain
}

// GetParameter implements Reader. If Systems Manager refuses the call, the error is a smithy.APIError.
func (c *Client) GetParameter(ctx context.Context, name string) (Parameter, error) {
	body, err := json.Marshal(struct {
		Name           string
		WithDecryption bool
	}{name, true})
	if err != nil {
		return Parameter{}, err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, c.url, bytes.NewReader(body))
	if err != nil {
		return Parameter{}, err
	}
	r.Header.Set("Content-Type", "application/x-amz-json-1.1")
	r.Header.Set("X-Amz-Target", "AmazonSSM.GetParameter")
	if err := c.sign(r, body); err != nil {
		return Parameter{}, err
	}
	status, answer, err := c.send(r)
	if err != nil {
		return Parameter{}, err
	}
	if status != http.StatusOK {
		return Parameter{}, refusal(status, answer)
	}
	var out struct{ Parameter Parameter }
	if json.Unmarshal(answer, &out) != nil { // its text could show a part of the secrets
		return Parameter{}, fmt.Errorf("the answer of Systems Manager is not JSON")
	}
	return out.Parameter, nil
}

func (c *Client) sign(r *http.Request, body []byte) error {
	credentials, err := c.credentials.Retrieve(r.Context())
	if err != nil {
		return fmt.Errorf("get credentials: %w", err)
	}
	sum := sha256.Sum256(body)
	return v4.NewSigner().SignHTTP(r.Context(), credentials, r, hex.EncodeToString(sum[:]), "ssm", c.region, time.Now())
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
// https://smithy.io/2.0/aws/protocols/aws-json-1_1-protocol.html
func refusal(status int, answer []byte) error {
	var out struct {
		Type    string `json:"__type"`
		Message string
	}
	_ = json.Unmarshal(answer, &out) // a proxy may answer by something else: the status is enough then
	refused := &smithy.GenericAPIError{Code: out.Type[strings.LastIndexByte(out.Type, '#')+1:], Message: out.Message, Fault: smithy.FaultClient}
	if refused.Code == "" {
		refused.Code = http.StatusText(status)
	}
	if status >= http.StatusInternalServerError {
		refused.Fault = smithy.FaultServer
	}
	return refused
}
