// Command createtable makes the table in DynamoDB Local:
//
//	createtable ENDPOINT NAME
package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"

	"github.com/guanzhu/guanzhu/internal/dynamostore"
)

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: createtable ENDPOINT NAME")
		os.Exit(2)
	}
	config := aws.Config{
		Region: "us-east-1",
		// What the SAM CLI gives to containers that have no credentials; DynamoDB Local may keep the tables of each
		// access key apart.
		Credentials: credentials.NewStaticCredentialsProvider("defaultkey", "defaultsecret", ""),
	}
	store := dynamostore.New(config, dynamostore.Options{Endpoint: os.Args[1], Table: os.Args[2], Now: time.Now})
	if err := store.CreateTable(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
