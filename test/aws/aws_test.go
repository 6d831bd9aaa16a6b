// Package aws runs the command line, as it is built, against moto's server, which plays AWS, with the real SDK in
// between, and looks at what template.yaml makes there.
//
// `make test-aws` runs it. A test whose part is not there is skipped and says what it needs; with
// GUANZHU_REQUIRE_STACK=1 it fails.
package aws

import (
	"archive/zip"
	"bytes"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	cftypes "github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
)

// root is the repository's top folder.
const root = "../.."

// The variables that name the parts.
const (
	server = "GUANZHU_TEST_AWS" // URL of moto's server
	samCLI = "GUANZHU_SAM"      // path of the SAM CLI, whose Python holds AWS's transform of the template
)

// All tests are one AWS account. moto takes any credentials; these are nobody's.
const (
	region    = "us-east-1"
	accessKey = "AKIDEXAMPLE"
	secretKey = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY" // AWS's documentation has it
)

// bin is the folder of the built command line, which goes with atExit when the tests have run.
var (
	bin    string
	atExit []func()
)

func TestMain(m *testing.M) {
	var err error
	if bin, err = os.MkdirTemp("", "guanzhu-aws"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	status := m.Run()
	for _, end := range atExit {
		end()
	}
	os.RemoveAll(bin)
	os.Exit(status)
}

// part returns the value of the variable that names a part.
func part(t *testing.T, name string) string {
	t.Helper()
	value := os.Getenv(name)
	if value != "" {
		return value
	}
	message := map[string]string{
		server: "needs moto's server (pip install 'moto[server]'): run `make test-aws`, or set " + server + " to its URL",
		samCLI: "needs the SAM CLI (pip install aws-sam-cli): run `make test-aws`, or set " + samCLI + " to the path of sam",
	}[name]
	if os.Getenv("GUANZHU_REQUIRE_STACK") == "1" {
		t.Fatal(message)
	}
	t.Skip(message)
	return ""
}

// moto returns a URL of moto's server, which all services share. There a function is not run when it is invoked: it
// answers what a test has put into moto's queue (POST /moto-api/static/lambda-simple/response, {"results": [text…]}),
// or else what it was invoked with.
func moto(t *testing.T) string {
	t.Helper()
	url, err := start(part(t, server))
	if err != nil {
		t.Fatal(err)
	}
	return url
}

var start = once(func(server string) (string, error) {
	f, err := front(server)
	if err != nil {
		return "", err
	}
	atExit = append(atExit, f.Close)
	_, err = send("moto", http.MethodPost, f.URL+"/moto-api/config", `{"lambda": {"use_docker": false}}`)
	return f.URL, err
})

// once remembers the first result of f, which is asked for one and the same thing in all tests.
func once(f func(string) (string, error)) func(string) (string, error) {
	var do sync.Once
	var result string
	var err error
	return func(of string) (string, error) {
		do.Do(func() { result, err = f(of) })
		return result, err
	}
}

// send asks a service for something that no SDK is at hand for. Of a signature moto reads only the service's name.
func send(service, method, url, body string, headers ...string) (string, error) {
	request, err := http.NewRequest(method, url, strings.NewReader(body))
	if err != nil {
		return "", err
	}
	request.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential="+accessKey+"/20260101/"+region+"/"+service+
		"/aws4_request, SignedHeaders=host, Signature=none")
	for i := 0; i < len(headers); i += 2 {
		request.Header.Set(headers[i], headers[i+1])
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return "", err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err == nil && answer.StatusCode >= 300 {
		err = fmt.Errorf("%s %s: %s: %s", method, url, answer.Status, text)
	}
	return string(text), err
}

// config is the SDK's configuration for moto's server.
func config(t *testing.T) aws.Config {
	t.Helper()
	return aws.Config{
		Region:       region,
		Credentials:  credentials.NewStaticCredentialsProvider(accessKey, secretKey, ""),
		BaseEndpoint: aws.String(moto(t)),
	}
}

// guanzhu runs the command line with moto as AWS and an empty home, and returns what it wrote and its exit status. In its
// advice, the command is named as it was called; here it is guanzhu.
func guanzhu(t *testing.T, stdin string, args ...string) (stdout, stderr string, status int) {
	t.Helper()
	command, err := build(bin)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), command, args...)
	cmd.Dir = t.TempDir()
	// Nothing of this process's own environment, so that nothing leads to a real account.
	cmd.Env = []string{
		"HOME=" + cmd.Dir,
		"AWS_ENDPOINT_URL=" + moto(t),
		"AWS_REGION=" + region,
		"AWS_ACCESS_KEY_ID=" + accessKey,
		"AWS_SECRET_ACCESS_KEY=" + secretKey,
		"AWS_EC2_METADATA_DISABLED=true",
	}
	var out, complaints bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(stdin), &out, &complaints
	err = cmd.Run()
	if exit := (*exec.ExitError)(nil); err != nil && (!errors.As(err, &exit) || !exit.Exited()) {
		t.Fatalf("guanzhu %s: %v\n%s", strings.Join(args, " "), err, complaints.String())
	}
	named := strings.NewReplacer(command, "guanzhu")
	return named.Replace(out.String()), named.Replace(complaints.String()), cmd.ProcessState.ExitCode()
}

