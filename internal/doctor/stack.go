package doctor

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/aws/smithy-go"

	"github.com/guanzhu/guanzhu/internal/bilingual"
	"github.com/guanzhu/guanzhu/internal/errcode"
	"github.com/guanzhu/guanzhu/internal/refusal"
	"github.com/guanzhu/guanzhu/pkg/secrets"
)

// Stack explains the StackStatus that CloudFormation reports, or the error of asking for it, which says what to do.
// https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/view-stack-events.html
func Stack(name, status string, err error) Finding {
	switch {
	case err != nil:
		f := stackNone.of("stack", "{name}", name)
		do := bilingual.TextOf(err)
		f.Do = bilingual.New(printable(do.ZH), printable(do.EN))
		return f
	case status == "ROLLBACK_COMPLETE", strings.HasSuffix(status, "_FAILED"), strings.HasPrefix(status, "DELETE_"):
		return stackBroken.of("stack", "{name}", name, "{status}", status)
	case strings.HasSuffix(status, "_IN_PROGRESS"):
		return stackChanging.of("stack", "{name}", name, "{status}", status)
	case strings.HasSuffix(status, "_ROLLBACK_COMPLETE"):
		return stackBack.of("stack", "{name}", name, "{status}", status)
	}
	return stackFine.of("stack", "{name}", name, "{status}", status)
}

// Secrets explains the result of reading the secrets from the parameter (parameterstore.Open).
func Secrets(parameter string, s secrets.Secrets, err error) []Finding {
	if err != nil {
		places := []string{"{parameter}", parameter, "{error}", cmp.Or(refusalCode(err), err.Error())}
		switch {
		case refusalCode(err) == "ParameterNotFound":
			return []Finding{secretsNone.of("secrets", places...)}
		case Denied(err):
			return []Finding{secretsDenied.of("secrets", places...)}
		case refusalCode(err) != "":
			return []Finding{secretsAWS.of("secrets", places...)}
		case called(err):
			return []Finding{secretsUnreached.of("secrets", places...)}
		}
		return []Finding{secretsBad.of("secrets", places...)}
	}
	row := secretsPlain
	if s.EncodingAESKey != "" {
		row = secretsKey
	}
	findings := []Finding{row.of("secrets", "{parameter}", parameter)}
	if s.LinkKey == "" {
		findings = append(findings, linkKeyNone.of("link-key"))
	}
	if s.PreviousToken != "" || s.PreviousEncodingAESKey != "" {
		findings = append(findings, rotationOpen.of("rotation"))
	}
	return findings
}

// called reports whether err comes from a call to AWS itself.
func called(err error) bool {
	_, ok := errors.AsType[*smithy.OperationError](err)
	return ok || errors.Is(err, context.DeadlineExceeded)
}

// refusalCode returns the code with which AWS refused a call, or "" if AWS did not answer.
func refusalCode(err error) string {
	if api, ok := errors.AsType[smithy.APIError](err); ok {
		return api.ErrorCode()
	}
	return ""
}

// Denied reports whether AWS refused a call for lack of permission. Its services have different names for that.
// https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/CommonErrors.html
func Denied(err error) bool {
	switch refusalCode(err) {
	case "AccessDenied", "AccessDeniedException", "NotAuthorized", "UnauthorizedOperation":
		return true
	}
	return false
}

// Refusals explains how often the endpoint refused requests in the last 24 hours, by reason, or the error of asking for that.
// The numbers come from the metric Refusals. Small ones are noise: strangers try every address, and each examination of the
// endpoint sends one wrong signature on purpose.
func Refusals(counts map[refusal.Reason]int, err error) []Finding {
	switch {
	case Denied(err):
		return []Finding{metricsDenied.of("refusals", "{error}", err.Error())}
	case err != nil:
		return []Finding{metricsNone.of("refusals", "{error}", err.Error())}
	}
	var findings []Finding
	total := 0
	for _, row := range refusal.Table {
		count := counts[row.Reason]
		total += count
		if count > 0 && count >= row.From {
			findings = append(findings, worthTelling(row).of("refusals", "{count}", fmt.Sprint(count)))
		}
	}
	if len(findings) == 0 {
		findings = append(findings, refusalsFew.of("refusals", "{count}", fmt.Sprint(total)))
	}
	return findings
}

