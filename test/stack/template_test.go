package stack

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/google/go-cmp/cmp"

	"github.com/guanzhu/guanzhu/internal/telemetry"
	"github.com/guanzhu/guanzhu/pkg/wechat"
)

// resource is one of the transformed template. It has intrinsic functions as JSON.
type resource struct {
	Type                                string
	Condition                           string
	DependsOn                           any
	DeletionPolicy, UpdateReplacePolicy string
	Properties                          map[string]any
}

type template struct {
	Metadata   map[string]any
	Parameters map[string]struct {
		Default       any
		MaxLength     int
		AllowedValues []any
	}
	Rules      map[string]any
	Conditions map[string]any
	Resources  map[string]resource
}

// transformed is template.yaml after AWS's own transform, which comes with the SAM CLI.
func transformed(t *testing.T) (all template, text string) {
	t.Helper()
	python := filepath.Join(filepath.Dir(part(t, samCLI)), "python")
	if _, err := os.Stat(python); err != nil {
		t.Skipf("needs the SAM CLI in a Python environment (pip install aws-sam-cli): %v", err)
	}
	out := run(t, nil, python, "test/stack/transform.py", "template.yaml")
	if err := json.Unmarshal(out, &all); err != nil {
		t.Fatal(err)
	}
	return all, string(out)
}

// of returns the resources of a type.
func (all template) of(kind string) map[string]resource {
	found := map[string]resource{}
	for id, r := range all.Resources {
		if r.Type == kind {
			found[id] = r
		}
	}
	return found
}

// at follows the names from a value of the template inwards, and is nil where one is missing.
func at(value any, names ...string) any {
	for _, name := range names {
		object, _ := value.(map[string]any)
		value = object[name]
	}
	return value
}

// referred is the logical id that a Ref or a Fn::GetAtt names.
func referred(value any) string {
	if id, ok := at(value, "Ref").(string); ok {
		return id
	}
	if attribute, ok := at(value, "Fn::GetAtt").([]any); ok {
		return fmt.Sprint(attribute[0])
	}
	return ""
}

func TestTemplateFunctions(t *testing.T) {
	all, _ := transformed(t)
	common := []string{
		"AWS_ENDPOINT_URL_DYNAMODB", "AWS_ENDPOINT_URL_SSM", "LOG_LEVEL", "PUBLIC_URL", "TABLE_NAME", "WECHAT_API_URL",
		"WECHAT_APP_ID", "WECHAT_SECRETS",
	}
	extra := map[string][]string{
		"WebFunction": {"DOMAIN_VERIFICATION", "WECHAT_OPEN_URL"}, "ReconcileFunction": {"RECONCILE_CONCURRENCY"},
		"WebhookFunction": {"ANSWERS_QUEUE_URL", "AWS_ENDPOINT_URL_SQS"}, "AnswerFunction": {"ANSWERS_QUEUE_URL", "AWS_ENDPOINT_URL_SQS"},
	}
	functions := all.of("AWS::Lambda::Function")
	for _, id := range []string{"WebhookFunction", "AnswerFunction", "WebFunction", "MenuFunction", "DoctorFunction", "ReconcileFunction"} {
		if _, ok := functions[id]; !ok {
			t.Errorf("there is no %s", id)
		}
	}
	owner := map[string]string{} // of each role and log group
	for id, f := range functions {
		for what, value := range map[string]any{
			"AWS::IAM::Role": f.Properties["Role"], "AWS::Logs::LogGroup": at(f.Properties, "LoggingConfig", "LogGroup"),
		} {
			its := referred(value)
			if all.Resources[its].Type != what || owner[its] != "" {
				t.Errorf("%s has no %s of its own but %q, which %q has, too", id, what, its, owner[its])
			}
			owner[its] = id
		}
		logging := at(f.Properties, "LoggingConfig")
		levels := []any{at(logging, "LogFormat"), at(logging, "ApplicationLogLevel"), at(logging, "SystemLogLevel")}
		if diff := cmp.Diff([]any{"JSON", "DEBUG", "WARN"}, levels); diff != "" {
			t.Errorf("%s: format and levels of the log (-want +got):\n%s", id, diff)
		}
		for _, name := range []string{"MemorySize", "Timeout", "Architectures", "VpcConfig"} {
			if f.Properties[name] == nil {
				t.Errorf("%s has no %s", id, name)
			}
		}
		variables, _ := at(f.Properties, "Environment", "Variables").(map[string]any)
		want := slices.Sorted(slices.Values(slices.Concat(common, extra[id])))
		if diff := cmp.Diff(want, slices.Sorted(maps.Keys(variables))); diff != "" {
			t.Errorf("%s: environment (-want +got):\n%s", id, diff)
		}

		alias := all.Resources[id+"Aliaslive"].Properties
		version := all.Resources[referred(alias["FunctionVersion"])]
		if alias["Name"] != "live" || referred(version.Properties["FunctionName"]) != id {
			t.Errorf("%s has no alias live on a version: %v", id, alias)
		}
		// Else a parameter's new value would reach the function, but not the version that is called.
		described := parameters(all, version.Properties["Description"])
		versioned := maps.Clone(f.Properties)
		delete(versioned, "ReservedConcurrentExecutions") // of all versions together
		if diff := cmp.Diff(parameters(all, versioned), described); diff != "" {
			t.Errorf("%s: parameters that the version's description names (-want +got):\n%s", id, diff)
		}
		length := len(described) - 1
		for _, name := range described {
			p := all.Parameters[name]
			longest := p.MaxLength
			for _, value := range p.AllowedValues {
				longest = max(longest, len(fmt.Sprint(value)))
			}
			if longest == 0 {
				t.Errorf("%s has no limit", name)
			}
			length += longest
		}
		if length > 256 {
			t.Errorf("the description of %s's version may have %d characters, of 256", id, length)
		}
	}
	for id, group := range all.of("AWS::Logs::LogGroup") {
		if group.Properties["RetentionInDays"] == nil {
			t.Errorf("%s is kept for ever", id)
		}
	}
}

