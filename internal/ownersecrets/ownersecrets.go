// Package ownersecrets reads and writes the account's secrets in Systems Manager's Parameter Store, from the owner's machine.
// Functions read them by package parameterstore.
//
// No error of this package contains the value of a secret.
package ownersecrets

import (
	"cmp"
	"context"
	"errors"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/ssm/types"
	"github.com/aws/smithy-go"

	"github.com/guanzhu/guanzhu/internal/bilingual"
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
		return secrets.Secrets{}, 0, bilingual.Errorf("读不了参数 %s%s：%w", "cannot read the parameter %s%s: %w", name,
			ownerAdvice(err, "ssm:GetParameter", "kms:Decrypt"), err)
	}
	stored := cmp.Or(out.Parameter, &types.Parameter{})
	found := parameterstore.Parameter{Value: aws.ToString(stored.Value), Type: string(stored.Type), Version: stored.Version}
	if s, err = parameterstore.Parse(name, found); err != nil {
		return secrets.Secrets{}, 0, bilingual.Errorf("%w\n这样的参数不能修改。请查看它，删除它，再重新写入：\n  aws ssm delete-parameter --name %s",
			"%w\nIt cannot be changed in this state. Look at it, delete it, and write it again:\n"+
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
		return 0, bilingual.Errorf("密钥有 %d 字节，一个参数最多 %d 字节：有一项太长，请重新填写",
			"the secrets have %d bytes, but a parameter holds %d: one value is too long, so enter them again",
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
		return 0, bilingual.Errorf("写不了参数 %s%s：%w", "cannot write the parameter %s%s: %w", name,
			ownerAdvice(err, "ssm:PutParameter", "kms:Encrypt"), redact(err, s))
	}
	if out.Version != was+1 {
		return out.Version, bilingual.Errorf("参数 %s 现在的版本是 %d，而不是 %d：期间有别的写入，已被覆盖。"+
			"用 aws ssm get-parameter-history --name %s 查看，然后再运行一次这条命令",
			"the parameter %s now has version %d instead of %d: another write came in between and was "+
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
			return bilingual.New("它的文字里有密钥，不在这里显示", "its text contains a secret")
		}
	}
	return err
}

// ownerAdvice returns, with a colon in front, what the owner can do about an error of Systems Manager that other services do
// not have; for others, an empty text.
func ownerAdvice(err error, permission, keyPermission string) bilingual.Text {
	api, ok := errors.AsType[smithy.APIError](err)
	if !ok {
		return bilingual.Text{}
	}
	switch api.ErrorCode() {
	case "AccessDeniedException":
		return bilingual.Format("：请给您的 AWS 用户或角色授予它的 %s 权限，以及它的密钥的 %s 权限",
			": allow your AWS user or role %s on it, and %s on its key", permission, keyPermission)
	case "ParameterAlreadyExists":
		return bilingual.New("：它刚刚被创建，再运行一次就会修改它", ": it was created a moment ago: run this again, which then changes it")
	case "ParameterMaxVersionLimitExceeded":
		return bilingual.New("：最旧的版本带有标签，请删除那个标签", ": its oldest version has a label: remove that label")
	}
	return bilingual.Text{}
}
