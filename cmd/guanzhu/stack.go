package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/smithy-go"

	"github.com/guanzhu/guanzhu/internal/dynamostore"
	"github.com/guanzhu/guanzhu/internal/parameterstore"
)

// loadAWS reads region and credentials as the AWS CLI does: from AWS_PROFILE, AWS_REGION, ~/.aws and so on.
func loadAWS(ctx context.Context) (aws.Config, error) {
	cfg, err := config.LoadDefaultConfig(ctx)
	if err != nil {
		return aws.Config{}, fmt.Errorf("the AWS configuration cannot be read: %w", err)
	}
	if cfg.Region == "" {
		return aws.Config{}, errors.New("no AWS region is set: set AWS_REGION, or AWS_PROFILE to a profile that has one")
	}
	return cfg, nil
}

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
			return stack{}, fmt.Errorf("there is no stack %s in %s: check stack_name in samconfig.toml, and the region", name, cfg.Region)
		}
		return stack{}, fmt.Errorf("the stack %s cannot be looked up in %s: check the AWS credentials (`aws sts get-caller-identity` shows whose they are), "+
			"their permission for cloudformation:DescribeStacks, and the network: %w", name, cfg.Region, err)
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
	return "", fmt.Errorf("the stack %s (%s) has no output %s: was it deployed with this version of template.yaml?", s.name, s.status, name)
}

// tableFlags select a table.
type tableFlags struct {
	Stack string `xor:"table" required:"" placeholder:"NAME" help:"Use the table of this deployed stack (GUANZHU_STACK). Either this or --table."`
	Table string `xor:"table" required:"" placeholder:"NAME" help:"Use the table with this name, such as one that was restored. Either this or --stack."`
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
		options.Reader = parameterstore.NewClient(cfg, "")
	}
	return parameterstore.Open(ctx, ref, options)
}

// explained adds what to do to an error of the table if AWS's own text does not say it.
func explained(err error) error {
	if _, ok := errors.AsType[*types.ResourceNotFoundException](err); ok {
		return fmt.Errorf("%w\nThere is no such table: check the name, and the region (AWS_REGION)", err)
	}
	return err
}
