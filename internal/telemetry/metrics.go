package telemetry

import (
	"encoding/json"
	"log/slog"
	"sync"
)

// Namespace is where CloudWatch keeps the metrics.
const Namespace = "Guanzhu"

// Metric is something that log lines count or measure. A line that carries one (Of) holds its value under its name, and
// CloudWatch makes the metric of it: the embedded metric format.
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
type Metric struct {
	Name string
	Unit string // CloudWatch's name: Count, Milliseconds
	// By are the attributes of the line that are the metric's dimensions, "appid" always among them. Each
	// combination of values is a metric of its own, with a price of its own, so all values come from small, known sets.
	By [][]string

	directive func() []byte
	one       slog.Attr // Of(1)
}

// The metrics. docs/operations.md says what each means to the account's owner.
var (
	// Pushes counts answered deliveries, those of repeated pushes included. Refused requests are Refusals instead.
	Pushes = metric("Pushes", "Count", []string{"appid", "kind", "outcome"})
	// ReplyLatency is the time from a push's arrival at the gateway to its answer; a cold start is part of it.
	ReplyLatency = metric("ReplyLatency", "Milliseconds", []string{"appid"})
	// Refusals counts the requests that were refused.
	Refusals = metric("Refusals", "Count", []string{"appid"}, []string{"appid", "reason"})
	// Suggestions counts the deliveries of texts that are kept as a suggestion.
	Suggestions = metric("Suggestions", "Count", []string{"appid"})
	// ProfilesPending counts follows whose profile could not be had in time.
	ProfilesPending = metric("ProfilesPending", "Count", []string{"appid"})
	// TokenFetches counts how often the platform was asked for an access token.
	TokenFetches = metric("TokenFetches", "Count", []string{"appid"})
	// TokenFailures counts how often it did not give one.
	TokenFailures = metric("TokenFailures", "Count", []string{"appid"})
	// APIErrors counts calls of the platform's API that failed.
	APIErrors = metric("ApiErrors", "Count", []string{"appid", "errcode"})

	// Answers counts the answers of slow handlers, by who delivers them.
	Answers = metric("Answers", "Count", []string{"appid", "outcome"})
	// AnswerLatency is the time from a question to its answer.
	AnswerLatency = metric("AnswerLatency", "Milliseconds", []string{"appid"})
	// AnswersFailed counts the deliveries of questions whose handler has failed for good.
	AnswersFailed = metric("AnswersFailed", "Count", []string{"appid"})
	// ModelTokens counts the tokens of questions and answers of the language model, as its API counts them.
	ModelTokens = metric("ModelTokens", "Count", []string{"appid"})

	// FollowersAdded counts followers whom a reconcile has added: from before, or whose follow was lost.
	FollowersAdded = metric("FollowersAdded", "Count", []string{"appid"})
	// FollowersRemoved counts followers whose unfollow was lost.
	FollowersRemoved = metric("FollowersRemoved", "Count", []string{"appid"})
	// ProfilesCompleted counts pending profiles that a reconcile has completed.
	ProfilesCompleted = metric("ProfilesCompleted", "Count", []string{"appid"})
	// ProfilesChanged counts profiles in which a reconcile has found something else than was stored.
	ProfilesChanged = metric("ProfilesChanged", "Count", []string{"appid"})
	// PassHours is how many hours ago an unfinished full pass began.
	PassHours = metric("PassHours", "None", []string{"appid"})
	// ListCallsLeft is how many calls of user/get the day has left.
	ListCallsLeft = metric("ListCallsLeft", "Count", []string{"appid"})
	// FetchCallsLeft is the same for user/info and its batchget.
	FetchCallsLeft = metric("FetchCallsLeft", "Count", []string{"appid"})
)

// Metrics are all of them.
func Metrics() []*Metric {
	return []*Metric{
		Pushes, ReplyLatency, Refusals, Suggestions, ProfilesPending, TokenFetches, TokenFailures, APIErrors,
		Answers, AnswerLatency, AnswersFailed, ModelTokens,
		FollowersAdded, FollowersRemoved, ProfilesCompleted, ProfilesChanged, PassHours, ListCallsLeft, FetchCallsLeft,
	}
}

func metric(name, unit string, by ...[]string) *Metric {
	m := &Metric{Name: name, Unit: unit, By: by}
	m.directive = sync.OnceValue(m.marshal) // an instance has lines of few metrics
	m.one = slog.Any(name, measurement{m, 1})
	return m
}

// marshal returns what tells CloudWatch of the metric.
func (m *Metric) marshal() []byte {
	type definition struct{ Name, Unit string }
	directive, err := json.Marshal(struct {
		Namespace  string
		Dimensions [][]string
		Metrics    []definition
	}{Namespace, m.By, []definition{{m.Name, m.Unit}}})
	if err != nil {
		panic(err) // strings can be marshalled
	}
	return directive
}

// Of returns the attribute by which a line carries the metric. Only a Handler makes something of it; elsewhere, as on a
// developer's terminal, it says nothing.
func (m *Metric) Of(value float64) slog.Attr {
	if value == 1 { // what is counted
		return m.one
	}
	return slog.Any(m.Name, measurement{m, value})
}

type measurement struct {
	metric *Metric
	value  float64
}

// LogValue is an empty group, which slog's handlers leave out.
func (measurement) LogValue() slog.Value { return slog.GroupValue() }
