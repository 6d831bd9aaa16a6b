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
	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/google/go-cmp/cmp"

	"github.com/guanzhu/guanzhu/internal/storetest"
	"github.com/guanzhu/guanzhu/pkg/follower"
)

// badWay returns the URL of a proxy before DynamoDB Local, on which every eleventh request fails in some way.
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

// TestPendingIndex finds the pending followers, and nobody else, by the table's index.
func TestPendingIndex(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	l := openLocal(t, time.Now)
	defer l.Close()
	at := time.Unix(2_200_000_000, 0)
	for openid, state := range map[string]follower.ProfileState{
		"oComplete": follower.Complete, "oPending": follower.Pending, "oUnavailable": follower.Unavailable,
		"oCompleted": follower.Pending, "oUnfollowed": follower.Pending,
	} {
		f := follower.Follower{OpenID: openid, State: state, EventTime: at, PendingSince: at}
		if _, _, err := l.Follow(ctx, f, follower.Session{EstablishedAt: at, EventTime: at}); err != nil {
			t.Fatal(err)
		}
	}
	completed := follower.Follower{OpenID: "oCompleted", State: follower.Complete, EventTime: at}
	if err := l.Complete(ctx, completed); err != nil {
		t.Fatal(err)
	}
	if err := l.Unfollow(ctx, "oUnfollowed", at, at.Add(follower.TombstoneFor)); err != nil {
		t.Fatal(err)
	}
	out, err := l.client.Scan(ctx, &dynamodb.ScanInput{TableName: &l.table, IndexName: aws.String("pending")})
	if err != nil {
		t.Fatal(err)
	}
	var got []storetest.Item
	if err := attributevalue.UnmarshalListOfMaps(out.Items, &got); err != nil {
		t.Fatal(err)
	}
	want := []storetest.Item{{"pk": "oPending", "sk": "follower", "pending_since": float64(at.Unix())}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the index holds (-want +got):\n%s", diff)
	}
}
