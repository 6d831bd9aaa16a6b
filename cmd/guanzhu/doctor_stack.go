package main

import (
	"context"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"

	owner "github.com/guanzhu/guanzhu/account"
	"github.com/guanzhu/guanzhu/internal/doctor"
	"github.com/guanzhu/guanzhu/internal/refusal"
	"github.com/guanzhu/guanzhu/internal/telemetry"
	"github.com/guanzhu/guanzhu/pkg/secrets"
)

// examineStack examines a deployed stack: its state in AWS, its endpoint and pages from this machine, and the platform's
// API from the stack's own functions.
func (c *doctorCommand) examineStack(ctx context.Context, out *printer) error {
	out.flags = map[string]string{"secrets": "--stack " + c.Stack, "plan": "--stack " + c.Stack, "publish": "--stack " + c.Stack}
	account, err := owner.Load()
	if err != nil {
		return err
	}
	cfg, err := loadAWS(ctx)
	if err != nil {
		return err
	}
	s, err := describeStack(ctx, cfg, c.Stack)
	out.show(doctor.Stack(c.Stack, s.status, explainAWS(err)))
	if s.name == "" {
		return nil // the finding says why
	}
	var current secrets.Secrets
	parameter := s.parameters["SecretsParameter"]
	keeper, err := openSecrets(ctx, "ssm:"+parameter)
	if err == nil {
		current = keeper.Current()
	}
	out.show(doctor.Secrets(parameter, current, err)...)
	watch := cloudwatch.NewFromConfig(cfg)
	out.show(doctor.Refusals(countRefusals(ctx, watch, s.parameters["AppId"]))...)
	out.show(doctor.Alarms(ringing(ctx, watch, s.name))...)

	endpoint := doctor.Endpoint{
		URL: s.outputs["ServerUrl"], AppID: s.parameters["AppId"], Secrets: current, Now: time.Now,
	}
	outside := endpoint.Examine(ctx)
	out.show(outside...)
	pages := doctor.Pages{
		URL: s.outputs["PagesUrl"], Endpoint: s.outputs["ServerUrl"], AppID: s.parameters["AppId"],
		Mode: account.Pages(), Verification: s.parameters["DomainVerification"],
	}
	out.show(pages.Examine(ctx, outside)...)
	if keeper != nil {
		out.show(examineAI(ctx, account, current.AIKey)...)
	}
	out.show(invokeDoctor(ctx, cfg, s, out.language)...)
	return nil
}

// countRefusals adds up the metric Refusals of the last 24 hours, by reason.
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricData.html
func countRefusals(ctx context.Context, watch *cloudwatch.Client, appID string) (map[refusal.Reason]int, error) {
	now := time.Now()
	input := &cloudwatch.GetMetricDataInput{StartTime: aws.Time(now.Add(-24 * time.Hour)), EndTime: aws.Time(now)}
	reasons := map[string]refusal.Reason{} // by the query's id
	for i, row := range refusal.Table {
		id := fmt.Sprintf("reason%d", i)
		reasons[id] = row.Reason
		input.MetricDataQueries = append(input.MetricDataQueries, types.MetricDataQuery{
			Id: aws.String(id),
			MetricStat: &types.MetricStat{
				Metric: &types.Metric{
					Namespace:  aws.String(telemetry.Namespace),
					MetricName: aws.String(telemetry.Refusals.Name),
					Dimensions: []types.Dimension{
						{Name: aws.String("appid"), Value: aws.String(appID)}, {Name: aws.String("reason"), Value: aws.String(string(row.Reason))},
					},
				},
				Period: aws.Int32(3600),
				Stat:   aws.String("Sum"),
			},
		})
	}
	out, err := watch.GetMetricData(ctx, input) // 25 hours of some dozen metrics are one page
	if err != nil {
		return nil, err
	}
	counts := map[refusal.Reason]int{}
	for _, result := range out.MetricDataResults {
		for _, value := range result.Values {
			counts[reasons[aws.ToString(result.Id)]] += int(value)
		}
	}
	return counts, nil
}

// alarms are the alarms of template.yaml, without the name of the stack in front.
var alarms = []string{"server-errors", "slow-replies", "refusals", "token", "whitelist", "answers-failed", "throttles", "too-many-requests", "full-pass", "reconcile", "no-pushes"}

// ringing returns those of the stack's alarms that are in the state ALARM.
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_DescribeAlarms.html
func ringing(ctx context.Context, watch *cloudwatch.Client, stack string) ([]doctor.Alarm, error) {
	input := &cloudwatch.DescribeAlarmsInput{}
	for _, name := range alarms {
		input.AlarmNames = append(input.AlarmNames, stack+"-"+name)
	}
	out, err := watch.DescribeAlarms(ctx, input)
	if err != nil {
		return nil, err
	}
	var found []doctor.Alarm
	for _, a := range out.MetricAlarms {
		if a.StateValue == types.StateValueAlarm {
			found = append(found, doctor.Alarm{Name: aws.ToString(a.AlarmName), Description: aws.ToString(a.AlarmDescription)})
		}
	}
	return found, nil
}

// invokeDoctor returns what the stack's function doctor finds at the platform's API.
func invokeDoctor(ctx context.Context, cfg aws.Config, s stack, lang language) []doctor.Finding {
	name, err := s.output("DoctorFunctionName")
	if err != nil {
		return doctor.Function(nil, "", err)
	}
	out, err := newInvoker(cfg, lang).call(ctx, name, map[string]string{"FixedEgress": s.parameters["FixedEgress"]})
	if err != nil {
		return doctor.Function(nil, "", err)
	}
	return doctor.Function(out.Payload, aws.ToString(out.FunctionError), nil)
}
