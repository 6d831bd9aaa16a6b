package secrets

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"net"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/ssm/types"
	"github.com/aws/smithy-go"
)

// A Writer writes one parameter of AWS Systems Manager; *ssm.Client is one.
// https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_PutParameter.html
type Writer interface {
	PutParameter(context.Context, *ssm.PutParameterInput, ...func(*ssm.Options)) (*ssm.PutParameterOutput, error)
}

const (
	keyAlias     = "alias/aws/ssm" // the key that the functions' roles need no permission for
	maxParameter = 4096            // bytes, in the standard tier
)

const (
	letters   = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	digits    = "0123456789"
	lastOfKey = "AEIMQUYcgkosw048" // those whose two bits beyond the 32 bytes are 0, as strict decoders want it
)

// NewToken returns a random token: 32 letters and digits, the most that the platform's form takes.
func NewToken() string { return random(32, letters+digits) }

// NewEncodingAESKey returns a random EncodingAESKey: 43 letters and digits.
func NewEncodingAESKey() string { return random(42, letters+digits) + random(1, lastOfKey) }

// NewLinkKey returns a random link key: 32 bytes in base64url, 43 characters.
func NewLinkKey() string {
	var key [32]byte
	rand.Read(key[:])
	return base64.RawURLEncoding.EncodeToString(key[:])
}

func random(n int, alphabet string) string {
	b := make([]byte, n)
	for i := range b {
		index, _ := rand.Int(rand.Reader, big.NewInt(int64(len(alphabet)))) // never fails
		b[i] = alphabet[index.Int64()]
	}
	return string(b)
}

// Rotating reports whether a previous token or key is still valid.
func (s Secrets) Rotating() bool { return s.PreviousToken != "" || s.PreviousEncodingAESKey != "" }

// ErrRotating tells that a rotation has to end before the next begins.
var ErrRotating = errors.New("a rotation is not finished: the platform's console may still use the previous value, " +
	"which another one would push out")

// Replace returns s with another token and another EncodingAESKey; an empty one leaves what is there. What is replaced
// becomes the previous one, so that both are valid until Finish. The error is ErrRotating where a previous one, which the
// platform may still use, would be lost.
func (s Secrets) Replace(token, encodingAESKey string) (Secrets, error) {
	err := errors.Join(replace(&s.Token, &s.PreviousToken, token),
		replace(&s.EncodingAESKey, &s.PreviousEncodingAESKey, encodingAESKey))
	if err != nil {
		return Secrets{}, ErrRotating
	}
	return s, nil
}

func replace(current, previous *string, value string) error {
	if value == "" || value == *current {
		return nil
	}
	if *previous != "" && *previous != value {
		return ErrRotating
	}
	*previous, *current = *current, value
	return nil
}

// Finish returns s without the previous token and key.
func (s Secrets) Finish() Secrets {
	s.PreviousToken, s.PreviousEncodingAESKey = "", ""
	return s
}

// Document returns s as the JSON that Parse reads, and Parse's error where it would not. It is the only way to write
// secrets; what it returns belongs into the parameter alone.
func Document(s Secrets) ([]byte, error) {
	type previous struct {
		Token          string `json:"token,omitempty"`
		EncodingAESKey string `json:"encoding_aes_key,omitempty"`
	}
	document, err := json.Marshal(struct {
		Token          string   `json:"token"`
		AppSecret      string   `json:"app_secret"`
		EncodingAESKey string   `json:"encoding_aes_key,omitempty"`
		LinkKey        string   `json:"link_key,omitempty"`
		Previous       previous `json:"previous,omitzero"`
	}{s.Token, s.AppSecret, s.EncodingAESKey, s.LinkKey, previous{s.PreviousToken, s.PreviousEncodingAESKey}})
	if err != nil {
		return nil, err
	}
	if _, err := Parse(document); err != nil {
		return nil, err
	}
	return document, nil
}

