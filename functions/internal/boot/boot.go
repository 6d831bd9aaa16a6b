// Package boot is what every function does before its first request: it reads the environment and makes of it what the
// AWS SDK and the log need.
package boot

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"

	"github.com/aws/aws-lambda-go/lambdacontext"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
)

// Env is the environment of a function, as template.yaml declares it.
type Env struct {
	AppID            string // WECHAT_APP_ID
	Secrets          string // WECHAT_SECRETS: ssm:/name, or, locally, the JSON itself
	APIURL           string // WECHAT_API_URL, empty for the platform's own
	OpenURL          string // WECHAT_OPEN_URL, empty for the platform's own
	PublicURL        string // PUBLIC_URL, empty for https and the request's host
	Verification     string // DOMAIN_VERIFICATION, empty for none
	Table            string // TABLE_NAME
	DynamoDBEndpoint string // AWS_ENDPOINT_URL_DYNAMODB, empty for AWS's own
	SSMEndpoint      string // AWS_ENDPOINT_URL_SSM, empty for AWS's own
	LogLevel         slog.Level
	SAMLocal         bool // AWS_SAM_LOCAL, which sam local sets

	// AWS is made from the variables that Lambda sets. The SDK's own config package reads more places than a function
	// has, and costs start-up time and size.
	AWS aws.Config
}

// Read reads the environment. Its error names everything that is wrong with it, and no value of it.
func Read(lookup func(string) (string, bool)) (Env, error) {
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
		SAMLocal:         get("AWS_SAM_LOCAL") == "true",
		AWS: aws.Config{
			Region: get("AWS_REGION"),
			Credentials: aws.NewCredentialsCache(credentials.NewStaticCredentialsProvider(
				get("AWS_ACCESS_KEY_ID"), get("AWS_SECRET_ACCESS_KEY"), get("AWS_SESSION_TOKEN"))),
		},
	}

	var errs []error
	for name, value := range map[string]string{
		"WECHAT_APP_ID": env.AppID, "WECHAT_SECRETS": env.Secrets, "TABLE_NAME": env.Table, "AWS_REGION": env.AWS.Region,
	} {
		if value == "" {
			errs = append(errs, fmt.Errorf("%s is not set", name))
		}
	}
	if level := get("LOG_LEVEL"); level != "" {
		if err := env.LogLevel.UnmarshalText([]byte(strings.ToUpper(level))); err != nil {
			errs = append(errs, errors.New("LOG_LEVEL is none of debug, info, warn, error"))
		}
	}
	return env, errors.Join(errs...)
}

// SetLog makes a logger of JSON lines in Lambda's own form, with the request's id in each, the default, and returns it.
func SetLog(w io.Writer, level slog.Level) *slog.Logger {
	log := slog.New(requestHandler{slog.NewJSONHandler(w, &slog.HandlerOptions{Level: level, ReplaceAttr: lambdacontext.ReplaceAttr})})
	slog.SetDefault(log)
	return log
}

type requestHandler struct{ slog.Handler }

func (h requestHandler) Handle(ctx context.Context, r slog.Record) error {
	if lc, ok := lambdacontext.FromContext(ctx); ok {
		r.AddAttrs(slog.String("requestId", lc.AwsRequestID))
	}
	return h.Handler.Handle(ctx, r)
}

func (h requestHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return requestHandler{h.Handler.WithAttrs(attrs)}
}

func (h requestHandler) WithGroup(name string) slog.Handler {
	return requestHandler{h.Handler.WithGroup(name)}
}
