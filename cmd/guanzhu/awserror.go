package main

import (
	"context"
	"errors"
	"net"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials/ssocreds"
	"github.com/aws/smithy-go"

	"github.com/guanzhu/guanzhu/internal/bilingual"
	"github.com/guanzhu/guanzhu/internal/doctor"
)

// explainAWS puts what is wrong and what to do in front of an error of AWS's SDK. It returns other errors as they are, and nil for
// nil.
func explainAWS(err error) error {
	if err == nil {
		return nil
	}
	for _, row := range awsErrors {
		if row.is(err) {
			return bilingual.Errorf("%s\n%w", "%s\n%w", row.text, err)
		}
	}
	return err
}

// awsErrors are the errors of the SDK that owners meet. The first row that fits counts. The advice suits the SAM CLI too: it
// reads AWS_PROFILE and the files in ~/.aws as the SDK does, but the region only from there and from AWS_DEFAULT_REGION.
// https://docs.aws.amazon.com/sdkref/latest/guide/settings-reference.html
var awsErrors = []struct {
	is   func(error) bool
	text bilingual.Text
}{
	{as[config.SharedConfigProfileNotExistError], bilingual.New(
		"没有这个 AWS profile：检查 AWS_PROFILE，aws configure list-profiles 会列出已有的",
		"there is no such AWS profile: check AWS_PROFILE; aws configure list-profiles lists those that there are")},
	{func(err error) bool { return as[*ssocreds.InvalidTokenError](err) || code(err, expired...) }, bilingual.New(
		"AWS 登录已过期：重新登录（aws sso login），或更新 AWS_ACCESS_KEY_ID、AWS_SECRET_ACCESS_KEY 和 AWS_SESSION_TOKEN",
		"the AWS credentials have expired: sign in again (aws sso login), or renew AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN")},
	{func(err error) bool { return strings.Contains(err.Error(), "get credentials: ") }, bilingual.New(
		"没有可用的 AWS 凭证：先登录（aws configure sso 之后 aws sso login，或用 aws configure 填写访问密钥），再用 AWS_PROFILE 指定 profile；SAM CLI 用的也是它们",
		"there are no AWS credentials: sign in (aws configure sso, then aws sso login; or aws configure for an access key), and name the profile in AWS_PROFILE. The SAM CLI uses the same")},
	{func(err error) bool { return code(err, unknownKeys...) }, bilingual.New(
		"AWS 不接受这份凭证：检查 AWS_PROFILE（aws sts get-caller-identity 显示是谁的）、区域（AWS 中国区域的账户是独立的）和本机时钟",
		"AWS does not accept these credentials: check AWS_PROFILE (aws sts get-caller-identity shows whose they are), the region (the China regions have accounts of their own) and this machine's clock")},
	{doctor.Denied, bilingual.New(
		"这个 AWS 身份没有权限：请管理员授予下面提到的权限，或换一个 AWS_PROFILE",
		"this AWS identity lacks a permission: have the one that is named below granted, or use another AWS_PROFILE")},
	{func(err error) bool { return code(err, "ResourceNotFoundException") }, bilingual.New(
		"没有这个表：检查表名和区域（AWS_REGION）", "there is no such table: check its name, and the region (AWS_REGION)")},
	{func(err error) bool { return code(err, throttled...) }, bilingual.New("AWS 的调用太频繁：稍后再试", "AWS limits the rate of calls: try again in a moment")},
	{func(err error) bool {
		return ofAWS(err) && (as[*net.DNSError](err) || as[*net.OpError](err))
	}, bilingual.New(
		"连接不上 AWS：检查区域的拼写（AWS_REGION）、网络和代理（HTTPS_PROXY）",
		"AWS cannot be reached: check the spelling of the region (AWS_REGION), the network and the proxy (HTTPS_PROXY)")},
	{func(err error) bool {
		return ofAWS(err) && errors.Is(err, context.DeadlineExceeded)
	}, bilingual.New(
		"AWS 没有及时应答：检查网络，再试一次", "AWS did not answer in time: check the network and try again")},
}

// The codes with which the services of AWS refuse calls.
// https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/CommonErrors.html
var (
	expired     = []string{"ExpiredToken", "ExpiredTokenException", "RequestExpired"}
	unknownKeys = []string{"UnrecognizedClientException", "InvalidClientTokenId", "InvalidSignatureException", "SignatureDoesNotMatch", "AuthFailure"}
	throttled   = []string{"Throttling", "ThrottlingException", "TooManyRequestsException"}
)

func as[E error](err error) bool {
	_, ok := errors.AsType[E](err)
	return ok
}

// ofAWS reports whether err comes from a call to AWS.
func ofAWS(err error) bool { return as[*smithy.OperationError](err) }

// code reports whether AWS refused a call with one of the codes.
func code(err error, codes ...string) bool {
	api, ok := errors.AsType[smithy.APIError](err)
	return ok && slices.Contains(codes, api.ErrorCode())
}