var substituted = regexp.MustCompile(`\$\{(\w+)(?:\.\w+)?\}`)

// parameters lists those that a value depends on, by conditions as well.
func parameters(all template, value any) []string {
	found := map[string]bool{}
	var walk func(any)
	walk = func(value any) {
		switch value := value.(type) {
		case []any:
			for _, v := range value {
				walk(v)
			}
		case map[string]any:
			for key, v := range value {
				text, _ := v.(string)
				switch key {
				case "Ref":
					found[text] = true
				case "Fn::Sub":
					for _, match := range substituted.FindAllStringSubmatch(text, -1) {
						found[match[1]] = true
					}
				case "Fn::If":
					walk(all.Conditions[v.([]any)[0].(string)])
				}
				walk(v)
			}
		}
	}
	walk(value)
	maps.DeleteFunc(found, func(name string, _ bool) bool {
		_, isParameter := all.Parameters[name]
		return !isParameter
	})
	return slices.Sorted(maps.Keys(found))
}

func TestTemplateRoutes(t *testing.T) {
	all, _ := transformed(t)
	got := map[string]string{}
	paths, _ := at(all.Resources["Api"].Properties, "Body", "paths").(map[string]any)
	for path, methods := range paths {
		for method, operation := range methods.(map[string]any) {
			target := fmt.Sprint(at(operation, "x-amazon-apigateway-integration", "uri", "Fn::Sub"))
			alias := substituted.FindStringSubmatch(target)
			if alias == nil {
				t.Fatalf("%s goes to %s", path, target)
			}
			name := strings.ToUpper(strings.TrimSuffix(strings.TrimPrefix(method, "x-amazon-apigateway-"), "-method"))
			got[name+" "+path] = alias[1]
		}
	}
	want := map[string]string{
		"GET /login/wechat":  "WebhookFunctionAliaslive",
		"POST /login/wechat": "WebhookFunctionAliaslive",
		"ANY /":              "WebFunctionAliaslive",
		"ANY /{proxy+}":      "WebFunctionAliaslive",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("routes (-want +got):\n%s", diff)
	}

	// A domain does not end the address that AWS gives: pushes go there until the platform has the new URL.
	for _, server := range list(at(all.Resources["Api"].Properties, "Body", "servers")) {
		disabled := at(server, "x-amazon-apigateway-endpoint-configuration", "disableExecuteApiEndpoint")
		if diff := cmp.Diff([]string{"DefaultEndpoint"}, parameters(all, disabled)); diff != "" {
			t.Errorf("AWS's own address depends on other parameters (-want +got):\n%s", diff)
		}
	}

	for id, stage := range all.of("AWS::ApiGatewayV2::Stage") {
		if stage.Properties["StageName"] != "$default" {
			t.Errorf("%s is %v", id, stage.Properties["StageName"])
		}
		// Of each route alone. CloudFormation knows no types in RouteSettings, where a parameter would be a text.
		limit := map[string]any{"Ref": "RequestsPerSecond"}
		limits := []any{map[string]any{"ThrottlingRateLimit": limit, "ThrottlingBurstLimit": limit}, nil}
		if diff := cmp.Diff(limits, []any{stage.Properties["DefaultRouteSettings"], stage.Properties["RouteSettings"]}); diff != "" {
			t.Errorf("%s: limits of the routes (-want +got):\n%s", id, diff)
		}
		if group := referred(at(stage.Properties, "AccessLogSettings", "DestinationArn")); all.Resources[group].Type != "AWS::Logs::LogGroup" {
			t.Errorf("%s logs to %q", id, group)
		}
		var line map[string]string
		format, _ := at(stage.Properties, "AccessLogSettings", "Format").(string)
		if err := json.Unmarshal([]byte(format), &line); err != nil || strings.Contains(format, "\n") {
			t.Errorf("the access log is no line of JSON: %v: %s", err, format)
		}
		for name, value := range line {
			if strings.Contains(strings.ToLower(value), "query") || value == "$context.path" {
				t.Errorf("the access log holds %s: %s", name, value)
			}
		}
	}
}

