package aws

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	cwtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// TestStackResources holds that moto makes all that the template asks for but the types in unmade, and nothing of those.
func TestStackResources(t *testing.T) {
	for _, c := range []struct {
		name       string
		parameters map[string]string
		conditions []string // that hold
	}{
		{"defaults", nil, []string{"HasQuietHours"}},
		{"least", map[string]string{"QuietHours": "0"}, nil},
		{
			"fixed egress", map[string]string{"FixedEgress": "nat", "PagesConcurrency": "50"},
			[]string{"HasNat", "HasPagesConcurrency", "HasQuietHours"},
		},
		{
			"all", map[string]string{
				"FixedEgress": "nat", "AlarmEmail": "owner@example.com", "DomainName": "mp.example.com",
				"CertificateArn": "arn:aws:acm:us-east-1:123456789012:certificate/12345678",
				"MonthlyBudget":  "20", "Zone1": "us-east-1b", "Zone2": "us-east-1c",
				"DefaultEndpoint": "disabled",
			},
			[]string{"DefaultEndpointDisabled", "HasAlarmEmail", "HasBudget", "HasDomain", "HasNat", "HasQuietHours", "HasZones"},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			all := transformed(t)
			for _, name := range c.conditions {
				if all.Conditions[name] == nil {
					t.Errorf("the template has no condition %s", name)
				}
			}
			var want []string
			for id, r := range all.Resources {
				if unmade[r.Type] == "" && (r.Condition == "" || slices.Contains(c.conditions, r.Condition)) {
					want = append(want, id)
				}
			}
			slices.Sort(want)
			name := deploy(t, c.parameters)
			if diff := cmp.Diff(want, slices.Sorted(maps.Keys(physical(t, config(t), name)))); diff != "" {
				t.Errorf("resources (-want +got):\n%s", diff)
			}
		})
	}
}

// TestUnmade holds that moto does not make what the harness leaves out, and that the template has what unmade lists.
func TestUnmade(t *testing.T) {
	used := map[string]bool{}
	for _, r := range transformed(t).Resources {
		used[r.Type] = true
	}
	for kind := range unmade {
		if !used[kind] {
			t.Errorf("the template has no %s", kind)
		}
	}

	cfg := config(t)
	cfg.RetryMaxAttempts = 1
	for kind, resources := range map[string]string{
		"AWS::ApiGatewayV2::Api": `{"It": {"Type": "AWS::ApiGatewayV2::Api", "Properties": {"Name": "a", "ProtocolType": "HTTP"}}}`,
		"AWS::Lambda::Permission": `{"It": {"Type": "AWS::Lambda::Permission", "Properties": {"FunctionName": {"Ref": "Alias"},
			"Action": "lambda:InvokeFunction", "Principal": "apigateway.amazonaws.com"}},
			"Alias": {"Type": "AWS::Lambda::Alias", "Properties": {"Name": "live", "FunctionName": "f", "FunctionVersion": "1"}}}`,
		"AWS::Events::Rule": `{"It": {"Type": "AWS::Events::Rule", "Properties": {"ScheduleExpression": "rate(5 minutes)",
			"Targets": [{"Id": "t", "Arn": {"Ref": "Alias"}}]}},
			"Alias": {"Type": "AWS::Lambda::Alias", "Properties": {"Name": "live", "FunctionName": "f", "FunctionVersion": "1"}}}`,
	} {
		name := strings.ReplaceAll(kind, "::", "-")
		_, err := cloudformation.NewFromConfig(cfg).CreateStack(t.Context(), &cloudformation.CreateStackInput{
			StackName: &name, TemplateBody: aws.String(`{"Resources": ` + resources + `}`),
		})
		if err == nil && len(physical(t, cfg, name)) > 0 {
			t.Errorf("moto makes %s after all", kind)
		}
	}
}

