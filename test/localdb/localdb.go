// Package localdb makes tables in DynamoDB Local as template.yaml declares them. On AWS the template makes the table.
package localdb

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/goccy/go-yaml"
)

// Config has what the SAM CLI gives to containers without credentials, so that all see one table even in a DynamoDB Local
// that keeps the tables of each access key apart.
var Config = aws.Config{
	Region:      "us-east-1",
	Credentials: credentials.NewStaticCredentialsProvider("defaultkey", "defaultsecret", ""),
}

// Client returns a client of the DynamoDB Local at endpoint, a URL.
func Client(endpoint string) *dynamodb.Client {
	return dynamodb.NewFromConfig(Config, func(o *dynamodb.Options) { o.BaseEndpoint = &endpoint })
}

// CreateTable makes the table of that name and waits until it can be used. It leaves a table that exists as it is, but for
// the expiry of items.
func CreateTable(ctx context.Context, db *dynamodb.Client, name string) error {
	declared, err := declaration()
	if err != nil {
		return err
	}
	_, err = db.CreateTable(ctx, &dynamodb.CreateTableInput{
		TableName:              &name,
		BillingMode:            declared.BillingMode,
		AttributeDefinitions:   declared.AttributeDefinitions,
		KeySchema:              declared.KeySchema,
		GlobalSecondaryIndexes: declared.GlobalSecondaryIndexes,
	})
	if exists := (*types.ResourceInUseException)(nil); err != nil && !errors.As(err, &exists) {
		return fmt.Errorf("create the table: %w", err)
	}
	active := dynamodb.NewTableExistsWaiter(db)
	if err := active.Wait(ctx, &dynamodb.DescribeTableInput{TableName: &name}, time.Minute); err != nil {
		return fmt.Errorf("wait for the table: %w", err)
	}
	ttl, err := db.DescribeTimeToLive(ctx, &dynamodb.DescribeTimeToLiveInput{TableName: &name})
	if err != nil {
		return fmt.Errorf("read the table's time to live: %w", err)
	}
	if d := ttl.TimeToLiveDescription; d != nil && d.TimeToLiveStatus != types.TimeToLiveStatusDisabled {
		return nil
	}
	_, err = db.UpdateTimeToLive(ctx, &dynamodb.UpdateTimeToLiveInput{
		TableName: &name, TimeToLiveSpecification: &declared.TimeToLiveSpecification,
	})
	if err != nil {
		return fmt.Errorf("set the table's time to live: %w", err)
	}
	return nil
}

// table is what template.yaml declares of the table, with names that are also the SDK's.
type table struct {
	BillingMode             types.BillingMode
	AttributeDefinitions    []types.AttributeDefinition
	KeySchema               []types.KeySchemaElement
	GlobalSecondaryIndexes  []types.GlobalSecondaryIndex
	TimeToLiveSpecification types.TimeToLiveSpecification
}

func declaration() (table, error) {
	template, err := readTemplate()
	if err != nil {
		return table{}, err
	}
	text, err := yaml.YAMLToJSON(template)
	if err != nil {
		return table{}, fmt.Errorf("template.yaml: %w", err)
	}
	var all struct {
		Resources struct {
			Table struct{ Properties table }
		}
	}
	if err := json.Unmarshal(text, &all); err != nil {
		return table{}, fmt.Errorf("template.yaml: %w", err)
	}
	return all.Resources.Table.Properties, nil
}

// readTemplate looks for the file in the working directory and in those above it.
func readTemplate() ([]byte, error) {
	dir, err := os.Getwd()
	if err != nil {
		return nil, err
	}
	for {
		text, err := os.ReadFile(filepath.Join(dir, "template.yaml"))
		if !errors.Is(err, os.ErrNotExist) || dir == filepath.Dir(dir) {
			return text, err
		}
		dir = filepath.Dir(dir)
	}
}
