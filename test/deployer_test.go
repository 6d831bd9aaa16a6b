package test

import (
	"encoding/json"
	"os"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// creates has, for each type of part in template.yaml, the action by which CloudFormation creates it, according to the
// handlers of the type's schema (https://docs.aws.amazon.com/cloudformation-cli/latest/userguide/resource-type-schema.html).
// The types of AWS::Serverless stand for those that SAM makes of them.
var creates = map[string][]string{
	"AWS::ApiGatewayV2::ApiMapping":         {"apigateway:POST"},
	"AWS::ApiGatewayV2::DomainName":         {"apigateway:POST", "apigateway:AddCertificateToDomain"},
	"AWS::Budgets::Budget":                  {"budgets:ModifyBudget"},
	"AWS::CloudWatch::Alarm":                {"cloudwatch:PutMetricAlarm"},
	"AWS::CloudWatch::Dashboard":            {"cloudwatch:PutDashboard"},
	"AWS::DynamoDB::Table":                  {"dynamodb:CreateTable", "dynamodb:UpdateTimeToLive", "dynamodb:UpdateContinuousBackups"},
	"AWS::EC2::EIP":                         {"ec2:AllocateAddress"},
	"AWS::EC2::InternetGateway":             {"ec2:CreateInternetGateway"},
	"AWS::EC2::NatGateway":                  {"ec2:CreateNatGateway"},
	"AWS::EC2::Route":                       {"ec2:CreateRoute"},
	"AWS::EC2::RouteTable":                  {"ec2:CreateRouteTable"},
	"AWS::EC2::SecurityGroup":               {"ec2:CreateSecurityGroup", "ec2:AuthorizeSecurityGroupEgress"},
	"AWS::EC2::Subnet":                      {"ec2:CreateSubnet"},
	"AWS::EC2::SubnetRouteTableAssociation": {"ec2:AssociateRouteTable"},
	"AWS::EC2::VPC":                         {"ec2:CreateVpc"},
	"AWS::EC2::VPCEndpoint":                 {"ec2:CreateVpcEndpoint"},
	"AWS::EC2::VPCGatewayAttachment":        {"ec2:AttachInternetGateway"},
	"AWS::IAM::ManagedPolicy":               {"iam:CreatePolicy", "iam:AttachRolePolicy"},
	"AWS::IAM::Role":                        {"iam:CreateRole", "iam:PutRolePolicy"},
	"AWS::Logs::LogGroup":                   {"logs:CreateLogGroup", "logs:PutRetentionPolicy"},
	"AWS::Logs::MetricFilter":               {"logs:PutMetricFilter"},
	"AWS::Logs::QueryDefinition":            {"logs:PutQueryDefinition"},
	"AWS::SNS::Subscription":                {"sns:Subscribe"},
	"AWS::SNS::Topic":                       {"sns:CreateTopic"},
	"AWS::SQS::Queue":                       {"sqs:CreateQueue"},
	"AWS::Serverless::Function":             {"lambda:CreateFunction", "lambda:CreateAlias", "lambda:AddPermission", "lambda:CreateEventSourceMapping", "lambda:PutFunctionEventInvokeConfig", "events:PutRule", "iam:PassRole"},
	"AWS::Serverless::HttpApi":              {"apigateway:POST", "logs:CreateLogDelivery"},
}

// TestDeployerPolicy holds that the deployer may create each part of the template, with a name that begins with guanzhu- if
// the part has a name in its ARN, and that the policy fits into IAM.
func TestDeployerPolicy(t *testing.T) {
	source := readFile(t, "../docs/deployer-policy.json")
	var policy struct {
		Statement []struct{ Action, Resource words }
	}
	if err := json.Unmarshal([]byte(source), &policy); err != nil {
		t.Fatal(err)
	}
	allowed := func(action string) bool {
		for _, s := range policy.Statement {
			if slices.ContainsFunc(s.Action, func(pattern string) bool {
				match, err := path.Match(pattern, action)
				return err == nil && match
			}) {
				return true
			}
		}
		return false
	}
	template := readFile(t, "../template.yaml")
	for _, match := range regexp.MustCompile(`(?m)^    Type: (AWS::\S+)$`).FindAllStringSubmatch(template, -1) {
		actions := creates[match[1]]
		if len(actions) == 0 {
			t.Errorf("what creates %s is not known: add it here and to docs/deployer-policy.json", match[1])
		}
		for _, action := range actions {
			if !allowed(action) {
				t.Errorf("docs/deployer-policy.json does not allow %s, for %s", action, match[1])
			}
		}
	}
	// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html: white space does not count.
	if size := len(strings.Join(strings.Fields(source), "")); size > 6144 {
		t.Errorf("docs/deployer-policy.json has %d characters, more than a managed policy may have", size)
	}
}

// words are one string of JSON, or a list of them.
type words []string

func (w *words) UnmarshalJSON(data []byte) error {
	if data[0] == '[' {
		return json.Unmarshal(data, (*[]string)(w))
	}
	*w = words{""}
	return json.Unmarshal(data, &(*w)[0])
}

func readFile(t *testing.T, name string) string {
	t.Helper()
	content, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}