func TestStackOutputs(t *testing.T) {
	for _, c := range []struct {
		name       string
		parameters map[string]string
		server     string
		pages      string
		egress     bool
	}{
		{
			"the API's own address", map[string]string{"ApiEndpoint": "https://a1b2c3.execute-api.us-east-1.example.com"},
			"https://a1b2c3.execute-api.us-east-1.example.com/login/wechat", "https://a1b2c3.execute-api.us-east-1.example.com",
			false,
		},
		{
			"a domain", map[string]string{"DomainName": "mp.example.com", "FixedEgress": "nat"},
			"https://mp.example.com/login/wechat", "https://mp.example.com", true,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			name := deploy(t, c.parameters)
			got := outputs(t, config(t), name)
			made := physical(t, config(t), name)
			maps.DeleteFunc(got, func(key, _ string) bool { return strings.HasPrefix(key, "Resolved") })
			want := map[string]string{
				"ServerUrl": c.server, "PagesUrl": c.pages, "TableName": made["Table"],
				"MenuFunctionName": made["MenuFunction"], "DoctorFunctionName": made["DoctorFunction"],
				"ReconcileFunctionName": made["ReconcileFunction"],
				"AnswersQueueUrl":       made["AnswersQueue"], "AnswersDeadLettersUrl": made["AnswersDeadLetters"],
			}
			if c.egress {
				want["EgressAddress"] = made["EgressAddress"]
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("outputs (-want +got):\n%s", diff)
			}
			for key, value := range got {
				if value == "" {
					t.Errorf("%s is empty", key)
				}
			}
		})
	}
}

func TestStackTable(t *testing.T) {
	out, err := dynamodb.NewFromConfig(config(t)).DescribeTable(t.Context(), &dynamodb.DescribeTableInput{
		TableName: aws.String(outputs(t, config(t), deploy(t, nil))["TableName"]),
	})
	if err != nil {
		t.Fatal(err)
	}
	key := func(name string, kind types.KeyType) types.KeySchemaElement {
		return types.KeySchemaElement{AttributeName: &name, KeyType: kind}
	}
	options := cmpopts.IgnoreUnexported(types.KeySchemaElement{})
	want := []types.KeySchemaElement{key("pk", types.KeyTypeHash), key("sk", types.KeyTypeRange)}
	if diff := cmp.Diff(want, out.Table.KeySchema, options); diff != "" {
		t.Errorf("key (-want +got):\n%s", diff)
	}
	if n := len(out.Table.GlobalSecondaryIndexes); n != 1 {
		t.Fatalf("%d indexes", n)
	}
	index := out.Table.GlobalSecondaryIndexes[0]
	if diff := cmp.Diff([]types.KeySchemaElement{key("pending_since", types.KeyTypeHash)}, index.KeySchema, options); diff != "" ||
		aws.ToString(index.IndexName) != "pending" {
		t.Errorf("index %s (-want +got):\n%s", aws.ToString(index.IndexName), diff)
	}
	if !aws.ToBool(out.Table.DeletionProtectionEnabled) || out.Table.BillingModeSummary.BillingMode != types.BillingModePayPerRequest {
		t.Errorf("deletion protection %v, billing %v", aws.ToBool(out.Table.DeletionProtectionEnabled), out.Table.BillingModeSummary)
	}
}

