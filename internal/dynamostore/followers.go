package dynamostore

import (
	"context"
	"fmt"
	"iter"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"github.com/guanzhu/guanzhu/internal/table"
	"github.com/guanzhu/guanzhu/pkg/follower"
)

const (
	// pageRecords is how many records Followers reads at a time, sessions included. DynamoDB would fill a page up to
	// 1 MB, which a slow line does not carry within the time of an attempt.
	pageRecords = 500
	// pageTime bounds the reading of a page, retries included.
	pageTime = 30 * time.Second
)

// Followers returns all followers, in no order. It stops at the first error, which comes with the zero Follower; only after
// follower.ErrUnreadable, for a record that is not a follower's, does it go on.
//
// It scans the whole table, so nothing that answers a push may use it. It reads page by page, so it is not a snapshot. It
// gives a user who follows all the time once, as stored when the iteration gets there, and a user who follows or unfollows
// meanwhile once or not at all. Each page has a deadline of its own, 30 s, so ctx needs none.
func (s *Store) Followers(ctx context.Context) iter.Seq2[follower.Follower, error] {
	return func(yield func(follower.Follower, error) bool) {
		pages := dynamodb.NewScanPaginator(s.db, &dynamodb.ScanInput{
			TableName:                 s.table,
			FilterExpression:          aws.String("sk = :follower AND attribute_not_exists(expires_at)"), // no tombstone
			ExpressionAttributeValues: item{":follower": text(table.FollowerSK)},
			Limit:                     aws.Int32(pageRecords),
			ConsistentRead:            aws.Bool(true),
		})
		for pages.HasMorePages() {
			page, err := nextPage(ctx, pages)
			if err != nil {
				yield(follower.Follower{}, fmt.Errorf("list followers: %w", err))
				return
			}
			for _, packed := range page.Items {
				f, err := unpackFollower(packed)
				if err == nil {
					err = f.Check()
				}
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
