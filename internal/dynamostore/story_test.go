package dynamostore_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"github.com/guanzhu/guanzhu/internal/dynamostore"
	"github.com/guanzhu/guanzhu/internal/stories"
)

// TestStories tells random stories to the endpoint over DynamoDB; -rapid.checks says how many. On the way there requests
// are throttled, fail, and lose their answers, which the store has to make good by itself.
func TestStories(t *testing.T) {
	t.Parallel()
	stories.Run(t, overBadWay)
}

// TestReconciledStories tells stories in which reconcile has a part, on the same way.
func TestReconciledStories(t *testing.T) {
	t.Parallel()
	stories.RunReconcile(t, overBadWay)
}

func overBadWay(t *testing.T, now func() time.Time) stories.Store {
	l := openLocal(t, now)
	cfg := aws.Config{Region: "us-east-1", Credentials: credentials.NewStaticCredentialsProvider("test", "test", "")}
	l.Store = dynamostore.New(cfg, dynamostore.Options{Table: *l.table, Endpoint: badWay(t), Now: now})
	return l
}

func TestLargePushes(t *testing.T) {
	t.Parallel()
	stories.RunLarge(t, func(t *testing.T, now func() time.Time) stories.Store { return openLocal(t, now) })
}

// badWay is the address of a way to DynamoDB Local on which every eleventh request comes to harm.
func badWay(t *testing.T) string {
	local, err := url.Parse(os.Getenv("GUANZHU_TEST_DYNAMODB"))
	if err != nil {
		t.Fatal(err)
	}
	forward := httputil.NewSingleHostReverseProxy(local)
	var requests atomic.Int64
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch requests.Add(1) % 33 {
		case 11:
			w.WriteHeader(http.StatusBadRequest)
			io.WriteString(w, `{"__type":"com.amazonaws.dynamodb.v20120810#ThrottlingException"}`)
		case 22:
			w.WriteHeader(http.StatusInternalServerError)
			io.WriteString(w, `{"__type":"com.amazonaws.dynamodb.v20120810#InternalServerError"}`)
		case 0:
			forward.ServeHTTP(httptest.NewRecorder(), r)
			panic(http.ErrAbortHandler) // done, and the connection cut
		default:
			forward.ServeHTTP(w, r)
		}
	}))
	t.Cleanup(s.Close)
	return s.URL
}

// All lets the stories see everything that is stored.
func (l local) All(ctx context.Context) ([]stories.Item, error) {
	out, err := l.client.Scan(ctx, &dynamodb.ScanInput{TableName: l.table, ConsistentRead: aws.Bool(true)})
	if err != nil {
		return nil, err
	}
	var items []stories.Item
	return items, attributevalue.UnmarshalListOfMaps(out.Items, &items)
}