// Read reads the parameter name for its owner, with the version that Write asks for. Where there is no such parameter,
// the version is 0. The error says what to do.
func Read(ctx context.Context, p Parameters, name string) (s Secrets, version int64, err error) {
	if !parameterName.MatchString(name) {
		return Secrets{}, 0, errParameterName
	}
	out, err := p.GetParameter(ctx, &ssm.GetParameterInput{Name: &name, WithDecryption: aws.Bool(true)})
	if _, none := errors.AsType[*types.ParameterNotFound](err); none {
		return Secrets{}, 0, nil
	}
	if err != nil {
		return Secrets{}, 0, fmt.Errorf("the parameter %s cannot be read: %s: %w", name, ownerAdvice(err, "ssm:GetParameter", "kms:Decrypt"), err)
	}
	if s, err = parse(name, out); err != nil {
		return Secrets{}, 0, fmt.Errorf("%w\nAs it cannot be changed like this, look at it, and write it anew after\n"+
			"  aws ssm delete-parameter --name %s", err, name)
	}
	return s, out.Parameter.Version, nil
}

// Write writes s into the parameter name, a SecureString of the standard tier under AWS's own key, and returns its new
// version. was is the version that Read returned: with 0 nothing is overwritten. If another version came between, the
// error says that it has been replaced, and by which version. No error holds a value of s.
// https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_PutParameter.html
func Write(ctx context.Context, w Writer, name string, s Secrets, was int64) (version int64, err error) {
	if !parameterName.MatchString(name) {
		return 0, errParameterName
	}
	document, err := Document(s)
	if err != nil {
		return 0, err
	}
	if len(document) > maxParameter {
		return 0, fmt.Errorf("the secrets have %d bytes, and a parameter holds %d: one of them was pasted wrongly, enter them again",
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
		return 0, fmt.Errorf("the parameter %s was not written: %s: %w", name, ownerAdvice(err, "ssm:PutParameter", "kms:Encrypt"), s.without(err))
	}
	if out.Version != was+1 {
		return out.Version, fmt.Errorf("the parameter %s is written as version %d, but version %d was expected: another write "+
			"came in between, and is replaced now. Look at `aws ssm get-parameter-history --name %s`, and run this again",
			name, out.Version, was+1, name)
	}
	return out.Version, nil
}

// without returns err, or only its kind where its text quotes a value of s, as a validation's may.
func (s Secrets) without(err error) error {
	for _, value := range []string{s.Token, s.AppSecret, s.EncodingAESKey, s.PreviousToken, s.PreviousEncodingAESKey, s.LinkKey} {
		if value != "" && strings.Contains(err.Error(), value) {
			if api, ok := errors.AsType[smithy.APIError](err); ok {
				return errors.New(api.ErrorCode())
			}
			return errors.New("its text holds a secret")
		}
	}
	return err
}

var errParameterName = errors.New("the name of the parameter must look like /guanzhu/prod: a slash before each part, " +
	"letters, digits and _.- in it")

// ownerAdvice returns what the owner, at the command line, can do about an error of Systems Manager.
func ownerAdvice(err error, permission, keyPermission string) string {
	if api, ok := errors.AsType[smithy.APIError](err); ok {
		switch api.ErrorCode() {
		case "AccessDeniedException":
			return fmt.Sprintf("allow your AWS user or role %s on it, and %s on its key", permission, keyPermission)
		case "ParameterAlreadyExists":
			return "it has come into being just now: run this again, which then changes it"
		case "ParameterMaxVersionLimitExceeded":
			return "its oldest version has a label: remove that label"
		case "UnrecognizedClientException", "InvalidSignatureException", "ExpiredTokenException", "InvalidClientTokenId":
			return "AWS refuses these credentials in this region: log in again, check AWS_PROFILE, and AWS_REGION (China has its own accounts)"
		}
		return "check the parameter and the permissions of your AWS user or role"
	}
	// Without credentials, the SDK ends at the address of EC2's metadata, which it cannot reach.
	if _, ok := errors.AsType[*net.OpError](err); ok && !strings.Contains(err.Error(), "get credentials") {
		return "Systems Manager cannot be reached: check the spelling of the region (AWS_REGION) and the network"
	}
	return "check that AWS credentials are there (`aws sts get-caller-identity` shows whose), the region and the network"
}