func TestStackFunctions(t *testing.T) {
	name := deploy(t, map[string]string{"SecretsParameter": "/guanzhu/of-this-test", "LogRetention": "7"})
	cfg, made := config(t), physical(t, config(t), name)
	table, err := dynamodb.NewFromConfig(cfg).DescribeTable(t.Context(), &dynamodb.DescribeTableInput{TableName: aws.String(made["Table"])})
	if err != nil {
		t.Fatal(err)
	}
	for what, timeout := range map[string]int32{"Webhook": 10, "Web": 10, "Menu": 300, "Doctor": 60, "Answer": 140} {
		f, err := lambda.NewFromConfig(cfg).GetFunctionConfiguration(t.Context(), &lambda.GetFunctionConfigurationInput{
			FunctionName: aws.String(made[what+"Function"]), Qualifier: aws.String("live"),
		})
		if err != nil {
			t.Errorf("%s: %v", what, err)
			continue
		}
		variables := f.Environment.Variables
		if aws.ToInt32(f.Timeout) != timeout || variables["TABLE_NAME"] != made["Table"] ||
			variables["WECHAT_SECRETS"] != "ssm:/guanzhu/of-this-test" || variables["LOG_LEVEL"] != "info" {
			t.Errorf("%s has %d s and %v", what, aws.ToInt32(f.Timeout), variables)
		}
		if what == "Webhook" || what == "Answer" {
			if got := variables["ANSWERS_QUEUE_URL"]; got != made["AnswersQueue"] {
				t.Errorf("%s has the queue %q, want %q", what, got, made["AnswersQueue"])
			}
		}
		role := made[what+"Role"]
		if !strings.HasSuffix(aws.ToString(f.Role), "/"+role) {
			t.Errorf("%s acts as %s, not as %s", what, aws.ToString(f.Role), role)
		}

		group := made[what+"Logs"]
		if retention := ask(t, "logs", "Logs_20140328.DescribeLogGroups", `{"logGroupNamePrefix": "`+group+`"}`); !strings.Contains(retention, `"retentionInDays": 7`) {
			t.Errorf("%s is kept for %s", group, retention)
		}
		policy := ask(t, "iam", "", "Action=GetRolePolicy&Version=2010-05-08&RoleName="+role+"&PolicyName="+strings.ToLower(what))
		if policy, err = url.QueryUnescape(policy); err != nil {
			t.Fatal(err)
		}
		for _, on := range []string{*table.Table.TableArn, ":log-group:" + group} {
			if !strings.Contains(policy, on) {
				t.Errorf("%s may nothing on %s: %s", what, on, policy)
			}
		}
	}
	secrets := ask(t, "iam", "", "Action=GetPolicyVersion&Version=2010-05-08&VersionId=v1&PolicyArn="+url.QueryEscape(made["SecretsPolicy"]))
	if secrets, err = url.QueryUnescape(secrets); err != nil || !strings.Contains(secrets, ":parameter/guanzhu/of-this-test") {
		t.Errorf("the secrets are not in the policy: %v: %s", err, secrets)
	}
	for _, role := range []string{"WebhookRole", "WebRole", "MenuRole", "DoctorRole"} {
		attached := ask(t, "iam", "", "Action=ListAttachedRolePolicies&Version=2010-05-08&RoleName="+made[role])
		if !strings.Contains(attached, made["SecretsPolicy"]) {
			t.Errorf("%s may not read the secrets: %s", role, attached)
		}
	}
	access := made["AccessLogs"]
	if access != "/aws/vendedlogs/"+name+"-access" {
		t.Errorf("the API's log group is %s", access)
	}
}

