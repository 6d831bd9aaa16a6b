package dynamostore

import (
	"context"
	"fmt"
	"iter"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/guanzhu/guanzhu/pkg/follower"
)

const (
	// pageRecords is how many records a page of Followers looks at, a follower's session counted as one. DynamoDB would
	// fill a page up to 1 MB, which a slow line does not carry within the time of an attempt.
	pageRecords = 500
	// pageTime is how long a page is tried.
	pageTime = 30 * time.Second
)

// Followers returns all who follow, in no order, and stops at the first error, which comes with the zero Follower; only
// after follower.ErrUnreadable, which stands for one record that is no follower's, it goes on. It
// holds one page of them at a time, and each use of it reads the table anew. ctx needs no deadline here: each page has
// one of its own, 30 s.
//
// It is no picture of one moment. Each page is read strongly consistently when the iteration comes to it: who follows
// all the time is given once, with what was stored then; who follows or unfollows meanwhile is given once or not at all.
//
// It reads the whole table (Scan), and every read is paid for, so nothing that answers a push may use it.
func (s *Store) Followers(ctx context.Context) iter.Seq2[follower.Follower, error] {
	return func(yield func(follower.Follower, error) bool) {
		pages := dynamodb.NewScanPaginator(s.db, &dynamodb.ScanInput{
			TableName:                 s.table,
			FilterExpression:          aws.String("sk = :follower AND attribute_not_exists(expires_at)"), // no tombstone
			ExpressionAttributeValues: item{":follower": &types.AttributeValueMemberS{Value: "follower"}},
			Limit:                     aws.Int32(pageRecords),
			ConsistentRead:            aws.Bool(true),
		})
		for pages.HasMorePages() {
			page, err := nextPage(ctx, pages)
			if err != nil {
				yield(follower.Follower{}, fmt.Errorf("list followers: %w", err))
				return
			}
			for _, record := range page.Items {
				f := item(record).follower()
				err := f.Check()
				if err != nil {
					f, err = follower.Follower{}, fmt.Errorf("list followers: %w", err)
				}
				if !yield(f, err) {
					return
				}
			}
		}
	}
}

func nextPage(ctx context.Context, pages *dynamodb.ScanPaginator) (*dynamodb.ScanOutput, error) {
	ctx, cancel := context.WithTimeout(ctx, pageTime)
	defer cancel()
	return pages.NextPage(ctx)
}