// worthTelling returns the finding for a reason that occurred often enough.
func worthTelling(row refusal.Row) found {
	return found{
		Warning,
		bilingual.New("{count} × "+string(row.Reason)+"："+row.What.ZH, "{count} × "+string(row.Reason)+": "+row.What.EN),
		row.Do,
	}
}

// Alarm is an alarm of the stack that is in the state ALARM.
type Alarm struct{ Name, Description string }

// Alarms explains which alarms of the stack are in the state ALARM, or the error of asking for that.
func Alarms(active []Alarm, err error) []Finding {
	switch {
	case Denied(err):
		return []Finding{alarmsDenied.of("alarms", "{error}", err.Error())}
	case err != nil:
		return []Finding{alarmsNone.of("alarms", "{error}", err.Error())}
	}
	var findings []Finding
	for _, alarm := range active {
		findings = append(findings, alarmActive.of("alarms", "{name}", alarm.Name,
			"{description}", cmp.Or(alarm.Description, alarm.Name)))
	}
	if len(findings) == 0 {
		findings = append(findings, alarmsQuiet.of("alarms"))
	}
	return findings
}

// Function returns the findings in the answer of the function doctor, or explains why there are none. payload and
// functionError come from Lambda's answer. err is the error of the call, or of finding the function.
// https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html
func Function(payload []byte, functionError string, err error) []Finding {
	if f, failed := Invocation("function", payload, functionError, err); failed {
		return []Finding{f}
	}
	var findings []Finding
	if err := json.Unmarshal(payload, &findings); err != nil || len(findings) == 0 {
		return []Finding{functionOdd.of("function")}
	}
	return findings
}

// Invocation explains why the invocation of a function failed; failed is false if it succeeded. check is "function",
// "menu-function" or "reconcile-function". The other parameters are as in Function.
func Invocation(check string, payload []byte, functionError string, err error) (f Finding, failed bool) {
	switch {
	case Denied(err):
		return functionDenied.of(check, "{error}", err.Error()), true
	case err != nil && (!called(err) || refusalCode(err) == "ResourceNotFoundException"):
		return functionNone.of(check, "{error}", err.Error()), true
	case notReady[refusalCode(err)]:
		return functionAsleep.of(check, "{error}", refusalCode(err)), true
	case err != nil:
		return functionUnreached.of(check, "{error}", err.Error()), true
	case functionError == "":
		return Finding{}, false
	}
	var failure struct {
		Type    string `json:"errorType"`
		Message string `json:"errorMessage"`
	}
	if json.Unmarshal(payload, &failure) != nil {
		failure.Message = functionError
	}
	code, _ := strconv.Atoi(firstGroup(errcodeInText, failure.Message))
	row, known := errcode.Lookup(code)
	switch {
	case failure.Type == "Sandbox.Timedout" || strings.Contains(failure.Message, "Task timed out"):
		return functionLate.of(check), true
	case known:
		message := strings.NewReplacer("; "+row.Remedy.EN, "", "；"+row.Remedy.ZH, "").Replace(failure.Message)
		return functionFailed.advising(remedy(code)).of(check, "{error}", message), true
	}
	return functionFailed.of(check, "{error}", failure.Message), true
}

// errcodeInText finds the platform's errcode in a function's error, which is only a text.
var errcodeInText = regexp.MustCompile(`errcode (-?\d+)[:：]`)

func firstGroup(pattern *regexp.Regexp, text string) string {
	if match := pattern.FindStringSubmatch(text); match != nil {
		return match[1]
	}
	return ""
}

// NotReady reports whether Lambda refused to invoke a function because it is not ready, and with which code. A function is
// not ready while it is being changed, or after weeks without an invocation. This usually ends within two minutes.
// https://docs.aws.amazon.com/lambda/latest/dg/functions-states.html
func NotReady(err error) (code string, ok bool) {
	code = refusalCode(err)
	return code, notReady[code]
}

var notReady = map[string]bool{
	"ResourceConflictException":        true, // 409: the function is in the state Pending
	"ResourceNotReadyException":        true, // 502: it is in the state Inactive
	"EC2ThrottledException":            true, // 502: it waits for its network
	"CodeArtifactUserPendingException": true, // 409: its code is being prepared
	"CodeArtifactUserDeletedException": true, // 409: as before
}