func TestTemplatePermissions(t *testing.T) {
	all, text := transformed(t)
	statements := 0
	check := func(id string, document any) {
		for _, s := range list(at(document, "Statement")) {
			statements++
			sid := fmt.Sprint(id, "/", at(s, "Sid"))
			for _, action := range list(at(s, "Action")) {
				if strings.Contains(action.(string), "*") {
					t.Errorf("%s has the action %s", sid, action)
				}
			}
			for _, on := range list(at(s, "Resource")) {
				if on == "*" && id != "NetworkPolicy" { // whose interfaces have no names beforehand
					t.Errorf("%s holds for everything", sid)
				}
			}
			if at(s, "NotAction") != nil || at(s, "NotResource") != nil {
				t.Errorf("%s holds for all but something", sid)
			}
		}
	}
	for id, role := range all.of("AWS::IAM::Role") {
		for _, policy := range list(role.Properties["Policies"]) {
			check(id, at(policy, "PolicyDocument"))
		}
		// Without a condition: what a role may in a network stays until the functions have left it.
		if diff := cmp.Diff([]any{map[string]any{"Ref": "NetworkPolicy"}}, role.Properties["ManagedPolicyArns"]); diff != "" {
			t.Errorf("%s: managed policies (-want +got):\n%s", id, diff)
		}
	}
	if condition := all.Resources["NetworkPolicy"].Condition; condition != "" {
		t.Errorf("NetworkPolicy is there with %s only", condition)
	}
	for id, policy := range all.of("AWS::IAM::ManagedPolicy") {
		check(id, policy.Properties["PolicyDocument"])
	}
	// These two ask the platform, and have no business with the followers' records.
	for _, id := range []string{"MenuRole", "DoctorRole"} {
		for _, policy := range list(all.Resources[id].Properties["Policies"]) {
			for _, s := range list(at(policy, "PolicyDocument", "Statement")) {
				if referred(at(s, "Resource")) != "Table" {
					continue
				}
				keys := at(s, "Condition", "ForAllValues:StringEquals", "dynamodb:LeadingKeys")
				if diff := cmp.Diff([]any{"#account"}, keys); diff != "" {
					t.Errorf("%s reads more than the account's records (-want +got):\n%s", id, diff)
				}
			}
		}
	}
	if statements == 0 {
		t.Error("there is no statement")
	}

	file, err := os.ReadFile(root + "/template.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for _, source := range []string{string(file), text} {
		// Service principals are the same in all partitions.
		plain := strings.NewReplacer("lambda.amazonaws.com", "", "apigateway.amazonaws.com", "", "events.amazonaws.com", "").Replace(source)
		for _, literal := range []string{"arn:aws:", "arn:aws-cn:", ".amazonaws.com"} {
			if strings.Contains(plain, literal) {
				t.Errorf("%s holds in one partition only", literal)
			}
		}
	}
}

// list is value, or what it holds if it is a list.
func list(value any) []any {
	if values, ok := value.([]any); ok {
		return values
	}
	if value == nil {
		return nil
	}
	return []any{value}
}

// references lists the logical ids that a value refers to, AWS::NoValue aside.
func references(value any) (ids []string) {
	switch value := value.(type) {
	case []any:
		for _, v := range value {
			ids = append(ids, references(v)...)
		}
	case map[string]any:
		if id := referred(value); id != "" && id != "AWS::NoValue" {
			return []string{id}
		}
		if text, ok := value["Fn::Sub"].(string); ok {
			for _, match := range substituted.FindAllStringSubmatch(text, -1) {
				ids = append(ids, match[1])
			}
		}
		for _, v := range value {
			ids = append(ids, references(v)...)
		}
	}
	return ids
}

