package dynamostore

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/guanzhu/guanzhu/pkg/follower"
)

// AddTicket implements follower.Store. It is one update where the session stands and has room.
func (s *Store) AddTicket(
	ctx context.Context, t follower.Ticket, f follower.Follower, session follower.Session,
) (bool, error) {
	added, err := s.addTicket(ctx, t, f, session)
	if err != nil {
		return false, fmt.Errorf("store a ticket: %w", err)
	}
	return added, nil
}

func (s *Store) addTicket(
	ctx context.Context, t follower.Ticket, f follower.Follower, session follower.Session,
) (added bool, err error) {
	session.AddTicket(t, s.now())
	for attempt := 1; ; attempt++ {
		standing, added, err := s.updateTickets(ctx, t, f)
		if err != nil || added {
			return added, err
		}
		if standing != nil {
			old := standing.session()
			switch {
			case old.EventTime.Unix() > f.EventTime.Unix():
				return false, nil
			case old.HasTicket(t.Hash):
				return true, nil
			case !old.AddTicket(t, s.now()):
				return false, nil
			}
			// Others have to leave for it, ended ones first.
			if stored, err := s.replaceSession(ctx, f.OpenID, standing, old); err != nil || stored {
				return stored, err
			}
		} else {
			standing, applied, err := s.transact(ctx, types.Put{
				Item: followerItem(f),
				ConditionExpression: aws.String("attribute_not_exists(pk) OR expires_at <= :now" +
					" OR (attribute_exists(expires_at) AND event_time < :t)"),
				ExpressionAttributeValues: item{":t": seconds(f.EventTime), ":now": seconds(s.now())},
			}, types.TransactWriteItem{
				Put: &types.Put{TableName: s.table, Item: sessionItem(f.OpenID, session)},
			})
			if err != nil || applied || standing.tombstone() {
				return applied, err
			}
			// The follow itself has come meanwhile, and with it the session.
		}
		if err := again(ctx, attempt); err != nil {
			return false, err
		}
	}
}

// updateTickets adds t to the session if that began no later than f's push and has room. If not, it returns the session
// that stands, nil where there is none.
func (s *Store) updateTickets(
	ctx context.Context, t follower.Ticket, f follower.Follower,
) (standing item, added bool, err error) {
	entry := follower.Entry(t.Hash, t.Until)
	_, err = s.db.UpdateItem(ctx, &dynamodb.UpdateItemInput{
		TableName:        s.table,
		Key:              sessionKey(f.OpenID),
		UpdateExpression: aws.String("ADD tickets :set"),
		ConditionExpression: aws.String("event_time <= :t AND NOT contains(used_tickets, :entry)" +
			" AND (attribute_not_exists(tickets) OR size(tickets) < :max)" +
			" AND (attribute_not_exists(used_tickets) OR size(used_tickets) < :max)"),
		ExpressionAttributeValues: item{
			":t":     seconds(f.EventTime),
			":entry": &types.AttributeValueMemberS{Value: entry},
			":set":   &types.AttributeValueMemberSS{Value: []string{entry}},
			":max":   number(follower.MaxTickets),
		},
		ReturnValuesOnConditionCheckFailure: types.ReturnValuesOnConditionCheckFailureAllOld,
	})
	if failed, ok := errors.AsType[*types.ConditionalCheckFailedException](err); ok {
		return failed.Item, false, nil
	}
	return nil, err == nil, err
}

// ChangeSession lets change alter the session of openid and stores what it leaves, if nothing was written meanwhile;
// otherwise it begins again, so change may be called several times. It returns change's error, nothing stored then, and
// follower.ErrNotFound for one who does not follow.
func (s *Store) ChangeSession(ctx context.Context, openid string, change func(*follower.Session) error) error {
	for attempt := 1; ; attempt++ {
		out, err := s.db.GetItem(ctx, &dynamodb.GetItemInput{
			TableName: s.table, Key: sessionKey(openid), ConsistentRead: aws.Bool(true),
		})
		if err == nil && out.Item == nil {
			err = follower.ErrNotFound
		}
		if err != nil {
			return fmt.Errorf("change a session: %w", err)
		}
		session := item(out.Item).session()
		if err := change(&session); err != nil {
			return fmt.Errorf("change a session: %w", err)
		}
		stored, err := s.replaceSession(ctx, openid, out.Item, session)
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

// replaceSession stores the session if old is still what stands, and reports whether it was.
func (s *Store) replaceSession(
	ctx context.Context, openid string, old item, session follower.Session,
) (stored bool, err error) {
	condition := []string{"event_time = :event_time"}
	values := item{":event_time": old["event_time"]}
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
