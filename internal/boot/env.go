package boot

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strconv"
	"strings"

	"github.com/aws/aws-lambda-go/lambdacontext"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"

	"github.com/guanzhu/guanzhu/internal/publicurl"
	"github.com/guanzhu/guanzhu/internal/telemetry"
)

// Env is the environment of a function, as template.yaml declares it.
type Env struct {
	AppID            string // WECHAT_APP_ID
	Secrets          string // WECHAT_SECRETS: ssm:/name or, locally, the JSON itself
	APIURL           string // WECHAT_API_URL; empty for the platform's own
	OpenURL          string // WECHAT_OPEN_URL; empty for the platform's own
	PublicURL        string // PUBLIC_URL as publicurl.Parse returns it; empty for https and the request's host
	Verification     string // DOMAIN_VERIFICATION; empty for none
	Table            string // TABLE_NAME
	DynamoDBEndpoint string // AWS_ENDPOINT_URL_DYNAMODB; empty for AWS's own
	SSMEndpoint      string // AWS_ENDPOINT_URL_SSM; empty for AWS's own
	SQSEndpoint      string // AWS_ENDPOINT_URL_SQS; empty for AWS's own
	AnswersQueue     string // ANSWERS_QUEUE_URL; empty for none: slow handlers run inside the request
	Concurrency      int    // RECONCILE_CONCURRENCY, concurrent calls to the platform; 4 if it is not set, as in the template
	LogLevel         slog.Level
	SAMLocal         bool // AWS_SAM_LOCAL, which sam local sets

	// AWS comes from the variables that Lambda sets. The SDK's config package would read files and call services that a
	// function does not have, and would make the start slower and the binary larger.
	AWS aws.Config
}

// readEnv reads the environment. The error names every variable that is missing or wrong, and contains no value.
func readEnv(lookup func(string) (string, bool)) (Env, error) {
	get := func(name string) string {
		value, _ := lookup(name)
		return value
	}
	env := Env{
		AppID:            get("WECHAT_APP_ID"),
		Secrets:          get("WECHAT_SECRETS"),
		APIURL:           get("WECHAT_API_URL"),
		OpenURL:          get("WECHAT_OPEN_URL"),
		PublicURL:        get("PUBLIC_URL"),
		Verification:     get("DOMAIN_VERIFICATION"),
		Table:            get("TABLE_NAME"),
		DynamoDBEndpoint: get("AWS_ENDPOINT_URL_DYNAMODB"),
		SSMEndpoint:      get("AWS_ENDPOINT_URL_SSM"),
		SQSEndpoint:      get("AWS_ENDPOINT_URL_SQS"),
		AnswersQueue:     get("ANSWERS_QUEUE_URL"),
		SAMLocal:         get("AWS_SAM_LOCAL") == "true",
		AWS: aws.Config{
			Region: get("AWS_REGION"),
			Credentials: aws.NewCredentialsCache(credentials.NewStaticCredentialsProvider(
				get("AWS_ACCESS_KEY_ID"), get("AWS_SECRET_ACCESS_KEY"), get("AWS_SESSION_TOKEN"))),
		},
	}

	var errs []error
	origin, err := publicurl.Parse(env.PublicURL)
	env.PublicURL = origin
	errs = append(errs, err)
	for name, value := range map[string]string{
		"WECHAT_APP_ID": env.AppID, "WECHAT_SECRETS": env.Secrets, "TABLE_NAME": env.Table, "AWS_REGION": env.AWS.Region,
	} {
		if value == "" {
			errs = append(errs, fmt.Errorf("%s is not set", name))
		}
	}
	if level := get("LOG_LEVEL"); level != "" {
		if err := env.LogLevel.UnmarshalText([]byte(strings.ToUpper(level))); err != nil {
			errs = append(errs, errors.New("LOG_LEVEL must be debug, info, warn or error"))
		}
	}
	env.Concurrency, err = strconv.Atoi(cmp.Or(get("RECONCILE_CONCURRENCY"), "4"))
	if err != nil || env.Concurrency < 1 || env.Concurrency > 50 {
		errs = append(errs, errors.New("RECONCILE_CONCURRENCY must be a number from 1 to 50"))
	}
	return env, errors.Join(errs...)
}

// setLog makes the functions' log slog's default and returns it. It writes lines of JSON, each with the invocation's id and
// the appid, which is a dimension of the metrics.
func setLog(env Env, out io.Writer) *slog.Logger {
	log := slog.New(telemetry.NewHandler(out, env.LogLevel, requestID)).With("appid", env.AppID)
	slog.SetDefault(log)
	return log
}

func requestID(ctx context.Context) string {
	if invocation, ok := lambdacontext.FromContext(ctx); ok {
		return invocation.AwsRequestID
	}
	return ""
}