func TestTemplateTable(t *testing.T) {
	all, _ := transformed(t)
	table := all.Resources["Table"]
	if table.DeletionPolicy != "Retain" || table.UpdateReplacePolicy != "Retain" {
		t.Errorf("the table goes with the stack: %q, %q", table.DeletionPolicy, table.UpdateReplacePolicy)
	}
	p := table.Properties
	want := []any{"PAY_PER_REQUEST", true, true, "expires_at", true, "DeletionProtection"}
	got := []any{
		p["BillingMode"],
		at(p, "PointInTimeRecoverySpecification", "PointInTimeRecoveryEnabled"),
		at(p, "SSESpecification", "SSEEnabled"),
		at(p, "TimeToLiveSpecification", "AttributeName"), at(p, "TimeToLiveSpecification", "Enabled"),
		referred(p["DeletionProtectionEnabled"]),
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("billing, recovery, encryption, expiry, deletion protection (-want +got):\n%s", diff)
	}
}

// TestTemplateNetwork holds what costs by the hour to its condition.
func TestTemplateNetwork(t *testing.T) {
	all, _ := transformed(t)
	found := 0
	for id, r := range all.Resources {
		if !strings.HasPrefix(r.Type, "AWS::EC2::") {
			continue
		}
		found++
		if r.Condition != "HasNat" {
			t.Errorf("%s is made whatever FixedEgress says", id)
		}
	}
	if found == 0 {
		t.Error("there is no network")
	}
	want := map[string]any{"Fn::Equals": []any{map[string]any{"Ref": "FixedEgress"}, "nat"}}
	if diff := cmp.Diff(want, all.Conditions["HasNat"]); diff != "" {
		t.Errorf("HasNat (-want +got):\n%s", diff)
	}
}

// TestTemplateOrder holds what CloudFormation waits for before it moves the alias live to a new version.
func TestTemplateOrder(t *testing.T) {
	all, _ := transformed(t)
	for id := range all.of("AWS::Lambda::Function") {
		first := all.before(id + "Aliaslive")
		for _, other := range []string{
			id, "NetworkPolicy", "SecretsPolicy", "Table", // what it may and needs
			"NatGateway", "PrivateRoute", "PrivateSubnet1Routes", "PrivateSubnet2Routes", "TableEndpoint", // its ways out
		} {
			if !first[other] {
				t.Errorf("live of %s does not wait for %s", id, other)
			}
		}
	}
	// Versions from before FixedEgress=none hold these for as long as they are kept. What costs can still be deleted.
	for _, held := range []string{"FunctionsSecurityGroup", "PrivateSubnet1", "PrivateSubnet2"} {
		first := all.before(held)
		for _, costs := range []string{"NatGateway", "EgressAddress"} {
			if first[costs] {
				t.Errorf("%s is deleted after %s only", costs, held)
			}
		}
	}
	// With another description it is another policy, so the one before is deleted when live has left its secrets.
	policy := all.Resources["SecretsPolicy"].Properties
	if diff := cmp.Diff(parameters(all, policy["PolicyDocument"]), parameters(all, policy["Description"])); diff != "" {
		t.Errorf("parameters in the description of SecretsPolicy (-want +got):\n%s", diff)
	}
	roles := references(policy["Roles"])
	if diff := cmp.Diff(slices.Sorted(maps.Keys(all.of("AWS::IAM::Role"))), slices.Sorted(slices.Values(roles))); diff != "" {
		t.Errorf("roles of SecretsPolicy (-want +got):\n%s", diff)
	}
}

// before returns the resources that CloudFormation makes before one, and deletes after it.
func (all template) before(id string) map[string]bool {
	found := map[string]bool{}
	var walk func(id string)
	walk = func(id string) {
		r := all.Resources[id]
		next := references(r.Properties)
		for _, on := range list(r.DependsOn) {
			next = append(next, on.(string))
		}
		for _, other := range next {
			if _, ok := all.Resources[other]; ok && !found[other] {
				found[other] = true
				walk(other)
			}
		}
	}
	walk(id)
	return found
}

func TestTemplateZones(t *testing.T) {
	all, _ := transformed(t)
	zone := func(parameter string, index float64) any {
		first := map[string]any{"Fn::Select": []any{index, map[string]any{"Fn::GetAZs": ""}}}
		return map[string]any{"Fn::If": []any{"HasZones", map[string]any{"Ref": parameter}, first}}
	}
	want := map[string]any{"PublicSubnet": zone("Zone1", 0), "PrivateSubnet1": zone("Zone1", 0), "PrivateSubnet2": zone("Zone2", 1)}
	got := map[string]any{}
	for id, subnet := range all.of("AWS::EC2::Subnet") {
		got[id] = subnet.Properties["AvailabilityZone"]
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("zones (-want +got):\n%s", diff)
	}
}

