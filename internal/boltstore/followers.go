package boltstore

import (
	"bytes"
	"context"
	"fmt"
	"iter"

	"github.com/guanzhu/guanzhu/internal/table"
	"github.com/guanzhu/guanzhu/pkg/follower"
)

// pageFollowers is how many followers are read in one transaction.
const pageFollowers = 100

// Followers returns all followers. It stops at the first error, which comes with the zero Follower; only after
// follower.ErrUnreadable, for a record that is not a follower's, does it go on.
//
// It reads page by page, so it is not a snapshot. It gives a user who follows all the time once, as stored when the iteration
// gets there, and a user who follows or unfollows meanwhile once or not at all.
func (s *Store) Followers(ctx context.Context) iter.Seq2[follower.Follower, error] {
	return func(yield func(follower.Follower, error) bool) {
		for last := []byte(nil); ; {
			var page []follower.Follower
			// The reader may write, for which no transaction may be open.
			err := s.view(ctx, "list followers", func(b records) error {
				page, last = b.followersAfter(last, pageFollowers)
				return nil
			})
			if err != nil {
				yield(follower.Follower{}, err)
				return
			}
			for _, f := range page {
				var err error
				if f.EventTime.IsZero() {
					err = fmt.Errorf("list followers: %w", follower.ErrUnreadable)
				}
				if !yield(f, err) {
					return
				}
			}
			if len(page) < pageFollowers {
				return
			}
		}
	}
}

// followersAfter returns up to n followers whose keys come after last, nil for all, and the key of the last of them. The
// page has the zero Follower for each record that cannot be read.
func (r records) followersAfter(last []byte, n int) ([]follower.Follower, []byte) {
	var page []follower.Follower
	c := r.b.Cursor()
	for k, v := c.Seek(append(last, 0)); k != nil && len(page) < n; k, v = c.Next() {
		if !bytes.HasSuffix(k, bytesOf(table.FollowerKey(""))) {
			continue
		}
		var record table.Follower
		err := unpack(v, &record)
		if err == nil && record.Tombstone() {
			continue
		}
		f := record.Follower()
		if err != nil || f.Check() != nil {
			f = follower.Follower{}
		}
		page = append(page, f)
		last = bytes.Clone(k) // k is valid within the transaction only
	}
	return page, last
}
