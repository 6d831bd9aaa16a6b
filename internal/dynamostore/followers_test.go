package dynamostore

import (
	"context"
	"encoding/json"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/smithy-go/middleware"
	"github.com/google/go-cmp/cmp"

	"github.com/guanzhu/guanzhu/pkg/follower"
)

// TestFollowersPages reads all pages, also those that the filter leaves empty, and retries one.
func TestFollowersPages(t *testing.T) {
	t.Parallel()
	record := func(openid string) string {
		return `{"pk":{"S":"` + openid + `"},"sk":{"S":"follower"},"event_time":{"N":"1700000000"}}`
	}
	server := serve(t,
		says(200, `{"Items":[`+record("o1")+`,`+record("o2")+`],"LastEvaluatedKey":{"pk":{"S":"o2"},"sk":{"S":"session"}}}`),
		says(200, `{"Items":[],"LastEvaluatedKey":{"pk":{"S":"#account"},"sk":{"S":"menu"}}}`),
		fails(400, "ThrottlingException"),
		hangsUpWithin,
		says(200, `{"Items":[`+record("o3")+`]}`))

	var got []string
	var requestsBefore []int
	for f, err := range server.store(attemptTimeout).Followers(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, f.OpenID)
		requestsBefore = append(requestsBefore, len(server.seen()))
	}
	if diff := cmp.Diff([]string{"o1", "o2", "o3"}, got); diff != "" {
		t.Errorf("followers (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]int{1, 1, 5}, requestsBefore); diff != "" {
		t.Errorf("requests before each was given (-want +got):\n%s", diff)
	}
	var starts []any
	for _, r := range server.seen() {
		var input struct {
			Limit             int
			ExclusiveStartKey map[string]map[string]string
		}
		if err := json.Unmarshal([]byte(r.body), &input); err != nil {
			t.Fatal(err)
		}
		if input.Limit != pageRecords {
			t.Errorf("asks for %d records", input.Limit)
		}
		starts = append(starts, input.ExclusiveStartKey["pk"]["S"])
	}
	if diff := cmp.Diff([]any{"", "o2", "#account", "#account", "#account"}, starts); diff != "" {
		t.Errorf("pages begin after (-want +got):\n%s", diff)
	}
}

// TestFollowersStopped: no page is read after the iteration has stopped.
func TestFollowersStopped(t *testing.T) {
	t.Parallel()
	server := serve(t, says(200, `{"Items":[{"pk":{"S":"o1"},"event_time":{"N":"1"}}],"LastEvaluatedKey":{"pk":{"S":"o1"},"sk":{"S":"follower"}}}`))
	for range server.store(attemptTimeout).Followers(t.Context()) {
		break
	}
	if got := len(server.seen()); got != 1 {
		t.Errorf("%d requests, want 1", got)
	}
}

// TestFollowersDeadline: no page is retried forever if the caller sets no deadline.
func TestFollowersDeadline(t *testing.T) {
	t.Parallel()
	server := serve(t,
		says(200, `{"Items":[],"LastEvaluatedKey":{"pk":{"S":"o1"},"sk":{"S":"follower"}}}`),
		succeeds)
	var left []time.Duration
	store := newStore(aws.Config{
		Region:      "us-east-1",
		Credentials: credentials.NewStaticCredentialsProvider("test", "test", ""),
		APIOptions: []func(*middleware.Stack) error{func(stack *middleware.Stack) error {
			return stack.Initialize.Add(middleware.InitializeMiddlewareFunc("Deadline", func(
				ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler,
			) (middleware.InitializeOutput, middleware.Metadata, error) {
				deadline, _ := ctx.Deadline()
				left = append(left, time.Until(deadline))
				return next.HandleInitialize(ctx, in)
			}), middleware.After)
		}},
	}, Options{Table: "table", Endpoint: server.URL, Now: time.Now}, attemptTimeout)
	for f, err := range store.Followers(t.Context()) {
		t.Errorf("given %v, error %v", cmp.Equal(f, follower.Follower{}), err)
	}
	if len(left) != 2 {
		t.Fatalf("%d pages, want 2", len(left))
	}
	for n, left := range left {
		if left <= 0 || left > pageTime {
			t.Errorf("page %d may take %v, want up to %v", n+1, left, pageTime)
		}
	}
}