func TestTemplateParameters(t *testing.T) {
	all, _ := transformed(t)
	face := all.Metadata["AWS::CloudFormation::Interface"]
	var grouped []string
	for _, group := range list(at(face, "ParameterGroups")) {
		for _, name := range list(at(group, "Parameters")) {
			grouped = append(grouped, name.(string))
		}
	}
	slices.Sort(grouped)
	want := slices.Sorted(maps.Keys(all.Parameters))
	if diff := cmp.Diff(want, grouped); diff != "" {
		t.Errorf("parameters in groups (-want +got):\n%s", diff)
	}
	labels, _ := at(face, "ParameterLabels").(map[string]any)
	if diff := cmp.Diff(want, slices.Sorted(maps.Keys(labels))); diff != "" {
		t.Errorf("parameters with labels (-want +got):\n%s", diff)
	}
}

// TestTemplateRules evaluates the template's rules, as CloudFormation does before it changes anything.
func TestTemplateRules(t *testing.T) {
	all, _ := transformed(t)
	const certificate = "arn:aws:acm:us-east-1:123456789012:certificate/12345678"
	for _, c := range []struct {
		given  map[string]string
		broken string // the rule, if one is
	}{
		{map[string]string{}, ""},
		{map[string]string{"DomainName": "mp.example.com", "CertificateArn": certificate}, ""},
		{map[string]string{"DomainName": "mp.example.com"}, "DomainHasCertificate"},
		{map[string]string{"DefaultEndpoint": "disabled"}, "SomeAddressAnswers"},
		{map[string]string{"DefaultEndpoint": "disabled", "DomainName": "mp.example.com", "CertificateArn": certificate}, ""},
		{map[string]string{"MonthlyBudget": "20"}, "BudgetHasEmail"},
		{map[string]string{"MonthlyBudget": "20", "AlarmEmail": "owner@example.com"}, ""},
		{map[string]string{"Zone1": "us-east-1b"}, "TwoZones"},
		{map[string]string{"Zone2": "us-east-1b"}, "TwoZones"},
		{map[string]string{"Zone1": "us-east-1b", "Zone2": "us-east-1b"}, "TwoZones"},
		{map[string]string{"Zone1": "us-east-1b", "Zone2": "us-east-1a"}, ""},
	} {
		values := map[string]string{}
		for name, p := range all.Parameters {
			values[name] = fmt.Sprint(p.Default)
		}
		maps.Copy(values, c.given)
		for name, rule := range all.Rules {
			holds := !isTrue(t, at(rule, "RuleCondition"), values)
			for _, assertion := range list(at(rule, "Assertions")) {
				holds = holds || isTrue(t, at(assertion, "Assert"), values)
			}
			if holds != (name != c.broken) {
				t.Errorf("%s with %v: %t", name, c.given, holds)
			}
		}
	}
}

// isTrue evaluates a condition on parameters.
func isTrue(t *testing.T, condition any, values map[string]string) bool {
	t.Helper()
	object, _ := condition.(map[string]any)
	for function, arguments := range object {
		var all []bool
		for _, a := range list(arguments) {
			if function != "Fn::Equals" {
				all = append(all, isTrue(t, a, values))
			}
		}
		switch function {
		case "Fn::Not":
			return !all[0]
		case "Fn::Or":
			return slices.Contains(all, true)
		case "Fn::Equals":
			value := func(v any) string {
				if name, ok := at(v, "Ref").(string); ok {
					return values[name]
				}
				return fmt.Sprint(v)
			}
			two := list(arguments)
			return value(two[0]) == value(two[1])
		}
	}
	t.Fatalf("a rule has another function: %v", condition)
	return false
}

func TestTemplateBudget(t *testing.T) {
	all, _ := transformed(t)
	budget := all.Resources["Budget"]
	if budget.Condition != "HasBudget" || !slices.Contains(parameters(all, all.Conditions["HasBudget"]), "MonthlyBudget") {
		t.Errorf("the budget is made with %s: %v", budget.Condition, all.Conditions["HasBudget"])
	}
	// CloudFormation replaces a budget whose subscribers change, which it cannot if that has a name.
	if name := at(budget.Properties, "Budget", "BudgetName"); name != nil {
		t.Errorf("the budget is called %v", name)
	}
}