var build = once(func(dir string) (string, error) {
	command := filepath.Join(dir, "guanzhu")
	cmd := exec.Command("go", "build", "-o", command, "./cmd/guanzhu")
	cmd.Dir = root
	if text, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("%w\n%s", err, text)
	}
	return command, nil
})

// template is the transformed template as CloudFormation gets it. It has intrinsic functions as JSON.
type template struct {
	AWSTemplateFormatVersion, Description string
	Metadata, Parameters, Rules           map[string]any
	Conditions                            map[string]any
	Resources                             map[string]resource
	Outputs                               map[string]output
}

type resource struct {
	Type                                string
	Condition                           string         `json:",omitempty"`
	DependsOn                           any            `json:",omitempty"`
	DeletionPolicy, UpdateReplacePolicy string         `json:",omitempty"`
	Metadata                            map[string]any `json:",omitempty"`
	Properties                          map[string]any
}

type output struct {
	Condition   string `json:",omitempty"`
	Description string `json:",omitempty"`
	Value       any
}

// transformed is template.yaml after AWS's own transform.
func transformed(t *testing.T) (all template) {
	t.Helper()
	text, err := transform(part(t, samCLI))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal([]byte(text), &all); err != nil {
		t.Fatal(err)
	}
	return all
}

var transform = once(func(sam string) (string, error) {
	cmd := exec.Command(filepath.Join(filepath.Dir(sam), "python"), "test/stack/transform.py", "template.yaml")
	cmd.Dir = root
	cmd.Stderr = os.Stderr
	text, err := cmd.Output()
	// As moto makes no API, what is asked of it is a parameter.
	return strings.NewReplacer(
		`{"Fn::GetAtt": ["Api", "ApiEndpoint"]}`, `{"Ref": "ApiEndpoint"}`,
		`${Api.ApiEndpoint}`, `${ApiEndpoint}`,
	).Replace(string(text)), err
})

// unmade are the types that moto's CloudFormation does not make: it passes over them, and their attributes have no
// value. Of the types that it makes it forgets a table's time to live and recovery, and a function's LoggingConfig;
// test/stack looks at these in the template.
var unmade = map[string]string{
	"AWS::ApiGatewayV2::Api":          "two parameters stand for it: Api, its id, and ApiEndpoint, its address",
	"AWS::ApiGatewayV2::Stage":        "of an API",
	"AWS::ApiGatewayV2::DomainName":   "the output DomainTarget, one of its attributes, is left out",
	"AWS::ApiGatewayV2::ApiMapping":   "of an API",
	"AWS::CloudWatch::Alarm":          "deploy makes them, by PutMetricAlarm",
	"AWS::Lambda::Alias":              "deploy makes them, by CreateAlias",
	"AWS::Lambda::Permission":         "left out, as moto looks for the alias that it is for",
	"AWS::Events::Rule":               "left out, as moto looks for the alias that is its target",
	"AWS::Logs::QueryDefinition":      "moto's logs do not know them either",
	"AWS::Logs::MetricFilter":         "no line of the API's log is written",
	"AWS::SNS::Subscription":          "no alarm sends mail",
	"AWS::Budgets::Budget":            "nothing costs",
	"AWS::Lambda::EventInvokeConfig":  "nothing is invoked by events",
	"AWS::Lambda::EventSourceMapping": "left out, as moto looks for the alias that it calls",
}

