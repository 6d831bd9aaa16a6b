package dynamostore

import (
	"context"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/guanzhu/guanzhu/internal/table"
	"github.com/guanzhu/guanzhu/pkg/follower"
)

// AddTicket implements follower.Store.
func (s *Store) AddTicket(
	ctx context.Context, t follower.Ticket, f follower.Follower, session follower.Session,
) (added bool, err error) {
	err = untilStored(ctx, func() (stored bool, err error) {
		added, stored, err = s.addTicket(ctx, t, f, session)
		return stored, err
	})
	if err != nil {
		return false, fmt.Errorf("store a ticket: %w", err)
	}
	return added, nil
}

func (s *Store) addTicket(
	ctx context.Context, t follower.Ticket, f follower.Follower, session follower.Session,
) (added, stored bool, err error) {
	known, old, err := s.known(ctx, f.OpenID, table.SessionSK)
	if err != nil {
		return false, false, err
	}
	changed, write, added := known.AddTicket(t, f, session, s.now())
	record := table.NewSession(f.OpenID, changed)
	switch {
	case write == follower.WriteNothing:
		return added, true, nil
	case write == follower.WriteBoth:
		stored, err = s.stored(ctx, f.OpenID, s.begin(f), s.put(record, "", nil), s.delete(table.OwnKey(f.OpenID)))
	case old == nil:
		stored, err = s.stored(ctx, f.OpenID, s.unchanged(known.Follower), s.put(record, "attribute_not_exists(pk)", nil))
	default:
		stored, err = s.replaceSession(ctx, old, record)
	}
	return added, stored, err
}

// ChangeSession implements follower.Store.
func (s *Store) ChangeSession(ctx context.Context, openid string, change func(*follower.Session) error) error {
	err := untilStored(ctx, func() (stored bool, err error) {
		known, old, err := s.known(ctx, openid, table.SessionSK)
		if err != nil {
			return false, err
		}
		if known.Follower.EventTime.IsZero() || known.Session == nil {
			return false, follower.ErrNotFound
		}
		if err := change(known.Session); err != nil {
			return false, err
		}
		return s.replaceSession(ctx, old, table.NewSession(openid, *known.Session))
	})
	if err != nil {
		return fmt.Errorf("change a session: %w", err)
	}
	return nil
}

// Own implements follower.Store.
func (s *Store) Own(ctx context.Context, openid string) (follower.OwnData, error) {
	known, _, err := s.known(ctx, openid, table.OwnSK)
	if err != nil {
		return follower.OwnData{}, fmt.Errorf("read own data: %w", err)
	}
	return known.OwnData(), nil
}

// ChangeOwn implements follower.Store.
func (s *Store) ChangeOwn(
	ctx context.Context, f follower.Follower, session *follower.Session, change func(*follower.OwnData) error,
) error {
	err := untilStored(ctx, func() (stored bool, err error) {
		known, _, err := s.known(ctx, f.OpenID, table.OwnSK)
		if err != nil {
			return false, err
		}
		data, begins, err := known.ChangeOwn(f, session, change)
		if err != nil {
			return false, err
		}
		record := table.NewOwn(f.OpenID, data)
		if begins {
			return s.stored(ctx, f.OpenID, s.begin(f), s.put(table.NewSession(f.OpenID, *session), "", nil), s.put(record, "", nil))
		}
		condition, values := "attribute_not_exists(version)", item(nil)
		if read := known.OwnData().Version; read != 0 {
			condition, values = "version = :version", item{":version": number(read)}
		}
		return s.stored(ctx, f.OpenID, s.unchanged(known.Follower), s.put(record, condition, values))
	})
	if err != nil {
		return fmt.Errorf("change own data: %w", err)
	}
	return nil
}

// stored makes the writes for one openid and reports whether their conditions held.
func (s *Store) stored(ctx context.Context, openid string, writes ...types.TransactWriteItem) (bool, error) {
	refused, err := s.transactFor(ctx, openid, writes...)
	return err == nil && len(refused) == 0, err
}

// untilStored makes one try after another until one is stored. A try is not stored if another write has changed what it
// read.
func untilStored(ctx context.Context, try func() (stored bool, err error)) error {
	for attempt := 1; ; attempt++ {
		stored, err := try()
		if err != nil || stored {
			return err
		}
		if err := again(ctx, attempt); err != nil {
			return err
		}
	}
}

// begin is the write of f if there is no follower and no unfollow of f's time or later.
func (s *Store) begin(f follower.Follower) types.TransactWriteItem {
	return s.put(table.NewFollower(f), "attribute_not_exists(event_time) OR expires_at <= :now"+
		" OR (attribute_exists(expires_at) AND event_time < :t)",
		item{":t": seconds(f.EventTime), ":now": seconds(s.now())})
}

// unchanged is the condition that the follower has neither unfollowed nor followed again since f was read.
func (s *Store) unchanged(f follower.Follower) types.TransactWriteItem {
	return types.TransactWriteItem{ConditionCheck: &types.ConditionCheck{
		TableName:                 s.table,
		Key:                       pack(table.FollowerKey(f.OpenID)),
		ConditionExpression:       aws.String("event_time = :t AND attribute_not_exists(expires_at)"),
		ExpressionAttributeValues: item{":t": seconds(f.EventTime)},
	}}
}

// replaceSession stores record if the stored session still is old, and reports whether it was.
func (s *Store) replaceSession(ctx context.Context, old item, record table.Session) (stored bool, err error) {
	var condition []string
	values := item{}
	for _, name := range table.SessionAttributes {
		if value, ok := old[name]; ok {
			condition = append(condition, name+" = :"+name)
			values[":"+name] = value
		} else {
			condition = append(condition, "attribute_not_exists("+name+")")
		}
	}
	_, err = s.db.PutItem(ctx, &dynamodb.PutItemInput{
		TableName:                 s.table,
		Item:                      pack(record),
		ConditionExpression:       aws.String(strings.Join(condition, " AND ")),
		ExpressionAttributeValues: values,
	})
	return held(err)
}
