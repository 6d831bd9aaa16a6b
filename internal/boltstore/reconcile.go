package boltstore

import (
	"bytes"
	"context"
	"time"

	"github.com/guanzhu/guanzhu/internal/reconcile"
	"github.com/guanzhu/guanzhu/internal/table"
	"github.com/guanzhu/guanzhu/pkg/follower"
)

var (
	_ reconcile.Records     = (*Store)(nil)
	_ reconcile.Checkpoints = (*Store)(nil)
)

// A part of the table that is read in one transaction.
const (
	partFollowers = 1000
	partRecords   = 20_000
)

// Find implements reconcile.Records.
func (s *Store) Find(ctx context.Context, openids []string) ([]follower.Follower, error) {
	var found []follower.Follower
	err := s.view(ctx, "find followers", func(b records) error {
		for _, openid := range openids {
			var item table.Follower
			stored, err := b.get(table.FollowerKey(openid), &item)
			if stored && err == nil && !item.Tombstone() {
				found = append(found, item.Follower())
			}
		}
		return nil
	})
	return found, err
}

// Unchecked implements reconcile.Records.
func (s *Store) Unchecked(ctx context.Context, before time.Time, cursor string) ([]follower.Follower, string, error) {
	return s.part(ctx, "list followers", cursor, nil, func(item table.Follower) bool {
		return item.CheckedAt < table.Seconds(before)
	})
}

// Pending implements reconcile.Records.
func (s *Store) Pending(ctx context.Context, cursor string) ([]follower.Follower, string, error) {
	return s.part(ctx, "list pending followers", cursor, []byte(`"pending_since"`), func(item table.Follower) bool {
		return item.PendingSince != 0
	})
}

// part returns the followers of wanted records after the key cursor, and the key at which it has ended, "" at the end of
// the table. Records without the text holds are passed over unread.
func (s *Store) part(
	ctx context.Context, operation, cursor string, holds []byte, wanted func(table.Follower) bool,
) (part []follower.Follower, next string, err error) {
	err = s.view(ctx, operation, func(b records) error {
		c := b.b.Cursor()
		k, v := c.First()
		if cursor != "" {
			k, v = c.Seek([]byte(cursor + "\x00"))
		}
		for seen := 1; k != nil; k, v = c.Next() {
			if bytes.HasSuffix(k, bytesOf(table.FollowerKey(""))) && bytes.Contains(v, holds) {
				var item table.Follower
				if unpack(v, &item) == nil && item.OpenID != "" && wanted(item) { // neither unreadable nor a tombstone
					part = append(part, item.Follower())
				}
			}
			if len(part) == partFollowers || seen == partRecords {
				next = string(k)
				return nil
			}
			seen++
		}
		return nil
	})
	return part, next, err
}

// Apply implements reconcile.Records. It makes all changes or, after an error, none.
func (s *Store) Apply(ctx context.Context, changes []reconcile.Change) ([]bool, error) {
	var applied []bool
	err := s.update(ctx, "change followers", func(b records) error {
		applied = make([]bool, len(changes))
		for i, c := range changes {
			var err error
			if applied[i], err = s.apply(b, c); err != nil {
				return err
			}
		}
		return nil
	})
	return applied, err
}

func (s *Store) apply(b records, c reconcile.Change) (applied bool, err error) {
	f := c.Follower
	if c.Kind == reconcile.Add {
		_, applied, err = s.follow(b, f, follower.Session{EstablishedAt: c.At, EventTime: f.EventTime})
		return applied, err
	}
	var old table.Follower
	found, err := b.get(table.FollowerKey(f.OpenID), &old)
	if err != nil || !found || old.Tombstone() || old.EventTime != table.Seconds(f.EventTime) {
		return false, err
	}
	if c.Kind == reconcile.Remove {
		return true, b.unfollow(f.OpenID, c.At, c.At.Add(follower.TombstoneFor))
	}
	item := table.NewFollower(f)
	if f.State == follower.Pending {
		item.PendingSince = old.PendingSince
	}
	return true, b.put(item.Key, item)
}

// Acquire implements reconcile.Checkpoints.
func (s *Store) Acquire(ctx context.Context, holder string, now, until time.Time) ([]byte, bool, error) {
	item, acquired, err := s.changeReconcile(ctx, "acquire the lease", func(item *table.Reconcile) bool {
		if item.Holder != holder && item.LeaseUntil > table.Seconds(now) {
			return false
		}
		item.Holder, item.LeaseUntil = holder, table.Seconds(until)
		return true
	})
	if !acquired {
		return nil, false, err
	}
	return item.Saved(), true, nil
}

// Save implements reconcile.Checkpoints.
func (s *Store) Save(ctx context.Context, holder string, until time.Time, checkpoint []byte) (bool, error) {
	_, saved, err := s.changeReconcile(ctx, "save the checkpoint", func(item *table.Reconcile) bool {
		if item.Holder != holder {
			return false
		}
		item.LeaseUntil, item.Checkpoint = table.Seconds(until), string(checkpoint)
		return true
	})
	return saved, err
}

// changeReconcile stores the record as change leaves it, unless change returns false.
func (s *Store) changeReconcile(
	ctx context.Context, operation string, change func(*table.Reconcile) bool,
) (item table.Reconcile, changed bool, err error) {
	err = s.update(ctx, operation, func(b records) error {
		item, changed = table.Reconcile{Key: table.ReconcileKey}, false
		if _, err := b.get(table.ReconcileKey, &item); err != nil {
			return err
		}
		if changed = change(&item); changed {
			return b.put(table.ReconcileKey, item)
		}
		return nil
	})
	return item, changed && err == nil, err
}

// Checkpoint implements reconcile.Checkpoints.
func (s *Store) Checkpoint(ctx context.Context) ([]byte, time.Time, error) {
	var item table.Reconcile
	err := s.view(ctx, "read the checkpoint", func(b records) error {
		_, err := b.get(table.ReconcileKey, &item)
		return err
	})
	return item.Saved(), table.Time(item.LeaseUntil), err
}
