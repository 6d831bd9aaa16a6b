// Package dynamostore keeps the account's records in one DynamoDB table with the keys pk and sk; package table has their
// layout. What a push does is one request. The conditions that put events in order are part of it, so nothing is read
// before it is written. Only changes of a stored record (a session, for example) read it first; see change.go.
package dynamostore

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/guanzhu/guanzhu/internal/table"
	"github.com/guanzhu/guanzhu/pkg/follower"
	"github.com/guanzhu/guanzhu/pkg/wechat"
)

// Store is a follower.Store in DynamoDB.
//
// Reads are strongly consistent. A write is durable when it returns nil. Transient failures (throttling, a conflict of
// transactions, a server error, a connection cut or stalled) are retried until ctx ends or its retries are used up
// (follower.WithRetries), so every ctx needs a deadline; other failures are returned at once. A Store is safe for
// concurrent use, by any number of processes.
//
// The texts of errors hold neither openids nor users' texts. An error found by errors.As may carry an item: do not
// print that.
type Store struct {
	db    *dynamodb.Client
	table *string
	now   func() time.Time
}

// Options are the place of the table and the clock.
type Options struct {
	Table    string           // the table's name
	Endpoint string           // URL, for example of DynamoDB Local; empty for AWS's own in the config's region
	Now      func() time.Time // the clock by which records expire
}

// New returns a Store with connections of its own. It makes no request. It takes the region, the credentials and the
// middleware of cfg; the Store's own HTTP client and Retryer replace those of cfg.
func New(cfg aws.Config, o Options) *Store {
	return newStore(cfg, o, attemptTimeout)
}

func newStore(cfg aws.Config, o Options, timeout time.Duration) *Store {
	db := dynamodb.NewFromConfig(cfg, func(d *dynamodb.Options) {
		if o.Endpoint != "" {
			d.BaseEndpoint = aws.String(o.Endpoint)
		}
		d.HTTPClient = httpClient(timeout)
		d.Retryer = newRetryUntilDeadline()
		d.RetryMaxAttempts = 0 // otherwise it would limit the Retryer
		d.APIOptions = append(d.APIOptions, noteDurations)
	})
	return &Store{db, aws.String(o.Table), o.Now}
}

// Follow implements follower.Store.
func (s *Store) Follow(
	ctx context.Context, f follower.Follower, session follower.Session,
) (stored follower.Follower, applied bool, err error) {
	record := table.NewFollower(f)
	refused, err := s.transactFor(ctx, f.OpenID,
		s.put(record, "attribute_not_exists(event_time) OR event_time < :t OR expires_at <= :now",
			item{":t": seconds(f.EventTime), ":now": seconds(s.now())}),
		s.put(table.NewSession(f.OpenID, session), "", nil),
		s.delete(table.OwnKey(f.OpenID)))
	if old, ok := refused[0]; ok {
		stored, err = unpackFollower(old)
	} else if err == nil {
		stored, applied = record.Follower(), true
	}
	if err != nil {
		return follower.Follower{}, false, fmt.Errorf("store a follow: %w", err)
	}
	return stored, applied, nil
}

// transactFor is transact for the records of one openid.
func (s *Store) transactFor(ctx context.Context, openid string, writes ...types.TransactWriteItem) (map[int]item, error) {
	if !wechat.IsOpenID(openid) {
		return nil, follower.ErrOpenID
	}
	return s.transact(ctx, writes...)
}

// Complete implements follower.Store.
func (s *Store) Complete(ctx context.Context, f follower.Follower) error {
	u := profileUpdate(f)
	u.values[":t"] = seconds(f.EventTime)
	u.values[":pending"] = text(string(follower.Pending))
	err := s.update(ctx, f.OpenID, u, "event_time = :t AND #profile = :pending")
	if err != nil && !conditionFailed(err) {
		return fmt.Errorf("complete a profile: %w", err)
	}
	return nil
}

// Unfollow implements follower.Store.
func (s *Store) Unfollow(ctx context.Context, openid string, at, expires time.Time) error {
	_, err := s.unfollow(ctx, openid, at, expires, "attribute_not_exists(event_time) OR event_time < :t"+
		" OR (event_time = :t AND attribute_not_exists(expires_at)) OR expires_at <= :now",
		item{":t": seconds(at), ":now": seconds(s.now())})
	return err
}

// unfollow leaves only the tombstone if condition holds, and reports whether it did.
func (s *Store) unfollow(
	ctx context.Context, openid string, at, expires time.Time, condition string, values item,
) (applied bool, err error) {
	refused, err := s.transactFor(ctx, openid,
		s.put(table.NewTombstone(openid, at, expires), condition, values),
		s.delete(table.SessionKey(openid)),
		s.delete(table.OwnKey(openid)),
		s.delete(table.ConversationKey(openid)))
	if err != nil {
		return false, fmt.Errorf("store an unfollow: %w", err)
	}
	return len(refused) == 0, nil
}

// Lookup returns the follower and its session, the zero Session if there is none. It returns
// follower.ErrNotFound if the openid does not follow, or is not an openid.
func (s *Store) Lookup(ctx context.Context, openid string) (follower.Follower, follower.Session, error) {
	known, _, err := s.known(ctx, openid, table.SessionSK)
	if err == nil && known.Follower.EventTime.IsZero() {
		err = follower.ErrNotFound
	}
	if err != nil {
		return follower.Follower{}, follower.Session{}, fmt.Errorf("look up a follower: %w", err)
	}
	if known.Session == nil {
		return known.Follower, follower.Session{}, nil
	}
	return known.Follower, *known.Session, nil
}

// known reads the follower's record of openid and the one at sk. A session is also returned as it is, nil for none.
func (s *Store) known(ctx context.Context, openid, sk string) (known follower.Known, session item, err error) {
	if !wechat.IsOpenID(openid) {
		return known, nil, nil
	}
	found, err := s.getAll(ctx, table.FollowerKey(openid), table.Key{PK: openid, SK: sk})
	if err != nil {
		return known, nil, err
	}
	for _, packed := range found {
		var key table.Key
		if err := unpack(packed, &key); err != nil {
			return known, nil, err
		}
		switch key.SK {
		case table.FollowerSK:
			var record table.Follower
			err = unpack(packed, &record)
			known.Follower = record.Follower()
			if record.Tombstone() && table.Time(record.ExpiresAt).After(s.now()) {
				known.Unfollowed = table.Time(record.EventTime)
			}
		case table.SessionSK:
			var record table.Session
			err = unpack(packed, &record)
			stored := record.Session()
			known.Session, session = &stored, packed
		case table.OwnSK:
			var record table.Own
			err = unpack(packed, &record)
			stored := record.Own()
			known.Own = &stored
		}
		if err != nil {
			return follower.Known{}, nil, err
		}
	}
	return known, session, nil
}

// held reports whether the condition of a write held that returned err.
func held(err error) (bool, error) {
	if conditionFailed(err) {
		return false, nil
	}
	return err == nil, err
}

func conditionFailed(err error) bool {
	var failed *types.ConditionalCheckFailedException
	return errors.As(err, &failed)
}