func TestTemplateAlarms(t *testing.T) {
	all, _ := transformed(t)
	alarms := all.of("AWS::CloudWatch::Alarm")
	if len(alarms) == 0 {
		t.Fatal("there is no alarm")
	}
	manual, err := os.ReadFile(root + "/docs/operations.md")
	if err != nil {
		t.Fatal(err)
	}
	for id, alarm := range alarms {
		p := alarm.Properties
		name, ok := strings.CutPrefix(fmt.Sprint(at(p, "AlarmName", "Fn::Sub")), "${AWS::StackName}-")
		if !ok {
			t.Errorf("%s is not found by the stack's name: %v", id, p["AlarmName"])
		}
		description, _ := p["AlarmDescription"].(string)
		if !strings.Contains(description, "docs/operations.md, "+name+".") || strings.IndexFunc(description, unicode.IsLetter) != 0 ||
			!strings.ContainsFunc(description, func(r rune) bool { return unicode.Is(unicode.Han, r) }) || len(description) > 1024 {
			t.Errorf("%s does not say in English and Chinese what it means and where that is explained: %q", id, description)
		}
		if !strings.Contains(string(manual), "\n### "+name+"\n") {
			t.Errorf("docs/operations.md has no chapter %s", name)
		}
		missing := "notBreaching"
		if id == "NoPushesAlarm" { // whose matter it is
			missing = "breaching"
		}
		if p["TreatMissingData"] != missing {
			t.Errorf("%s takes missing data for %v", id, p["TreatMissingData"])
		}
		only := map[string]any{"Fn::If": []any{
			"HasAlarmEmail", []any{map[string]any{"Ref": "AlarmTopic"}}, map[string]any{"Ref": "AWS::NoValue"},
		}}
		if diff := cmp.Diff([]any{only, only}, []any{p["AlarmActions"], p["OKActions"]}); diff != "" {
			t.Errorf("%s: actions (-want +got):\n%s", id, diff)
		}

		metrics := []any{p}
		if p["Metrics"] != nil {
			metrics = nil
			for _, m := range list(p["Metrics"]) {
				if metric := at(m, "MetricStat", "Metric"); metric != nil {
					metrics = append(metrics, metric)
				}
			}
		}
		for _, m := range metrics {
			var dimensions []string
			for _, d := range list(at(m, "Dimensions")) {
				dimensions = append(dimensions, fmt.Sprint(at(d, "Name")))
			}
			namespace := at(m, "Namespace")
			if of, ok := at(namespace, "Fn::Sub").(string); ok {
				namespace = of
			}
			all.checkMetric(t, id, fmt.Sprint(namespace), fmt.Sprint(at(m, "MetricName")), dimensions)
		}
	}
	quiet := all.Resources["NoPushesAlarm"]
	if quiet.Condition != "HasQuietHours" || referred(quiet.Properties["EvaluationPeriods"]) != "QuietHours" || quiet.Properties["Period"] != 3600.0 {
		t.Errorf("NoPushesAlarm does not look at QuietHours: %v", quiet)
	}
	// A subscription inside the topic would stay when the address changes.
	subscription := all.Resources["AlarmSubscription"].Properties
	if referred(subscription["Endpoint"]) != "AlarmEmail" || all.Resources["AlarmTopic"].Properties["Subscription"] != nil {
		t.Errorf("the topic's subscription: %v", subscription)
	}
	if all.Resources["AlarmTopic"].Condition != "HasAlarmEmail" {
		t.Error("the topic is made without an e-mail, too")
	}
}

// By what AWS tells its own metrics apart.
var awsMetrics = map[string]struct{ names, by []string }{
	// https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-metrics.html
	"AWS/ApiGateway": {[]string{"Count", "4xx", "5xx"}, []string{"ApiId"}},
	// https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html
	"AWS/Lambda": {[]string{"Errors", "Throttles", "Invocations", "ConcurrentExecutions"}, []string{"FunctionName"}},
	// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/metrics-dimensions.html
	"AWS/DynamoDB": {[]string{
		"ConsumedReadCapacityUnits", "ConsumedWriteCapacityUnits", "ReadThrottleEvents", "WriteThrottleEvents",
	}, []string{"TableName"}},
	// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-available-cloudwatch-metrics.html
	"AWS/SQS": {[]string{"ApproximateNumberOfMessagesVisible"}, []string{"QueueName"}},
}

