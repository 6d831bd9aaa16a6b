package dynamostore_test

import (
	"context"
	"crypto/rand"
	"os"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"github.com/guanzhu/guanzhu/internal/dynamostore"
	"github.com/guanzhu/guanzhu/internal/storetest"
	"github.com/guanzhu/guanzhu/internal/stories"
	"github.com/guanzhu/guanzhu/test/localdb"
)

func TestStore(t *testing.T) {
	t.Parallel()
	storetest.Run(t, open)
}

// TestStories tells random stories to the endpoint over DynamoDB; -rapid.checks is their number. Requests to DynamoDB are
// throttled, fail, and lose their answers.
func TestStories(t *testing.T) {
	t.Parallel()
	stories.Run(t, openBehindBadWay)
}

// TestReconciledStories tells stories with runs of reconcile, over the same failing requests.
func TestReconciledStories(t *testing.T) {
	t.Parallel()
	stories.RunReconcile(t, openBehindBadWay)
}

func TestLargePushes(t *testing.T) {
	t.Parallel()
	stories.RunLarge(t, open)
}

// local is a table of its own in DynamoDB Local.
type local struct {
	*dynamostore.Store
	client *dynamodb.Client
	table  string
}

func open(t *testing.T, now func() time.Time) storetest.Store { return openLocal(t, now) }

func openLocal(t testing.TB, now func() time.Time) local {
	endpoint := os.Getenv("GUANZHU_TEST_DYNAMODB")
	if endpoint == "" {
		t.Skip("needs DynamoDB Local: run `make test-dynamodb`, or set GUANZHU_TEST_DYNAMODB to its URL")
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	l := local{client: localdb.Client(endpoint), table: "guanzhu-" + rand.Text()}
	l.Store = dynamostore.New(localdb.Config, dynamostore.Options{Table: l.table, Endpoint: endpoint, Now: now})
	if err := localdb.CreateTable(ctx, l.client, l.table); err != nil {
		t.Fatal(err)
	}
	return l
}

func openBehindBadWay(t *testing.T, now func() time.Time) storetest.Store {
	l := openLocal(t, now)
	l.Store = dynamostore.New(localdb.Config, dynamostore.Options{Table: l.table, Endpoint: badWay(t), Now: now})
	return l
}

// Close deletes the table.
func (l local) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	_, err := l.client.DeleteTable(ctx, &dynamodb.DeleteTableInput{TableName: &l.table})
	return err
}

// All lets the suites see everything that is stored.
func (l local) All(ctx context.Context) (all []storetest.Item, err error) {
	pages := dynamodb.NewScanPaginator(l.client, &dynamodb.ScanInput{TableName: &l.table, ConsistentRead: aws.Bool(true)})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, err
		}
		var items []storetest.Item
		if err := attributevalue.UnmarshalListOfMaps(page.Items, &items); err != nil {
			return nil, err
		}
		all = append(all, items...)
	}
	return all, nil
}

// Put and Delete change the table without the store.
func (l local) Put(ctx context.Context, record storetest.Item) error {
	item, err := attributevalue.MarshalMap(record)
	if err == nil {
		_, err = l.client.PutItem(ctx, &dynamodb.PutItemInput{TableName: &l.table, Item: item})
	}
	return err
}

func (l local) Delete(ctx context.Context, pk, sk string) error {
	key, err := attributevalue.MarshalMap(map[string]string{"pk": pk, "sk": sk})
	if err == nil {
		_, err = l.client.DeleteItem(ctx, &dynamodb.DeleteItemInput{TableName: &l.table, Key: key})
	}
	return err
}
