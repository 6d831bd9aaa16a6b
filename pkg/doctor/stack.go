package doctor

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/aws/smithy-go"

	"github.com/guanzhu/guanzhu/pkg/secrets"
)

// Stack explains what CloudFormation tells of the stack: its StackStatus, or why it could not be asked.
// https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/view-stack-events.html
func Stack(name, status string, err error) Finding {
	switch {
	case err != nil:
		return stackNone.of("stack", "{error}", err.Error())
	case status == "ROLLBACK_COMPLETE", strings.HasSuffix(status, "_FAILED"), strings.HasPrefix(status, "DELETE_"):
		return stackBroken.of("stack", "{name}", name, "{status}", status)
	case strings.HasSuffix(status, "_IN_PROGRESS"):
		return stackChanging.of("stack", "{name}", name, "{status}", status)
	case strings.HasSuffix(status, "_ROLLBACK_COMPLETE"):
		return stackBack.of("stack", "{name}", name, "{status}", status)
	}
	return stackFine.of("stack", "{name}", name, "{status}", status)
}

// Secrets explains what reading the secrets from the parameter, secrets.Open, came to.
func Secrets(parameter string, s secrets.Secrets, err error) []Finding {
	api, ok := errors.AsType[smithy.APIError](err)
	if ok {
		row := secretsAWS
		switch api.ErrorCode() {
		case "ParameterNotFound":
			row = secretsNone
		case "AccessDeniedException":
			row = secretsDenied
		}
		return []Finding{row.of("secrets", "{parameter}", parameter, "{error}", api.ErrorCode())}
	}
	if err != nil {
		return []Finding{secretsBad.of("secrets", "{parameter}", parameter, "{error}", err.Error())}
	}
	row := secretsPlain
	if s.EncodingAESKey != "" {
		row = secretsKey
	}
	findings := []Finding{row.of("secrets", "{parameter}", parameter)}
	if s.PreviousToken != "" || s.PreviousEncodingAESKey != "" {
		findings = append(findings, rotationOpen.of("rotation"))
	}
	return findings
}

// Refusals explains how often the endpoint refused requests in the last 24 hours, by reason, as the metric Refusals
// counts them, or err, why that is not known. Below some numbers a reason is noise: strangers knock at every address, and
// an examination of the endpoint is refused once or twice on purpose.
func Refusals(counts map[string]int, err error) []Finding {
	if err != nil {
		return []Finding{metricsNone.of("refusals", "{error}", err.Error())}
	}
	var findings []Finding
	total := 0
	for _, reason := range slices.Sorted(maps.Keys(counts)) {
		count := counts[reason]
		total += count
		row, ok := refusals[reason]
		if !ok {
			row = refusal{refusalOther, noise}
		}
		if count >= row.from {
			findings = append(findings, row.of("refusals", "{reason}", reason, "{count}", fmt.Sprint(count)))
		}
	}
	if len(findings) == 0 {
		findings = append(findings, refusalsFew.of("refusals", "{count}", fmt.Sprint(total)))
	}
	return findings
}

// refusal is what a reason means, and from how many a day on it is worth telling.
type refusal struct {
	found
	from int
}

// Alarm is one of the stack's alarms that is in the state ALARM.
type Alarm struct{ Name, Description string }

// Alarms explains which alarms of the stack ring, or err, why that is not known.
func Alarms(ringing []Alarm, err error) []Finding {
	if err != nil {
		return []Finding{alarmsNone.of("alarms", "{error}", err.Error())}
	}
	var findings []Finding
	for _, alarm := range ringing {
		findings = append(findings, alarmRings.of("alarms", "{name}", alarm.Name,
			"{description}", cmp.Or(alarm.Description, alarm.Name)))
	}
	if len(findings) == 0 {
		findings = append(findings, alarmsQuiet.of("alarms"))
	}
	return findings
}

// Function reads the findings that the function doctor answered, or explains why it did not: functionError and payload
// are those of Lambda's answer, err is of the call itself, or says that there is no such function to be called.
// https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html
func Function(payload []byte, functionError string, err error) []Finding {
	switch {
	case err != nil:
		return []Finding{functionNone.of("function", "{error}", err.Error())}
	case functionError != "":
		var failure struct {
			Type    string `json:"errorType"`
			Message string `json:"errorMessage"`
		}
		if json.Unmarshal(payload, &failure) != nil {
			failure.Message = functionError
		}
		if failure.Type == "Sandbox.Timedout" || strings.Contains(failure.Message, "Task timed out") {
			return []Finding{functionLate.of("function")}
		}
		return []Finding{functionFailed.of("function", "{error}", failure.Message)}
	}
	var findings []Finding
	if err := json.Unmarshal(payload, &findings); err != nil || len(findings) == 0 {
		return []Finding{functionOdd.of("function")}
	}
	return findings
}