// checkMetric holds that somebody sends the metric, told apart by these dimensions.
func (all template) checkMetric(t *testing.T, where, namespace, name string, dimensions []string) {
	t.Helper()
	slices.Sort(dimensions)
	var by [][]string
	for _, filter := range all.of("AWS::Logs::MetricFilter") {
		for _, m := range list(filter.Properties["MetricTransformations"]) {
			if at(m, "MetricNamespace", "Fn::Sub") == namespace && at(m, "MetricName") == name {
				by = [][]string{nil}
			}
		}
	}
	if of, ok := awsMetrics[namespace]; ok && slices.Contains(of.names, name) {
		by = [][]string{of.by}
	}
	for _, m := range telemetry.Metrics() {
		if namespace == telemetry.Namespace && m.Name == name {
			by = m.By
		}
	}
	for _, names := range by {
		if slices.Equal(slices.Sorted(slices.Values(names)), dimensions) {
			return
		}
	}
	t.Errorf("%s: nobody sends %s %s by %v", where, namespace, name, dimensions)
}

var (
	literal = regexp.MustCompile(`\$\{!`)
	anyName = regexp.MustCompile(`\$\{[\w:.]+\}`)
	search  = regexp.MustCompile(`SEARCH\('\{([^}]*)\} MetricName="(\w+)" ([^']*)', 'Sum', 300\)`)
	term    = regexp.MustCompile(`(\w+)="([^"]*)"`)
	source  = regexp.MustCompile(`SOURCE '\$\{(\w+)\}'`)
)

func TestTemplateDashboard(t *testing.T) {
	all, _ := transformed(t)
	substitution := list(at(all.Resources["Dashboard"].Properties, "DashboardBody", "Fn::Sub"))
	text, _ := substitution[0].(string)
	// An alarm that is not there always.
	perhaps := list(at(substitution[1], "NoPushes", "Fn::If"))
	if diff := cmp.Diff([]any{"HasQuietHours", ""}, []any{perhaps[0], perhaps[2]}); diff != "" {
		t.Errorf("when the dashboard shows no-pushes (-want +got):\n%s", diff)
	}
	text = strings.Replace(text, "${NoPushes}", fmt.Sprint(at(perhaps[1], "Fn::Sub")), 1)
	var body struct {
		Widgets []struct {
			Type                string
			X, Y, Width, Height int
			Properties          struct {
				Title, Region, Stat, Query string
				Alarms                     []string
				Metrics                    [][]any
			}
		}
	}
	// Names stay as they are here, which is no less JSON.
	if err := json.Unmarshal([]byte(literal.ReplaceAllString(text, "$${")), &body); err != nil {
		t.Fatalf("the dashboard is no JSON: %v", err)
	}
	if err := json.Unmarshal([]byte(literal.ReplaceAllString(anyName.ReplaceAllString(text, "dummy"), "$${")), new(any)); err != nil {
		t.Fatalf("the dashboard is no JSON with values: %v", err)
	}

	var want []string
	for _, alarm := range all.of("AWS::CloudWatch::Alarm") {
		want = append(want, fmt.Sprint("arn:${AWS::Partition}:cloudwatch:${AWS::Region}:${AWS::AccountId}:alarm:",
			at(alarm.Properties, "AlarmName", "Fn::Sub")))
	}
	slices.Sort(want)
	if len(body.Widgets) == 0 || body.Widgets[0].Type != "alarm" || body.Widgets[0].Y != 0 {
		t.Fatal("the dashboard does not begin with the alarms")
	}
	if diff := cmp.Diff(want, slices.Sorted(slices.Values(body.Widgets[0].Properties.Alarms))); diff != "" {
		t.Errorf("alarms on the dashboard (-want +got):\n%s", diff)
	}

	shown := map[string]bool{}
	taken := map[[2]int]string{}
	for _, w := range body.Widgets {
		p := w.Properties
		english, chinese, both := strings.Cut(p.Title, " · ")
		if !both || english == "" || chinese == "" {
			t.Errorf("the title %q is not in English and Chinese", p.Title)
		}
		for x := w.X; x < w.X+w.Width; x++ {
			for y := w.Y; y < w.Y+w.Height; y++ {
				if other := taken[[2]int{x, y}]; other != "" || x >= 24 {
					t.Fatalf("%q lies over %q or beyond the 24 columns", p.Title, other)
				}
				taken[[2]int{x, y}] = p.Title
			}
		}
		if w.Type != "alarm" && p.Region != "${AWS::Region}" {
			t.Errorf("%q shows the region %q", p.Title, p.Region)
		}
		for _, m := range p.Metrics {
			if options, ok := m[0].(map[string]any); ok {
				expression := fmt.Sprint(options["expression"])
				found := search.FindStringSubmatch(expression)
				if found == nil {
					t.Errorf("%q has an expression of another form: %s", p.Title, expression)
					continue
				}
				names := strings.Split(found[1], ",")
				all.checkMetric(t, p.Title, names[0], found[2], slices.Clone(names[1:]))
				shown[found[2]] = true
				checkTerms(t, p.Title, names[1:], found[3])
				continue
			}
			if _, ok := m[len(m)-1].(map[string]any); ok { // options
				m = m[:len(m)-1]
			}
			var dimensions []string
			for i := 2; i < len(m); i += 2 {
				dimensions = append(dimensions, fmt.Sprint(m[i]))
			}
			all.checkMetric(t, p.Title, fmt.Sprint(m[0]), fmt.Sprint(m[1]), dimensions)
			shown[fmt.Sprint(m[1])] = true
		}
		if w.Type == "log" {
			checkQuery(t, p.Title, source.ReplaceAllString(p.Query, ""))
			for _, group := range source.FindAllStringSubmatch(p.Query, -1) {
				if all.Resources[group[1]].Type != "AWS::Logs::LogGroup" {
					t.Errorf("%q reads %s", p.Title, group[1])
				}
			}
		}
	}
	for _, m := range telemetry.Metrics() {
		if !shown[m.Name] {
			t.Errorf("the dashboard does not show %s", m.Name)
		}
	}
}

