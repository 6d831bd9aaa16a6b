package dynamostore_test

import (
	"context"
	"crypto/rand"
	"os"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/guanzhu/guanzhu/internal/dynamostore"
	"github.com/guanzhu/guanzhu/internal/storetest"
	"github.com/guanzhu/guanzhu/pkg/follower"
)

// local is a table of its own in DynamoDB Local.
type local struct {
	*dynamostore.Store
	client *dynamodb.Client
	table  *string
}

func openLocal(t testing.TB, now func() time.Time) local {
	endpoint := os.Getenv("GUANZHU_TEST_DYNAMODB")
	if endpoint == "" {
		t.Skip("needs DynamoDB Local: run `make test-dynamodb`, or set GUANZHU_TEST_DYNAMODB to its URL")
	}
	cfg := aws.Config{
		Region:      "us-east-1",
		Credentials: credentials.NewStaticCredentialsProvider("test", "test", ""),
	}
	table := "guanzhu-" + rand.Text()
	store := dynamostore.New(cfg, dynamostore.Options{Table: table, Endpoint: endpoint, Now: now})
	client := dynamodb.NewFromConfig(cfg, func(o *dynamodb.Options) { o.BaseEndpoint = aws.String(endpoint) })
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if err := store.CreateTable(ctx); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		if _, err := client.DeleteTable(ctx, &dynamodb.DeleteTableInput{TableName: &table}); err != nil {
			t.Error(err)
		}
	})
	return local{store, client, &table}
}

// Items lets the suite see the stored attributes.
func (l local) Items(ctx context.Context, pk string) ([]storetest.Item, error) {
	out, err := l.client.Query(ctx, &dynamodb.QueryInput{
		TableName:                 l.table,
		KeyConditionExpression:    aws.String("pk = :pk"),
		ExpressionAttributeValues: map[string]types.AttributeValue{":pk": &types.AttributeValueMemberS{Value: pk}},
		ConsistentRead:            aws.Bool(true),
	})
	if err != nil {
		return nil, err
	}
	var items []storetest.Item
	return items, attributevalue.UnmarshalListOfMaps(out.Items, &items)
}

// Put and Delete change the table behind the store's back.
func (l local) Put(ctx context.Context, record storetest.Item) error {
	item, err := attributevalue.MarshalMap(record)
	if err == nil {
		_, err = l.client.PutItem(ctx, &dynamodb.PutItemInput{TableName: l.table, Item: item})
	}
	return err
}

func (l local) Delete(ctx context.Context, pk, sk string) error {
	_, err := l.client.DeleteItem(ctx, &dynamodb.DeleteItemInput{TableName: l.table, Key: map[string]types.AttributeValue{
		"pk": &types.AttributeValueMemberS{Value: pk}, "sk": &types.AttributeValueMemberS{Value: sk},
	}})
	return err
}

func TestStore(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, now func() time.Time) storetest.Store { return openLocal(t, now) })
}

func TestCreateTable(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	l := openLocal(t, time.Now)
	if err := l.CreateTable(ctx); err != nil {
		t.Errorf("CreateTable of a table that exists: %v", err)
	}
	out, err := l.client.DescribeTable(ctx, &dynamodb.DescribeTableInput{TableName: l.table})
	if err != nil {
		t.Fatal(err)
	}
	wantKeys := []types.KeySchemaElement{
		{AttributeName: aws.String("pk"), KeyType: types.KeyTypeHash},
		{AttributeName: aws.String("sk"), KeyType: types.KeyTypeRange},
	}
	ignore := cmpopts.IgnoreUnexported(types.KeySchemaElement{})
	if diff := cmp.Diff(wantKeys, out.Table.KeySchema, ignore); diff != "" {
		t.Errorf("keys (-want +got):\n%s", diff)
	}
	if got := out.Table.BillingModeSummary.BillingMode; got != types.BillingModePayPerRequest {
		t.Errorf("billing mode %v", got)
	}
	ttl, err := l.client.DescribeTimeToLive(ctx, &dynamodb.DescribeTimeToLiveInput{TableName: l.table})
	if err != nil {
		t.Fatal(err)
	}
	want := &types.TimeToLiveDescription{
		AttributeName: aws.String("expires_at"), TimeToLiveStatus: types.TimeToLiveStatusEnabled,
	}
	ignore = cmpopts.IgnoreUnexported(types.TimeToLiveDescription{})
	if diff := cmp.Diff(want, ttl.TimeToLiveDescription, ignore); diff != "" {
		t.Errorf("time to live (-want +got):\n%s", diff)
	}
}

// TestPendingIndex finds the pending followers, and nobody else, by the table's index.
func TestPendingIndex(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	l := openLocal(t, time.Now)
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
	out, err := l.client.Scan(ctx, &dynamodb.ScanInput{TableName: l.table, IndexName: aws.String("pending")})
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
