// Command createtable makes the table in DynamoDB Local:
//
//	createtable ENDPOINT NAME
package main

import (
	"context"
	"fmt"
	"os"

	"github.com/guanzhu/guanzhu/test/localdb"
)

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: createtable ENDPOINT NAME")
		os.Exit(2)
	}
	if err := localdb.CreateTable(context.Background(), localdb.Client(os.Args[1]), os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
