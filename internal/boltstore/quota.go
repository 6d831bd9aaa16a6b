package boltstore

import (
	"context"
	"errors"
	"slices"

	"github.com/guanzhu/guanzhu/internal/quota"
	"github.com/guanzhu/guanzhu/internal/table"
)

// CountQuestion implements quota.Store.
func (s *Store) CountQuestion(ctx context.Context, q quota.Question) (allowed bool, err error) {
	one, all := table.NewAsked(q)
	err = s.update(ctx, "count a question", func(b records) error {
		_, errOne := b.get(one.Key, &one)
		_, errAll := b.get(all.Key, &all)
		if err := errors.Join(errOne, errAll); err != nil {
			return err
		}
		at, counted := slices.BinarySearch(one.IDs, q.ID)
		if allowed = counted || len(one.IDs) < q.PerFollower && all.Count < q.PerAccount; !allowed || counted {
			return nil
		}
		one.IDs = slices.Insert(one.IDs, at, q.ID)
		all.Count++
		return errors.Join(b.put(one.Key, one), b.put(all.Key, all))
	})
	return allowed && err == nil, err
}
