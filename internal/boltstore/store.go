// Package boltstore keeps followers in one file, for the local console and for tests. It does what dynamostore does,
// record by record and attribute by attribute, and passes the same suite.
package boltstore

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"slices"
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

// AddTicket implements follower.Store.
func (s *Store) AddTicket(
	ctx context.Context, t follower.Ticket, f follower.Follower, session follower.Session,
) (added bool, err error) {
	err = s.updateFor(ctx, "store a ticket", f.OpenID, func(b records) error {
		known, err := s.known(b, f.OpenID)
		if err != nil {
			return err
		}
		var write follower.LinkWrite
		session, write, added = known.AddTicket(t, f, session, s.now())
		switch write {
		case follower.WriteBoth:
			return b.begin(f, session)
		case follower.WriteSession:
			return b.put(table.SessionKey(f.OpenID), table.NewSession(f.OpenID, session))
		default:
			return nil
		}
	})
	return added && err == nil, err
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

// ChangeSession implements follower.Store.
func (s *Store) ChangeSession(ctx context.Context, openid string, change func(*follower.Session) error) error {
	return s.update(ctx, "change a session", func(b records) error {
		known, err := s.known(b, openid)
		if err != nil {
			return err
		}
		if known.Follower.EventTime.IsZero() || known.Session == nil {
			return follower.ErrNotFound
		}
		if err := change(known.Session); err != nil {
			return err
		}
		return b.put(table.SessionKey(openid), table.NewSession(openid, *known.Session))
	})
}

// Own implements follower.Store.
func (s *Store) Own(ctx context.Context, openid string) (data follower.OwnData, err error) {
	err = s.view(ctx, "read own data", func(b records) error {
		known, err := s.known(b, openid)
		data = known.OwnData()
		return err
	})
	return data, err
}

// ChangeOwn implements follower.Store.
func (s *Store) ChangeOwn(
	ctx context.Context, f follower.Follower, session *follower.Session, change func(*follower.OwnData) error,
) error {
	return s.updateFor(ctx, "change own data", f.OpenID, func(b records) error {
		known, err := s.known(b, f.OpenID)
		if err != nil {
			return err
		}
		data, begins, err := known.ChangeOwn(f, session, change)
		if err != nil {
			return err
		}
		if begins {
			if err := b.begin(f, *session); err != nil {
				return err
			}
		}
		return b.put(table.OwnKey(f.OpenID), table.NewOwn(f.OpenID, data))
	})
}

// AddSuggestion implements follower.Store.
func (s *Store) AddSuggestion(ctx context.Context, suggestion follower.Suggestion) (kept bool, err error) {
	record, count := table.NewSuggestion(suggestion), table.NewSuggested(suggestion)
	err = s.update(ctx, "store a suggestion", func(b records) error {
		if kept, err = b.get(record.Key, &table.Suggestion{}); err != nil || kept {
			return err
		}
		if _, err := b.get(count.Key, &count); err != nil {
			return err
		}
		at, counted := slices.BinarySearch(count.IDs, suggestion.ID())
		if !counted {
			if len(count.IDs) >= follower.MaxSuggestions {
				return nil
			}
			count.IDs = slices.Insert(count.IDs, at, suggestion.ID())
		}
		kept = true
		return errors.Join(b.put(record.Key, record), b.put(count.Key, count))
	})
	return kept && err == nil, err
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

// Suggestions returns those of month's month in China time that have not expired, oldest first, and how many records
// there cannot be read.
func (s *Store) Suggestions(ctx context.Context, month time.Time) (all []follower.Suggestion, unreadable int, err error) {
	err = s.view(ctx, "list suggestions", func(b records) error {
		return b.each([]byte(table.SuggestionsPK(month)+"\x00"), func(value []byte) error {
			var record table.Suggestion
			err := unpack(value, &record)
			suggestion, notOne := record.Suggestion()
			switch {
			case err == nil && s.expired(record.ExpiresAt):
			case err == nil && notOne == nil:
				all = append(all, suggestion)
			default:
				unreadable++
			}
			return nil
		})
	})
	if err != nil {
		return nil, 0, err
	}
	return all, unreadable, nil
}

// MarkHandled marks the suggestion of s's time, MsgID and writer as handled, and reports whether there is one that has
// not expired; otherwise nothing is written. One that is handled already stays as it is.
func (s *Store) MarkHandled(ctx context.Context, suggestion follower.Suggestion) (found bool, err error) {
	err = s.update(ctx, "mark a suggestion", func(b records) error {
		var record table.Suggestion
		stored, err := b.get(table.SuggestionKey(suggestion), &record)
		if err != nil || !stored || s.expired(record.ExpiresAt) {
			return err
		}
		found, record.Handled = true, true
		return b.put(record.Key, record)
	})
	return found && err == nil, err
}

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

// AccessToken returns the stored token, the zero AccessToken if there is none.
func (s *Store) AccessToken(ctx context.Context) (wechat.AccessToken, error) {
	var record table.AccessToken
	err := s.view(ctx, "read the access token", func(b records) error {
		_, err := b.get(table.AccessTokenKey, &record)
		return err
	})
	return record.AccessToken(), err
}

// SaveAccessToken stores the token and keeps the mark of the last forced refresh.
func (s *Store) SaveAccessToken(ctx context.Context, value string, validUntil time.Time) error {
	return s.update(ctx, "store the access token", func(b records) error {
		record := table.AccessToken{Key: table.AccessTokenKey}
		if _, err := b.get(record.Key, &record); err != nil {
			return err
		}
		record.Token, record.ValidUntil = value, table.Seconds(validUntil)
		return b.put(record.Key, record)
	})
}

// MarkForced stores mark's ForcedAt and ForcedCount if the stored ForcedAt still is was's, and reports whether it was.
// Of several callers with the same was, one gets true.
func (s *Store) MarkForced(ctx context.Context, was, mark wechat.AccessToken) (ok bool, err error) {
	err = s.update(ctx, "mark a forced refresh", func(b records) error {
		record := table.AccessToken{Key: table.AccessTokenKey}
		if _, err := b.get(record.Key, &record); err != nil || record.ForcedAt != table.Seconds(was.ForcedAt) {
			return err
		}
		ok = true
		record.ForcedAt, record.ForcedCount = table.Seconds(mark.ForcedAt), mark.ForcedCount
		return b.put(record.Key, record)
	})
	return ok && err == nil, err
}

// Dump returns all records that have not expired, each a JSON object with its pk and sk, in the order of these. It
// holds data that logs must not: openids, texts, the access token.
func (s *Store) Dump(ctx context.Context) ([]json.RawMessage, error) {
	var dump []json.RawMessage
	err := s.view(ctx, "dump the store", func(b records) error {
		return b.each(nil, func(value []byte) error {
			var item struct {
				ExpiresAt int64 `json:"expires_at"`
			}
			if err := json.Unmarshal(value, &item); err != nil || s.expired(item.ExpiresAt) {
				return err
			}
			dump = append(dump, bytes.Clone(value)) // value is valid within the transaction only
			return nil
		})
	})
	return dump, err
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
