package parameterstore

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/guanzhu/guanzhu/internal/awsjson"
	"github.com/guanzhu/guanzhu/internal/transport"
)

// stepWithin bounds each step of a call, so that a connection that died while Lambda froze the instance leaves time for
// another try within reloadWithin.
const stepWithin = 500 * time.Millisecond

// Client is a Reader that calls Systems Manager. It makes one try per call, because a Keeper retries itself.
type Client struct{ ssm *awsjson.Client }

// NewClient returns a Client with the region and the credentials of cfg. If neither endpoint nor cfg says where Systems
// Manager is, the Client calls that of the region.
func NewClient(cfg aws.Config, endpoint string) *Client {
	service := awsjson.Service{Name: "ssm", Target: "AmazonSSM", Version: "1.1"}
	limits := transport.Limits{Connect: stepWithin, Handshake: stepWithin, Header: stepWithin, Call: openWithin}
	return &Client{awsjson.New(cfg, service, endpoint, limits)}
}

// GetParameter implements Reader. If Systems Manager refuses the call, the error is a smithy.APIError.
func (c *Client) GetParameter(ctx context.Context, name string) (Parameter, error) {
	in := struct {
		Name           string
		WithDecryption bool
	}{name, true}
	var out struct{ Parameter Parameter }
	err := c.ssm.Call(ctx, "GetParameter", in, &out)
	return out.Parameter, err
}