// checkTerms holds that a search is for values which the dimensions have.
func checkTerms(t *testing.T, where string, dimensions []string, terms string) {
	t.Helper()
	values := map[string][]string{
		"appid":   {"${AppId}"},
		"outcome": {"replied", "acknowledged", "unknown", "failed"},
	}
	for _, event := range []string{"subscribe", "unsubscribe"} {
		values["kind"] = append(values["kind"], (&wechat.Head{MsgType: "event", Event: event}).Kind())
	}
	found := term.FindAllStringSubmatch(terms, -1)
	if len(found) == 0 || found[0][1] != "appid" {
		t.Errorf("%q shows all accounts: %s", where, terms)
	}
	for _, f := range found {
		if !slices.Contains(dimensions, f[1]) || !slices.Contains(values[f[1]], f[2]) {
			t.Errorf("%q searches for %s", where, f[0])
		}
	}
}

func TestTemplateQueries(t *testing.T) {
	all, _ := transformed(t)
	queries := all.of("AWS::Logs::QueryDefinition")
	if len(queries) == 0 {
		t.Fatal("there is no query")
	}
	for id, q := range queries {
		if name, _ := at(q.Properties, "Name", "Fn::Sub").(string); !strings.HasPrefix(name, "${AWS::StackName}/") {
			t.Errorf("%s is called %v", id, q.Properties["Name"])
		}
		groups := references(q.Properties["LogGroupNames"])
		if len(groups) == 0 || len(groups) != len(list(q.Properties["LogGroupNames"])) {
			t.Errorf("%s reads %v", id, q.Properties["LogGroupNames"])
		}
		for _, group := range groups {
			if all.Resources[group].Type != "AWS::Logs::LogGroup" {
				t.Errorf("%s reads %s", id, group)
			}
		}
		text, _ := q.Properties["QueryString"].(string)
		checkQuery(t, id, text)
	}
}

// The fields of the functions' log lines, and from Lambda's own lines the outcome of an invocation.
// And those of the gateway's access log.
var logFields = strings.Fields(`@timestamp level message requestId error ip route
	method outcome status kind follower reason advice platform_calls platform_ms table_calls table_ms ms page api errcode profile profile_error answer_ms receive model model_ms tokens_in tokens_out
	record.status`)

var (
	comment = regexp.MustCompile(`(?m)^#.*$`)
	quoted  = regexp.MustCompile(`"[^"]*"|'[^']*'`)
	alias   = regexp.MustCompile(`\bas (\w+)`)
	word    = regexp.MustCompile(`@?[a-zA-Z_][\w.]*`)
)

// checkQuery holds that a query of Logs Insights asks for fields that the lines have.
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CWL_QuerySyntax.html
func checkQuery(t *testing.T, where, query string) {
	t.Helper()
	known := append(strings.Fields("fields filter stats sort limit by as and or in asc desc count max latest"), logFields...)
	for _, a := range alias.FindAllStringSubmatch(query, -1) {
		known = append(known, a[1])
	}
	words := word.FindAllString(quoted.ReplaceAllString(comment.ReplaceAllString(query, ""), ""), -1)
	if len(words) == 0 {
		t.Errorf("%s asks nothing", where)
	}
	for _, w := range words {
		if !slices.Contains(known, w) {
			t.Errorf("%s asks for %s, which no line has", where, w)
		}
	}
}
