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

// loadAWS reads region and credentials from where the AWS CLI reads them: AWS_PROFILE, AWS_REGION, ~/.aws and the rest.
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

// stack is a deployed stack, as CloudFormation tells of it.
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
			return stack{}, fmt.Errorf("there is no stack %s in %s: look at stack_name in samconfig.toml, and at the region", name, cfg.Region)
		}
		return stack{}, fmt.Errorf("the stack %s cannot be looked up in %s: check that AWS credentials are there (`aws sts get-caller-identity` "+
			"shows whose), that they may cloudformation:DescribeStacks, and the network: %w", name, cfg.Region, err)
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

// tableFlags say which table.
type tableFlags struct {
	Stack string `xor:"table" required:"" placeholder:"NAME" help:"Name of the deployed stack whose table it is (GUANZHU_STACK). Either this or --table."`
	Table string `xor:"table" required:"" placeholder:"NAME" help:"Name of the table itself, for example of one that was restored. Either this or --stack."`
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

// open returns the table's store.
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

// openSecrets reads the secrets of accountFlags, from Systems Manager as well.
func openSecrets(ctx context.Context, ref string) (*parameterstore.Keeper, error) {
	options := parameterstore.Options{}
	if strings.HasPrefix(ref, "ssm:") {
		cfg, err := loadAWS(ctx)
		if err != nil {
			return nil, err
		}
		options.Reader = parameterstore.NewSSM(cfg, "")
	}
	return parameterstore.Open(ctx, ref, options)
}

// explained says of an error of the table what to do where AWS's own words do not.
func explained(err error) error {
	if _, ok := errors.AsType[*types.ResourceNotFoundException](err); ok {
		return fmt.Errorf("%w\nThere is no such table: look at the name, and at the region (AWS_REGION)", err)
	}
	return err
}
