// Package boltstore keeps followers in one file, for the local console and for tests. It does what dynamostore does,
// record by record and attribute by attribute, and passes the same suite.
package boltstore

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"

	"github.com/guanzhu/guanzhu/internal/table"
	"github.com/guanzhu/guanzhu/pkg/follower"
	"github.com/guanzhu/guanzhu/pkg/wechat"
)

// Store is a follower.Store in a file.
//
// Reads see every write that has returned before. A write is on disk when it returns nil. Nothing is retried. A Store is safe
// for concurrent use within one process; no other process can open the file meanwhile. It skips expired records but never
// deletes them.
type Store struct {
	db    *bbolt.DB
	now   func() time.Time
	watch Watcher
}

var bucket = []byte("guanzhu")

// ErrInUse is the error of Open (errors.Is) if another process has the file.
var ErrInUse = errors.New("is in use by another process")

// Open opens the store at path. It creates the file but not its folder. Records expire by the clock now. Open waits up to a
// second for another process to close the file. The file has personal data and a credential, so only its owner can read it.
func Open(path string, now func() time.Time) (*Store, error) {
	db, err := bbolt.Open(path, 0o600, &bbolt.Options{Timeout: time.Second})
	if errors.Is(err, bolterrors.ErrTimeout) {
		return nil, fmt.Errorf("open store: %s %w", path, ErrInUse)
	}
	if err != nil {
		return nil, fmt.Errorf("open store: %w", err)
	}
	err = db.Update(func(tx *bbolt.Tx) error {
		_, err := tx.CreateBucketIfNotExists(bucket)
		return err
	})
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open store: %w", err), db.Close())
	}
	return &Store{db: db, now: now}, nil
}

// Close waits for calls under way and closes the file.
func (s *Store) Close() error { return s.db.Close() }

// Follow implements follower.Store.
func (s *Store) Follow(
	ctx context.Context, f follower.Follower, session follower.Session,
) (stored follower.Follower, applied bool, err error) {
	err = s.updateFor(ctx, "store a follow", f.OpenID, func(b records) (err error) {
		stored, applied, err = s.follow(b, f, session)
		return err
	})
	if err != nil {
		return follower.Follower{}, false, err
	}
	return stored, applied, nil
}

func (s *Store) follow(b records, f follower.Follower, session follower.Session) (follower.Follower, bool, error) {
	record := table.NewFollower(f)
	var old table.Follower
	found, err := b.get(record.Key, &old)
	if err != nil {
		return follower.Follower{}, false, err
	}
	if found && !s.expired(old.ExpiresAt) && old.EventTime >= record.EventTime {
		return old.Follower(), false, nil
	}
	err = b.begin(f, session)
	return record.Follower(), err == nil, err
}

// begin stores the follower and the session in place of all records of the openid.
func (r records) begin(f follower.Follower, session follower.Session) error {
	return errors.Join(
		r.put(table.FollowerKey(f.OpenID), table.NewFollower(f)),
		r.put(table.SessionKey(f.OpenID), table.NewSession(f.OpenID, session)),
		r.delete(table.OwnKey(f.OpenID)))
}

// Complete implements follower.Store.
func (s *Store) Complete(ctx context.Context, f follower.Follower) error {
	record := table.NewFollower(f)
	return s.update(ctx, "complete a profile", func(b records) error {
		var old table.Follower
		found, err := b.get(record.Key, &old)
		if err != nil || !found || old.EventTime != record.EventTime || old.Profile != string(follower.Pending) {
			return err
		}
		if f.State == follower.Pending {
			record.PendingSince = old.PendingSince
		}
		record.CheckedAt = old.CheckedAt
		return b.put(record.Key, record)
	})
}

// Unfollow implements follower.Store.
func (s *Store) Unfollow(ctx context.Context, openid string, at, expires time.Time) error {
	return s.updateFor(ctx, "store an unfollow", openid, func(b records) error {
		var old table.Follower
		found, err := b.get(table.FollowerKey(openid), &old)
		if err != nil {
			return err
		}
		wins := old.EventTime > table.Seconds(at) || old.EventTime == table.Seconds(at) && old.Tombstone()
		if found && !s.expired(old.ExpiresAt) && wins {
			return nil
		}
		return b.unfollow(openid, at, expires)
	})
}

// unfollow leaves only the tombstone.
func (r records) unfollow(openid string, at, expires time.Time) error {
	return errors.Join(
		r.put(table.FollowerKey(openid), table.NewTombstone(openid, at, expires)),
		r.delete(table.SessionKey(openid)),
		r.delete(table.OwnKey(openid)),
		r.delete(table.ConversationKey(openid)))
}

// known reads the records of openid.
func (s *Store) known(b records, openid string) (known follower.Known, err error) {
	var record table.Follower
	if _, err := b.get(table.FollowerKey(openid), &record); err != nil {
		return known, err
	}
	known.Follower = record.Follower()
	if record.Tombstone() && !s.expired(record.ExpiresAt) {
		known.Unfollowed = table.Time(record.EventTime)
	}
	var stored table.Session
	found, err := b.get(table.SessionKey(openid), &stored)
	if found {
		session := stored.Session()
		known.Session = &session
	}
	if err != nil {
		return known, err
	}
	var data table.Own
	found, err = b.get(table.OwnKey(openid), &data)
	if found {
		own := data.Own()
		known.Own = &own
	}
	return known, err
}

// Lookup returns the follower and its session, the zero Session if there is none. It returns follower.ErrNotFound if the
// openid does not follow.
func (s *Store) Lookup(ctx context.Context, openid string) (follower.Follower, follower.Session, error) {
	var known follower.Known
	err := s.view(ctx, "look up a follower", func(b records) (err error) {
		known, err = s.known(b, openid)
		if err == nil && known.Follower.EventTime.IsZero() {
			return follower.ErrNotFound
		}
		return err
	})
	if err != nil || known.Session == nil {
		return known.Follower, follower.Session{}, err
	}
	return known.Follower, *known.Session, nil
}

func (s *Store) expired(at int64) bool { return at != 0 && at <= s.now().Unix() }

// update runs do in a transaction that is on disk when update returns nil.
func (s *Store) update(ctx context.Context, operation string, do func(records) error) error {
	return s.watched(ctx, operation, true, func(changes *[]Change) error {
		return run(ctx, operation, s.db.Update, changes, do)
	})
}

// updateFor is update for the records of one openid.
func (s *Store) updateFor(ctx context.Context, operation, openid string, do func(records) error) error {
	return s.update(ctx, operation, func(b records) error {
		if !wechat.IsOpenID(openid) {
			return follower.ErrOpenID
		}
		return do(b)
	})
}

func (s *Store) view(ctx context.Context, operation string, do func(records) error) error {
	return s.watched(ctx, operation, false, func(*[]Change) error { return run(ctx, operation, s.db.View, nil, do) })
}

func run(
	ctx context.Context, operation string, transaction func(func(*bbolt.Tx) error) error, changes *[]Change, do func(records) error,
) error {
	err := ctx.Err()
	if err == nil {
		err = transaction(func(tx *bbolt.Tx) error { return do(records{tx.Bucket(bucket), changes}) })
	}
	if err != nil {
		return fmt.Errorf("%s: %w", operation, err)
	}
	return nil
}
