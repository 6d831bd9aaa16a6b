package dynamostore

import (
	"context"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/guanzhu/guanzhu/pkg/follower"
	"github.com/guanzhu/guanzhu/pkg/wechat"
)

// AddTicket implements follower.Store. It reads what is known, and stores what comes of it if that is still so.
func (s *Store) AddTicket(
	ctx context.Context, t follower.Ticket, f follower.Follower, session follower.Session,
) (added bool, err error) {
	f = f.Bounded()
	for attempt := 1; ; attempt++ {
		var stored bool
		if added, stored, err = s.addTicket(ctx, t, f, session); err == nil && !stored {
			err = again(ctx, attempt)
		}
		if err != nil {
			return false, fmt.Errorf("store a ticket: %w", err)
		}
		if stored {
			return added, nil
		}
	}
}

// addTicket is one try. stored is false if what is known changed meanwhile.
func (s *Store) addTicket(
	ctx context.Context, t follower.Ticket, f follower.Follower, session follower.Session,
) (added, stored bool, err error) {
	if !wechat.IsOpenID(f.OpenID) {
		return false, false, follower.ErrOpenID
	}
	record, old, err := s.read(ctx, f.OpenID)
	if err != nil {
		return false, false, err
	}
	known := s.known(record, old)
	changed, write, added := known.AddTicket(t, f, session, s.now())
	var refused map[int]item
	switch {
	case write == follower.WriteNothing:
		return added, true, nil
	case write == follower.WriteBoth:
		refused, err = s.transact(ctx,
			s.put(followerItem(f), "attribute_not_exists(event_time) OR expires_at <= :now"+
				" OR (attribute_exists(expires_at) AND event_time < :t)",
				item{":t": seconds(f.EventTime), ":now": seconds(s.now())}),
			s.put(sessionItem(f.OpenID, changed), "", nil))
	case old == nil:
		refused, err = s.transact(ctx,
			types.TransactWriteItem{ConditionCheck: &types.ConditionCheck{
				TableName:                 s.table,
				Key:                       followerKey(f.OpenID),
				ConditionExpression:       aws.String("event_time = :t AND attribute_not_exists(expires_at)"),
				ExpressionAttributeValues: item{":t": seconds(known.Follower.EventTime)},
			}},
			s.put(sessionItem(f.OpenID, changed), "attribute_not_exists(pk)", nil))
	default:
		stored, err = s.replaceSession(ctx, f.OpenID, old, changed)
		return added, stored, err
	}
	return added, err == nil && len(refused) == 0, err
}

func (s *Store) known(record, session item) follower.Known {
	known := follower.Known{Follower: record.follower()}
	if record.tombstone() && record.int("expires_at") > s.now().Unix() {
		known.Unfollowed = record.time("event_time")
	}
	if session != nil {
		old := session.session()
		known.Session = &old
	}
	return known
}

// ChangeSession implements follower.Store.
func (s *Store) ChangeSession(ctx context.Context, openid string, change func(*follower.Session) error) error {
	for attempt := 1; ; attempt++ {
		stored, err := s.changeSession(ctx, openid, change)
		if err == nil && !stored {
			err = again(ctx, attempt)
		}
		if err != nil {
			return fmt.Errorf("change a session: %w", err)
		}
		if stored {
			return nil
		}
	}
}

// changeSession is one try. stored is false if the session was changed meanwhile.
func (s *Store) changeSession(
	ctx context.Context, openid string, change func(*follower.Session) error,
) (stored bool, err error) {
	if !wechat.IsOpenID(openid) {
		return false, follower.ErrNotFound
	}
	record, old, err := s.read(ctx, openid)
	if err != nil {
		return false, err
	}
	if record.follower().EventTime.IsZero() || old == nil {
		return false, follower.ErrNotFound
	}
	session := old.session()
	if err := change(&session); err != nil {
		return false, err
	}
	return s.replaceSession(ctx, openid, old, session)
}

// replaceSession stores the session if old is still what stands, and reports whether it was.
func (s *Store) replaceSession(
	ctx context.Context, openid string, old item, session follower.Session,
) (stored bool, err error) {
	var condition []string
	values := item{}
	for _, name := range sessionAttributes {
		if value, ok := old[name]; ok {
			condition = append(condition, name+" = :"+name)
			values[":"+name] = value
		} else {
			condition = append(condition, "attribute_not_exists("+name+")")
		}
	}
	_, err = s.db.PutItem(ctx, &dynamodb.PutItemInput{
		TableName:                 s.table,
		Item:                      sessionItem(openid, session),
		ConditionExpression:       aws.String(strings.Join(condition, " AND ")),
		ExpressionAttributeValues: values,
	})
	if err != nil && !conditionFailed(err) {
		return false, err
	}
	return err == nil, nil
}
