// Package ownersecrets reads and writes the account's secrets in Systems Manager's Parameter Store, from the owner's machine.
// Functions read them by package parameterstore.
//
// No error of this package contains the value of a secret.
package ownersecrets

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/ssm/types"
	"github.com/aws/smithy-go"

	"github.com/guanzhu/guanzhu/internal/parameterstore"
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

const (
	keyAlias     = "alias/aws/ssm" // the functions' roles need no permission for this key
	maxParameter = 4096            // bytes, in the standard tier
)

// Read returns the secrets in the parameter called name, and their version, which Write requires. If there is no such
// parameter, the version is 0. It makes one call. The error says how the owner can mend it.
func Read(ctx context.Context, r Reader, name string) (s secrets.Secrets, version int64, err error) {
	if err := parameterstore.CheckName(name); err != nil {
		return secrets.Secrets{}, 0, err
	}
	out, err := r.GetParameter(ctx, &ssm.GetParameterInput{Name: &name, WithDecryption: aws.Bool(true)})
	if _, none := errors.AsType[*types.ParameterNotFound](err); none {
		return secrets.Secrets{}, 0, nil
	}
	if err != nil {
		return secrets.Secrets{}, 0, fmt.Errorf("cannot read the parameter %s: %s: %w", name,
			ownerAdvice(err, "ssm:GetParameter", "kms:Decrypt"), err)
	}
	stored := cmp.Or(out.Parameter, &types.Parameter{})
	found := parameterstore.Parameter{Value: aws.ToString(stored.Value), Type: string(stored.Type), Version: stored.Version}
	if s, err = parameterstore.Parse(name, found); err != nil {
		return secrets.Secrets{}, 0, fmt.Errorf("%w\nIt cannot be changed in this state. Look at it, delete it, and write it again:\n"+
			"  aws ssm delete-parameter --name %s", err, name)
	}
	return s, found.Version, nil
}

// Write stores s in the parameter called name and returns the new version. The parameter is a SecureString of the standard
// tier under AWS's own key. was is the version that Read returned; if it is 0, Write overwrites nothing. Systems Manager
// has no conditional overwrite: if another write came in between, it is lost, and the error names its version.
// https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_PutParameter.html
func Write(ctx context.Context, w Writer, name string, s secrets.Secrets, was int64) (version int64, err error) {
	if err := parameterstore.CheckName(name); err != nil {
		return 0, err
	}
	document, err := secrets.Document(s)
	if err != nil {
		return 0, err
	}
	if len(document) > maxParameter {
		return 0, fmt.Errorf("the secrets have %d bytes, but a parameter holds %d: one value is too long, so enter them again",
			len(document), maxParameter)
	}
	out, err := w.PutParameter(ctx, &ssm.PutParameterInput{
		Name:      &name,
		Value:     aws.String(string(document)),
		Type:      types.ParameterTypeSecureString,
		KeyId:     aws.String(keyAlias),
		Tier:      types.ParameterTierStandard,
		Overwrite: aws.Bool(was > 0),
	})
	if err != nil {
		return 0, fmt.Errorf("cannot write the parameter %s: %s: %w", name,
			ownerAdvice(err, "ssm:PutParameter", "kms:Encrypt"), redact(err, s))
	}
	if out.Version != was+1 {
		return out.Version, fmt.Errorf("the parameter %s now has version %d instead of %d: another write came in between and was "+
			"overwritten. Look at `aws ssm get-parameter-history --name %s`, then run this command again",
			name, out.Version, was+1, name)
	}
	return out.Version, nil
}

// redact returns err. If its text contains a value of s, as the text of a validation error may, redact returns only the
// error's code.
func redact(err error, s secrets.Secrets) error {
	for _, value := range []string{s.Token, s.AppSecret, s.EncodingAESKey, s.PreviousToken, s.PreviousEncodingAESKey, s.LinkKey, s.AIKey} {
		if value != "" && strings.Contains(err.Error(), value) {
			if api, ok := errors.AsType[smithy.APIError](err); ok {
				return errors.New(api.ErrorCode())
			}
			return errors.New("its text contains a secret")
		}
	}
	return err
}

// ownerAdvice returns advice to the owner, at the command line, about an error of Systems Manager.
func ownerAdvice(err error, permission, keyPermission string) string {
	if api, ok := errors.AsType[smithy.APIError](err); ok {
		switch api.ErrorCode() {
		case "AccessDeniedException":
			return fmt.Sprintf("allow your AWS user or role %s on it, and %s on its key", permission, keyPermission)
		case "ParameterAlreadyExists":
			return "it was created a moment ago: run this again, which then changes it"
		case "ParameterMaxVersionLimitExceeded":
			return "its oldest version has a label: remove that label"
		case "UnrecognizedClientException", "InvalidSignatureException", "ExpiredTokenException", "InvalidClientTokenId":
			return "AWS refuses these credentials in this region: log in again, check AWS_PROFILE, and AWS_REGION (China has its own accounts)"
		}
		return "check the parameter and the permissions of your AWS user or role"
	}
	// Without credentials, the SDK asks EC2's metadata service last, which it cannot reach.
	if _, ok := errors.AsType[*net.OpError](err); ok && !strings.Contains(err.Error(), "get credentials") {
		return "Systems Manager cannot be reached: check the spelling of the region (AWS_REGION) and the network"
	}
	return "check the AWS credentials (`aws sts get-caller-identity` shows them), the region and the network"
}