// ask asks a service by its protocol, of JSON with a target or of forms, and returns the answer's text.
func ask(t *testing.T, service, target, body string) string {
	t.Helper()
	kind := "application/x-www-form-urlencoded"
	if target != "" {
		kind = "application/x-amz-json-1.1"
	}
	text, err := send(service, http.MethodPost, moto(t)+"/", body, "Content-Type", kind, "X-Amz-Target", target)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// TestDoctorKnowsAllAlarms sets each of the stack's alarms to ALARM, and one of a stack whose name begins like it.
func TestDoctorKnowsAllAlarms(t *testing.T) {
	name := deploy(t, nil)
	watch := cloudwatch.NewFromConfig(config(t))
	out, err := watch.DescribeAlarms(t.Context(), &cloudwatch.DescribeAlarmsInput{AlarmNamePrefix: aws.String(name + "-")})
	if err != nil || len(out.MetricAlarms) == 0 {
		t.Fatalf("%d alarms, %v", len(out.MetricAlarms), err)
	}
	other := name + "-dev-token"
	_, err = watch.PutMetricAlarm(t.Context(), &cloudwatch.PutMetricAlarmInput{
		AlarmName: &other, Namespace: aws.String("Guanzhu"), MetricName: aws.String("TokenFailures"), Statistic: cwtypes.StatisticSum,
		Period: aws.Int32(300), EvaluationPeriods: aws.Int32(1), Threshold: aws.Float64(1),
		ComparisonOperator: cwtypes.ComparisonOperatorGreaterThanThreshold,
	})
	if err != nil {
		t.Fatal(err)
	}
	names := []string{other}
	for _, a := range out.MetricAlarms {
		names = append(names, aws.ToString(a.AlarmName))
	}
	for _, alarm := range names {
		_, err := watch.SetAlarmState(t.Context(), &cloudwatch.SetAlarmStateInput{
			AlarmName: &alarm, StateValue: cwtypes.StateValueAlarm, StateReason: aws.String("test"),
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	stdout, _, _ := guanzhu(t, "", "doctor", "--stack", name, "--lang", "en")
	for _, alarm := range names {
		if told := strings.Contains(stdout, "! alarms: "+alarm+" "); told != (alarm != other) {
			t.Errorf("doctor tells of %s: %t, in\n%s", alarm, told, stdout)
		}
	}
}

func TestStackAlarms(t *testing.T) {
	for _, email := range []string{"", "owner@example.com"} {
		t.Run("e-mail "+email, func(t *testing.T) {
			name := deploy(t, map[string]string{"AppId": "wxaaaaaaaaaaaaaaaa", "AlarmEmail": email})
			made := physical(t, config(t), name)
			out, err := cloudwatch.NewFromConfig(config(t)).DescribeAlarms(t.Context(), &cloudwatch.DescribeAlarmsInput{
				AlarmNamePrefix: aws.String(name + "-"),
			})
			if err != nil {
				t.Fatal(err)
			}
			got := map[string]string{}
			var arns []string
			for _, a := range out.MetricAlarms {
				got[strings.TrimPrefix(aws.ToString(a.AlarmName), name+"-")] = watched(a)
				arns = append(arns, aws.ToString(a.AlarmArn))
				var actions []string
				if email != "" {
					actions = []string{made["AlarmTopic"]}
				}
				if diff := cmp.Diff([][]string{actions, actions}, [][]string{a.AlarmActions, a.OKActions}, cmpopts.EquateEmpty()); diff != "" {
					t.Errorf("%s: actions (-want +got):\n%s", aws.ToString(a.AlarmName), diff)
				}
			}
			want := map[string]string{
				"server-errors": "AWS/ApiGateway 5xx Sum ApiId=a1b2c3d4e5 >= 3",
				"slow-replies":  "Guanzhu ReplyLatency p99 appid=wxaaaaaaaaaaaaaaaa > 3000",
				"refusals": "IF(10 * refused > requests, refused, 0)" +
					", Guanzhu Refusals Sum appid=wxaaaaaaaaaaaaaaaa, AWS/Lambda Invocations Sum FunctionName=" + made["WebhookFunction"] + " >= 5",
				"token": "Guanzhu TokenFailures Sum appid=wxaaaaaaaaaaaaaaaa >= 1",
				"whitelist": "SUM(METRICS()), Guanzhu ApiErrors Sum appid=wxaaaaaaaaaaaaaaaa errcode=40164" +
					", Guanzhu ApiErrors Sum appid=wxaaaaaaaaaaaaaaaa errcode=61004 >= 1",
				"throttles": "SUM(METRICS())" +
					", AWS/Lambda Throttles Sum FunctionName=" + made["WebhookFunction"] +
					", AWS/Lambda Throttles Sum FunctionName=" + made["WebFunction"] +
					", AWS/DynamoDB ReadThrottleEvents Sum TableName=" + made["Table"] +
					", AWS/DynamoDB WriteThrottleEvents Sum TableName=" + made["Table"] + " >= 1",
				"too-many-requests": "Guanzhu/" + name + " TooManyRequests Sum >= 10",
				"no-pushes":         "Guanzhu ReplyLatency SampleCount appid=wxaaaaaaaaaaaaaaaa < 1",
				"full-pass":         "Guanzhu PassHours Maximum appid=wxaaaaaaaaaaaaaaaa > 48",
				"answers-failed":    "AWS/SQS ApproximateNumberOfMessagesVisible Maximum QueueName=" + name + "-answers-dead-letters.fifo >= 1",
				"reconcile":         "AWS/Lambda Errors Sum FunctionName=" + made["ReconcileFunction"] + " >= 6",
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("alarms (-want +got):\n%s", diff)
			}

			dashboard, err := cloudwatch.NewFromConfig(config(t)).GetDashboard(t.Context(), &cloudwatch.GetDashboardInput{DashboardName: &name})
			if err != nil {
				t.Fatal(err)
			}
			var body struct {
				Widgets []struct {
					Type       string
					Properties struct{ Alarms []string }
				}
			}
			if err := json.Unmarshal([]byte(aws.ToString(dashboard.DashboardBody)), &body); err != nil {
				t.Fatal(err)
			}
			slices.Sort(arns)
			shown := slices.Sorted(slices.Values(body.Widgets[0].Properties.Alarms))
			if diff := cmp.Diff(arns, shown); diff != "" {
				t.Errorf("alarms on the dashboard (-want +got):\n%s", diff)
			}
		})
	}
}

// watched says of an alarm when it rings.
func watched(a cwtypes.MetricAlarm) string {
	metric := func(namespace, name *string, statistic string, dimensions []cwtypes.Dimension) string {
		text := aws.ToString(namespace) + " " + aws.ToString(name) + " " + statistic
		for _, d := range dimensions {
			text += " " + aws.ToString(d.Name) + "=" + aws.ToString(d.Value)
		}
		return text
	}
	var parts []string
	if a.MetricName != nil {
		parts = append(parts, metric(a.Namespace, a.MetricName, string(a.Statistic)+aws.ToString(a.ExtendedStatistic), a.Dimensions))
	}
	for _, q := range a.Metrics {
		if q.MetricStat == nil {
			parts = append(parts, aws.ToString(q.Expression))
			continue
		}
		m := q.MetricStat.Metric
		parts = append(parts, metric(m.Namespace, m.MetricName, aws.ToString(q.MetricStat.Stat), m.Dimensions))
	}
	comparison := map[cwtypes.ComparisonOperator]string{
		cwtypes.ComparisonOperatorGreaterThanThreshold:          ">",
		cwtypes.ComparisonOperatorGreaterThanOrEqualToThreshold: ">=",
		cwtypes.ComparisonOperatorLessThanThreshold:             "<",
	}[a.ComparisonOperator]
	return fmt.Sprintf("%s %s %g", strings.Join(parts, ", "), comparison, aws.ToFloat64(a.Threshold))
}

// TestLogs runs what `make logs` runs, and finds one line for each that was logged. moto forgets which log group a function has, so this test tells the SAM CLI.
func TestLogs(t *testing.T) {
	sam := part(t, samCLI)
	name := deploy(t, nil)
	made := physical(t, config(t), name)
	for _, what := range []string{"Webhook", "Web", "Menu", "Doctor"} {
		group := made[what+"Logs"]
		ask(t, "logs", "Logs_20140328.CreateLogStream", `{"logGroupName": "`+group+`", "logStreamName": "s"}`)
		ask(t, "logs", "Logs_20140328.PutLogEvents", fmt.Sprintf(`{"logGroupName": %q, "logStreamName": "s",
			"logEvents": [{"timestamp": %d, "message": "{\"message\":\"line of %s 关注\"}"}]}`, group, time.Now().UnixMilli(), what))
	}

	behind, err := url.Parse(moto(t))
	if err != nil {
		t.Fatal(err)
	}
	forward := httputil.NewSingleHostReverseProxy(behind)
	aws := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for _, what := range []string{"Webhook", "Web", "Menu", "Doctor"} {
			if strings.HasSuffix(r.URL.Path, "/"+made[what+"Function"]+"/configuration") {
				fmt.Fprintf(w, `{"LoggingConfig": {"LogGroup": %q}}`, made[what+"Logs"])
				return
			}
		}
		forward.ServeHTTP(w, r)
	}))
	defer aws.Close()
	command, err := build(bin)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), "sh", "-c", `"$0" logs --config-env dev --stack-name "$1" --output json | "$2" logs`, sam, name, command)
	cmd.Dir = root
	cmd.Env = []string{
		"HOME=" + t.TempDir(), "SAM_CLI_TELEMETRY=0", "AWS_ENDPOINT_URL=" + aws.URL, "AWS_DEFAULT_REGION=" + region,
		"AWS_ACCESS_KEY_ID=" + accessKey, "AWS_SECRET_ACCESS_KEY=" + secretKey,
	}
	out, err := cmd.Output()
	if err != nil {
		failed := (*exec.ExitError)(nil)
		errors.As(err, &failed)
		t.Fatalf("%v: %s", err, failed.Stderr)
	}
	for _, what := range []string{"Webhook", "Web", "Menu", "Doctor"} {
		line := regexp.MustCompile(`(?m)^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d line of ` + what + ` 关注$`)
		if !line.Match(out) {
			t.Errorf("%s's line is missing in\n%s", what, out)
		}
	}
	if lines := bytes.Count(out, []byte("\n")); lines != 4 {
		t.Errorf("%d lines, want 4:\n%s", lines, out)
	}
}
