package boot

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"strings"
	"testing"

	"github.com/aws/aws-lambda-go/lambdacontext"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/guanzhu/guanzhu/internal/telemetry"
)

func environment(extra ...string) func(string) (string, bool) {
	env := map[string]string{
		"WECHAT_APP_ID": "wx0123456789abcdef", "WECHAT_SECRETS": "ssm:/guanzhu/dev", "TABLE_NAME": "followers",
		"AWS_REGION": "us-east-1", "AWS_ACCESS_KEY_ID": "AKID", "AWS_SECRET_ACCESS_KEY": "SECRET", "AWS_SESSION_TOKEN": "SESSION",
	}
	for i := 0; i < len(extra); i += 2 {
		env[extra[i]] = extra[i+1]
	}
	return func(name string) (string, bool) {
		value, ok := env[name]
		return value, ok
	}
}

func TestRead(t *testing.T) {
	env, err := readEnv(environment("LOG_LEVEL", "debug", "AWS_SAM_LOCAL", "true", "WECHAT_API_URL", "http://relay",
		"WECHAT_OPEN_URL", "http://open", "PUBLIC_URL", "https://example.com/", "DOMAIN_VERIFICATION", "MP_verify_a.txt",
		"AWS_ENDPOINT_URL_DYNAMODB", "http://dynamodb", "AWS_ENDPOINT_URL_SSM", "",
		"AWS_ENDPOINT_URL_SQS", "http://sqs", "ANSWERS_QUEUE_URL", "http://sqs/answers.fifo"))
	if err != nil {
		t.Fatal(err)
	}
	credentials, err := env.AWS.Credentials.Retrieve(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	if got := []string{env.AWS.Region, credentials.AccessKeyID, credentials.SecretAccessKey, credentials.SessionToken}; !cmp.Equal(got, []string{"us-east-1", "AKID", "SECRET", "SESSION"}) {
		t.Errorf("AWS: %q", got)
	}
	want := Env{AppID: "wx0123456789abcdef", Secrets: "ssm:/guanzhu/dev", APIURL: "http://relay", Table: "followers",
		OpenURL: "http://open", PublicURL: "https://example.com", Verification: "MP_verify_a.txt",
		DynamoDBEndpoint: "http://dynamodb", SQSEndpoint: "http://sqs", AnswersQueue: "http://sqs/answers.fifo", Concurrency: 4, LogLevel: slog.LevelDebug, SAMLocal: true}
	if diff := cmp.Diff(want, env, cmpopts.IgnoreFields(Env{}, "AWS")); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestReadNamesAllProblems(t *testing.T) {
	_, err := readEnv(environment("WECHAT_APP_ID", "", "TABLE_NAME", "", "LOG_LEVEL", "loud", "PUBLIC_URL", "host", "RECONCILE_CONCURRENCY", "51"))
	if err == nil {
		t.Fatal("accepted")
	}
	for _, name := range []string{"WECHAT_APP_ID", "TABLE_NAME", "LOG_LEVEL", "PUBLIC_URL", "RECONCILE_CONCURRENCY"} {
		if !strings.Contains(err.Error(), name) {
			t.Errorf("%s is not named in: %v", name, err)
		}
	}
}

func TestLog(t *testing.T) {
	standard := slog.Default()
	defer slog.SetDefault(standard)
	var out bytes.Buffer
	log := setLog(Env{AppID: "wx0123456789abcdef", LogLevel: slog.LevelInfo}, &out)
	ctx := lambdacontext.NewContext(t.Context(), &lambdacontext.LambdaContext{AwsRequestID: "id-1"})
	log.With("a", 1).InfoContext(ctx, "push", telemetry.Suggestions.Of(1))
	slog.DebugContext(ctx, "not this one")

	var line map[string]any
	if err := json.Unmarshal(out.Bytes(), &line); err != nil {
		t.Fatalf("%v in %q", err, out.Bytes())
	}
	for _, member := range []string{"timestamp", "_aws"} {
		if line[member] == nil {
			t.Errorf("the line has no %s: %s", member, out.Bytes())
		}
		delete(line, member)
	}
	want := map[string]any{"level": "INFO", "message": "push", "appid": "wx0123456789abcdef", "a": 1.0, "Suggestions": 1.0,
		"requestId": "id-1"}
	if diff := cmp.Diff(want, line); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
