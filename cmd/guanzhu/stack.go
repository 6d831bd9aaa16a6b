package main

import (
	"context"
	"errors"
	"os"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/smithy-go"

	"github.com/guanzhu/guanzhu/internal/bilingual"
	"github.com/guanzhu/guanzhu/internal/dynamostore"
	"github.com/guanzhu/guanzhu/internal/parameterstore"
)

// loadAWS reads region and credentials as the AWS CLI does: from AWS_PROFILE, ~/.aws with its SSO sessions, AWS_REGION, AWS_DEFAULT_REGION and so on.
func loadAWS(ctx context.Context) (aws.Config, error) {
	cfg, err := config.LoadDefaultConfig(ctx)
	if err != nil {
		return aws.Config{}, bilingual.Errorf("AWS 的配置读不了，检查 ~/.aws/config 和 ~/.aws/credentials：%w", "the AWS configuration cannot be read, look at ~/.aws/config and ~/.aws/credentials: %w", err)
	}
	if cfg.Region == "" {
		return aws.Config{}, bilingual.Errorf("没有设置 AWS 区域：给 profile 设一个（aws configure set region ap-southeast-1），或设置 AWS_DEFAULT_REGION。SAM CLI 也读这两处；samconfig.toml 里的 region 和 profile 只有 SAM CLI 会读",
			"no AWS region is set: give your profile one (aws configure set region ap-southeast-1), or set AWS_DEFAULT_REGION. The SAM CLI reads both too; region and profile in samconfig.toml are for the SAM CLI alone")
	}
	return cfg, nil
}

// endpointOf returns the address of a service that the environment names. The SDK's own clients read it by themselves.
// https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html
func endpointOf(service string) string { return os.Getenv("AWS_ENDPOINT_URL_" + service) }

// stack is a deployed stack, as CloudFormation describes it.
type stack struct {
	name       string
	status     string
	parameters map[string]string
	outputs    map[string]string
}

// describeStack asks CloudFormation for the stack.
func describeStack(ctx context.Context, cfg aws.Config, name string) (stack, error) {
	out, err := cloudformation.NewFromConfig(cfg).DescribeStacks(ctx, &cloudformation.DescribeStacksInput{StackName: &name})
	if err != nil || len(out.Stacks) == 0 {
		if api, ok := errors.AsType[smithy.APIError](err); err == nil || ok && strings.Contains(api.ErrorMessage(), "does not exist") {
			return stack{}, bilingual.Errorf("%[2]s 没有堆栈 %[1]s：检查名字（samconfig.toml 的 stack_name）、AWS_PROFILE 和区域。samconfig.toml 里的 region 和 profile 只有 SAM CLI 会读：那里写了就用 AWS_REGION 和 AWS_PROFILE 设成一样的",
				"there is no stack %s in %s: check its name (stack_name in samconfig.toml), AWS_PROFILE and the region. If samconfig.toml has a region or profile, which only the SAM CLI reads, set AWS_REGION and AWS_PROFILE to the same", name, cfg.Region)
		}
		return stack{}, bilingual.Errorf("在 %[2]s 查不到堆栈 %[1]s：%[3]w", "the stack %s cannot be looked up in %s: %w", name, cfg.Region, err)
	}
	s := stack{name: name, status: string(out.Stacks[0].StackStatus), parameters: map[string]string{}, outputs: map[string]string{}}
	for _, p := range out.Stacks[0].Parameters {
		s.parameters[aws.ToString(p.ParameterKey)] = aws.ToString(p.ParameterValue)
	}
	for _, o := range out.Stacks[0].Outputs {
		s.outputs[aws.ToString(o.OutputKey)] = aws.ToString(o.OutputValue)
	}
	return s, nil
}

// output returns one of the outputs that template.yaml declares.
func (s stack) output(name string) (string, error) {
	if value := s.outputs[name]; value != "" {
		return value, nil
	}
	return "", bilingual.Errorf("堆栈 %s（%s）没有输出 %s：用这个版本的 template.yaml 重新部署（make deploy）",
		"the stack %s (%s) has no output %s: deploy it again with this version of template.yaml (make deploy)", s.name, s.status, name)
}

// tableFlags select a table.
type tableFlags struct {
	Stack string `xor:"table" required:"" placeholder:"NAME" help:"Use the table of this deployed stack (GUANZHU_STACK). Either this or --table." zh:"使用这个已部署的堆栈的表（GUANZHU_STACK），与 --table 二选一。"`
	Table string `xor:"table" required:"" placeholder:"NAME" help:"Use the table with this name, such as one that was restored. Either this or --stack." zh:"使用这个名字的表，例如恢复出的表，与 --stack 二选一。"`
}

// name returns the table's name.
func (f *tableFlags) name(ctx context.Context, cfg aws.Config) (string, error) {
	if f.Stack == "" {
		return f.Table, nil
	}
	s, err := describeStack(ctx, cfg, f.Stack)
	if err != nil {
		return "", err
	}
	return s.output("TableName")
}

// open returns the store of the table.
func (f *tableFlags) open(ctx context.Context) (*dynamostore.Store, error) {
	cfg, err := loadAWS(ctx)
	if err != nil {
		return nil, err
	}
	name, err := f.name(ctx, cfg)
	if err != nil {
		return nil, err
	}
	return openTable(cfg, name), nil
}

func openTable(cfg aws.Config, name string) *dynamostore.Store {
	return dynamostore.New(cfg, dynamostore.Options{Table: name, Now: time.Now})
}

// openSecrets reads the secrets of accountFlags, from Systems Manager if ref says so.
func openSecrets(ctx context.Context, ref string) (*parameterstore.Keeper, error) {
	options := parameterstore.Options{}
	if strings.HasPrefix(ref, "ssm:") {
		cfg, err := loadAWS(ctx)
		if err != nil {
			return nil, err
		}
		options.Reader = parameterstore.NewClient(cfg, endpointOf("SSM"))
	}
	return parameterstore.Open(ctx, ref, options)
}
