// Package parameterstore reads and writes the account's secrets in the Parameter Store of AWS Systems Manager, where they
// are one SecureString. Functions use a Keeper; the command line uses Read and Write.
//
// No error or log line of this package contains the value of a secret.
package parameterstore

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/ssm/types"

	"github.com/guanzhu/guanzhu/internal/transport"
	"github.com/guanzhu/guanzhu/pkg/secrets"
)

// A Reader reads one parameter. *ssm.Client is a Reader.
// https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_GetParameter.html
type Reader interface {
	GetParameter(context.Context, *ssm.GetParameterInput, ...func(*ssm.Options)) (*ssm.GetParameterOutput, error)
}

// A Writer writes one parameter. *ssm.Client is a Writer.
// https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_PutParameter.html
type Writer interface {
	PutParameter(context.Context, *ssm.PutParameterInput, ...func(*ssm.Options)) (*ssm.PutParameterOutput, error)
}

// stepWithin bounds each step of a call, so that a connection that died while Lambda froze the instance leaves time for
// another try within reloadWithin.
const stepWithin = 500 * time.Millisecond

// NewSSM returns a client that makes one try per call, because a Keeper retries itself. If endpoint is empty, the client
// calls AWS in cfg's region.
func NewSSM(cfg aws.Config, endpoint string) *ssm.Client {
	return ssm.NewFromConfig(cfg, func(o *ssm.Options) {
		o.Retryer = aws.NopRetryer{}
		if cfg.HTTPClient == nil {
			o.HTTPClient = transport.Client(transport.Limits{Connect: stepWithin, Handshake: stepWithin, Header: stepWithin, Call: openWithin})
		}
		if endpoint != "" {
			o.BaseEndpoint = aws.String(endpoint)
		}
	})
}

var parameterName = regexp.MustCompile(`^(/[A-Za-z0-9_.-]+)+$`)

func get(ctx context.Context, r Reader, name string) (*ssm.GetParameterOutput, error) {
	return r.GetParameter(ctx, &ssm.GetParameterInput{Name: &name, WithDecryption: aws.Bool(true)})
}

// parse reads the value of the parameter called name.
func parse(name string, out *ssm.GetParameterOutput) (secrets.Secrets, error) {
	if out.Parameter == nil || out.Parameter.Value == nil {
		return secrets.Secrets{}, fmt.Errorf("the parameter %s has no value", name)
	}
	if t := out.Parameter.Type; t == types.ParameterTypeString || t == types.ParameterTypeStringList {
		return secrets.Secrets{}, fmt.Errorf("the parameter %s is a %s, which is stored in clear: "+
			"delete it and create it as a SecureString", name, t)
	}
	s, err := secrets.Parse([]byte(*out.Parameter.Value))
	if err != nil {
		return secrets.Secrets{}, fmt.Errorf("the parameter %s: %w", name, err)
	}
	return s, nil
}

var errParameterName = errors.New("the name of the parameter must look like /guanzhu/prod: a slash before each part, and in " +
	"each part letters, digits, _, . and -")