// deploy makes a stack of template.yaml, as far as moto knows its types, and returns its name, which no other has.
// Parameters that are not named have the template's own defaults, AppId that of the samples. ApiEndpoint, which only
// the test's template has, is where the outputs say that the API answers.
func deploy(t *testing.T, parameters map[string]string) string {
	t.Helper()
	url := moto(t)
	cfg := config(t)
	if _, err := upload(url); err != nil {
		t.Fatal(err)
	}
	name := "guanzhu-" + strings.ToLower(rand.Text()[:10])
	all := transformed(t)
	given := map[string]string{"AppId": "wx0123456789abcdef", "DeletionProtection": "true"}
	maps.Copy(given, parameters)
	body, err := json.Marshal(deployable(all))
	if err != nil {
		t.Fatal(err)
	}
	// CloudFormation makes a bool of the parameter's text, moto does not.
	text := strings.ReplaceAll(string(body), `{"Ref":"DeletionProtection"}`, given["DeletionProtection"])
	in := &cloudformation.CreateStackInput{StackName: &name, TemplateBody: &text}
	for key, value := range given {
		in.Parameters = append(in.Parameters, cftypes.Parameter{ParameterKey: aws.String(key), ParameterValue: aws.String(value)})
	}
	deploying.Lock()
	defer deploying.Unlock()
	if _, err := cloudformation.NewFromConfig(cfg).CreateStack(t.Context(), in); err != nil {
		t.Fatal(err)
	}
	made, resolved := physical(t, cfg, name), outputs(t, cfg, name)
	for id, r := range all.Resources {
		switch r.Type {
		case "AWS::Lambda::Alias":
			function, _ := r.Properties["FunctionName"].(map[string]any)["Ref"].(string)
			_, err = lambda.NewFromConfig(cfg).CreateAlias(t.Context(), &lambda.CreateAliasInput{
				FunctionName: aws.String(made[function]), Name: aws.String("live"), FunctionVersion: aws.String("1"),
			})
		case "AWS::CloudWatch::Alarm":
			if resolved["Resolved"+id] == "" { // its condition does not hold
				continue
			}
			var alarm cloudwatch.PutMetricAlarmInput
			decoder := json.NewDecoder(strings.NewReader(resolved["Resolved"+id]))
			decoder.DisallowUnknownFields()
			if err = decoder.Decode(&alarm); err == nil {
				_, err = cloudwatch.NewFromConfig(cfg).PutMetricAlarm(t.Context(), &alarm)
			}
		}
		if err != nil {
			t.Fatalf("%s: %v", id, err)
		}
	}
	return name
}

// deploying is held while a stack is made: of several at once moto loses versions of functions.
var deploying sync.Mutex

// deployable is the template without what moto stumbles over. What it passes over and deploy makes is resolved in
// outputs of the stack.
func deployable(all template) template {
	all.Parameters["Api"] = map[string]any{"Type": "String", "Default": "a1b2c3d4e5"}
	all.Parameters["ApiEndpoint"] = map[string]any{"Type": "String", "Default": "https://api.example.com"}
	delete(all.Outputs, "DomainTarget")
	resources := map[string]resource{}
	for id, r := range all.Resources {
		if r.Type == "AWS::CloudWatch::Alarm" {
			all.Outputs["Resolved"+id] = output{Condition: r.Condition, Value: map[string]any{"Fn::ToJsonString": r.Properties}}
		}
		switch r.Type {
		case "AWS::ApiGatewayV2::Api", "AWS::Lambda::Permission", "AWS::Events::Rule", "AWS::Lambda::EventSourceMapping":
		default:
			resources[id] = r
		}
	}
	all.Resources = resources
	return all
}

// upload puts code for the functions where the transformed template expects it.
var upload = once(func(url string) (string, error) {
	var code bytes.Buffer
	archive := zip.NewWriter(&code)
	if _, err := archive.Create("bootstrap"); err != nil {
		return "", err
	}
	if err := archive.Close(); err != nil {
		return "", err
	}
	if text, err := send("s3", http.MethodPut, url+"/bucket", ""); err != nil {
		return text, err
	}
	return send("s3", http.MethodPut, url+"/bucket/key", code.String())
})

// physical maps the logical ids of what a stack has made to the physical ones.
func physical(t *testing.T, cfg aws.Config, stack string) map[string]string {
	t.Helper()
	ids := map[string]string{}
	pages := cloudformation.NewListStackResourcesPaginator(cloudformation.NewFromConfig(cfg),
		&cloudformation.ListStackResourcesInput{StackName: &stack})
	for pages.HasMorePages() {
		page, err := pages.NextPage(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range page.StackResourceSummaries {
			if id := aws.ToString(r.LogicalResourceId); id != "" { // what moto passes over is listed without one
				ids[id] = aws.ToString(r.PhysicalResourceId)
			}
		}
	}
	return ids
}

// outputs are those of a stack.
func outputs(t *testing.T, cfg aws.Config, stack string) map[string]string {
	t.Helper()
	out, err := cloudformation.NewFromConfig(cfg).DescribeStacks(t.Context(), &cloudformation.DescribeStacksInput{StackName: &stack})
	if err != nil {
		t.Fatal(err)
	}
	values := map[string]string{}
	for _, o := range out.Stacks[0].Outputs {
		values[aws.ToString(o.OutputKey)] = aws.ToString(o.OutputValue)
	}
	return values
}
