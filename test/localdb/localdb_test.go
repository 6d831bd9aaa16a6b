package localdb

import (
	"context"
	"crypto/rand"
	"os"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

func TestDeclaration(t *testing.T) {
	want := table{
		BillingMode: types.BillingModePayPerRequest,
		AttributeDefinitions: []types.AttributeDefinition{
			{AttributeName: aws.String("pk"), AttributeType: types.ScalarAttributeTypeS},
			{AttributeName: aws.String("sk"), AttributeType: types.ScalarAttributeTypeS},
			{AttributeName: aws.String("pending_since"), AttributeType: types.ScalarAttributeTypeN},
		},
		KeySchema: []types.KeySchemaElement{
			{AttributeName: aws.String("pk"), KeyType: types.KeyTypeHash},
			{AttributeName: aws.String("sk"), KeyType: types.KeyTypeRange},
		},
		// Only pending followers have pending_since, so the index holds nobody else.
		GlobalSecondaryIndexes: []types.GlobalSecondaryIndex{{
			IndexName:  aws.String("pending"),
			KeySchema:  []types.KeySchemaElement{{AttributeName: aws.String("pending_since"), KeyType: types.KeyTypeHash}},
			Projection: &types.Projection{ProjectionType: types.ProjectionTypeKeysOnly},
		}},
		TimeToLiveSpecification: types.TimeToLiveSpecification{AttributeName: aws.String("expires_at"), Enabled: aws.Bool(true)},
	}
	got, err := declaration()
	if err != nil {
		t.Fatal(err)
	}
	ignore := cmpopts.IgnoreUnexported(types.AttributeDefinition{}, types.KeySchemaElement{}, types.GlobalSecondaryIndex{},
		types.Projection{}, types.TimeToLiveSpecification{})
	if diff := cmp.Diff(want, got, ignore); diff != "" {
		t.Errorf("the table in template.yaml (-want +got):\n%s", diff)
	}
}

func TestCreateTable(t *testing.T) {
	endpoint := os.Getenv("GUANZHU_TEST_DYNAMODB")
	if endpoint == "" {
		t.Skip("needs DynamoDB Local: run `make test-dynamodb`, or set GUANZHU_TEST_DYNAMODB to its URL")
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	db, name := Client(endpoint), "guanzhu-"+rand.Text()
	for range 2 { // the second time it exists
		if err := CreateTable(ctx, db, name); err != nil {
			t.Fatal(err)
		}
	}
	defer db.DeleteTable(ctx, &dynamodb.DeleteTableInput{TableName: &name})
	out, err := db.DescribeTable(ctx, &dynamodb.DescribeTableInput{TableName: &name})
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
	ttl, err := db.DescribeTimeToLive(ctx, &dynamodb.DescribeTimeToLiveInput{TableName: &name})
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
